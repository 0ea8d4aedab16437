import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Engine } from "../../js/sound/engine.js";
import { Turns } from "../../js/sound/loudspeaker.js";
import { FakeContext, RATE, noise, pitch, steepest, tone } from "./sound.js";

function makeEngine({ prebufferSeconds = 0, frames = 0 } = {}) {
  const context = new FakeContext();
  const engine = new Engine({ context, turns: new Turns(), prebufferSeconds, onChange() {} });
  engine.startAt(frames);
  engine.start();
  const push = (samples, seconds = 0.2) => {
    for (let i = 0; i < samples.length; i += seconds * RATE) engine.push(samples.slice(i, i + seconds * RATE));
  };
  /** Let time pass in the steps of the timer. */
  const runTo = (seconds) => {
    while (context.currentTime < seconds - 1e-9 && !engine.isOver) {
      context.currentTime = Math.min(seconds, context.currentTime + 0.05);
      mock.timers.tick(50);
    }
  };
  return { engine, context, push, runTo };
}

/** What is heard, from the first sample on. */
const spoken = ({ heard }) => heard.subarray(heard.findIndex((sample) => sample !== 0));

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 }));
test.afterEach(() => mock.timers.reset());

for (const speed of [0.5, 0.75, 1.5, 2]) {
  test(`a whole answer at speed ${speed} keeps its pitch and has the right length`, () => {
    const { engine, context, push, runTo } = makeEngine();
    engine.setSpeed(speed);
    push(tone(440, 12));
    engine.end();
    runTo(40);
    const heard = spoken(context);
    assert.equal(engine.state, "done");
    assert.equal(engine.heardFrames, 12 * RATE);
    assert.deepEqual([engine.underruns, engine.gapSeconds], [0, 0]);
    const afterwards = heard.subarray(3 * RATE);
    assert.ok(Math.abs(pitch(afterwards) / 440 - 1) < 0.01, `${pitch(afterwards)} Hz`);
    // Until there is a lead it is spoken at 1: here for 0.2 s.
    const slack = speed > 1 ? 0.2 : 0;
    assert.ok(heard.length / RATE - 12 / speed > -0.03 && heard.length / RATE - 12 / speed - slack < 0.03, `${heard.length / RATE} s`);
  });
}

test("at speed 1, given as such, every sample is heard as it came", () => {
  const { engine, context, push, runTo } = makeEngine();
  const sound = noise(3);
  engine.setSpeed(1);
  push(sound.subarray(0, RATE));
  runTo(0.5);
  engine.setSpeed(1);
  push(sound.subarray(RATE));
  engine.end();
  runTo(5);
  assert.deepEqual(spoken(context), sound);
});

for (const speed of [0.5, 0.8, 1.25, 2]) {
  test(`to speed ${speed} and back in mid-answer: soon, seamless, nothing lost, then exact again`, () => {
    const { engine, context, push, runTo } = makeEngine();
    const sound = noise(20);
    push(sound);
    engine.end();
    runTo(2);
    const before = context.started.length;
    engine.setSpeed(speed);
    const changed = spoken(context).subarray(0, 4.1 * RATE);
    const border = changed.findIndex((sample, i) => sample !== sound[i]) / RATE;
    assert.ok(context.started.length > before);
    assert.ok(border > 2 && border < 2.3, `differs from ${border} s on`);
    runTo(6);
    const heardSeconds = engine.heardSeconds;
    assert.ok(Math.abs(heardSeconds - (2.15 + 3.8 * speed)) < 0.1, `${heardSeconds} s heard`);
    engine.setSpeed(1);
    runTo(40);
    assert.equal(engine.state, "done");
    assert.deepEqual([engine.underruns, engine.heardFrames], [0, sound.length]);
    // The end, from within 0.3 s after the change back, is the speech, sample for sample.
    const heard = spoken(context);
    const exact = sound.length - Math.ceil((heardSeconds + 0.3 * speed) * RATE);
    assert.deepEqual(heard.subarray(-exact), sound.subarray(-exact));
    assert.ok(!heard.includes(0), "no gap");
  });
}

test("changing the speed again and again does not click, lose time or stutter", () => {
  const { engine, context, push, runTo } = makeEngine();
  push(tone(200, 30), 0.37);
  engine.end();
  const speeds = [1.5, 0.75, 1, 2, 0.5, 1.1, 1];
  let expected = 0;
  speeds.forEach((speed, i) => {
    engine.setSpeed(speed);
    const before = engine.heardSeconds;
    runTo(2 * (i + 1));
    if (i > 0) expected = before + 0.2 * speeds[i - 1] + 1.8 * speed;
    if (i > 0) assert.ok(Math.abs(engine.heardSeconds - expected) < 0.06, `${engine.heardSeconds} for ${expected}`);
  });
  runTo(60);
  assert.equal(engine.underruns, 0);
  assert.ok(steepest(spoken(context)) < 1.1 * steepest(tone(200, 1)), `${steepest(spoken(context))}`);
  assert.ok(Math.abs(pitch(spoken(context)) - 200) < 1);
});

