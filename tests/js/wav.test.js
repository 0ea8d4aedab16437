import assert from "node:assert/strict";
import { test } from "node:test";
import { wavBlob, wavHeader } from "../../js/sound/wav.js";

test("a WAV file says what is in it", async () => {
  const blob = wavBlob([new Uint8Array([1, 0, 2]), new Uint8Array([0, 255, 255])], 24000);
  assert.equal(blob.type, "audio/wav");
  const bytes = Buffer.from(await blob.arrayBuffer());
  assert.equal(bytes.toString("latin1", 0, 4) + bytes.toString("latin1", 8, 16) + bytes.toString("latin1", 36, 40), "RIFFWAVEfmt data");
  assert.deepEqual([bytes.readUInt32LE(4), bytes.readUInt32LE(16), bytes.readUInt32LE(40)], [36 + 6, 16, 6]);
  assert.deepEqual([20, 22, 32, 34].map((at) => bytes.readUInt16LE(at)), [1, 1, 2, 16]);
  assert.deepEqual([24, 28].map((at) => bytes.readUInt32LE(at)), [24000, 48000]);
  assert.deepEqual([...bytes.subarray(44)], [1, 0, 2, 0, 255, 255]);
});

test("its header is 44 bytes, also of nothing", () => {
  assert.equal(wavHeader(0, 16000).length, 44);
  assert.equal(wavBlob([], 16000).size, 44);
});
