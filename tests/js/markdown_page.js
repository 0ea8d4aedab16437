/** @file A page without a browser, for the tests of js/markdown/markdown.js. */
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>");
Object.assign(globalThis, {
  window,
  document: window.document,
  Element: window.Element,
  HTMLElement: window.HTMLElement,
});

export const { createMarkdown, LIMITS } = await import("../../js/markdown/markdown.js");

export const LABELS = {
  copy: "Copy",
  copied: "Copied",
  image: "Image",
  imageOf: (name) => `Image: ${name}`,
  showAll: (count) => `Show all: ${count} more`,
  between: (count) => `… ${count} …`,
};
export const markdown = createMarkdown({ labels: LABELS });

/** @returns {HTMLElement} the only one on the page: thousands would make it slow */
export function newAnswer() {
  const answer = document.createElement("div");
  document.body.replaceChildren(answer);
  return answer;
}

/**
 * @param {string} text
 * @param {typeof markdown} [by]
 * @returns {HTMLElement} the whole text, shown at once
 */
export function shown(text, by = markdown) {
  const answer = newAnswer();
  by.update(answer, text, { isFinal: true });
  return answer;
}
