import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../../js/capture/camera.js";

let tracks, allow, video;

test.beforeEach(() => {
  tracks = [];
  const getUserMedia = () => new Promise((resolve) => {
    allow = () => {
      const track = Object.assign(new EventTarget(), { readyState: "live", stop() { this.readyState = "ended"; } });
      tracks.push(track);
      resolve({ getTracks: () => [track] });
    };
  });
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia } }, configurable: true, writable: true });
  video = { srcObject: null, videoWidth: 0, videoHeight: 0, async play() { [this.videoWidth, this.videoHeight] = [1280, 720]; } };
  globalThis.document = {
    createElement: () => ({
      getContext: () => ({ drawImage() {} }),
      toBlob(take, type, quality) { take({ type, quality, size: [this.width, this.height] }); },
    }),
  };
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function started(camera, options) {
  const start = camera.start(video, options);
  allow();
  assert.equal(await start, true);
}

test("a snapshot is a JPEG of the camera's own size", async () => {
  const camera = new Camera();
  await assert.rejects(camera.snapshot(), { code: "silent" });
  await started(camera);
  assert.deepEqual(await camera.snapshot(), { type: "image/jpeg", quality: 0.92, size: [1280, 720] });
  assert.equal(camera.isOn, true);
  camera.stop();
  assert.deepEqual([camera.isOn, video.srcObject, tracks[0].readyState], [false, null, "ended"]);
});

test("stopped while the person is being asked it goes off when it comes", async () => {
  const camera = new Camera();
  const start = camera.start(video);
  camera.stop();
  assert.equal(await start, false);
  allow();
  await turn();
  assert.deepEqual([tracks[0].readyState, video.srcObject], ["ended", null]);
});

test("stopped before the first picture it is just off", async () => {
  video.play = () => new Promise((_, reject) => { video.interrupt = () => reject(new DOMException("gone", "AbortError")); });
  const camera = new Camera();
  const start = camera.start(video);
  allow();
  await turn();
  camera.stop();
  video.interrupt();
  assert.equal(await start, false);
  assert.equal(tracks[0].readyState, "ended");
});

test("a video that does not play leaves no camera on", async () => {
  video.play = async () => { throw new DOMException("no", "NotSupportedError"); };
  const camera = new Camera();
  const start = camera.start(video);
  allow();
  await assert.rejects(start, { code: "unsupported" });
  assert.deepEqual([tracks[0].readyState, video.srcObject, camera.isOn], ["ended", null, false]);
});

test("a camera that is pulled out is told", async () => {
  const ends = [];
  const camera = new Camera();
  await started(camera, { onEnd: (reason) => ends.push(reason) });
  tracks[0].dispatchEvent(new Event("ended"));
  assert.deepEqual([ends, video.srcObject, camera.isOn], [["unplugged"], null, false]);
});
