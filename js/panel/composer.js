/** @file Compose a question of words, files, voice and photos, until it is sent. */
import { focusedIn, make, randomId } from "../player/dom.js";
import { fill, wordsFor } from "../player/words.js";
import { kindsText, watchDrop, watchPaste } from "./attach.js";
import { createBar } from "./bar.js";
import { createChips } from "./chips.js";
import { Draft } from "./draft.js";
import { pushToTalk } from "./push.js";
import { createRecorder } from "./recorder.js";
import { createSnapshot } from "./snapshot.js";
import { createTextbox } from "./textbox.js";
import { Uploads } from "./uploads.js";
import allWords from "words:composer";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("./types.js").DraftMessage} DraftMessage
 */

/** A draft is estimated when somebody has paused for so long. */
export const ESTIMATE_MILLISECONDS = 300;
/** An answer that comes changes the talk often; the composer need not follow at once. */
const UPDATE_MILLISECONDS = 60;

/**
 * @param {HTMLElement} element
 * @param {Talk} talk
 * @param {{viewKey: string}} options what tells this view from others of the panel, also after a reload
 * @returns {{write(text: string): void, dispose(): void}}
 */
export function createComposer(element, talk, { viewKey }) {
  return new Composer(element, talk, viewKey);
}

class Composer {
  #talk;
  #words;
  #draft;
  #uploads;
  #chips;
  #box;
  #bar;
  #recorder;
  #snapshot;
  #root;
  /** Whether the question is sent as soon as its files are uploaded. */
  #isHeld = false;
  /** What Python has shown once and shows no more is gone. @type {Set<string>} */
  #known = new Set();
  #recordings = 0;
  #snapshots = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #estimateTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #updateTimer;
  #isDisposed = false;
  /** @type {(() => void)[]} */ #cleanups;

