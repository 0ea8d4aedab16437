/** @file Ask a person whether a tool may be called. */
import { button, focusedIn, guardKeys, make, setText } from "./dom.js";
import { fill } from "./words.js";

/**
 * @typedef {object} Asked a call on which a person has to decide
 * @property {number} call its place among the calls of the answer
 * @property {string} name of the tool
 * @property {string} arguments a line for each
 */

/**
 * Say what an answer waits for: a decision, or a tool; "" where for neither.
 *
 * @param {import("words:player").Words} words
 * @param {Asked | null} asks
 * @param {string} calling the tools that run
 */
export function waitsWords(words, asks, calling) {
  if (asks) return fill(words.decide, { name: asks.name });
  return calling ? fill(words.calling, { name: calling }) : "";
}

/**
 * Make the question and its buttons, which are there while a call waits. The focus stays where it is.
 *
 * @param {import("words:player").Words} words
 * @param {(call: number, allowed: boolean) => void} decide
 */
export function createDecision(words, decide) {
  const question = make("div", "omni-decision-question", words.mayCall);
  const name = make("code", "omni-decision-name");
  const given = make("pre", "omni-decision-arguments");
  given.dir = "auto";
  let call = -1;
  const allow = button("omni-decision-allow", words.allow, () => decide(call, true));
  const deny = button("omni-decision-deny", words.deny, () => decide(call, false));
  const buttons = make("div", "omni-decision-buttons", allow, deny);
  // Escape leaves them for the notebook.
  guardKeys(buttons, ["Tab", "Escape"]);
  const element = make("div", "omni-decision", question, name, given, buttons);
  element.setAttribute("role", "group");
  element.hidden = true;

  return {
    element,
    /** @param {Asked | null} asked */
    update(asked) {
      if (!asked && focusedIn(element)) element.parentElement?.focus();
      element.hidden = !asked;
      if (!asked) return;
      call = asked.call;
      element.setAttribute("aria-label", `${words.mayCall} ${asked.name}`);
      setText(name, asked.name);
      setText(given, asked.arguments);
      given.hidden = asked.arguments === "";
    },
  };
}
