import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Camera } from "../../js/capture/camera.js";
import { DeviceError } from "../../js/capture/device.js";
import { Microphone, levelOf } from "../../js/capture/microphone.js";
import { pitch, tone } from "./sound.js";

/** What is on at the moment, and the microphone's sound to be given by hand. */
let world;

class FakeTrack extends EventTarget {
  readyState = "live";
  stop() { this.readyState = "ended"; }
  unplug() { this.stop(); this.dispatchEvent(new Event("ended")); }
}

class FakeContext {
  state = "running";
  audioWorklet = { addModule: async () => { await null; if (world.refusesWorklets) throw new DOMException("CSP", "AbortError"); } };
  destination = { isLoudspeaker: true };
  constructor({ sampleRate = 48000 } = {}) { this.sampleRate = sampleRate; world.contexts.push(this); }
  createMediaStreamSource() {
    if (world.refusesRate === this.sampleRate) throw new DOMException("other rate", "NotSupportedError");
    return makeNode();
  }
  createMediaStreamDestination = () => makeNode();
  async resume() {}
  async close() { this.state = "closed"; }
}

const makeNode = () => ({ connect: (target) => world.connected.push(target), disconnect() {} });

class FakeWorkletNode {
  port = {};
  constructor() { world.give = (samples) => this.port.onmessage({ data: samples }); }
  connect = (target) => world.connected.push(target);
}

test.beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  world = { contexts: [], tracks: [], connected: [], give: undefined, asked: [], constraints: undefined };
  const getUserMedia = (constraints) => new Promise((resolve, reject) => {
    world.constraints = constraints;
    const allow = () => {
      const track = new FakeTrack();
      world.tracks.push(track);
      resolve({ getTracks: () => [track] });
    };
    const refuse = (name) => reject(new DOMException("no", name));
    if (world.isAsking) world.asked.push({ allow, refuse });
    else if (world.refusal) refuse(world.refusal);
    else allow();
  });
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia } }, configurable: true, writable: true });
  Object.assign(globalThis, { AudioContext: FakeContext, AudioWorkletNode: FakeWorkletNode, isSecureContext: true });
});

