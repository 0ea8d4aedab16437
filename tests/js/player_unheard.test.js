/** An answer on a page that is sent no buffers, as Colab's may be: it is read, and the cell says where it is heard. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock, FakeModel, openPage } from "./panel_fakes.js";

openPage();
const { default: widget } = await import("../../js/player.js");

const clock = new FakeClock();
beforeEach(() => clock.start());
afterEach(() => {
  clock.stop();
  document.body.replaceChildren();
});

function openPlayer(tailId) {
  const traits = { sample_rate: 24_000, prebuffer_seconds: 0, language: "en", header_html: "", tail_id: tailId, ending: "", price: null };
  const model = new FakeModel(traits);
  const { initialize, render } = widget();
  const dispose = initialize({ model });
  const el = document.createElement("div");
  document.body.append(el);
  const close = render({ model, el });
  const find = (selector) => el.querySelector(selector);
  return { model, find, close, dispose };
}

const delta = (text_offset, text, pcm_offset, pcm_bytes) => ({ type: "delta", text_offset, text, pcm_offset, pcm_bytes });
const end = { type: "end", text_length: 4, total_bytes: 8, stopped: false, page: "" };

for (const [what, buffers] of [["an empty list", []], ["nothing", undefined]]) {
  test(`where ${what} comes instead of buffers the text grows, nothing is asked for, and the cell says it`, () => {
    const { model, find, close, dispose } = openPlayer(`a${what.length}`);
    const say = (message) => model.trigger("msg:custom", message, buffers);
    say(delta(0, "On", 0, 4));
    assert.equal(find(".omni-player-captions").textContent, "On");
    assert.match(find(".omni-player-state").textContent, /cannot reach this page/);
    say(delta(2, "e.", 4, 4));
    assert.equal(find(".omni-player-captions").textContent, "One.");
    assert.equal(find(".omni-player-stop").hidden, false);
    say(end);
    assert.deepEqual(model.said("hello"), [], "no buffer would come of it");
    close();
    assert.equal(model.said("report").at(-1).first_heard_at, null);
    dispose();
    // The static answer is drawn when the widget is gone.
    clock.pass(300);
    const place = document.createElement("span");
    place.className = `omni-tail omni-tail-a${what.length}`;
    document.body.append(place);
    clock.pass(200);
    assert.match(place.textContent, /press play/);
    clock.pass(10_000);
    assert.equal(clock.waiting, 0);
  });
}

test("who never draws the static answer is not waited for", () => {
  const { model, close, dispose } = openPlayer("never");
  model.trigger("msg:custom", delta(0, "One.", 0, 8), []);
  model.trigger("msg:custom", end, []);
  close();
  dispose();
  clock.pass(10_000);
  assert.equal(clock.waiting, 0);
});
