import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Engine, PATIENCE_SECONDS, growPrebuffer, pcm16ToFloat32, planStart } from "../../js/sound/engine.js";
import { FADE_SECONDS } from "../../js/sound/fader.js";
import { Turns } from "../../js/sound/loudspeaker.js";
import { FakeContext, RATE } from "./sound.js";

const MARGIN_FRAMES = 1200;

test("PCM16 becomes floats that are exact, from any place in a buffer", () => {
  const bytes = new Uint8Array([9, 0, 0, 1, 0, 255, 127, 0, 128, 255, 255]).subarray(1);
  assert.deepEqual([...pcm16ToFloat32(bytes)], [0, 1 / 32768, 32767 / 32768, -1, -1 / 32768]);
});

test("half a sample at the end is left out", () => {
  assert.equal(pcm16ToFloat32(new Uint8Array(3)).length, 1);
});

const situation = { nowFrame: 1000, nextFrame: null, heldFrames: 4800, prebufferFrames: 7200, marginFrames: 480, isEnded: false };

for (const [name, change, expected] of [
  ["the start waits for the pre-buffer", {}, null],
  ["the start comes a margin later once the pre-buffer is full", { heldFrames: 7200 }, { startFrame: 1480, gapFrames: 0 }],
  ["a short answer starts when it has ended", { isEnded: true }, { startFrame: 1480, gapFrames: 0 }],
  ["without a pre-buffer it starts at once", { prebufferFrames: 0, heldFrames: 1 }, { startFrame: 1480, gapFrames: 0 }],
  ["without sound there is nothing to start", { heldFrames: 0, isEnded: true, prebufferFrames: 0 }, null],
  ["the next chunk joins on, however short", { nextFrame: 5000, heldFrames: 1 }, { startFrame: 5000, gapFrames: 0 }],
  ["the last moment to join on", { nextFrame: 1480, heldFrames: 1 }, { startFrame: 1480, gapFrames: 0 }],
  ["after that the pre-buffer fills again", { nextFrame: 1479, heldFrames: 1 }, null],
  ["an underrun leaves a gap", { nextFrame: 900, heldFrames: 7200 }, { startFrame: 1480, gapFrames: 580 }],
]) {
  test(name, () => assert.deepEqual(planStart({ ...situation, ...change }), expected));
}

test("the pre-buffer grows by half, to a second, and never shrinks", () => {
  assert.deepEqual([0, 0.3, 0.8, 1, 2].map(growPrebuffer), [0.1, 0.3 * 1.5, 1, 1, 2]);
});

function makeEngine({ context = new FakeContext(), turns = new Turns(), prebufferSeconds = 0.3 } = {}) {
  const engine = new Engine({ context, turns, isRefused: () => context.isRefused, prebufferSeconds, onChange() {} });
  engine.start();
  const speak = (seconds) => engine.push(new Float32Array(Math.round(seconds * RATE)));
  const at = (seconds) => { context.currentTime = seconds; engine.pump(); };
  return { engine, context, turns, speak, at };
}

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 }));
test.afterEach(() => mock.timers.reset());

test("chunks are started back to back on whole frames", () => {
  const { engine, context, speak } = makeEngine();
  engine.push(new Float32Array(4801).fill(0.5));
  speak(0.2);
  speak(0.0377);
  assert.deepEqual(context.started.map(({ frame }) => Math.round(frame)), [1200, 1200 + 4801, 1200 + 4801 + 4800]);
  assert.equal(context.started[0].samples.length, 4801);
});

test("the start is planned after the nodes are made, by the clock of that moment", () => {
  const { context, speak } = makeEngine();
  const { createBuffer } = context;
  context.createBuffer = (...shape) => { context.currentTime += 0.1; return createBuffer(...shape); };
  speak(0.2);
  speak(0.2);
  assert.deepEqual(context.started.map(({ frame }) => Math.round(frame)), [0.2 * RATE + MARGIN_FRAMES, 0.4 * RATE + MARGIN_FRAMES]);
});

test("nothing sounds before the start", () => {
  const context = new FakeContext();
  const engine = new Engine({ context, turns: new Turns(), prebufferSeconds: 0, onChange() {} });
  engine.push(new Float32Array(2400));
  assert.equal(context.started.length, 0);
  engine.start();
  assert.equal(context.started.length, 1);
});

test("its states, from nothing to done", () => {
  const { engine, speak, at } = makeEngine();
  assert.equal(engine.state, "empty");
  speak(0.2);
  assert.equal(engine.state, "buffering");
  speak(0.2);
  assert.equal(engine.state, "speaking");
  at(0.2);
  assert.ok(Math.abs(engine.heardSeconds - 0.15) < 1e-9);
  engine.end();
  at(0.44);
  assert.equal(engine.state, "speaking");
  at(0.45);
  assert.equal(engine.state, "done");
  assert.ok(Math.abs(engine.heardSeconds - 0.4) < 1e-9);
});

test("an answer without sound is done when it ends", () => {
  const { engine } = makeEngine();
  engine.end();
  assert.equal(engine.state, "done");
  assert.equal(engine.firstHeardAt, null);
});

test("the first sound is dated when it goes to the loudspeaker", () => {
  const { engine, speak, at } = makeEngine({ prebufferSeconds: 0 });
  speak(1);
  assert.equal(engine.firstHeardAt, null);
  at(0.08);
  assert.ok(Math.abs(engine.firstHeardAt - (1000 - 0.03 + 0.005)) < 1e-9);
});

