import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { REST_MILLISECONDS, useContext } from "../../js/sound/loudspeaker.js";

const RATE = 24000;

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
test.afterEach(() => mock.timers.reset());

test("a page has one context per rate, which rests a while after the last player has let go", () => {
  const listeners = new Set();
  globalThis.document = {
    addEventListener: (name) => listeners.add(name),
    removeEventListener: (name) => listeners.delete(name),
  };
  globalThis.AudioContext = class {
    state = "suspended";
    constructor({ sampleRate }) { this.sampleRate = sampleRate; }
    addEventListener(name, listener) { this.listener = listener; }
    removeEventListener() { this.listener = undefined; }
    change(state) { this.state = state; this.listener?.(); }
    resume() { this.isWanted = true; }
    suspend() { this.change("suspended"); }
  };
  const first = useContext(RATE);
  const second = useContext(RATE);
  assert.equal(first.context, second.context);
  assert.notEqual(useContext(16000).context, first.context);
  assert.deepEqual([...listeners], ["pointerdown", "keydown"]);
  first.context.isWanted = false;
  first.context.change("running");
  first.release();
  mock.timers.tick(2 * REST_MILLISECONDS);
  assert.equal(first.context.state, "running", "the second still needs it");
  second.release();
  second.release();
  mock.timers.tick(REST_MILLISECONDS - 1);
  const third = useContext(RATE);
  mock.timers.tick(2 * REST_MILLISECONDS);
  assert.equal(first.context.state, "running", "the third came in time");
  third.release();
  mock.timers.tick(REST_MILLISECONDS);
  assert.equal(first.context.state, "suspended");
  useContext(RATE);
  assert.equal(first.context.isWanted, true, "and the next one wakes it up");
});
