import assert from "node:assert/strict";
import { test } from "node:test";

import words from "words:player";

import { openPage } from "./panel_fakes.js";

openPage();
const { createView } = await import("../../js/player/view.js");

/** A view on a page, and what it shows. */
function openView(language = "en", isData = false) {
  const element = document.createElement("div");
  document.body.append(element);
  const decided = [];
  const view = createView(element, { language, words: words[language], isData, actions: { stop() {}, toggleMute() {}, decide: (...said) => decided.push(said) } });
  const shown = { text: "", phase: "thinking", ending: "", asks: null, calling: "", heardSeconds: 0, hasAudio: false, isMuted: false, meter: "" };
  return {
    update: (changes) => view.update(Object.assign(shown, changes)),
    state: () => element.querySelector("[role=status]").textContent,
    decided,
    decision: () => element.querySelector(".omni-decision"),
    captions: () => element.querySelector(".omni-player-captions"),
  };
}

const ENDINGS = {
  complete: ["Done", "已完成"],
  interrupted: ["Stopped", "已停止"],
  timeout: ["Stopped: it took too long", "已停止：已超时"],
  budget: ["Stopped: the budget is spent", "已停止：预算已用完"],
  error: ["Failed", "失败"],
  length: ["Cut off at the token limit", "达到 Token 上限，被截断"],
  content_filter: ["Cut by the content filter", "被内容过滤截断"],
};
for (const [ending, [english, chinese]] of Object.entries(ENDINGS)) {
  test(`the state at the end is how the answer ended: ${ending}`, () => {
    for (const [language, said] of [["en", english], ["zh", chinese]]) {
      const { update, state } = openView(language);
      update({ phase: "speaking", ending });
      assert.equal(state(), words[language].speaking, "it still speaks");
      update({ phase: "done" });
      assert.equal(state(), ending === "complete" ? words[language].done : said);
    }
  });
}

test("who stops the speech of a complete answer has stopped it", () => {
  const { update, state } = openView();
  update({ phase: "stopped", ending: "complete" });
  assert.equal(state(), "Stopped");
});

test("of a long text the end is shown, in one node that is appended to", () => {
  const { update, captions } = openView();
  const text = "a word ".repeat(700_000);
  for (let length = 0; length <= text.length; length += 99_991) {
    update({ text: text.slice(0, length) });
    assert.equal(captions().childNodes.length, 1);
    assert.ok(captions().textContent.length <= 20_000);
    assert.ok(captions().textContent.endsWith(text.slice(0, length).slice(-100)));
  }
  const [node] = captions().childNodes;
  const leaps = [];
  node.replaceData = ((real) => function (...values) { leaps.push(1); return real.apply(this, values); })(node.replaceData);
  for (let more = 0; more < 100; more++) update({ text: text + "x".repeat(more) });
  assert.ok(leaps.length <= 2);
});

const ASKS = { call: 2, name: "weather", arguments: 'city = "<b>Hangzhou</b>"' };

test("a call that waits is asked about, said once, and decided by a button", () => {
  for (const [language, allow, deny, said] of [
    ["en", "Allow", "Don't allow", "Your decision is needed: weather"],
    ["zh", "允许", "不允许", "需要你来决定：weather"],
  ]) {
    const { update, state, decision, decided } = openView(language);
    assert.equal(decision().hidden, true);
    const before = document.activeElement;
    update({ asks: ASKS });
    assert.equal(decision().hidden, false);
    assert.equal(document.activeElement, before, "the focus stays where it is");
    assert.equal(state(), said);
    assert.equal(decision().querySelector("pre").textContent, ASKS.arguments);
    assert.equal(decision().querySelector("b"), null);
    const buttons = [...decision().querySelectorAll("button")];
    assert.deepEqual(buttons.map((button) => button.textContent), [allow, deny]);
    for (const button of buttons) button.click();
    assert.deepEqual(decided, [[2, true], [2, false]]);
  }
});

test("what runs is said in the place of thinking, until the answer goes on", () => {
  for (const [language, said] of [["en", "Calling weather, time…"], ["zh", "正在调用 weather, time…"]]) {
    const { update, state } = openView(language);
    update({ calling: "weather, time" });
    assert.equal(state(), said);
    update({ asks: ASKS });
    assert.equal(state(), words[language].decide.replace("{name}", "weather"), "a decision comes first");
    update({ asks: null, calling: "", phase: "answering" });
    assert.equal(state(), words[language].answering);
    update({ phase: "stopped", ending: "interrupted", calling: "weather" });
    assert.equal(state(), words[language].stopped);
  }
});

test("data is shown in code letters while it comes", () => {
  for (const isData of [true, false]) {
    const { captions } = openView("en", isData);
    assert.equal(captions().classList.contains("omni-player-data"), isData);
  }
});

test("the focus of a button that goes stays in the answer", () => {
  const { update, decision } = openView();
  update({ asks: ASKS });
  decision().querySelector("button").focus();
  update({ asks: { ...ASKS, call: 3 } });
  assert.equal(document.activeElement.textContent, "Allow", "the next call is asked about");
  update({ asks: null });
  assert.equal(document.activeElement, decision().parentElement);
});

test("an answer that is over asks for nothing more", () => {
  const { update, state } = openView();
  update({ asks: ASKS, phase: "stopped", ending: "interrupted" });
  assert.equal(state(), "Stopped");
});