test("what arrives in real time is spoken at 1 until it has ended or leads, not faster with gaps", () => {
  const { engine, context, runTo } = makeEngine({ prebufferSeconds: 0.3 });
  const sound = noise(9);
  engine.setSpeed(2);
  for (let i = 0; i < 25; i++) {
    engine.push(sound.slice(i * 4800, (i + 1) * 4800));
    runTo(0.2 * (i + 1));
  }
  assert.equal(engine.underruns, 0);
  const soFar = spoken(context).length;
  assert.deepEqual(spoken(context), sound.slice(0, soFar));
  engine.push(sound.slice(25 * 4800));
  engine.end();
  runTo(20);
  assert.equal(engine.underruns, 0);
  assert.ok(spoken(context).length < soFar + 0.6 * (sound.length - soFar), "the rest is spoken at 2");
});

test("speech that arrives a little faster than it is spoken never stutters at speed 2", () => {
  const { engine, runTo } = makeEngine({ prebufferSeconds: 0.3 });
  engine.setSpeed(2);
  for (let i = 0; i < 100; i++) {
    engine.push(noise(0.2, i + 1));
    runTo(0.15 * (i + 1));
  }
  engine.end();
  runTo(30);
  assert.deepEqual([engine.state, engine.underruns, engine.heardSeconds], ["done", 0, 20]);
});

test("a long answer is stretched as it is needed, at most a few seconds ahead", () => {
  const { engine, context, runTo } = makeEngine();
  engine.setSpeed(1.5);
  engine.push(new Float32Array(600 * RATE));
  engine.end();
  runTo(10);
  assert.ok(context.heard.length / RATE < 10 + 5 + 3);
  assert.ok(Math.abs(engine.heardSeconds - 1.5 * 9.95) < 0.1);
});

test("timers that come once a second only (a hidden tab that is muted) are enough", () => {
  const { engine, context, push } = makeEngine();
  push(noise(40));
  engine.end();
  engine.setSpeed(2);
  for (let i = 0; i < 5; i++) mock.timers.tick(50);
  for (let i = 1; i < 25 && !engine.isOver; i++) {
    context.currentTime = i;
    engine.pump();
  }
  assert.deepEqual([engine.state, engine.underruns, engine.heardSeconds], ["done", 0, 40]);
});

test("an underrun of slow speech is noticed and goes on where it was", () => {
  const { engine, context, push, runTo } = makeEngine();
  const sound = tone(440, 2);
  engine.setSpeed(0.5);
  push(sound.slice(0, RATE));
  runTo(3);
  assert.equal(engine.state, "buffering");
  assert.ok(engine.heardFrames > 0.95 * RATE && engine.heardFrames <= RATE);
  push(sound.slice(RATE));
  engine.end();
  runTo(8);
  assert.deepEqual([engine.state, engine.underruns, engine.heardFrames], ["done", 1, 2 * RATE]);
  assert.ok(Math.abs(spoken(context).length / RATE - engine.gapSeconds - 4) < 0.06);
});

test("a page that was reloaded goes on where it was heard", () => {
  const { engine, context, push, runTo } = makeEngine({ frames: 30001 });
  const sound = noise(3);
  assert.equal(engine.heardFrames, 30001);
  push(sound.slice(0, RATE));
  assert.equal(engine.state, "empty", "all of this has been heard");
  push(sound.slice(RATE));
  engine.end();
  runTo(0.55);
  assert.ok(Math.abs(engine.heardFrames - 30001 - 0.5 * RATE) <= 1);
  runTo(5);
  assert.deepEqual(spoken(context), sound.slice(30001));
  assert.deepEqual([engine.state, engine.heardFrames], ["done", 3 * RATE]);
});

test("the place may be given when sound is there already, but not after the start", () => {
  const context = new FakeContext();
  const engine = new Engine({ context, turns: new Turns(), prebufferSeconds: 0, onChange() {} });
  const sound = noise(1);
  engine.push(sound);
  engine.startAt(100);
  engine.start();
  engine.startAt(5000);
  assert.deepEqual(spoken(context), sound.slice(100));
});

test("all was heard before: nothing is said again", () => {
  const { engine, context, push } = makeEngine({ frames: 2 * RATE });
  push(noise(2));
  engine.end();
  assert.deepEqual([engine.state, context.started.length], ["done", 0]);
});

test("what was heard stays what it was when it is stopped", () => {
  const { engine, context, push } = makeEngine();
  engine.setSpeed(0.5);
  push(noise(4));
  context.currentTime = 1.05;
  engine.stop();
  const { heardSeconds } = engine;
  assert.ok(Math.abs(heardSeconds - 0.5) < 0.02);
  context.currentTime = 3;
  assert.equal(engine.heardSeconds, heardSeconds);
  engine.setSpeed(1);
  assert.equal(engine.state, "stopped");
});

test("what could not be scheduled in time is scheduled later", () => {
  const { engine, context, push, runTo } = makeEngine({ prebufferSeconds: 0.3 });
  const sound = noise(2);
  engine.push(sound.slice(0, 7200));
  runTo(0.2);
  const { createBuffer } = context;
  context.createBuffer = (...shape) => {
    context.createBuffer = createBuffer;
    context.currentTime += 0.2; // a busy machine
    return createBuffer(...shape);
  };
  engine.push(sound.slice(7200, 8400));
  assert.equal(context.started.length, 1);
  push(sound.slice(8400));
  engine.end();
  runTo(5);
  assert.deepEqual(spoken(context).filter((sample) => sample !== 0), sound);
});
