import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock, FakeModel, openPage, recordOf } from "./panel_fakes.js";

openPage();
const { Talk } = await import("../../js/panel/talk.js");
const { createTranscript } = await import("../../js/panel/transcript.js");

const clock = new FakeClock();
const cleanups = [];

/** A panel's transcript on a page; `see` waits until it is drawn. */
function openTranscript(traits, model = new FakeModel(traits)) {
  const talk = new Talk(model);
  const element = document.createElement("section");
  element.className = "omni-panel";
  document.body.append(element);
  const remove = createTranscript(element, talk);
  cleanups.push(() => {
    remove();
    talk.dispose();
    element.remove();
  });
  const find = (selector) => element.querySelector(selector);
  const all = (selector) => [...element.querySelectorAll(selector)];
  return { model, talk, element, find, all, see: () => clock.pass(100), remove };
}

const withTurns = (...turns) => ({ conversation: { seq: 0, turns } });
const key = (element, name, more = {}) => element.dispatchEvent(new window.KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));
const delta = (changes) => ({ type: "delta", turn: "t1", text_offset: 0, text: "", reasoning_offset: 0, reasoning: "", pcm_offset: 0, ...changes });
const isShown = (element) => element !== null && element.closest("[hidden]") === null;

beforeEach(() => clock.start());
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  clock.stop();
  window.localStorage.clear();
  window.sessionStorage.clear();
});

test("an empty conversation says what can be done; the first question takes its place", () => {
  const { model, find, see } = openTranscript();
  assert.ok(isShown(find(".omni-panel-hint")));
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ question_text: "<b>why</b>", text: "Because." })] });
  see();
  assert.ok(!isShown(find(".omni-panel-hint")));
  assert.equal(find(".omni-panel-question-text").innerHTML, "&lt;b&gt;why&lt;/b&gt;");
  assert.equal(find(".omni-panel-text").textContent.trim(), "Because.");
});

test("what a model writes never runs: its HTML is shown as words", () => {
  const { find } = openTranscript(withTurns(recordOf({ text: '<img src=x onerror="boom()">', reasoning: "<script>boom()</script>", note: "<b>note</b>" })));
  assert.equal(find("img, script, .omni-panel-note b"), null);
  assert.equal(find(".omni-panel-thoughts-text").textContent, "<script>boom()</script>");
});

test("a spoken answer whose sound does not come says where it can be heard, instead of a player", () => {
  const { model, find, see } = openTranscript(withTurns(recordOf({ state: "answering" })));
  model.post(delta({ text: "Hi", pcm_bytes: 4 }));
  see();
  assert.match(find(".omni-panel-state").textContent, /cannot reach this page/);
  model.post({ type: "end", turn: "t1", record: recordOf({ text: null, text_length: 2, reasoning: null, total_bytes: 4 }) });
  see();
  assert.match(find(".omni-panel-unheard").textContent, /below/);
  assert.equal(find(".omni-panel-replay"), null);
});

test("the question's chips and the facts are Python's HTML", () => {
  const { find } = openTranscript(withTurns(recordOf({ question_html: "<i>chip</i>", facts_html: "<i>3 tokens</i>" })));
  assert.equal(find(".omni-panel-question-chips i").textContent, "chip");
  assert.equal(find(".omni-panel-facts i").textContent, "3 tokens");
});

