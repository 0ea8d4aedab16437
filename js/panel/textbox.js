/** @file Write a question: the box grows with it, Enter sends, ↑ brings the last one back. */
import { make } from "../player/dom.js";

/** Safari ends a composition just before the Enter that ended it comes. */
const COMPOSED_MILLISECONDS = 80;

/**
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.text
 * @param {() => void} options.onInput
 * @param {() => void} options.onEnter
 * @param {() => string} options.recall the last question
 */
export function createTextbox({ label, text, onInput, onEnter, recall }) {
  const input = make("textarea", "omni-composer-text");
  input.rows = 1;
  input.dir = "auto";
  input.enterKeyHint = "send";
  input.value = text;
  const element = make("label", "omni-composer-label", make("span", "omni-panel-hidden", label), input);

  let composedAt = -Infinity;
  input.addEventListener("compositionend", (event) => void (composedAt = event.timeStamp));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !isComposing(event, composedAt)) {
      event.preventDefault();
      if (!event.repeat) onEnter();
    } else if (event.key === "ArrowUp" && input.value === "" && !isComposing(event, composedAt) && recall()) {
      event.preventDefault();
      write(recall());
      onInput();
    }
  });
  input.addEventListener("input", () => {
    grow(input);
    onInput();
  });

  /** @param {string} words */
  const write = (words) => {
    input.value = words;
    input.setSelectionRange(words.length, words.length);
    grow(input);
  };
  return { element, input, write, grow: () => grow(input) };
}

/**
 * Tell whether a key belongs to an input method that is still at work.
 *
 * @param {KeyboardEvent} event
 * @param {number} [composedAt] when the last composition ended
 */
export function isComposing(event, composedAt = -Infinity) {
  // 229: Safari ends a composition before it says which key did.
  return event.isComposing || event.keyCode === 229 || event.timeStamp - composedAt < COMPOSED_MILLISECONDS;
}

/** Grow a box where the browser does not, up to the most that the style sheet allows. @param {HTMLTextAreaElement} input */
function grow(input) {
  if (globalThis.CSS?.supports?.("field-sizing", "content")) return;
  input.style.height = "auto";
  // 0 while the box is hidden.
  if (input.scrollHeight > 0) input.style.height = `${input.scrollHeight}px`;
}
