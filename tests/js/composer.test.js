import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { settle } from "./panel_dom.js";

const { ESTIMATE_MILLISECONDS, createComposer } = await import("../../js/panel/composer.js");
const { isComposing } = await import("../../js/panel/textbox.js");
const { default: allWords } = await import("words:composer");
const { fill, languageFor, wordsFor } = await import("../../js/player/words.js");
const { sizeText } = await import("../../js/panel/chips.js");
const { percentText } = await import("../../js/panel/bar.js");
const { acceptOf, kindsText } = await import("../../js/panel/attach.js");

const UPDATED_MILLISECONDS = 80;

class FakeChannel {
  state = "ready";
  sent = [];
  isTaking = true;
  handlers = new Map();

  listen(type, handler) {
    this.handlers.set(type, [...(this.handlers.get(type) ?? []), handler]);
    return () => this.handlers.set(type, this.handlers.get(type).filter((other) => other !== handler));
  }

  onState() {
    return () => {};
  }

  hear(message) {
    for (const handler of this.handlers.get(message.type) ?? []) handler(message, new Uint8Array());
  }

  async send(message) {
    this.sent.push(message);
    return this.isTaking;
  }

  of(type) {
    return this.sent.filter((message) => message.type === type);
  }
}

/** Composers that are still open: what waits for an answer would keep node waiting. */
let closers = [];
afterEach(() => closers.forEach((close) => close()));

const HEADER = {
  who: "qwen-omni-turbo",
  how: "Cherry",
  takes: ["text", "image", "audio"],
  microphone_seconds: 60,
};

function open({ header = {}, traits = {}, lastQuestion = "" } = {}) {
  const listeners = new Set();
  const channel = new FakeChannel();
  const talk = {
    channel,
    model: { get: (name) => ({ panel_id: "p", asks_key: "", ...traits })[name] },
    language: "en",
    header: { ...HEADER, ...header },
    drafts: new Set(),
    turns: { silence() {} },
    isAnswering: false,
    canStop: false,
    lastQuestion,
    said: [],
    notices: [],
    announce: (words) => talk.said.push(words),
    notice: (kind, text) => talk.notices.push([kind, text]),
    stop: () => channel.sent.push({ type: "stopped" }),
    onChange: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
    changed: async () => {
      for (const listener of listeners) listener();
      await settle(UPDATED_MILLISECONDS);
    },
    listeners,
  };
  const element = document.createElement("div");
  element.className = "omni-panel";
  document.body.append(element);
  const composer = createComposer(element, talk, { viewKey: "0" });
  const close = () => composer.dispose();
  closers.push(close);
  const find = (selector) => element.querySelector(selector);
  const input = find("textarea");
  const press = (key, more = {}) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
    input.dispatchEvent(event);
    return event;
  };
  const type = (text) => {
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const [draft] = talk.drafts;
  const hearDraft = (message) => channel.hear({ type: "draft", draft, items: [], words: "", share: null, is_sendable: true, ...message });
  const choose = (...files) => {
    Object.defineProperty(find("input[type=file]"), "files", { value: files, configurable: true });
    find("input[type=file]").dispatchEvent(new Event("change"));
  };
  return { talk, channel, element, close, find, input, press, type, draft, hearDraft, choose };
}

const item = (more = {}) => ({ item: "i", kind: "image", name: "a.png", html: "<b>cat</b>", facts: "9 tokens", refusal: "", can_shrink: false, ...more });
const picture = (name = "a.png") => new File(["cat"], name, { type: "image/png" });
/** An upload as Python would answer it: it is there, and then it is an item. */
async function arrive({ channel, hearDraft }, more = {}) {
  await settle(5);
  const { upload, name, size } = channel.of("upload").at(-1);
  channel.hear({ type: "piece", upload, received: size, error: "" });
  hearDraft({ items: [item({ item: upload, name, ...more })] });
  return upload;
}

