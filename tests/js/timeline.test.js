/** @file The timeline takes sound back exactly at a frame, although sound cards round a time up to one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline } from "../../js/sound/timeline.js";
import { FakeContext, RATE, noise } from "./sound.js";

const SAMPLES = noise(0.1);

/** A piece that begins at a frame, on the timeline and on the sound card. */
function scheduled(context, timeline, startFrame, samples = SAMPLES) {
  const source = context.createBufferSource();
  source.buffer = { samples };
  source.start(startFrame / RATE);
  timeline.add({ samples, marks: [0, samples.length], hopFrames: samples.length, isExact: true }, source, startFrame);
}

test("what is taken back ends at its frame and not one later, wherever it begins", () => {
  for (let startFrame = 0; startFrame < 4000; startFrame += 37) {
    const context = new FakeContext();
    const timeline = new Timeline();
    scheduled(context, timeline, startFrame);
    const kept = 1 + (startFrame % (SAMPLES.length - 1));
    timeline.takeBack(startFrame + kept, RATE);
    assert.equal(timeline.nextFrame, startFrame + kept);
    const heard = context.heard.subarray(startFrame);
    assert.deepEqual([...heard], [...SAMPLES.subarray(0, kept)], `from frame ${startFrame} on, ${kept} frames`);
  }
});

test("what goes on where sound was taken back neither overlaps nor leaves a gap", () => {
  for (let startFrame = 0; startFrame < 2000; startFrame += 41) {
    const context = new FakeContext();
    const timeline = new Timeline();
    scheduled(context, timeline, startFrame);
    timeline.takeBack(startFrame + 700, RATE);
    scheduled(context, timeline, timeline.nextFrame, SAMPLES.subarray(700));
    assert.deepEqual([...context.heard.subarray(startFrame)], [...SAMPLES]);
  }
});
