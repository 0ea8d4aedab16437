/**
 * @file Show what a long answer has beyond the part that is read as Markdown: its end while it grows, and all
 * of it once somebody wants that. It is words in a few nodes, which no length makes slow.
 */
import { changeText, make, setText } from "../player/dom.js";
import { placeToCut, startOfTail } from "../player/long.js";

const SLICE_CHARACTERS = 20_000;

/**
 * @param {string} text
 * @returns {string[]}
 */
function slicesOf(text) {
  const slices = [];
  for (let start = 0; start < text.length; ) {
    const end = start + placeToCut(text.slice(start, start + SLICE_CHARACTERS + 1), SLICE_CHARACTERS);
    slices.push(text.slice(start, end));
    start = end;
  }
  return slices;
}

/** The end of an answer that grows. */
export class Growing {
  #gap = make("div", "omni-gap");
  #words = document.createTextNode("");
  element = make("div", "omni-growing", this.#gap, make("div", "omni-slice", this.#words));
  /** @type {(count: number) => string} */ #between;

  /** @param {(count: number) => string} between says how many characters are not shown */
  constructor(between) {
    this.#between = between;
  }

  /**
   * @param {string} text
   * @param {number} start of what is not read as Markdown
   */
  update(text, start) {
    const from = Math.max(start, startOfTail(text));
    this.#gap.hidden = from === start;
    setText(this.#gap, from === start ? "" : this.#between(from - start));
    changeText(this.#words, text.slice(from));
  }
}

/** The rest of an answer that is over. */
export class Rest {
  #summary = make("summary", "");
  element = make("details", "omni-rest", this.#summary);
  #text = "";
  #isFilled = false;
  /** @type {(count: number) => string} */ #showAll;

  /** @param {(count: number) => string} showAll says how many characters more there are */
  constructor(showAll) {
    this.#showAll = showAll;
    this.element.addEventListener("toggle", () => this.#fill());
  }

  /** @param {string} text */
  update(text) {
    if (text === this.#text) return;
    this.#text = text;
    setText(this.#summary, this.#showAll(text.length));
    this.#isFilled = false;
    this.#fill();
  }

  #fill() {
    if (!this.element.open || this.#isFilled) return;
    this.#isFilled = true;
    const slices = slicesOf(this.#text).map((words) => make("div", "omni-slice", words));
    for (const slice of slices) slice.dir = "auto";
    this.element.replaceChildren(this.#summary, ...slices);
  }
}