beforeEach(() => {
  closers = [];
  sessionStorage.clear();
  document.body.replaceChildren();
});

test("Enter sends and empties the field, Shift+Enter does not", async () => {
  const { channel, input, press, type, draft } = open();
  type("  What is it? ");
  assert.equal(press("Enter", { shiftKey: true }).defaultPrevented, false);
  assert.deepEqual(channel.of("send"), []);
  assert.equal(press("Enter").defaultPrevented, true);
  assert.deepEqual(channel.of("send"), [{ type: "send", draft, text: "What is it?" }]);
  assert.equal(input.value, "");
  press("Enter");
  assert.equal(channel.of("send").length, 1);
});

test("Enter that belongs to an input method sends nothing", () => {
  const { channel, input, press, type } = open();
  type("ni hao");
  press("Enter", { isComposing: true });
  press("Enter", { keyCode: 229 });
  input.dispatchEvent(new Event("compositionend"));
  press("Enter");
  assert.deepEqual(channel.of("send"), []);
});

test("an Enter well after a composition is an Enter", () => {
  const key = (timeStamp) => ({ isComposing: false, keyCode: 13, timeStamp });
  assert.deepEqual([isComposing(key(1020), 1000), isComposing(key(1300), 1000)], [true, false]);
});

test("↑ in an empty field brings the last question back, with the cursor at its end", () => {
  const { input, press, type } = open({ lastQuestion: "And this?" });
  type("words");
  press("ArrowUp");
  assert.equal(input.value, "words");
  type("");
  assert.equal(press("ArrowUp").defaultPrevented, true);
  assert.deepEqual([input.value, input.selectionStart], ["And this?", 9]);
});

test("words are estimated when somebody pauses", async () => {
  const { channel, type, hearDraft, find, draft } = open();
  type("a");
  type("ab");
  await settle(ESTIMATE_MILLISECONDS + 30);
  assert.deepEqual(channel.of("draft"), [{ type: "draft", draft, text: "ab" }]);
  hearDraft({ words: "2 tokens", share: 0.5 });
  await settle(UPDATED_MILLISECONDS);
  assert.equal(find(".omni-composer-estimate-text").textContent, "2 tokens");
  assert.equal(find("[role=meter]").getAttribute("aria-valuenow"), "50");
});

test("what Python refuses is not sent, and what it has not seen yet is", async () => {
  const { channel, talk, press, type, hearDraft } = open();
  type("too long");
  await settle(ESTIMATE_MILLISECONDS + 30);
  hearDraft({ words: "more than the model takes", is_sendable: false });
  press("Enter");
  assert.deepEqual([channel.of("send"), talk.said], [[], ["more than the model takes"]]);
  type("short");
  press("Enter");
  assert.equal(channel.of("send")[0].text, "short");
});

test("what the kernel did not take comes back", async () => {
  const { channel, talk, input, press, type } = open();
  channel.isTaking = false;
  type("lost?");
  press("Enter");
  assert.equal(input.value, "");
  await settle();
  assert.deepEqual([input.value, talk.said], ["lost?", ["Not sent. Your words are still here."]]);
  // Python may still have what was attached.
  assert.equal(channel.of("draft").length, 1);
});

test("the words and the draft survive a reload, and Python is asked for the rest", () => {
  const first = open();
  first.type("half a quest");
  first.close();
  const second = open();
  assert.deepEqual([second.draft, second.input.value], [first.draft, "half a quest"]);
  assert.deepEqual(second.channel.of("draft"), [{ type: "draft", draft: first.draft, text: "half a quest" }]);
});

test("a question waits for its files and goes when they are there", async () => {
  const one = open();
  const { channel, press, type, choose, find, draft } = one;
  choose(picture());
  type("What is it?");
  press("Enter");
  assert.deepEqual(channel.of("send"), []);
  assert.match(find(".omni-composer-send").textContent, /Waits/);
  await arrive(one);
  assert.deepEqual(channel.of("send"), [{ type: "send", draft, text: "What is it?" }]);
  await settle(UPDATED_MILLISECONDS);
  assert.equal(find(".omni-composer-chip"), null);
});