const ENDINGS = {
  complete: ["Answer complete.", "回答完毕。"],
  interrupted: ["Answer stopped.", "回答已停止。"],
  timeout: ["Answer stopped: it took too long.", "回答已停止：已超时。"],
  budget: ["Answer stopped: the budget is spent.", "回答已停止：预算已用完。"],
  error: ["The answer failed.", "回答失败。"],
  length: ["Answer cut off at the token limit.", "回答达到 Token 上限，被截断。"],
  content_filter: ["Answer cut by the content filter.", "回答被内容过滤截断。"],
};
for (const [ending, [english, chinese]] of Object.entries(ENDINGS)) {
  test(`what is announced at the end is how it ended: ${ending}`, () => {
    for (const [language, words] of [["en", english], ["zh", chinese]]) {
      for (const bytes of ending === "complete" ? [0] : [0, 96_000]) {
        const { model, talk } = openTranscript({ language });
        const said = [];
        talk.addAnnouncer((text) => said.push(text));
        model.post({ type: "turns", order: ["t1"], records: [recordOf({ state: "answering" })] });
        model.post(delta({ text: "Hello" }), bytes ? new Uint8Array(bytes) : undefined);
        model.post({ type: "end", turn: "t1", record: recordOf({ text: null, text_length: 5, total_bytes: bytes, ending }) });
        assert.equal(said.at(-1), words);
        assert.equal(said.length, 2);
      }
    }
  });
}

test("a turn that cannot be drawn keeps no other from being drawn, now and later", (context) => {
  const logged = context.mock.method(console, "error", () => {});
  const bad = recordOf({ turn: "t2", text: "bad" });
  Object.defineProperty(bad, "note", { get() { throw new Error("broken"); } });
  const { model, find, all, see } = openTranscript(withTurns(recordOf({ text: "one" }), bad, recordOf({ turn: "t3", text: "three" })));
  see();
  const texts = () => all(".omni-panel-text").map(({ textContent }) => textContent.trim());
  assert.deepEqual([texts()[0], texts()[2]], ["one", "three"]);
  model.post({ type: "turns", order: ["t1", "t2", "t3", "t4"], records: [bad, recordOf({ turn: "t4", text: "four" })] });
  see();
  assert.equal(texts()[3], "four");
  model.post({ type: "notice", kind: "info", text: "still here" });
  see();
  assert.equal(find(".omni-panel-notice-text").textContent, "still here");
  assert.equal(logged.mock.callCount(), 1, "the same failure is written once");
});

test("a listener that throws keeps no other from hearing, and no message is lost", (context) => {
  context.mock.method(console, "error", () => {});
  const { model, talk, find, see } = openTranscript();
  talk.channel.listen("turns", () => { throw new Error("one"); });
  talk.channel.onState(() => { throw new Error("two"); });
  talk.turns.onChange(() => { throw new Error("three"); });
  talk.onChange(() => { throw new Error("four"); });
  const heard = [];
  talk.channel.listen("turns", ({ order }) => heard.push(order));
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ text: "Because." })] });
  model.post({ type: "nonsense" });
  model.post({ type: "delta", turn: "t1" });
  model.post({ type: "turns", order: ["t1", "t2"], records: [recordOf({ turn: "t2", text: "And so." })] });
  see();
  assert.deepEqual(heard, [["t1"], ["t1", "t2"]]);
  assert.equal(find("[data-turn=t2] .omni-panel-text").textContent.trim(), "And so.");
});

test("a long answer is cut short, and what shows all of it has the words of the language", () => {
  const text = "a word ".repeat(700_000);
  for (const [language, words] of [["en", /^Show all: 4,8\d\d,\d{3} more characters$/], ["zh", /^显示全部：还有 4,8\d\d,\d{3} 个字符$/]]) {
    const { find, element } = openTranscript({ ...withTurns(recordOf({ text })), language });
    assert.match(find("details.omni-rest > summary").textContent, words);
    assert.ok(element.querySelectorAll("*").length < 300);
    const rest = find("details.omni-rest");
    rest.open = true;
    rest.dispatchEvent(new window.Event("toggle"));
    assert.equal(find(".omni-panel-text p").textContent.length + [...rest.querySelectorAll(".omni-slice")].map(({ textContent }) => textContent).join("").length, text.length);
  }
});

test("while a long answer comes its end is seen, and what is between is said to be there", () => {
  const { model, find, see } = openTranscript();
  const text = "a word\n\n".repeat(100_000);
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ state: "answering" })] });
  model.post(delta({ text }));
  see();
  assert.match(find(".omni-gap").textContent, /^… \d{3},\d{3} characters in between …$/);
  model.post(delta({ text_offset: text.length, text: "the end" }));
  see();
  assert.ok(find(".omni-growing").textContent.endsWith("the end"));
});

