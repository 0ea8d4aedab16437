import assert from "node:assert/strict";
import { test } from "node:test";
import { float32ToPcm16, resampled } from "../../js/sound/samples.js";
import { pitch, tone } from "./sound.js";

const loudest = (samples) => Math.max(...samples.subarray(2000, -2000).map(Math.abs));

test("floats become 16 bit samples, clipped", () => {
  assert.deepEqual([...float32ToPcm16(new Float32Array([0, 0.5, -1, 1, -7, 7, 1 / 32768]))], [0, 16384, -32768, 32767, -32768, 32767, 1]);
});

for (const rate of [48000, 44100, 22050, 8000]) {
  test(`a tone from ${rate} Hz keeps its pitch, level and length`, () => {
    const sound = resampled(tone(700, 2, rate), rate, 16000);
    assert.equal(sound.length, 32000);
    assert.ok(Math.abs(pitch(sound.subarray(200, -200), 16000) - 700) < 0.01);
    assert.ok(Math.abs(loudest(sound) - 0.5) < 0.005);
  });
}

test("what the new rate cannot hold is gone, not mirrored; what it can is kept", () => {
  assert.ok(loudest(resampled(tone(9000, 1, 48000), 48000, 16000)) < 0.001);
  assert.ok(loudest(resampled(tone(8600, 1, 44100), 44100, 16000)) < 0.001);
  assert.ok(loudest(resampled(tone(6500, 1, 48000), 48000, 16000)) > 0.49);
});

test("the same rate is the same sound", () => {
  const sound = tone(700, 0.1);
  assert.equal(resampled(sound, 16000, 16000), sound);
});