test("an underrun is counted, its gap measured and the pre-buffer grows", () => {
  const { engine, context, speak, at } = makeEngine({ prebufferSeconds: 0.2 });
  speak(0.2);
  at(0.5);
  speak(0.25);
  assert.equal(engine.state, "buffering", "0.25 s would have been enough before, 0.3 s are needed now");
  assert.equal(engine.underruns, 0, "it is one only when more comes");
  speak(0.1);
  assert.equal(engine.underruns, 1);
  assert.ok(Math.abs(engine.gapSeconds - (0.55 - 0.25)) < 1e-9);
  assert.equal(Math.round(context.started[1].frame), Math.round(0.55 * RATE));
});

test("an end that comes after the last sound is not an underrun", () => {
  const { engine, speak, at } = makeEngine({ prebufferSeconds: 0 });
  speak(0.2);
  at(1);
  engine.end();
  assert.equal(engine.state, "done");
  assert.equal(engine.underruns, 0);
});

test("stop fades at once, ends every chunk and takes no more", () => {
  const { engine, context, speak } = makeEngine({ prebufferSeconds: 0 });
  speak(1);
  speak(1);
  engine.stop();
  assert.equal(engine.state, "stopped");
  assert.deepEqual(context.gain.ramps, [[0, FADE_SECONDS]]);
  assert.deepEqual(context.started.map(({ stoppedAt }) => stoppedAt), [2 * FADE_SECONDS, 2 * FADE_SECONDS]);
  speak(1);
  assert.equal(context.started.length, 2);
});

test("a page that may not sound yet says so and schedules ahead", () => {
  const { engine, context, speak } = makeEngine();
  context.state = "suspended";
  speak(1);
  mock.timers.tick(5000);
  assert.equal(engine.state, "buffering", "the sound card only takes its time");
  context.isRefused = true;
  assert.equal(engine.state, "blocked");
  assert.equal(context.started.length, 1);
  context.state = "running";
  assert.equal(engine.state, "speaking");
});

test("the volume ramps, and mute keeps it", () => {
  const { engine, context } = makeEngine();
  context.currentTime = 1;
  engine.setVolume(0.25);
  assert.deepEqual(context.gain.ramps.at(-1), [0.25, 1 + FADE_SECONDS]);
  engine.mute(true);
  engine.setVolume(0.5);
  assert.deepEqual([engine.volume, engine.isMuted, context.gain.value], [0.5, true, 0]);
  engine.mute(false);
  assert.deepEqual([engine.isMuted, context.gain.value], [false, 0.5]);
  engine.setVolume(7);
  assert.deepEqual([engine.volume, context.gain.value], [1, 1]);
});

test("a ramp that is overtaken goes on from where it is", () => {
  const { engine, context } = makeEngine();
  const starts = [];
  context.gain.setValueAtTime = (value) => starts.push(value);
  engine.setVolume(0);
  context.currentTime = FADE_SECONDS / 4;
  engine.setVolume(1);
  assert.ok(Math.abs(starts[1] - 0.75) < 1e-9);
});

test("mute turns the volume down and up again", () => {
  const { engine, context } = makeEngine();
  engine.mute(true);
  assert.deepEqual([engine.isMuted, context.gain.value], [true, 0]);
  engine.mute(false);
  assert.deepEqual([engine.isMuted, context.gain.value], [false, 1]);
});

test("the second speaker waits until the first is done", () => {
  const first = makeEngine({ prebufferSeconds: 0 });
  const second = makeEngine({ ...first, prebufferSeconds: 0 });
  first.speak(1);
  second.speak(1);
  assert.equal(second.engine.state, "queued");
  first.engine.end();
  second.engine.end();
  first.at(1.05);
  assert.deepEqual([first.engine.state, second.engine.state], ["done", "speaking"]);
  assert.deepEqual(first.context.started.map(({ frame }) => Math.round(frame)), [1200, Math.round(1.1 * RATE)]);
});

test("the second speaker starts when the first is stopped", () => {
  const first = makeEngine({ prebufferSeconds: 0 });
  const second = makeEngine({ ...first, prebufferSeconds: 0 });
  first.speak(10);
  second.speak(1);
  first.engine.stop();
  assert.equal(second.engine.state, "speaking");
});

test("a speaker whose stream has died loses its turn, and gets another when it lives again", () => {
  const first = makeEngine({ prebufferSeconds: 0 });
  const second = makeEngine({ ...first, prebufferSeconds: 0 });
  first.speak(1);
  second.speak(1);
  second.at(1.02 + PATIENCE_SECONDS - 0.1);
  assert.equal(second.engine.state, "queued");
  second.at(1.02 + PATIENCE_SECONDS + 0.1);
  assert.equal(second.engine.state, "speaking");
  first.speak(1);
  assert.equal(first.engine.state, "queued");
  second.engine.end();
  second.at(10);
  assert.equal(first.engine.state, "speaking");
});

test("it notices by itself, on a timer, that the sound is over", () => {
  const { engine, context, speak } = makeEngine();
  speak(1);
  engine.end();
  context.currentTime = 2;
  mock.timers.tick(60);
  assert.equal(engine.state, "done");
});
