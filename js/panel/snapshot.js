/** @file Take a photo for the question, showing what the camera sees. */
import { Camera } from "../capture/camera.js";
import { button, make } from "../player/dom.js";
import { createStrip, wordsOf } from "./strip.js";

/** @typedef {import("words:composer").Words} Words */

/**
 * @param {object} options
 * @param {Words} options.words
 * @param {(photo: Blob) => void} options.take
 * @param {() => void} options.onChange
 * @param {() => Camera} [options.open] another camera, for tests
 */
export function createSnapshot({ words, take, onChange, open = () => new Camera() }) {
  const video = make("video", "omni-composer-viewfinder");
  video.muted = true;
  video.playsInline = true;
  video.setAttribute("aria-label", words.viewfinder);
  const snap = button("omni-composer-snap omni-main-button", words.snap, () => void snapNow());
  const strip = createStrip("omni-composer-camera", {
    words,
    label: words.viewfinder,
    display: video,
    main: snap,
    cancel,
    onChange,
  });

  /** @type {Camera | null} */
  let camera = null;

  rest();
  return {
    element: strip.element,
    get isOn() {
      return camera !== null;
    },
    begin,
    cancel,
    dispose: cancel,
  };

  /** Show that the camera is off; say this, if anything. @param {string} [said] */
  function rest(said = "") {
    camera = null;
    strip.rest(said);
  }

  async function begin() {
    const mine = (camera = open());
    // A browser may play only what is visible.
    video.hidden = false;
    strip.open(words.openingCamera);
    try {
      await mine.start(video, { onEnd: () => mine === camera && rest(words.cameraErrors["no-device"]) });
    } catch (error) {
      if (mine === camera) rest(wordsOf(error, words.cameraErrors));
      return;
    }
    if (mine !== camera) return mine.stop();
    strip.show("");
    snap.focus();
  }

  async function snapNow() {
    const mine = camera;
    if (!mine) return;
    try {
      const photo = await mine.snapshot();
      if (mine === camera) rest();
      take(photo);
    } catch (error) {
      if (mine === camera) rest(wordsOf(error, words.cameraErrors));
    } finally {
      mine.stop();
    }
  }

  function cancel() {
    const mine = camera;
    if (!mine) return;
    rest();
    mine.stop();
  }
}
