import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { FakeModel, openPage } from "./panel_fakes.js";

openPage();
const { default: makeWidget } = await import("../../js/panel.js");

const STATE = '<script type="application/vnd.jupyter.widget-state+json">{}</script>';
const COPY = '<div class="omni-kept-p1"><section class="omni-turn">Who are you?</section></div>';
const EMPTY_COPY = '<div class="omni-kept-p1"></div>';
const KERNEL = { kernel: { status: "idle" } };

/** Render the panel's widget on a page that holds this, and tell whether it is to be seen. */
function isPanelShown(page, manager) {
  document.body.innerHTML = page;
  const model = Object.assign(new FakeModel({ panel_id: "p1" }), { widget_manager: manager });
  const el = document.createElement("div");
  document.body.append(el);
  const widget = makeWidget();
  const dispose = widget.initialize({ model });
  const remove = widget.render({ model, el });
  const isShown = el.querySelector(".omni-panel") !== null;
  remove?.();
  dispose();
  return isShown;
}

afterEach(() => {
  document.body.innerHTML = "";
});

test("a page that nbconvert has made shows the conversation, and no panel that nobody answers", () => {
  assert.equal(isPanelShown(STATE + COPY, {}), false);
});

test("a panel without its conversation beside it is shown, dead or not", () => {
  assert.equal(isPanelShown(STATE + EMPTY_COPY, {}), true);
});

test("a notebook with a kernel, and Voilà, which keeps the state in its page, show the panel", () => {
  assert.equal(isPanelShown(COPY, {}), true);
  assert.equal(isPanelShown(STATE + COPY, KERNEL), true);
});
