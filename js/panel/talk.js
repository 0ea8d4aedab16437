/** @file Share the conversation among all views of one model on this page. */
import { attempt } from "../player/attempt.js";
import { INTERRUPT_MILLISECONDS, interruptKernel } from "../player/kernel.js";
import { languageFor } from "../player/words.js";
import { download } from "./download.js";
import { Channel } from "./channel.js";
import { Sample } from "./sample.js";
import { Turns } from "./turns.js";
import words from "words:conversation";

/**
 * @typedef {import("./types.js").Model} Model
 * @typedef {{kind: "info" | "warning" | "error", text: string}} Notice
 */

const MOST_NOTICES = 5;
/** @type {("header" | "settings" | "asks_key")[]} */
const FOLLOWED = ["header", "settings", "asks_key"];

export class Talk {
  /** Ids of the drafts that are shown on this page: a `hello` names them. @type {Set<string>} */
  drafts = new Set();
  /** Whether Python has said what the conversation is: until then a static copy shows more. */
  isAlive = false;
  /** Whether this page shows the settings. */
  areSettingsOpen = false;
  /** @type {Notice[]} */ notices = [];

  /** @type {Set<() => void>} */ #listeners = new Set();
  #exports = 0;
  /** @type {((words: string) => void)[]} */ #announcers = [];
  #timers = /** @type {Set<ReturnType<typeof setTimeout>>} */ (new Set());

  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    const conversation = model.get("conversation") ?? { seq: 0, turns: [] };
    this.channel = new Channel(model, {
      panelId: model.get("panel_id"),
      seq: conversation.seq,
      describe: () => ({ language: this.language, have: this.turns.have, drafts: [...this.drafts] }),
      isExpecting: () => this.isAnswering,
    });
    this.turns = new Turns({
      channel: this.channel,
      sampleRate: model.get("sample_rate"),
      prebufferSeconds: model.get("prebuffer_seconds"),
      onChange: () => this.#changed(),
    });
    this.turns.begin(conversation.turns);
    this.channel.listen("turns", ({ page }) => {
      if (page !== this.page || this.isAlive) return;
      this.isAlive = true;
      this.#changed();
    });
    this.channel.listen("file", ({ name, mime }, bytes) => {
      // Every page hears it; the one that asked keeps it.
      if (this.#exports > 0) download(new Blob([new Uint8Array(bytes)], { type: mime }), name);
      this.#exports = Math.max(0, this.#exports - 1);
    });
    this.sample = new Sample(this);
    this.channel.listen("notice", ({ kind, text }) => this.notice(kind, text));
    this.channel.onState(() => this.#changed());
    for (const trait of FOLLOWED) model.on(`change:${trait}`, this.#changed);
    model.on("change:language", this.#sayLanguage);
    void this.channel.hello("open");
  }

  dispose() {
    for (const trait of FOLLOWED) this.model.off(`change:${trait}`, this.#changed);
    this.model.off("change:language", this.#sayLanguage);
    for (const timer of this.#timers) clearTimeout(timer);
    this.sample.dispose();
    this.turns.dispose();
    this.channel.dispose();
    this.#listeners.clear();
  }

  get page() {
    return this.channel.page;
  }

  get language() {
    const wanted = this.model.get("language") || document.documentElement.lang || navigator.language || "en";
    return languageFor(words, wanted);
  }

  get header() {
    return this.model.get("header");
  }

  get settings() {
    return this.model.get("settings");
  }

  /** @param {boolean} areOpen */
  showSettings(areOpen) {
    this.areSettingsOpen = areOpen;
    this.#changed();
  }

  /** Whether a turn is being answered. */
  get isAnswering() {
    return this.turns?.answering !== undefined;
  }

  /** Whether this page is sent no sound: then the static copy has what the panel has not. */
  get lacksSound() {
    return this.turns.shown.some((turn) => turn.lacksSound);
  }

  /** How many questions wait for their turn. */
  get waiting() {
    return this.turns.shown.filter(({ record }) => record.state === "waiting").length;
  }

  /** The words of the question that was asked last. */
  get lastQuestion() {
    return this.turns.shown.at(-1)?.record.question_text ?? "";
  }

  /**
   * Call when anything that the views show has changed. That is often: wait a moment before you draw.
   *
   * @param {() => void} callback
   * @returns {() => void}
   */
  onChange(callback) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** Whether there is something to stop: an answer that comes, or is still spoken. */
  get canStop() {
    return this.isAnswering || this.turns.isSpeaking;
  }

  /** Be silent at once, and end the answer that comes. */
  stop() {
    this.turns.silence();
    this.#changed();
    const turn = this.turns.answering;
    if (!turn) return;
    void this.channel.send({ type: "stop", turn: turn.id });
    if (!turn.record.is_of_cell) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (turn.record.state === "answering") interruptKernel(this.model);
    }, INTERRUPT_MILLISECONDS);
    this.#timers.add(timer);
  }

  /**
   * Say something to people who listen to the page. Of several views one says it.
   *
   * @param {string} words
   */
  announce(words) {
    this.#announcers.at(-1)?.(words);
  }

  /**
   * @param {(words: string) => void} announcer of a view
   * @returns {() => void}
   */
  addAnnouncer(announcer) {
    this.#announcers.push(announcer);
    return () => {
      this.#announcers = this.#announcers.filter((other) => other !== announcer);
    };
  }

  /**
   * Show something at the end of the transcript until it is dismissed.
   *
   * @param {Notice["kind"]} kind
   * @param {string} text
   */
  notice(kind, text) {
    this.notices = [...this.notices.filter((notice) => notice.text !== text), { kind, text }].slice(-MOST_NOTICES);
    this.#changed();
  }

  /** Ask for the conversation as a file, which is offered as a download. @param {"html" | "ipynb"} form */
  exportAs(form) {
    this.#exports += 1;
    void this.channel.send({ type: "export", form });
  }

  /** @param {Notice} notice */
  dismiss(notice) {
    this.notices = this.notices.filter((other) => other !== notice);
    this.#changed();
  }

  /** Python has words of its own, in the language that it hears of. */
  #sayLanguage = () => void this.channel.hello("repair");

  #changed = () => {
    for (const listener of [...this.#listeners]) attempt(listener);
  };
}