test("a question that waits for its files can be kept back", async () => {
  const one = open();
  one.choose(picture());
  one.type("x");
  one.press("Enter");
  one.find(".omni-composer-send").click();
  await arrive(one);
  assert.deepEqual([one.channel.of("send"), one.input.value], [[], "x"]);
});

test("a question is kept back when a file of it is refused", async () => {
  const one = open();
  one.choose(picture());
  one.type("x");
  one.press("Enter");
  await arrive(one, { refusal: "too large", can_shrink: true });
  assert.deepEqual(one.channel.of("send"), []);
  assert.ok(one.talk.said.includes("a.png cannot be sent: too large"));
  await settle(UPDATED_MILLISECONDS);
  assert.equal(one.find(".omni-composer-refusal").textContent, "too large");
  one.find(".omni-composer-shrink").click();
  assert.equal(one.channel.of("shrink").length, 1);
});

test("a chip shows its progress, then what Python says, and can be taken away", async () => {
  const one = open();
  const { choose, channel, find, input } = one;
  choose(picture("<img src=x onerror=alert(1)>.png"));
  await settle(UPDATED_MILLISECONDS);
  assert.equal(find(".omni-composer-name").textContent, "<img src=x onerror=alert(1)>.png");
  assert.equal(find("[role=progressbar]").getAttribute("aria-valuenow"), "0");
  assert.equal(find("img.omni-composer-preview").src, "blob:test");
  const id = await arrive(one);
  await settle(UPDATED_MILLISECONDS);
  assert.equal(find(".omni-composer-python").innerHTML, "<b>cat</b>");
  assert.deepEqual([find("img.omni-composer-preview"), find("[role=progressbar]").hidden], [null, true]);
  find(".omni-composer-remove").focus();
  find(".omni-composer-remove").click();
  assert.deepEqual(channel.of("remove").map((message) => message.item), [id]);
  assert.equal(find(".omni-composer-chip"), null);
  assert.equal(document.activeElement, input);
});

test("a sound of this page can be heard in its chip also when Python has drawn it", async () => {
  const one = open();
  one.choose(new File(["x"], "a.wav", { type: "audio/wav" }));
  await arrive(one, { html: "<i>wave</i>" });
  await settle(UPDATED_MILLISECONDS);
  assert.ok(one.find(".omni-composer-thumbnail audio[controls]"));
  assert.ok(one.find(".omni-composer-python i"));
});

test("an attachment that Python has forgotten is gone", async () => {
  const one = open();
  one.choose(picture());
  await arrive(one);
  one.hearDraft({ items: [] });
  await settle(UPDATED_MILLISECONDS);
  assert.equal(one.find(".omni-composer-chip"), null);
});

test("Stop stands in for Send while it answers, and beside it when there is more to ask", async () => {
  const { talk, channel, find, type } = open();
  const shown = () => [!find(".omni-composer-stop").hidden, !find(".omni-composer-send").hidden];
  assert.deepEqual(shown(), [false, true]);
  talk.canStop = true; // it is over, and still spoken
  await talk.changed();
  assert.deepEqual(shown(), [true, false]);
  talk.isAnswering = true;
  await talk.changed();
  type("next");
  assert.deepEqual(shown(), [true, true]);
  assert.match(find(".omni-composer-send").getAttribute("aria-label"), /waits for its turn/);
  find(".omni-composer-stop").click();
  assert.equal(channel.of("stopped").length, 1);
});

test("a model that takes text only gets files of text, and no recordings or photos", () => {
  const { find } = open({ header: { takes: ["text"] } });
  const buttons = [".omni-composer-attach", ".omni-composer-microphone", ".omni-composer-photo"].map(find);
  assert.deepEqual(buttons.map(({ disabled }) => disabled), [false, true, true]);
  assert.equal(buttons[0].title, "Attach text files");
  assert.equal(find("input[type=file]").accept, ".txt,.md,.csv,.json");
});

