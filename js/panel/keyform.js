/** @file Ask for an API key where there is none. The key leaves the field the moment it is sent. */
import { make, setText } from "../player/dom.js";
import { fill } from "../player/words.js";

/** @typedef {import("words:composer").Words} Words */

/**
 * @param {object} options
 * @param {Words} options.words
 * @param {(key: string) => Promise<boolean>} options.use
 * @param {() => void} options.onGone the form goes while it has the focus
 */
export function createKeyForm({ words, use, onGone }) {
  const label = make("span", "omni-composer-key-label");
  const input = make("input", "omni-composer-key");
  input.type = "password";
  input.autocomplete = "off";
  input.spellcheck = false;
  const submit = make("button", "omni-button omni-main-button omni-composer-use", words.useKey);
  submit.type = "submit";
  const state = make("p", "omni-composer-key-state");
  state.setAttribute("role", "status");
  const field = make("label", "omni-composer-key-field", label, input);
  const safe = make("p", "omni-composer-key-safe", words.keyIsSafe);
  const element = make("form", "omni-composer-keyform", field, submit, safe, state);
  element.hidden = true;
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const key = input.value.trim();
    input.value = "";
    setText(state, "");
    if (key && !(await use(key))) setText(state, words.keyIsBack);
  });

  return {
    element,
    /** @param {string} service whose key is missing, else "" */
    update(service) {
      const hadFocus = element.contains(document.activeElement);
      element.hidden = service === "";
      setText(label, fill(words.key, { service }));
      if (!element.hidden) return;
      input.value = "";
      setText(state, "");
      if (hadFocus) onGone();
    },
  };
}
