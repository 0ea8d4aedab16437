/** @file Ask for a few words, or for a yes, before something is done. */
import { button, make } from "../player/dom.js";
import { isComposing } from "./textbox.js";

/**
 * Make a form with one button that acts and one that cancels; Escape cancels, too.
 *
 * @param {string} className
 * @param {object} options
 * @param {HTMLElement} options.field what is asked
 * @param {string} options.label of the button that acts
 * @param {string} options.cancelLabel
 * @param {boolean} [options.isDangerous]
 * @param {() => void} options.act
 * @param {() => void} options.hide afterwards, either way
 */
export function createForm(className, { field, label, cancelLabel, isDangerous = false, act, hide }) {
  const main = make("button", `omni-button omni-main-button${isDangerous ? " omni-danger-button" : ""}`, label);
  const form = make("form", className, field, make("div", "omni-panel-form-row", button("", cancelLabel, hide), main));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
    hide();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || isComposing(event)) return;
    event.preventDefault(); // else it stops the answer, too
    hide();
  });
  return form;
}
