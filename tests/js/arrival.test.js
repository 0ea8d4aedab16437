import assert from "node:assert/strict";
import { test } from "node:test";
import { Arrival, countCodePoints, spliceText, trimToNew } from "../../js/sound/arrival.js";

const bytes = (...values) => new Uint8Array(values);
const delta = (textOffset, text, pcmOffset) => ({ type: "delta", text_offset: textOffset, text, pcm_offset: pcmOffset });

test("text is spliced by code points", () => {
  assert.equal(spliceText("a🐱b", 2, "猫"), "a🐱猫");
  assert.equal(spliceText("a🐱b", 3, "c"), "a🐱bc");
  assert.equal(spliceText("a🐱b", 0, ""), "");
  assert.equal(countCodePoints("a🐱猫"), 3);
});

test("bytes that are here already are trimmed off", () => {
  const cases = [[4, 4], [2, 4], [0, 4], [0, 9]];
  assert.deepEqual(cases.map(([offset, total]) => [...trimToNew(bytes(1, 2, 3, 4), offset, total)]), [[1, 2, 3, 4], [3, 4], [], []]);
});

test("deltas add up", () => {
  const arrival = new Arrival();
  assert.equal(arrival.isEmpty, true);
  assert.deepEqual(arrival.take(delta(0, "a🐱", 0), bytes(1, 2)), bytes(1, 2));
  assert.deepEqual(arrival.take(delta(2, "b", 2), bytes(3, 4)), bytes(3, 4));
  assert.deepEqual([arrival.text, arrival.textLength, arrival.totalBytes], ["a🐱b", 3, 4]);
});

test("a delta that comes twice, or overlaps, does no harm", () => {
  const arrival = new Arrival();
  arrival.take(delta(0, "ab", 0), bytes(1, 2));
  assert.deepEqual(arrival.take(delta(0, "ab", 0), bytes(1, 2)), bytes());
  assert.deepEqual(arrival.take(delta(1, "bc", 0), bytes(1, 2, 3, 4)), bytes(3, 4));
  assert.deepEqual([arrival.text, arrival.totalBytes], ["abc", 4]);
});

test("corrected text replaces what was there", () => {
  const arrival = new Arrival();
  arrival.take(delta(0, "cat sat", 0), bytes());
  arrival.take(delta(4, "ran", 0), bytes());
  assert.deepEqual([arrival.text, arrival.textLength], ["cat ran", 7]);
});

test("a delta beyond what is here is refused, and its repair brings everything", () => {
  const arrival = new Arrival();
  arrival.take(delta(0, "a", 0), bytes(1, 2));
  assert.equal(arrival.take(delta(2, "c", 4), bytes(5, 6)), null);
  assert.equal(arrival.take(delta(1, "", 4), bytes(5, 6)), null);
  assert.deepEqual([arrival.text, arrival.totalBytes], ["a", 2]);
  assert.deepEqual(arrival.take(delta(1, "bc", 2), bytes(3, 4, 5, 6)), bytes(3, 4, 5, 6));
  assert.equal(arrival.text, "abc");
});

test("bytes that were announced and did not come are known to be lost, and the text goes on", () => {
  const arrival = new Arrival();
  assert.deepEqual(arrival.take({ ...delta(0, "a", 0), pcm_bytes: 2 }, bytes(1, 2)), bytes(1, 2));
  assert.equal(arrival.lacksSound, false);
  assert.deepEqual(arrival.take({ ...delta(1, "b", 2), pcm_bytes: 4 }, bytes()), bytes());
  assert.deepEqual(arrival.take({ ...delta(2, "c", 6), pcm_bytes: 2 }, bytes()), bytes());
  assert.deepEqual([arrival.lacksSound, arrival.text, arrival.totalBytes], [true, "abc", 8]);
  assert.equal(arrival.isComplete({ text_length: 3, total_bytes: 8 }), true);
});

test("the end tells whether everything is here", () => {
  const arrival = new Arrival();
  arrival.take(delta(0, "🐱", 0), bytes(1, 2));
  assert.equal(arrival.isComplete({ text_length: 1, total_bytes: 2 }), true);
  assert.equal(arrival.isComplete({ text_length: 2, total_bytes: 2 }), false);
  assert.equal(arrival.isComplete({ text_length: 1, total_bytes: 4 }), false);
});
