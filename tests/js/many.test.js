import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeModel, openPage } from "./panel_fakes.js";

openPage();
const { default: widget } = await import("../../js/many.js");

const BAR = (now) => `<div role="progressbar" aria-valuemin="0" aria-valuemax="300" aria-valuenow="${now}"><div></div></div>`;
const STATE = {
  run_id: "run-1",
  language: "zh",
  head_html: "<b>What?</b>",
  bar_html: BAR(3),
  line_html: "3 of 300",
  aside_html: "",
  said: "0 %",
  stop: "Stop",
  stops: 0,
};

/** A view of a run, what it sends, and what it types. */
function openRun() {
  const model = new FakeModel(STATE);
  const [sent, typed] = [[], []];
  model.send = (message) => sent.push(message);
  model.widget_manager = { kernel: { sendInputReply: ({ value }) => typed.push(JSON.parse(value)) } };
  const el = document.createElement("div");
  document.body.append(el);
  const close = widget().render({ model, el });
  const change = (state) => {
    for (const [name, value] of Object.entries(state)) model.set(name, value);
    model.trigger("change");
  };
  return { model, el, sent, typed, close, change, button: el.querySelector("button") };
}

test("the bar stays the same element for a reader, with other values", () => {
  const { el, change } = openRun();
  const bar = el.querySelector("[role=progressbar]");
  change({ bar_html: BAR(200) });
  assert.equal(el.querySelector("[role=progressbar]"), bar);
  assert.equal(bar.getAttribute("aria-valuenow"), "200");
  change({ bar_html: '<div role="progressbar" aria-valuemin="0"></div>' });
  assert.equal(bar.hasAttribute("aria-valuenow"), false);
});

test("what has not changed is left alone, so that a selection stays", () => {
  const { el, change } = openRun();
  const head = el.querySelector("b");
  change({ line_html: "4 of 300" });
  assert.equal(el.querySelector("b"), head);
  assert.match(el.textContent, /4 of 300/);
});

test("Stop is sent and typed; the second one counts once the first was answered", () => {
  const { sent, typed, change, button } = openRun();
  const message = { type: "stop", run_id: "run-1", now: false };
  button.click();
  button.click();
  assert.deepEqual([sent, typed], [[message, message], [message, message]]);
  change({ stop: "End those on the way, too", stops: 1 });
  button.click();
  assert.deepEqual(typed.at(-1), { ...message, now: true });
  change({ stop: "Ending…", stops: 2 });
  assert.equal(button.disabled, true);
  change({ stop: "" });
  assert.equal(button.hidden, true);
});

test("a view that is closed leaves no listener, and says so", () => {
  const { model, sent, close } = openRun();
  close();
  assert.deepEqual(sent, [{ type: "unseen" }]);
  assert.equal(model.listening, 0);
});
