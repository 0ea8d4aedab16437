/**
 * @file Play the rest of the speech when the live view has made way for the static answer: with a small button
 * in the answer while it sounds, and silence as soon as the answer leaves the page.
 */
import { make, setText } from "./dom.js";

/** @typedef {import("words:player").Words} Words */

const TICK_MILLISECONDS = 100;
/** The end of the answer and the removal of the view come by different routes. */
const END_GRACE_MILLISECONDS = 400;
/**
 * Find where the static answer is on this page, if it is there.
 *
 * @param {string} tailId
 * @returns {HTMLElement | null}
 */
export function findTailPlace(tailId) {
  return document.querySelector(`.omni-tail-${CSS.escape(tailId)}`);
}

/** The static answer takes a moment to be drawn: look for it this often. */
export const LOOK_MILLISECONDS = 100;
export const MOST_LOOKS = 50;

/**
 * Say something in the static answer, as soon as it is there. Nobody waits for that: the widget that asks for it
 * may be closed by then.
 *
 * @param {string} tailId
 * @param {string} said
 * @param {number} [looks] how many are left
 */
export function sayInPlace(tailId, said, looks = MOST_LOOKS) {
  const place = findTailPlace(tailId);
  if (place) place.replaceChildren(make("span", "omni-tail-note", said));
  else if (looks > 0) setTimeout(() => sayInPlace(tailId, said, looks - 1), LOOK_MILLISECONDS);
}

/** The static answer may take a moment to be drawn, or drawn again. */
const PLACE_GRACE_MILLISECONDS = 1000;

export class Tail {
  /** @type {string} */ #tailId;
  /** @type {Words} */ #words;
  /** @type {() => boolean} */ #isEnded;
  /** @type {() => void} */ #stop;
  /** @type {string} */ #css;
  /** @type {HTMLElement | null} */ #place = null;
  #lastSeenAt = performance.now();
  /** @type {ReturnType<typeof setInterval>} */ #timer;
  #cleanPlace = () => {};

  /**
   * @param {object} options
   * @param {string} options.tailId
   * @param {Words} options.words
   * @param {() => boolean} options.isEnded
   * @param {() => void} options.stop
   * @param {string} options.css of the button, where the page itself does not have it
   */
  constructor({ tailId, words, isEnded, stop, css }) {
    this.#css = css;
    this.#tailId = tailId;
    this.#words = words;
    this.#isEnded = isEnded;
    this.#stop = stop;
    this.#timer = setInterval(() => this.#look(), TICK_MILLISECONDS);
    this.#look();
  }

  dispose() {
    clearInterval(this.#timer);
    this.#leavePlace();
  }

  /** @param {string} state in words */
  update(state) {
    /** @type {HTMLElement | null | undefined} */
    const word = this.#place?.querySelector(".omni-tail-state");
    if (word) setText(word, state);
  }

  #look() {
    if (!this.#place?.isConnected) this.#findPlace();
    if (this.#place && this.#isEnded()) {
      this.#lastSeenAt = performance.now();
      return;
    }
    const grace = this.#isEnded() ? PLACE_GRACE_MILLISECONDS : END_GRACE_MILLISECONDS;
    if (performance.now() - this.#lastSeenAt > grace) this.#stop();
  }

  #findPlace() {
    this.#leavePlace();
    const place = findTailPlace(this.#tailId);
    if (!place) return;
    this.#place = place;
    this.#cleanPlace = this.#enterPlace(place);
  }

  #leavePlace() {
    this.#cleanPlace();
    this.#cleanPlace = () => {};
    this.#place = null;
  }

  /**
   * @param {HTMLElement} place
   * @returns {() => void}
   */
  #enterPlace(place) {
    const button = tailButton(this.#words);
    const stop = () => this.#stop();
    button.addEventListener("click", stop);
    if (this.#css) button.prepend(make("style", "", this.#css));
    place.append(button);
    // `play` does not bubble, but it can be caught on the way down.
    const output = nearestWithAudio(place);
    output?.addEventListener("play", stop, true);
    return () => {
      output?.removeEventListener("play", stop, true);
      button.removeEventListener("click", stop);
      button.remove();
    };
  }
}

/** @param {Words} words */
function tailButton(words) {
  const note = make("span", "", "♪ ");
  note.setAttribute("aria-hidden", "true");
  const state = make("span", "omni-tail-state", words.speaking);
  const button = make("button", "omni-tail-button", note, state, make("span", "omni-tail-stop", words.stop));
  button.type = "button";
  button.dataset.lmSuppressShortcuts = "true";
  return button;
}

/** @param {HTMLElement} element */
function nearestWithAudio(element) {
  let ancestor = element.parentElement;
  while (ancestor && !ancestor.querySelector("audio")) {
    // Beyond the output area any audio belongs to another answer.
    if (ancestor.matches(".jp-OutputArea, .output_area, body")) return null;
    ancestor = ancestor.parentElement;
  }
  return ancestor;
}