  /**
   * @param {HTMLElement} element
   * @param {Talk} talk
   * @param {string} viewKey
   */
  constructor(element, talk, viewKey) {
    const words = wordsFor(allWords, talk.language);
    const soon = () => this.#updateSoon();
    this.#talk = talk;
    this.#words = words;
    this.#draft = new Draft(`omni_nb.draft.${talk.model.get("panel_id")}.${viewKey}`);
    this.#uploads = new Uploads({ channel: talk.channel, draft: this.#draft.id, words, onChange: () => this.#onUploads() });
    this.#chips = createChips({
      words,
      actions: { remove: (id) => this.#remove(id), shrink: (id) => this.#shrink(id) },
    });
    this.#box = createTextbox({
      label: words.question,
      text: this.#draft.text,
      onInput: () => this.#onInput(),
      onEnter: () => this.#ask(),
      recall: () => talk.lastQuestion,
    });
    this.#bar = createBar({
      words,
      actions: {
        take: (files) => this.#attach(files),
        takePhoto: () => (this.#snapshot.isOn ? this.#snapshot.cancel() : void this.#snapshot.begin()),
        stop: () => talk.stop(),
        send: () => (this.#isHeld ? this.#keepBack() : this.#ask()),
      },
    });
    this.#recorder = createRecorder({
      words,
      mostSeconds: () => talk.header.microphone_seconds,
      silence: () => talk.turns.silence(),
      take: (blob) => this.#attach([new File([blob], `${words.recording}-${++this.#recordings}.wav`, { type: "audio/wav" })]),
      onChange: soon,
    });
    this.#snapshot = createSnapshot({
      words,
      take: (blob) => this.#attach([new File([blob], `${words.snapshot}-${++this.#snapshots}.jpg`, { type: "image/jpeg" })]),
      onChange: soon,
    });
    const strips = [this.#recorder.element, this.#snapshot.element];
    const box = make("div", "omni-composer-box", this.#chips.element, ...strips, this.#box.element, this.#bar.element);
    this.#root = make("div", "omni-composer", box);
    this.#root.setAttribute("role", "group");
    this.#root.setAttribute("aria-label", words.composer);
    this.#root.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape(event));
    element.append(this.#root);

    pushToTalk(this.#bar.microphone, {
      isOn: () => this.#recorder.isOn,
      begin: () => void this.#recorder.begin(),
      end: (wasHeld) => this.#recorder.end(wasHeld),
    });
    watchPaste(this.#root, (files) => this.#attach(files));
    /** @type {HTMLElement} */
    const panel = element.closest(".omni-panel") ?? element;
    this.#cleanups = [
      watchDrop(panel, { words: words.drop, take: (files) => this.#attach(files) }),
      talk.channel.listen("draft", (message) => this.#takeDraft(message)),
      talk.onChange(soon),
    ];
    talk.drafts.add(this.#draft.id);
    // The page's first `hello` may have gone before this view was here to name its draft.
    if (this.#draft.isRestored) this.#estimate();
    this.#update();
    this.#box.grow();
  }

  dispose() {
    this.#isDisposed = true;
    clearTimeout(this.#estimateTimer);
    clearTimeout(this.#updateTimer);
    for (const cleanup of this.#cleanups) cleanup();
    for (const { id, isUnderWay } of this.#uploads.list) if (isUnderWay) this.#tellRemoved(id);
    this.#talk.drafts.delete(this.#draft.id);
    this.#uploads.dispose();
    this.#recorder.dispose();
    this.#snapshot.dispose();
    this.#chips.dispose();
    this.#root.remove();
  }

  /** Write a question that somebody may still change. @param {string} text */
  write(text) {
    this.#box.write(text);
    this.#onInput();
    this.#box.input.focus();
  }

  #onInput() {
    this.#draft.setText(this.#box.input.value);
    this.#update();
    clearTimeout(this.#estimateTimer);
    this.#estimateTimer = setTimeout(() => this.#estimate(), ESTIMATE_MILLISECONDS);
  }

  #estimate() {
    this.#draft.tell();
    void this.#talk.channel.send({ type: "draft", draft: this.#draft.id, text: this.#draft.text });
  }

  /** @param {DraftMessage} message */
  #takeDraft(message) {
    if (message.draft !== this.#draft.id) return;
    this.#draft.take(message);
    const here = new Set(message.items.map(({ item }) => item));
    for (const id of this.#known) if (!here.has(id)) this.#uploads.remove(id);
    for (const item of message.items) if (!this.#known.has(item.item)) this.#sayArrived(item);
    this.#known = here;
    this.#onUploads();
  }

  /** @param {import("./types.js").DraftItem} item */
  #sayArrived({ name, refusal }) {
    const { isRefused, isAttached } = this.#words;
    this.#talk.announce(refusal ? fill(isRefused, { name, reason: refusal }) : fill(isAttached, { name }));
  }

  /** @param {File[]} files */
  #attach(files) {
    if (files.length === 0) return;
    for (const file of files) this.#uploads.add(randomId(), file);
    this.#focusBox();
  }

  /** @param {string} id */
  #remove(id) {
    const item = this.#draft.items.find((one) => one.item === id);
    const upload = this.#uploads.list.find((one) => one.id === id);
    this.#draft.items = this.#draft.items.filter((one) => one.item !== id);
    this.#known.delete(id);
    this.#uploads.remove(id);
    this.#tellRemoved(id);
    this.#update();
    this.#talk.announce(fill(this.#words.isRemoved, { name: item?.name ?? upload?.file.name ?? "" }));
    if (!focusedIn(this.#root)) this.#focusBox();
  }

  /** @param {string} id */
  #tellRemoved(id) {
    void this.#talk.channel.send({ type: "remove", draft: this.#draft.id, item: id });
  }

  /** @param {string} id */
  #shrink(id) {
    void this.#talk.channel.send({ type: "shrink", draft: this.#draft.id, item: id });
  }

  #onUploads() {
    if (this.#isDisposed) return;
    if (this.#isHeld && this.#failed) this.#keepBack(this.#words.isBackByUpload);
    if (this.#isHeld && this.#draft.isRefused) this.#keepBack(this.#refusal);
    if (this.#isHeld && !this.#isWaiting) this.#ask();
    this.#updateSoon();
  }

  get #failed() {
    return this.#uploads.list.find(({ state }) => state === "failed");
  }

  /** Whether there are files that Python has not shown yet. */
  get #isWaiting() {
    return this.#uploads.list.some(({ id, isUnderWay }) => isUnderWay || !this.#known.has(id));
  }

  get #isEmpty() {
    return this.#draft.isEmpty && this.#uploads.list.length === 0;
  }

  /** Why the question cannot be sent as it is. */
  get #refusal() {
    const refused = this.#draft.items.find(({ refusal }) => refusal !== "");
    if (refused) return fill(this.#words.isRefused, { name: refused.name, reason: refused.refusal });
    const failed = this.#failed;
    if (failed) return fill(this.#words.isRefused, { name: failed.file.name, reason: failed.error });
    return this.#draft.isRefused ? this.#draft.words : "";
  }

  #ask() {
    if (this.#isEmpty || (this.#isHeld && this.#isWaiting)) return;
    if (this.#refusal) return this.#talk.announce(this.#refusal);
    this.#isHeld = this.#isWaiting;
    if (!this.#isHeld) void this.#send();
    this.#update();
  }

  /** @param {string} [why] */
  #keepBack(why) {
    this.#isHeld = false;
    if (why) this.#talk.announce(why);
    this.#update();
  }

  async #send() {
    const text = this.#draft.text.trim();
    const bringBack = this.#draft.empty();
    clearTimeout(this.#estimateTimer);
    this.#known.clear();
    for (const { id } of this.#uploads.list) this.#uploads.remove(id);
    this.#box.write("");
    if (focusedIn(this.#root)) this.#focusBox();
    const isTaken = await this.#talk.channel.send({ type: "send", draft: this.#draft.id, text });
    if (isTaken || this.#isDisposed) return;
    bringBack();
    if (this.#box.input.value === "") this.#box.write(this.#draft.text);
    // The reason is in Python's notice, or in the words above this composer.
    this.#talk.announce(this.#words.isBack);
    this.#update();
    if (this.#talk.channel.state !== "gone") this.#estimate();
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    if (!this.#recorder.isOn && !this.#snapshot.isOn) return;
    event.preventDefault(); // else it stops the answer, too
    if (this.#recorder.isOn) {
      this.#recorder.cancel();
      this.#bar.microphone.focus();
    } else {
      this.#snapshot.cancel();
      this.#focusBox();
    }
  }

  /** Focus the text, but not on a touch screen, where that would bring up the keyboard. */
  #focusBox() {
    if (!globalThis.matchMedia?.("(pointer: coarse)").matches) this.#box.input.focus();
  }

  #updateSoon() {
    if (this.#isDisposed) return;
    this.#updateTimer ??= setTimeout(() => this.#update(), UPDATE_MILLISECONDS);
  }

  #update() {
    clearTimeout(this.#updateTimer);
    this.#updateTimer = undefined;
    const { header } = this.#talk;
    this.#box.input.placeholder = fill(this.#words.askWith, { kinds: kindsText(header.takes, this.#words) });
    this.#chips.update(this.#shownChips);
    const focused = focusedIn(this.#root);
    this.#bar.update({
      header,
      isAnswering: this.#talk.isAnswering,
      canStop: this.#talk.canStop,
      isEmpty: this.#isEmpty,
      isHeld: this.#isHeld,
      isRefused: this.#refusal !== "",
      isTooMuch: this.#refusal !== "" && this.#refusal === this.#draft.words,
      isTalking: this.#recorder.isOn,
      isCameraOn: this.#snapshot.isOn,
      estimate: this.#draft.words,
      share: this.#draft.share,
    });
    const { stop, send } = this.#bar;
    if (focused === stop && stop.hidden) send.focus();
    if (focused === send && send.hidden) stop.focus();
  }

  get #shownChips() {
    const uploads = new Map(this.#uploads.list.map((upload) => [upload.id, upload]));
    const items = this.#draft.items.map((item) => ({ id: item.item, item, upload: uploads.get(item.item) }));
    const known = new Set(items.map(({ id }) => id));
    const moving = this.#uploads.list.filter(({ id }) => !known.has(id)).map((upload) => ({ id: upload.id, upload }));
    return [...items, ...moving];
  }
}
