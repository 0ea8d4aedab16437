/** @file Ask for an API key where there is none. The key leaves the field the moment it is sent. */
import { button, focusedIn, make, setText } from "../player/dom.js";
import { fill } from "../player/words.js";
import { isComposing } from "./textbox.js";

/** @typedef {import("words:settings_form").Words} Words */

/**
 * @param {object} options
 * @param {Words} options.words
 * @param {(key: string) => Promise<boolean>} options.use
 * @param {() => void} options.cancel go on with the service that answers now
 * @param {() => void} options.onGone the form goes while it has the focus
 */
export function createKeyForm({ words, use, cancel, onGone }) {
  const label = make("span", "omni-panel-field-label");
  const input = make("input", "omni-panel-control omni-panel-key");
  input.type = "password";
  input.autocomplete = "off";
  input.spellcheck = false;
  const submit = make("button", "omni-button omni-main-button omni-panel-use", words.useKey);
  submit.type = "submit";
  const state = make("p", "omni-panel-field-problem");
  state.setAttribute("role", "status");
  const field = make("label", "omni-panel-key-field", label, input);
  const back = button("omni-panel-key-cancel", words.keyCancel, cancel);
  const source = make("p", "omni-panel-field-note omni-panel-key-source");
  const safe = make("p", "omni-panel-field-note", words.keyIsSafe);
  const element = make("form", "omni-panel-keyform", field, back, submit, source, safe, state);
  element.hidden = true;
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const key = input.value.trim();
    input.value = "";
    setText(state, "");
    if (key && !(await use(key))) setText(state, words.keyIsBack);
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || isComposing(event)) return;
    event.preventDefault();
    event.stopPropagation(); // the settings stay open
    cancel();
  });

  return {
    element,
    /** @param {string} service whose key is missing, else "" */
    update(service) {
      const hadFocus = focusedIn(element) !== null;
      element.hidden = service === "";
      setText(label, fill(words.key, { service }));
      /** @type {Record<string, string>} */
      const sources = words.keySources;
      setText(source, sources[service] ?? "");
      if (!element.hidden) return;
      input.value = "";
      setText(state, "");
      if (hadFocus) onGone();
    },
  };
}