/** @param {Record<string, unknown>} fields */
function eventWith(type, fields) {
  return Object.assign(new Event(type, { bubbles: true, cancelable: true }), fields);
}

test("a dropped file is attached and goes no further; dragged words are left alone", async () => {
  const { element, channel } = open();
  let reached = 0;
  document.body.addEventListener("drop", () => reached++);
  const words = eventWith("drop", { dataTransfer: { types: ["text/plain"], files: [] } });
  element.dispatchEvent(words);
  const file = eventWith("drop", { dataTransfer: { types: ["Files"], files: [picture()] } });
  element.dispatchEvent(file);
  await settle(5);
  assert.deepEqual([words.defaultPrevented, file.defaultPrevented, reached], [false, true, 1]);
  assert.equal(channel.of("upload")[0].name, "a.png");
});

test("a pasted picture is attached; words with a picture of themselves are pasted as words", async () => {
  const { input, channel } = open();
  const office = eventWith("paste", { clipboardData: { types: ["text/plain", "Files"], files: [picture()] } });
  input.dispatchEvent(office);
  const copied = eventWith("paste", { clipboardData: { types: ["Files"], files: [picture()] } });
  input.dispatchEvent(copied);
  await settle(5);
  assert.deepEqual([office.defaultPrevented, copied.defaultPrevented, channel.of("upload").length], [false, true, 1]);
});

test("the cleanup leaves nothing behind", async () => {
  const { element, close, talk, channel, choose } = open();
  choose(picture());
  await settle(5);
  close();
  assert.deepEqual([element.children.length, talk.listeners.size, talk.drafts.size], [0, 0, 0]);
  assert.deepEqual([...channel.handlers.values()].flat(), []);
  assert.equal(channel.of("remove").length, 1);
  const late = eventWith("drop", { dataTransfer: { types: ["Files"], files: [picture()] } });
  element.dispatchEvent(late);
  assert.equal(late.defaultPrevented, false);
});

test("words are filled and lists are said in both languages", () => {
  assert.equal(fill("{name} of {most}, {name}", { name: "$&{most}", most: 1 }), "$&{most} of 1, $&{most}");
  assert.equal(fill("{constructor}", {}), "{constructor}");
  const said = ["en", "zh-CN"].map((language) => kindsText(["text", "image", "audio", "video"], wordsFor(allWords, language)));
  assert.deepEqual(said, ["images, audio, video or text files", "图片、音频、视频或文本文件"]);
  assert.deepEqual([kindsText(["text"], allWords.en), kindsText(["audio"], allWords.en)], ["text files", "audio"]);
  assert.equal(acceptOf(["text", "video", "image"]), "image/*,video/*,.txt,.md,.csv,.json");
});

test("every word exists in both languages", () => {
  const shape = (words) => Object.entries(words).map(([key, value]) => [key, typeof value === "string" ? value.match(/\{\w+\}/g)?.sort() : shape(value)]);
  assert.deepEqual(shape(allWords.zh), shape(allWords.en));
});

test("a language without words is English, a region's is its language", () => {
  const wanted = ["en-GB", "zh-CN", "zh_TW", "ZH", "fr", "constructor", ""];
  assert.deepEqual(wanted.map((language) => languageFor(allWords, language)), ["en", "zh", "zh", "zh", "en", "en", "en"]);
  assert.equal(languageFor({ en: {}, pt: {}, "pt-BR": {} }, "pt-BR"), "pt-BR");
});

test("sizes and shares are said shortly", () => {
  assert.deepEqual([0, 999, 1500, 12_345_678].map(sizeText), ["0 B", "999 B", "1.5 kB", "12 MB"]);
  assert.deepEqual([0, 0.001, 0.129, 1, 1.001].map(percentText), ["0 %", "<1 %", "12 %", "100 %", "101 %"]);
});
