import assert from "node:assert/strict";
import { test } from "node:test";
import { concatenated } from "../../js/sound/samples.js";
import { Stretcher } from "../../js/sound/stretch.js";
import { RATE, noise, onsets, pitch, steepest, tone } from "./sound.js";

function stretched(samples, speed, sizes = [samples.length], sampleRate = RATE) {
  const stretcher = new Stretcher({ speed, sampleRate });
  const pieces = [];
  for (let i = 0, turn = 0; i < samples.length; turn++) {
    const size = sizes[turn % sizes.length];
    pieces.push(stretcher.push(samples.subarray(i, i + size)));
    i += size;
  }
  return concatenated([...pieces, stretcher.flush()]);
}

for (const speed of [0.5, 0.75, 1.25, 1.5, 2]) {
  for (const hertz of [80, 440, 1800]) {
    test(`a tone of ${hertz} Hz at speed ${speed} keeps its pitch, has the right length and no click`, () => {
      const sound = tone(hertz, 2);
      const heard = stretched(sound, speed);
      assert.ok(Math.abs(pitch(heard) / hertz - 1) < 0.01, `${pitch(heard)} Hz`);
      assert.ok(Math.abs(heard.length / RATE - 2 / speed) < 0.03, `${heard.length / RATE} s`);
      assert.ok(steepest(heard) < 1.3 * steepest(sound), `${steepest(heard)} after ${steepest(sound)}`);
    });
  }
}

test("it works at other rates", () => {
  const heard = stretched(tone(440, 1, 16000), 1.5, undefined, 16000);
  assert.ok(Math.abs(pitch(heard, 16000) - 440) < 4.4);
  assert.ok(Math.abs(heard.length / 16000 - 1 / 1.5) < 0.03);
});

test("at speed 1 it is the speech itself", () => {
  const sound = noise(1);
  const heard = stretched(sound, 1);
  assert.equal(heard.length, sound.length);
  assert.ok(heard.every((sample, i) => Math.abs(sample - sound[i]) < 1e-6));
});

for (const speed of [0.6, 1.7]) {
  test(`pieces of any length give the same at speed ${speed}`, () => {
    const sound = noise(1.3, 7);
    const whole = stretched(sound, speed);
    for (const sizes of [[1], [1, 4801, 13], [359, 361], [777], [24000]]) assert.deepEqual(stretched(sound, speed, sizes), whole);
  });

  test(`bursts keep their order and their rhythm at speed ${speed}`, () => {
    const sound = new Float32Array(3 * RATE);
    const starts = [0.1, 0.35, 0.6, 1.2, 1.4, 2.1, 2.7];
    starts.forEach((start, i) => sound.set(noise(0.05 + 0.01 * i, i + 1), start * RATE));
    const found = onsets(stretched(sound, speed));
    assert.equal(found.length, starts.length);
    found.forEach((at, i) => assert.ok(Math.abs(at - starts[i] / speed) < 0.03, `${at} for ${starts[i] / speed}`));
  });
}

for (const [name, sound] of [["nothing", new Float32Array(0)], ["one sample", noise(1 / RATE)], ["10 ms", noise(0.01)], ["silence", new Float32Array(RATE)]]) {
  test(`${name} goes through it`, () => {
    for (const speed of [0.5, 2]) {
      const heard = stretched(sound, speed);
      assert.ok(Math.abs(heard.length - sound.length / speed) <= 0.03 * RATE);
      if (sound.length < 100) assert.deepEqual(heard, sound);
    }
  });
}

for (const speed of [0.5, 0.8, 1.5, 2]) {
  test(`at its marks the sound is the speech at the place they say, at speed ${speed}`, () => {
    const sound = noise(1, 3);
    const stretcher = new Stretcher({ speed, sampleRate: RATE });
    const heard = stretcher.push(sound);
    const { marks, hopFrames } = stretcher;
    assert.equal((marks.length - 1) * hopFrames, heard.length);
    assert.equal(marks.at(-1), stretcher.position);
    marks.slice(0, -1).forEach((mark, i) => assert.equal(heard[i * hopFrames], sound[mark]));
    marks.forEach((mark, i) => assert.ok(Math.abs(mark - i * hopFrames * speed) <= 0.0095 * RATE));
    const rest = stretcher.flush();
    assert.equal(stretcher.position, sound.length);
    assert.equal(rest.at(-1), sound.at(-1));
  });
}
