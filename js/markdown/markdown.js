/**
 * @file Show an answer as Markdown, safely and quickly while it grows.
 *
 * The text is shown block by block (a paragraph, a list, a table, a fence). What has ended is frozen: its
 * nodes stay, and with them what a person has selected. Only the open rest is read again on each call.
 */
import { handleCopy } from "./copy.js";
import { decorate } from "./decorate.js";
import { createParser } from "./parser.js";
import { createSanitizer } from "./sanitize.js";

/**
 * @typedef {object} MarkdownLabels
 * @property {string} copy on the button of a code block
 * @property {string} copied the button's word for a moment afterwards
 * @property {string} image what stands for an image that is not loaded
 * @property {(name: string) => string} imageOf the same, with what is in it
 *
 * @typedef {import("markdown-it").Env} Env
 * @typedef {import("markdown-it").Token} Token
 *
 * @typedef {object} Block one block of the outermost level, as shown
 * @property {string} key equal keys give equal HTML
 * @property {string} html
 * @property {ChildNode[]} nodes
 *
 * @typedef {object} Found a block of the text, not yet HTML
 * @property {Token[]} tokens
 * @property {number} start where its first line begins
 * @property {number} end where its last line ends
 *
 * @typedef {object} Tools
 * @property {import("markdown-it").MarkdownIt} parser
 * @property {(htmls: string[]) => ChildNode[][]} toNodes of each block: safe, with buttons, frames and titles
 */

/** @param {{labels: MarkdownLabels}} options */
export function createMarkdown({ labels }) {
  const sanitize = createSanitizer();
  /** @type {Tools} */
  const tools = {
    parser: createParser(labels),
    // In one go: the browser's parser starts slowly.
    toNodes: (htmls) => {
      const fragment = decorate(sanitize(htmls.map((html) => `<div>${html}</div>`).join("")), labels);
      return Array.from(fragment.children, ({ childNodes }) => [...childNodes]);
    },
  };
  /** @type {WeakMap<HTMLElement, MarkdownView>} */
  const views = new WeakMap();
  return {
    /**
     * Show a growing answer.
     *
     * @param {HTMLElement} element is ours from the first call on
     * @param {string} text all of it so far
     * @param {{isFinal: boolean}} options
     */
    update(element, text, { isFinal }) {
      let view = views.get(element);
      if (!view) {
        view = new MarkdownView(element, tools);
        views.set(element, view);
        element.addEventListener("click", (event) => handleCopy(event, labels));
      }
      view.update(text.replace(/\r\n?/g, "\n"), isFinal);
    },
  };
}

class MarkdownView {
  /** @type {HTMLElement} */ #element;
  /** @type {Tools} */ #tools;
  /** @type {Block[]} */ #blocks = [];
  #frozenText = "";
  #frozenCount = 0;
  /** @type {NonNullable<Env["references"]>} of links, defined in the frozen text */ #references = {};

  /**
   * @param {HTMLElement} element
   * @param {Tools} tools
   */
  constructor(element, tools) {
    this.#element = element;
    this.#tools = tools;
    element.classList.add("omni-markdown");
    element.replaceChildren();
  }

  /**
   * @param {string} text
   * @param {boolean} isFinal
   */
  update(text, isFinal) {
    // At the end all is read once more: a link may be defined below the text that uses it.
    if (isFinal || !text.startsWith(this.#frozenText)) this.#thaw();
    const open = text.slice(this.#frozenText.length);
    /** @type {Env} */
    const env = { references: { ...this.#references }, isFinal };
    const found = findBlocks(this.#tools.parser.parse(open, env), open);
    this.#show(found, open, env);
    if (!isFinal) this.#freeze(found, open, env);
  }

  #thaw() {
    this.#frozenText = "";
    this.#frozenCount = 0;
    this.#references = {};
  }

  /**
   * @param {Found[]} found
   * @param {string} open
   * @param {Env} env
   */
  #show(found, open, env) {
    const references = JSON.stringify(env.references);
    const { parser, toNodes } = this.#tools;
    /** @type {{place: number, key: string, html: string}[]} */
    const changed = [];
    found.forEach(({ tokens, start, end }, index) => {
      const isOpen = !env.isFinal && index === found.length - 1;
      const place = this.#frozenCount + index;
      // What is still open may also depend on the empty lines after it.
      const key = `${isOpen}${references}${isOpen ? open.slice(start) : open.slice(start, end)}`;
      const old = this.#blocks[place];
      if (old?.key === key) return;
      const html = parser.renderer.render(tokens, parser.options, { ...env, isOpen }).trim();
      if (old?.html === html) old.key = key;
      else changed.push({ place, key, html });
    });
    const nodes = toNodes(changed.map(({ html }) => html));
    changed.forEach(({ place, key, html }, index) => this.#put(place, { key, html, nodes: nodes[index] ?? [] }));
    const gone = this.#blocks.splice(this.#frozenCount + found.length);
    for (const node of gone.flatMap(({ nodes }) => nodes)) node.remove();
  }

  /**
   * @param {number} place
   * @param {Block} block
   */
  #put(place, block) {
    const old = this.#blocks[place];
    // A place is kept even for what has been forbidden altogether.
    if (block.nodes.length === 0) block.nodes.push(document.createTextNode(""));
    if (old) old.nodes[0].before(...block.nodes);
    else this.#element.append(...block.nodes);
    for (const node of old?.nodes ?? []) node.remove();
    this.#blocks[place] = block;
  }

  /**
   * Freeze the blocks that have ended: a whole line after an empty one begins another. The unfinished last
   * line decides nothing: "1" may become "1. one more item".
   *
   * @param {Found[]} found
   * @param {string} open
   * @param {Env} env
   */
  #freeze(found, open, env) {
    const lastLine = open.lastIndexOf("\n") + 1;
    let next = found.length - 1;
    while (next > 0 && !(found[next].start < lastLine && isAfterEmptyLine(open, found[next].start))) next -= 1;
    if (next < 1) return;
    const ended = open.slice(0, found[next].start);
    if (hasMore(env.references, this.#references)) {
      const { parser } = this.#tools;
      parser.block.parse(ended, parser, { references: this.#references }, []);
    }
    this.#frozenText += ended;
    this.#frozenCount += next;
  }
}

/**
 * @param {string} text
 * @param {number} start of a line
 */
function isAfterEmptyLine(text, start) {
  const before = text.lastIndexOf("\n", start - 2) + 1;
  return text.slice(before, start).trim() === "";
}

/**
 * @param {object | undefined} some
 * @param {object} others
 */
function hasMore(some, others) {
  return Object.keys(some ?? {}).length > Object.keys(others).length;
}

/**
 * @param {Token[]} tokens
 * @param {string} text
 * @returns {Found[]}
 */
function findBlocks(tokens, text) {
  const lines = lineStarts(text);
  /** @type {Found[]} */
  const found = [];
  let first = 0;
  tokens.forEach((token, index) => {
    if (token.level !== 0 || token.nesting === 1) return;
    const [start, end] = tokens[first].map ?? [0, lines.length - 1];
    found.push({ tokens: tokens.slice(first, index + 1), start: lines[start], end: lines[end] ?? text.length });
    first = index + 1;
  });
  return found;
}

/**
 * @param {string} text
 * @returns {number[]}
 */
function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