test("an answer is busy while it comes, and is announced once at each end", () => {
  const { model, talk, find, see } = openTranscript();
  const said = [];
  talk.addAnnouncer((words) => said.push(words));
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ state: "answering" })] });
  see();
  assert.equal(find(".omni-panel-state").textContent, "Thinking…");
  for (let count = 0; count < 5; count++) model.post(delta({ text: "Hello".slice(0, count + 1) }), count ? undefined : new Uint8Array(48_000));
  see();
  assert.equal(find("article").getAttribute("aria-busy"), "true");
  assert.equal(find(".omni-panel-state").textContent, "Answering…");
  model.post({ type: "end", turn: "t1", record: recordOf({ text: null, text_length: 5, total_bytes: 48_000 }) });
  see();
  assert.equal(find("article").getAttribute("aria-busy"), "false");
  assert.equal(find(".omni-panel-live"), null);
  assert.deepEqual(said, ["The answer begins.", "Answer complete: 1 second of speech."]);
});

test("a delta touches only the turn it belongs to", () => {
  const turns = Array.from({ length: 200 }, (_, index) => recordOf({ turn: `o${index}`, text: `old ${index}` }));
  const { model, all, see } = openTranscript(withTurns(...turns));
  model.post({ type: "turns", order: [...turns.map(({ turn }) => turn), "t1"], records: [recordOf({ state: "answering" })] });
  see();
  const observer = new window.MutationObserver(() => {});
  for (const element of all(".omni-panel-turn").slice(0, 200)) observer.observe(element, { childList: true, subtree: true, attributes: true, characterData: true });
  model.post(delta({ text: "Hello" }));
  see();
  assert.deepEqual(observer.takeRecords(), []);
  assert.equal(all(".omni-panel-text").at(-1).textContent.trim(), "Hello");
});

test("a turn that stays where it is keeps its element, and one that has gone is removed", () => {
  const { model, all, see } = openTranscript(withTurns(recordOf({ turn: "a" }), recordOf({ turn: "b" })));
  const [first] = all(".omni-panel-turn");
  model.post({ type: "turns", order: ["a", "c"], records: [recordOf({ turn: "c" })] });
  see();
  assert.deepEqual(all(".omni-panel-turn").map(({ dataset }) => dataset.turn), ["a", "c"]);
  assert.equal(all(".omni-panel-turn")[0], first);
});

test("a question that waits can be taken back and nothing else", () => {
  const { model, find } = openTranscript(withTurns(recordOf({ state: "waiting", question_text: "later" })));
  assert.ok(isShown(find(".omni-panel-waits")));
  assert.ok(!isShown(find(".omni-panel-edit")) && !isShown(find("article")));
  find(".omni-panel-take-back").click();
  assert.deepEqual(model.said("cancel").map(({ turn }) => turn), ["t1"]);
});

test("a question that was refused says why, and can be asked again or taken away, but has no answer", () => {
  const { model, find } = openTranscript(withTurns(recordOf({ question_text: "huge", note: "Too long.", is_refused: true })));
  assert.equal(find(".omni-panel-note").textContent, "Too long.");
  for (const absent of [".omni-panel-answer .omni-panel-copy", ".omni-panel-show-code", ".omni-panel-waits"]) assert.ok(find(absent).hidden, absent);
  find(".omni-panel-again").click();
  assert.equal(model.said("again").length, 1);
  find(".omni-panel-take-back").click();
  assert.equal(model.said("cancel").length, 1);
});

test("a question is asked in other words by Enter, not by Shift+Enter or a composition, and Escape leaves it", () => {
  const { model, find } = openTranscript(withTurns(recordOf({ question_text: "why" })));
  find(".omni-panel-edit").click();
  key(find(".omni-panel-edit-text"), "Escape");
  assert.equal(find(".omni-panel-edit-text"), null);
  find(".omni-panel-edit").click();
  const area = find(".omni-panel-edit-text");
  assert.equal(area.value, "why");
  area.value = "why not";
  key(area, "Enter", { isComposing: true });
  key(area, "Enter", { keyCode: 229 });
  key(area, "Enter", { shiftKey: true });
  assert.equal(model.said("edit").length, 0);
  key(area, "Enter");
  assert.deepEqual(model.said("edit").map(({ turn, text }) => [turn, text]), [["t1", "why not"]]);
  assert.equal(find(".omni-panel-edit-text"), null);
});

