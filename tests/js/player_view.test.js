import assert from "node:assert/strict";
import { test } from "node:test";

import words from "words:player";

import { openPage } from "./panel_fakes.js";

openPage();
const { createView } = await import("../../js/player/view.js");

/** A view on a page, and what it shows. */
function openView(language = "en") {
  const element = document.createElement("div");
  const view = createView(element, { language, words: words[language], actions: { stop() {}, toggleMute() {} } });
  const shown = { text: "", phase: "thinking", ending: "", heardSeconds: 0, hasAudio: false, isMuted: false, meter: "" };
  return {
    update: (changes) => view.update(Object.assign(shown, changes)),
    state: () => element.querySelector("[role=status]").textContent,
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
