/** @file Show the row under the question: what to attach, tokens and cost, and Send. */
import { ICONS, button, make, relabel, setText } from "../player/dom.js";
import { fill } from "../player/words.js";
import { acceptOf, createFileInput, kindsText } from "./attach.js";

/**
 * @typedef {import("words:composer").Words} Words
 * @typedef {import("./types.js").Header} Header
 *
 * @typedef {object} Shown
 * @property {Header} header
 * @property {boolean} isAnswering
 * @property {boolean} canStop an answer comes, or is still spoken
 * @property {boolean} isEmpty there is nothing to send
 * @property {boolean} isHeld the question is sent once its files are uploaded
 * @property {boolean} isRefused the question cannot be sent as it is
 * @property {boolean} isTooMuch its tokens are why
 * @property {boolean} isTalking
 * @property {boolean} isCameraOn
 * @property {string} estimate
 * @property {number | null} share of the context
 *
 * @typedef {object} Actions
 * @property {(files: File[]) => void} take
 * @property {() => void} takePhoto
 * @property {() => void} stop
 * @property {() => void} send
 */

/**
 * @param {{words: Words, actions: Actions}} options
 */
export function createBar({ words, actions }) {
  const file = createFileInput(actions.take);
  const attach = button("omni-composer-attach", "", () => file.click(), { icon: ICONS.attach });
  // `pushToTalk` handles its presses.
  const microphone = button("omni-composer-microphone", words.talk, () => {}, { icon: ICONS.microphone });
  const camera = button("omni-composer-photo", words.camera, actions.takePhoto, { icon: ICONS.camera });
  const estimate = createEstimate(words);
  const stop = button("omni-composer-stop", words.stop, actions.stop, { icon: ICONS.stop });
  const send = button("omni-composer-send omni-main-button", words.send, actions.send, { icon: ICONS.send });
  const sendNote = make("span", "omni-composer-send-note");
  send.append(sendNote);
  const media = make("span", "omni-composer-media", attach, microphone, camera);
  const go = make("span", "omni-composer-go", stop, send);
  const element = make("div", "omni-composer-bar", file, media, estimate.element, go);

  return {
    element,
    microphone,
    send,
    stop,
    /** @param {Shown} shown */
    update(shown) {
      const { header, isAnswering, canStop, isEmpty, isHeld } = shown;
      const model = header.who || words.thisModel;
      file.accept = acceptOf(header.takes);
      relabel(attach, fill(words.attach, { kinds: kindsText(header.takes, words) }));
      allow(microphone, header.takes.includes("audio"), words.talk, fill(words.noAudio, { model }));
      allow(camera, header.takes.includes("image"), words.camera, fill(words.noImages, { model }));
      microphone.setAttribute("aria-pressed", String(shown.isTalking));
      camera.setAttribute("aria-pressed", String(shown.isCameraOn));

      estimate.update(shown.estimate, shown.share, shown.isTooMuch);
      stop.hidden = !canStop;
      send.hidden = canStop && isEmpty && !isHeld;
      relabel(send, isHeld ? words.sendLater : isAnswering ? words.sendNext : words.send);
      setText(sendNote, isHeld ? words.waitsForFiles : "");
      // Not `disabled`: the button keeps the focus, and says why not when it is pressed.
      send.setAttribute("aria-disabled", String(isEmpty || shown.isRefused));
    },
  };
}

/**
 * @param {HTMLButtonElement} element
 * @param {boolean} isAllowed
 * @param {string} label
 * @param {string} [reason] why not
 */
function allow(element, isAllowed, label, reason = label) {
  element.disabled = !isAllowed;
  relabel(element, isAllowed ? label : reason);
}

/** @param {Words} words */
function createEstimate(words) {
  const text = make("span", "omni-composer-estimate-text");
  const bar = make("span", "omni-composer-meter-bar");
  const meter = make("span", "omni-composer-meter", bar);
  meter.setAttribute("role", "meter");
  meter.setAttribute("aria-valuemin", "0");
  meter.setAttribute("aria-valuemax", "100");
  const percent = make("span", "omni-composer-share");
  percent.setAttribute("aria-hidden", "true");
  const context = make("span", "omni-composer-context", meter, percent);
  const element = make("span", "omni-composer-estimate", text, context);
  element.title = words.estimate;
  return {
    element,
    /**
     * @param {string} estimate
     * @param {number | null} share
     * @param {boolean} isTooMuch
     */
    update(estimate, share, isTooMuch) {
      setText(text, estimate);
      element.dataset.state = isTooMuch || (share ?? 0) > 1 ? "over" : (share ?? 0) > 0.8 ? "near" : "fine";
      context.hidden = share === null;
      if (share === null) return;
      const said = percentText(share);
      setText(percent, said);
      bar.style.width = `${Math.min(100, 100 * share)}%`;
      context.title = fill(words.context, { share: said });
      meter.setAttribute("aria-label", context.title);
      meter.setAttribute("aria-valuenow", String(Math.min(100, Math.round(100 * share))));
      meter.setAttribute("aria-valuetext", said);
    },
  };
}

/** @param {number} share */
export function percentText(share) {
  if (share > 0 && share < 0.01) return "<1 %";
  // Just above the whole is not the whole.
  return `${share > 1 ? Math.ceil(100 * share) : Math.floor(100 * share)} %`;
}
