/** @file The strip with the camera's picture, of which a snapshot is attached. */
import { Camera } from "../capture/camera.js";
import { ICONS, button, make, setText } from "../player/dom.js";
import { wordsOf } from "./recorder.js";

/** @typedef {import("words:composer").Words} Words */

/**
 * @param {object} options
 * @param {Words} options.words
 * @param {(picture: Blob) => void} options.take
 * @param {() => void} options.onChange
 * @param {() => Camera} [options.open] another camera, for tests
 */
export function createSnapshot({ words, take, onChange, open = () => new Camera() }) {
  const video = make("video", "omni-composer-viewfinder");
  video.muted = true;
  video.playsInline = true;
  video.setAttribute("aria-label", words.viewfinder);
  const state = make("span", "omni-composer-strip-state");
  state.setAttribute("role", "status");
  const snap = button("omni-composer-snap omni-main-button", words.snap, () => void snapNow());
  const cancelButton = button("omni-composer-cancel", words.cancel, () => cancel());
  const dismiss = button("omni-composer-dismiss", words.dismiss, () => rest(), { icon: ICONS.close });
  const element = make("div", "omni-composer-strip omni-composer-camera");
  element.append(video, state, cancelButton, snap, dismiss);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", words.viewfinder);

  /** @type {Camera | null} */
  let camera = null;

  rest();
  return {
    element,
    get isOn() {
      return camera !== null;
    },
    begin,
    cancel,
    dispose: cancel,
  };

  /** The camera is off; say this, if anything. @param {string} [said] */
  function rest(said = "") {
    const hadFocus = element.contains(document.activeElement);
    camera = null;
    for (const one of [video, snap, cancelButton]) one.hidden = true;
    dismiss.hidden = said === "";
    setText(state, said);
    element.hidden = said === "";
    onChange();
    if (hadFocus && said) dismiss.focus();
  }

  async function begin() {
    const mine = (camera = open());
    element.hidden = false;
    dismiss.hidden = true;
    // A browser may play only what is to be seen.
    video.hidden = false;
    cancelButton.hidden = false;
    setText(state, words.openingCamera);
    onChange();
    try {
      await mine.start(video, { onEnd: () => mine === camera && rest(words.cameraErrors["no-device"]) });
    } catch (error) {
      if (mine === camera) rest(wordsOf(error, words.cameraErrors));
      return;
    }
    if (mine !== camera) return mine.stop();
    setText(state, "");
    snap.hidden = false;
    snap.focus();
  }

  async function snapNow() {
    const mine = camera;
    if (!mine) return;
    try {
      const picture = await mine.snapshot();
      if (mine === camera) rest();
      take(picture);
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
