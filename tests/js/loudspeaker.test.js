import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { REST_MILLISECONDS, useContext } from "../../js/sound/loudspeaker.js";

const RATE = 24000;

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
test.afterEach(() => mock.timers.reset());

const listeners = new Map();
globalThis.document = {
  addEventListener: (name, listener) => listeners.set(name, listener),
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

/** What the browser says to a page that wants to play something. */
let refusal = null;
globalThis.Audio = class {
  constructor() { played.push(new WeakRef(this)); }
  addEventListener(name, listener) { this[name] = listener; }
  play = async () => { if (refusal) throw refusal; };
};
let played = [];
const asked = () => new Promise((resolve) => setImmediate(resolve));

test("a page has one context per rate, which rests a while after the last player has let go", () => {
  const first = useContext(RATE);
  const second = useContext(RATE);
  assert.equal(first.context, second.context);
  assert.notEqual(useContext(16000).context, first.context);
  assert.deepEqual([...listeners.keys()], ["pointerdown", "pointerup", "keydown"]);
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

test("a sound card that only takes its time is not taken for a browser that refuses", async () => {
  const { context, isRefused, release } = useContext(8000);
  await asked();
  assert.equal(isRefused(), false, "it was asked, and said nothing against it");
  context.change("running");
  release();
});

test("where a touch is wanted it is known at once, and which touch was enough", async () => {
  refusal = new DOMException("the user didn't interact with the document first", "NotAllowedError");
  const { context, isRefused, release } = useContext(12000);
  await asked();
  assert.equal(isRefused(), true);
  listeners.get("keydown")(); // Escape, which browsers do not count
  await asked();
  assert.equal(isRefused(), true);
  listeners.get("pointerdown")(); // a finger, which counts when it is lifted
  await asked();
  assert.equal(isRefused(), true);
  refusal = null;
  listeners.get("pointerup")();
  await asked();
  assert.equal(isRefused(), false, "the sound card may take its time again");
  context.change("running");
  assert.equal(listeners.size, 0);
  release();
});

test("a browser that cannot play the sample has not refused", async () => {
  refusal = new DOMException("no supported source was found", "NotSupportedError");
  const { isRefused, release } = useContext(11025);
  await asked();
  assert.equal(isRefused(), false);
  refusal = null;
  release();
});

test("the silence that is played to ask is there until it has ended", async () => {
  setFlagsFromString("--expose-gc");
  const collect = async () => {
    await asked();
    runInNewContext("gc")();
  };
  played = [];
  useContext(11025).release();
  await collect();
  assert.equal(played.length, 1);
  played[0].deref().ended(); // a browser would wait for its decoder, which waits for the page
  await collect();
  assert.equal(played[0].deref(), undefined);
});