test("versions are switched, within their bounds", () => {
  const { model, find } = openTranscript(withTurns(recordOf({ sibling: 3, siblings: 3 })));
  assert.equal(find(".omni-panel-version").textContent, "3/3");
  assert.ok(find(".omni-panel-next").disabled);
  find(".omni-panel-previous").click();
  assert.deepEqual(model.said("branch").map(({ turn, step }) => [turn, step]), [["t1", -1]]);
});

test("a request is shown as code in tabs that follow the arrows", () => {
  const { model, find, all, see } = openTranscript(withTurns(recordOf({})));
  find(".omni-panel-show-code").click();
  assert.equal(model.said("code").length, 1);
  model.post({ type: "code", turn: "t1", python: "import openai", node: "import OpenAI", curl: "curl" });
  see();
  assert.equal(find(".omni-panel-program").textContent, "import openai");
  key(find("[role=tablist]"), "ArrowLeft");
  assert.equal(find(".omni-panel-program").textContent, "curl");
  key(find("[role=tablist]"), "Home");
  assert.deepEqual(all("[role=tab]").map((tab) => [tab.getAttribute("aria-selected"), tab.tabIndex]), [["true", 0], ["false", -1], ["false", -1]]);
  find(".omni-panel-show-code").click();
  assert.equal(find(".omni-panel-code"), null);
});

test("the menu is walked by keys, and gives the focus back", () => {
  const { find, all } = openTranscript();
  const opener = find(".omni-panel-more");
  opener.focus();
  key(opener, "ArrowDown");
  assert.equal(opener.getAttribute("aria-expanded"), "true");
  const items = all("[role=menuitem]");
  assert.equal(document.activeElement, items[0]);
  key(items[0], "ArrowUp");
  assert.equal(document.activeElement, items.at(-1));
  key(items.at(-1), "Home");
  assert.equal(document.activeElement, items[0]);
  key(items[0], "Escape");
  assert.equal(document.activeElement, opener);
  assert.ok(!isShown(find("[role=menu]")));
});

test("clearing asks first; saving and loading ask for a name", () => {
  const { model, find } = openTranscript();
  find(".omni-panel-clear").click();
  assert.equal(model.said("clear").length, 0);
  key(find(".omni-panel-form"), "Escape");
  find(".omni-panel-clear").click();
  find(".omni-danger-button").click();
  assert.equal(model.said("clear").length, 1);
  for (const what of ["save", "load"]) {
    find(`.omni-panel-${what}`).click();
    find(".omni-panel-name").value = " monday.json ";
    find(".omni-panel-form").dispatchEvent(new window.Event("submit", { cancelable: true }));
    assert.deepEqual(model.said(what).map(({ name }) => name), ["monday.json"]);
    assert.equal(find(".omni-panel-form"), null);
  }
});

test("saving proposes a free name, and asks before it replaces what is not this conversation's", () => {
  const { model, talk, find, see } = openTranscript();
  const submit = () => find(".omni-panel-form").dispatchEvent(new window.Event("submit", { cancelable: true }));
  model.set("header", { ...model.get("header"), save_as: "talk-2.json" });
  model.post({ type: "exists", name: "other.json", page: talk.page });
  see();
  assert.equal(find(".omni-panel-form"), null, "nobody has asked here");
  find(".omni-panel-save").click();
  assert.equal(find(".omni-panel-name").value, "talk-2.json");
  find(".omni-panel-name").value = "talk.json";
  submit();
  assert.deepEqual(model.said("save").at(-1).replaces, false);
  model.post({ type: "exists", name: "talk.json", page: "another page" });
  assert.equal(find(".omni-panel-form"), null);
  model.post({ type: "exists", name: "talk.json", page: talk.page });
  assert.match(find(".omni-panel-form").textContent, /talk\.json exists and holds something else\. Replace it\?/);
  assert.equal(document.activeElement.textContent, "Cancel");
  key(find(".omni-panel-form"), "Escape");
  assert.equal(model.said("save").length, 1);
  find(".omni-panel-save").click();
  submit();
  model.post({ type: "exists", name: "talk.json", page: talk.page });
  submit();
  assert.deepEqual([model.said("save").at(-1).name, model.said("save").at(-1).replaces], ["talk.json", true]);
  assert.equal(find(".omni-panel-form"), null);
});

