/** @file Show what a device does while it is on, and what there is to say when it is off. */
import { ICONS, button, focusedIn, make, setText } from "../player/dom.js";

/** @typedef {import("words:composer").Words} Words */

/**
 * @param {string} className
 * @param {object} options
 * @param {Words} options.words
 * @param {string} options.label
 * @param {HTMLElement} options.display of what the device gives
 * @param {HTMLElement[]} [options.more] what stands beside it
 * @param {HTMLElement} options.main the button that takes what the device gives
 * @param {() => void} options.cancel
 * @param {() => void} options.onChange
 */
export function createStrip(className, { words, label, display, more = [], main, cancel, onChange }) {
  const state = make("span", "omni-composer-strip-state");
  state.setAttribute("role", "status");
  const cancelButton = button("omni-composer-cancel", words.cancel, cancel);
  const dismiss = button("omni-composer-dismiss", words.dismiss, () => rest(""), { icon: ICONS.close });
  const element = make("div", `omni-composer-strip ${className}`, display, state, ...more, cancelButton, main, dismiss);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", label);

  /** Show that the device is off. @param {string} said what there is to say of it, if anything */
  function rest(said) {
    const hadFocus = focusedIn(element) !== null;
    for (const one of [display, ...more, cancelButton, main]) one.hidden = true;
    dismiss.hidden = said === "";
    setText(state, said);
    element.hidden = said === "";
    onChange();
    if (hadFocus && said) dismiss.focus();
  }

  /** Show that the device is asked for. @param {string} said */
  function open(said) {
    element.hidden = cancelButton.hidden = false;
    dismiss.hidden = true;
    setText(state, said);
    onChange();
  }

  /** Show what the device gives. @param {string} said */
  function show(said) {
    for (const one of [display, ...more, main]) one.hidden = false;
    setText(state, said);
  }

  return { element, rest, open, show };
}

/**
 * Return what to say of an error of the microphone or the camera.
 *
 * @param {unknown} error
 * @param {Words["microphone"]} words
 */
export function wordsOf(error, words) {
  const { code } = /** @type {{code?: string}} */ (error ?? {});
  return words[/** @type {keyof typeof words} */ (code)] ?? words.failed;
}