test.afterEach(() => {
  mock.timers.reset();
  assert.ok(world.contexts.every(({ state }) => state === "closed"), "every context is closed");
  assert.ok(world.tracks.every(({ readyState }) => readyState === "ended"), "every track is stopped");
  assert.ok(!world.connected.some(({ isLoudspeaker }) => isLoudspeaker), "nothing goes to the loudspeaker");
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function stopped(microphone) {
  const recording = microphone.stop();
  mock.timers.tick(200);
  return recording;
}

const codeOf = (promise) => promise.then(() => "no error", (error) => (error instanceof DeviceError ? error.code : error));

test("what the microphone hears is recorded, and what was still on its way", async () => {
  const microphone = new Microphone();
  assert.equal(await microphone.start({ mostSeconds: 60 }), true);
  assert.equal(microphone.isOn, true);
  assert.equal(world.contexts[0].sampleRate, 16000);
  world.give(new Float32Array([0.5, -0.25]));
  const recording = microphone.stop();
  world.give(new Float32Array([1, -1]));
  mock.timers.tick(200);
  const { samples, sampleRate, seconds } = await recording;
  assert.deepEqual([[...samples], sampleRate, seconds], [[16384, -8192, 32767, -32768], 16000, 4 / 16000]);
  assert.equal(microphone.isOn, false);
});

test("the microphone is asked for as it is, in one channel", async () => {
  const microphone = new Microphone();
  await microphone.start({ mostSeconds: 1 });
  microphone.cancel();
  assert.deepEqual(world.constraints.audio, { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false });
});

test("it ends by itself at the limit, to the frame", async () => {
  const ends = [];
  const seconds = [];
  const microphone = new Microphone();
  await microphone.start({ mostSeconds: 0.1234, onEnd: (reason) => ends.push(reason), onSeconds: (now) => seconds.push(now) });
  for (let i = 0; i < 20; i++) world.give(new Float32Array(128).fill(0.1));
  assert.deepEqual(ends, ["limit"]);
  assert.equal(world.tracks[0].readyState, "ended");
  const { samples } = await microphone.stop();
  assert.equal(samples.length, Math.round(0.1234 * 16000));
  assert.equal(seconds.at(-1), samples.length / 16000);
});

test("a microphone that is pulled out ends it and keeps what came", async () => {
  const ends = [];
  const microphone = new Microphone();
  await microphone.start({ mostSeconds: 60, onEnd: (reason) => ends.push(reason) });
  world.give(new Float32Array(128).fill(0.1));
  world.tracks[0].unplug();
  assert.deepEqual(ends, ["unplugged"]);
  assert.equal((await microphone.stop()).samples.length, 128);
});

test("the level and the seconds are told as it goes", async () => {
  const levels = [];
  const seconds = [];
  const microphone = new Microphone();
  await microphone.start({ mostSeconds: 60, onLevel: (level) => levels.push(level), onSeconds: (now) => seconds.push(now) });
  for (let i = 0; i < 50; i++) world.give(tone(1000, 128 / 16000, 16000));
  microphone.cancel();
  assert.equal(levels.length, 7);
  assert.ok(levels.every((level) => level > 0.8 && level < 0.9));
  assert.ok(Math.abs(seconds[0] - 0.056) < 1e-9);
});

test("the level goes from silence to full", () => {
  assert.deepEqual([levelOf(new Float32Array(9)), levelOf(new Float32Array(9).fill(1)), levelOf(new Float32Array(9).fill(1e-5))], [0, 1, 0]);
});

test("where the context cannot have the rate the sound is resampled", async () => {
  world.refusesRate = 16000;
  const microphone = new Microphone();
  await microphone.start({ mostSeconds: 0.5 });
  world.give(tone(700, 1, 48000));
  const { samples, sampleRate, seconds } = await microphone.stop();
  assert.deepEqual([samples.length, sampleRate, seconds, world.contexts.length], [8000, 16000, 0.5, 2]);
});

test("where the track itself can be read, it is: mixed to one channel and resampled", async () => {
  const sampleRate = 48000;
  const sound = tone(700, 1, 48000);
  const pieces = [];
  for (let i = 0; i < sound.length; i += 480) pieces.push(sound.subarray(i, i + 480));
  let closed = 0;
  globalThis.MediaStreamTrackProcessor = class {
    constructor({ track }) { assert.ok(track instanceof FakeTrack); }
    readable = new ReadableStream({
      pull(controller) {
        const left = pieces.shift();
        if (!left) return new Promise(() => {});
        controller.enqueue({
          sampleRate,
          numberOfFrames: left.length,
          numberOfChannels: 2,
          copyTo: (samples, { planeIndex }) => samples.set(planeIndex === 0 ? left : left.map((sample) => -sample / 2)),
          close: () => (closed += 1),
        });
      },
      cancel() { world.isCancelled = true; },
    });
  };
  try {
    const microphone = new Microphone();
    const ended = new Promise((resolve) => void microphone.start({ mostSeconds: 0.75, onEnd: resolve }));
    assert.equal(await ended, "limit");
    const { samples } = await microphone.stop();
    assert.equal(samples.length, 12000);
    assert.ok(Math.abs(pitch(samples.subarray(500, -500), 16000) - 700) < 0.1);
    assert.ok(Math.abs(Math.max(...samples.subarray(500, -500)) - 16384 / 4) < 10);
    assert.deepEqual([world.contexts.length, world.isCancelled], [0, true]);
    await turn();
    assert.ok(closed >= 75);
  } finally {
    delete globalThis.MediaStreamTrackProcessor;
  }
});

test("a track processor that takes no sound leaves it to the context", async () => {
  globalThis.MediaStreamTrackProcessor = class { constructor() { throw new TypeError("video only"); } };
  try {
    const microphone = new Microphone();
    await microphone.start({ mostSeconds: 1 });
    world.give(new Float32Array(256).fill(0.5));
    assert.equal((await stopped(microphone)).samples.length, 256);
  } finally {
    delete globalThis.MediaStreamTrackProcessor;
  }
});

test("where worklets are refused this browser cannot do it, and nothing stays on", async () => {
  world.refusesWorklets = true;
  const microphone = new Microphone();
  assert.equal(await codeOf(microphone.start({ mostSeconds: 1 })), "unsupported");
  assert.deepEqual([microphone.isOn, world.tracks.length, world.contexts.length], [false, 1, 1]);
});

test("nothing but zeros is silence; a tap on the button is an empty recording", async () => {
  const microphone = new Microphone();
  await microphone.start({ mostSeconds: 1 });
  world.give(new Float32Array(256));
  assert.equal(await codeOf(stopped(microphone)), "silent");
  await microphone.start({ mostSeconds: 1 });
  assert.equal((await stopped(microphone)).seconds, 0);
  await microphone.start({ mostSeconds: 1 });
  mock.timers.tick(2000);
  assert.equal(await codeOf(stopped(microphone)), "silent");
  assert.equal((await microphone.stop()).seconds, 0, "not even started");
});

for (const way of ["cancel", "stop"]) {
  test(`${way} while the person is being asked: no recording, and the device is switched off when it comes`, async () => {
    world.isAsking = true;
    const microphone = new Microphone();
    const started = microphone.start({ mostSeconds: 1 });
    await turn();
    const ended = await microphone[way]();
    assert.equal(await started, false);
    if (way === "stop") assert.equal(ended.seconds, 0);
    assert.equal(world.tracks.length, 0);
    world.asked[0].allow();
    await turn();
    assert.equal(world.tracks[0].readyState, "ended");
    assert.equal(world.contexts.length, 0);
  });
}

for (const refusesWorklets of [false, true]) {
  test(`cancel while the context opens closes it${refusesWorklets ? ", and that it is closed is no error" : ""}`, async () => {
    world.refusesWorklets = refusesWorklets;
    const microphone = new Microphone();
    const started = microphone.start({ mostSeconds: 1 });
    while (world.contexts.length === 0) await Promise.resolve();
    microphone.cancel();
    assert.equal(await started, false);
  });
}

test("cancel keeps nothing, and nothing more is told", async () => {
  const told = [];
  const microphone = new Microphone();
  await microphone.start({ mostSeconds: 1, onSeconds: (now) => told.push(now), onEnd: (reason) => told.push(reason) });
  microphone.cancel();
  world.give(new Float32Array(32000).fill(0.5));
  assert.deepEqual(told, []);
  assert.equal((await microphone.stop()).seconds, 0);
});

test("a second start gives the first one up", async () => {
  const microphone = new Microphone();
  await microphone.start({ mostSeconds: 1 });
  await microphone.start({ mostSeconds: 1 });
  assert.deepEqual(world.tracks.map(({ readyState }) => readyState), ["ended", "live"]);
  microphone.cancel();
});

for (const [name, code] of [
  ["NotAllowedError", "denied"],
  ["NotFoundError", "no-device"],
  ["NotReadableError", "busy"],
  ["OverconstrainedError", "no-device"],
  ["TypeError", "unsupported"],
]) {
  test(`${name} of microphone and camera is called ${code}`, async () => {
    world.refusal = name;
    const microphone = new Microphone();
    assert.equal(await codeOf(microphone.start({ mostSeconds: 1 })), code);
    assert.equal(microphone.isOn, false);
    assert.equal(await codeOf(new Camera().start({})), code);
  });
}

test("where the page may not have a device, nobody is asked for it", async () => {
  const microphoneOnly = { allowsFeature: (name) => name !== "camera" };
  globalThis.document = { featurePolicy: microphoneOnly };
  try {
    assert.equal(await codeOf(new Camera().start({})), "embedded");
    assert.equal(world.tracks.length, 0);
    const microphone = new Microphone();
    await microphone.start({ mostSeconds: 1 });
    microphone.cancel();
    globalThis.document = { featurePolicy: { allowsFeature: () => false } };
    assert.equal(await codeOf(new Microphone().start({ mostSeconds: 1 })), "embedded");
  } finally {
    delete globalThis.document;
  }
});

test("an audio context that cannot be had leaves no device on", async () => {
  globalThis.AudioContext = class { constructor() { throw new DOMException("too many", "NotSupportedError"); } };
  assert.equal(await codeOf(new Microphone().start({ mostSeconds: 1 })), "unsupported");
  assert.equal(world.tracks.length, 1);
});

test("whether it is possible, and what is missing", async () => {
  assert.deepEqual([Microphone.isPossible(), Camera.isPossible()], ["yes", "yes"]);
  globalThis.AudioContext = undefined;
  assert.deepEqual([Microphone.isPossible(), Camera.isPossible()], ["missing", "yes"]);
  globalThis.navigator = {};
  assert.deepEqual([Microphone.isPossible(), Camera.isPossible()], ["missing", "missing"]);
  assert.equal(await codeOf(new Microphone().start({ mostSeconds: 1 })), "unsupported");
  globalThis.isSecureContext = false;
  assert.deepEqual([Microphone.isPossible(), Camera.isPossible()], ["insecure", "insecure"]);
  assert.equal(await codeOf(new Microphone().start({ mostSeconds: 1 })), "insecure");
  assert.equal(await codeOf(new Camera().start({})), "insecure");
});