test("the file goes to the page that asked for it", () => {
  URL.createObjectURL = () => "blob:1";
  URL.revokeObjectURL = () => {};
  const saved = [];
  window.HTMLAnchorElement.prototype.click = function () {
    saved.push(this.download);
  };
  const model = new FakeModel();
  const { find } = openTranscript({}, model);
  model.post({ type: "file", name: "other.html", mime: "text/html" }, new Uint8Array([1]));
  find(".omni-panel-export-html").click();
  assert.equal(model.said("export")[0].form, "html");
  model.post({ type: "file", name: "talk.html", mime: "text/html" }, new Uint8Array([1]));
  delete window.HTMLAnchorElement.prototype.click;
  assert.deepEqual(saved, ["talk.html"]);
});

test("notices are alerts when they are errors, and go when they are dismissed", () => {
  const { model, find, see } = openTranscript();
  model.post({ type: "notice", kind: "error", text: "<b>no</b>" });
  see();
  assert.equal(find(".omni-panel-notice [role=alert]").textContent, "<b>no</b>");
  find(".omni-panel-dismiss").click();
  see();
  assert.equal(find(".omni-panel-notice"), null);
});

test("a kernel that is busy or gone is spoken of, but not a cell of ours that asks", () => {
  const { model, talk, find, see } = openTranscript();
  model.isListening = false;
  void talk.channel.send({ type: "sample" });
  clock.pass(1000);
  assert.match(find(".omni-panel-kernel").textContent, /^The kernel is busy with another cell/);
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ state: "answering", is_of_cell: true })] });
  see();
  assert.equal(find(".omni-panel-kernel").textContent, "");
  model.trigger("comm:close");
  see();
  assert.match(find(".omni-panel-kernel").textContent, /^The kernel was restarted or has stopped/);
});

test("the header says who answers, and that none does; there is a voice to hear only where one speaks", () => {
  const { model, find, see } = openTranscript();
  assert.ok(!isShown(find(".omni-panel-badge")) && isShown(find(".omni-panel-hear")));
  model.set("header", { ...model.get("header"), how: "text", speaks: false, is_stand_in: true });
  see();
  assert.ok(isShown(find(".omni-panel-badge")) && !isShown(find(".omni-panel-hear")));
});

test("speech that is not here is asked for when it is played, and then sounds as the person likes it", async () => {
  URL.createObjectURL = () => "blob:1";
  URL.revokeObjectURL = () => {};
  const { model, find, talk } = openTranscript(withTurns(recordOf({ total_bytes: 96_000 })));
  assert.equal(find(".omni-panel-replay .omni-panel-time").textContent, "0:00 / 0:02");
  assert.equal(model.said("speech").length, 0);
  talk.turns.preferences.set({ speed: 1.5, volume: 0.5 });
  find(".omni-panel-play").click();
  assert.deepEqual(model.said("speech").map(({ offset }) => offset), [0]);
  assert.equal(find(".omni-panel-replay").getAttribute("aria-busy"), "true");
  model.post({ type: "speech", turn: "t1", offset: 0, total_bytes: 96_000 }, new Uint8Array(96_000));
  for (let count = 0; count < 5; count++) await Promise.resolve();
  const audio = find("audio");
  assert.deepEqual([audio.src, audio.playbackRate, audio.volume], ["blob:1", 1.5, 0.5]);
  find(".omni-panel-speed").click();
  find(".omni-panel-mute").click();
  assert.deepEqual([audio.playbackRate, audio.muted], [2, true]);
  assert.deepEqual(JSON.parse(window.localStorage.getItem("omni_nb.sound")), { volume: 0.5, isMuted: true, speed: 2 });
  talk.turns.preferences.set({ speed: 1, volume: 1, isMuted: false });
});

test("in Chinese everything is Chinese", () => {
  const { element, find } = openTranscript({ ...withTurns(recordOf({ siblings: 2, total_bytes: 48_000, reasoning: "想" })), language: "zh" });
  const labels = [...element.querySelectorAll("[aria-label], [title]")].flatMap((one) => [one.getAttribute("aria-label"), one.getAttribute("title")]).filter(Boolean);
  assert.deepEqual(labels.filter((label) => /^[ -~]+$/.test(label)), []);
  assert.equal(find("summary").textContent, "思考过程");
});

test("a transcript that is removed leaves nothing", () => {
  const { talk, element, model } = openTranscript(withTurns(recordOf({ total_bytes: 48_000 })));
  cleanups.splice(0)[0]();
  assert.equal(element.childElementCount, 0);
  assert.equal(model.listening, 0);
  model.post({ type: "notice", kind: "info", text: "x" });
  assert.deepEqual(talk.notices, []);
});

test("the live line says which tool runs", () => {
  const record = recordOf({ state: "answering", calling: "weather" });
  const { model, find, see } = openTranscript();
  model.post({ type: "turns", order: ["t1"], records: [record] });
  see();
  assert.equal(find(".omni-panel-state").textContent, "Calling weather…");
  model.post({ type: "turns", order: ["t1"], records: [{ ...record, calling: "" }] });
  see();
  assert.equal(find(".omni-panel-state").textContent, "Thinking…");
});

test("a call that waits for a decision is asked about in its turn, said once, and the click is sent", () => {
  const asks = { call: 1, name: "weather", arguments: 'city = "<i>"' };
  const record = recordOf({ state: "answering", calls_html: "<i>weather(…)</i>", asks });
  const { model, find, all, see } = openTranscript();
  model.post({ type: "turns", order: ["t1"], records: [record] });
  see();
  assert.ok(isShown(find(".omni-decision")));
  assert.equal(find(".omni-decision i"), null);
  assert.equal(find(".omni-panel-calls i").textContent, "weather(…)");
  assert.equal(find("[aria-live]").textContent, "Your decision is needed: weather");
  const [allow, deny] = all(".omni-decision button");
  allow.click();
  deny.click();
  assert.deepEqual(model.said("decide").map(({ turn, call, allowed }) => [turn, call, allowed]), [["t1", 1, true], ["t1", 1, false]]);
  model.post({ type: "turns", order: ["t1"], records: [{ ...record, asks: null }] });
  see();
  assert.ok(!isShown(find(".omni-decision")));
});

test("data streams as code, and its table takes the place of it", () => {
  const { model, find, see } = openTranscript();
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ state: "answering", is_data: true, text: "" })] });
  model.post(delta({ text: '{"a": "**b**<i>"' }));
  see();
  assert.equal(find(".omni-panel-text pre").textContent, '{"a": "**b**<i>"');
  assert.equal(find(".omni-panel-text strong, .omni-panel-text i"), null);
  const over = recordOf({ text: null, text_length: 16, reasoning: null, is_data: true, answer_html: "<table></table>" });
  model.post({ type: "end", turn: "t1", record: over });
  see();
  assert.ok(find(".omni-panel-text > table"));
  assert.equal(find(".omni-panel-text pre"), null);
});

test("the text of a round takes the place of that of the round before", () => {
  const { model, find, see } = openTranscript();
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ state: "answering", text: "Let me look. " })] });
  model.post(delta({ text_offset: 0, text: "It is 21 degrees." }));
  see();
  assert.equal(find(".omni-panel-text").textContent.trim(), "It is 21 degrees.");
});
