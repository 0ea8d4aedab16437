/**
 * @file Show an answer as Markdown, safely and quickly while it grows.
 *
 * The text is shown block by block (a paragraph, a list, a table, a fence). What has ended is frozen: its
 * nodes stay, and with them what a person has selected. Only the open rest is read again on each call.
 *
 * What a call does is bounded, however long the answer is: a block that has grown large is read again only when
 * it has grown by a part of itself, and beyond a number of characters and of tags the answer is words (`rest.js`).
 */
import { attempt } from "../player/attempt.js";
import { placeToCut } from "../player/long.js";
import { handleCopy } from "./copy.js";
import { decorate } from "./decorate.js";
import { createParser } from "./parser.js";
import { Growing, Rest } from "./rest.js";
import { createSanitizer } from "./sanitize.js";

/**
 * So many characters of an answer are read as Markdown, and so many tags at most come of it. What is open and has
 * more characters is not read again for every few words.
 */
export const LIMITS = { characters: 100_000, tags: 15_000, openCharacters: 16_000 };
/** It is when it has grown by this share. */
const GROWN_SHARE = 0.25;

/**
 * @typedef {object} MarkdownLabels
 * @property {string} copy on the button of a code block
 * @property {string} copied the button's word for a moment afterwards
 * @property {string} image what stands for an image that is not loaded
 * @property {(name: string) => string} imageOf the same, with what is in it
 * @property {(count: number) => string} showAll on what shows the rest of a long answer: so many characters more
 * @property {(count: number) => string} between in place of the middle of a long answer that grows
 *
 * @typedef {import("markdown-it").Env} Env
 * @typedef {import("markdown-it").Token} Token
 *
 * @typedef {object} Block one block of the outermost level, as shown
 * @property {string} key equal keys give equal HTML
 * @property {string} html
 * @property {number} tags in the HTML
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
 * @property {MarkdownLabels} labels
 * @property {typeof LIMITS} limits
 */

/** @param {{labels: MarkdownLabels, limits?: typeof LIMITS}} options */
export function createMarkdown({ labels, limits = LIMITS }) {
  const sanitize = createSanitizer();
  /** @type {Tools} */
  const tools = {
    labels,
    limits,
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
      const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
      // What cannot be read as Markdown is words all the same.
      if (!attempt(() => view?.update(lines, isFinal))) view.showWords(lines);
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
  /** What was read as Markdown the last time. */ #readText = "";
  /** How much is read at most: less than usual where that had too many tags. */ #most;
  /** @type {Growing | Rest | null} */ #rest = null;
  /** Whether the text is shown as it is, because it could not be read. */ #isWords = false;

  /**
   * @param {HTMLElement} element
   * @param {Tools} tools
   */
  constructor(element, tools) {
    this.#element = element;
    this.#tools = tools;
    this.#most = tools.limits.characters;
    element.classList.add("omni-markdown");
    element.replaceChildren();
  }

  /**
   * @param {string} text
   * @param {boolean} isFinal
   */
  update(text, isFinal) {
    if (this.#isWords) this.#element.replaceChildren();
    this.#isWords = false;
    if (isFinal || !text.startsWith(this.#readText)) this.#most = this.#tools.limits.characters;
    const end = this.#endOfRead(text, isFinal);
    const wanted = text.slice(0, end);
    if (isFinal || wanted !== this.#readText) this.#read(wanted, isFinal);
    this.#showRest(text, isFinal);
  }

  /**
   * Show text that could not be read.
   *
   * @param {string} text
   */
  showWords(text) {
    this.#thaw();
    this.#blocks = [];
    this.#rest = null;
    this.#readText = "";
    this.#isWords = true;
    this.#element.textContent = text;
  }

  /**
   * Return up to where the text is read as Markdown.
   *
   * @param {string} text
   * @param {boolean} isFinal
   */
  #endOfRead(text, isFinal) {
    const end = placeToCut(text, this.#most);
    if (isFinal || !text.startsWith(this.#readText)) return end;
    const open = end - this.#frozenText.length;
    const grown = end - this.#readText.length;
    if (open <= this.#tools.limits.openCharacters) return end;
    // What comes after it is words for a while: on a line of their own.
    return grown >= GROWN_SHARE * open ? placeToCut(text, end - 1) : this.#readText.length;
  }

  /**
   * @param {string} text
   * @param {boolean} isFinal
   * @returns {void}
   */
  #read(text, isFinal) {
    // At the end all is read once more: a link may be defined below the text that uses it.
    if (isFinal || !text.startsWith(this.#frozenText)) this.#thaw();
    this.#readText = text;
    const open = text.slice(this.#frozenText.length);
    /** @type {Env} */
    const env = { references: { ...this.#references }, isFinal };
    const found = findBlocks(this.#tools.parser.parse(open, env), open);
    const tags = this.#show(found, open, env);
    const most = this.#tools.limits.tags;
    if (tags > most) {
      // Less of it, then: so much as would have had nearly as many.
      this.#most = Math.floor((0.9 * text.length * most) / tags);
      this.#thaw();
      return this.#read(text.slice(0, placeToCut(text, this.#most)), isFinal);
    }
    if (!isFinal) this.#freeze(found, open, env);
  }

  /**
   * @param {string} text
   * @param {boolean} isFinal
   */
  #showRest(text, isFinal) {
    const start = this.#readText.length;
    const Kind = isFinal ? Rest : Growing;
    if (start >= text.length || !(this.#rest instanceof Kind)) {
      this.#rest?.element.remove();
      this.#rest = null;
    }
    if (start >= text.length) return;
    const { between, showAll } = this.#tools.labels;
    this.#rest ??= isFinal ? new Rest(showAll) : new Growing(between);
    if (!this.#rest.element.isConnected) this.#element.append(this.#rest.element);
    if (this.#rest instanceof Rest) this.#rest.update(text.slice(start));
    else this.#rest.update(text, start);
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
   * @returns {number} how many tags there would be; beyond the most nothing is shown
   */
  #show(found, open, env) {
    const references = JSON.stringify(env.references);
    const { parser, toNodes, limits } = this.#tools;
    /** @type {Omit<Block & {place: number}, "nodes">[]} */
    const changed = [];
    let sum = this.#blocks.slice(0, this.#frozenCount).reduce((total, { tags }) => total + tags, 0);
    found.forEach(({ tokens, start, end }, index) => {
      const isOpen = !env.isFinal && index === found.length - 1;
      const place = this.#frozenCount + index;
      // What is still open may also depend on the empty lines after it.
      const key = `${isOpen}${references}${isOpen ? open.slice(start) : open.slice(start, end)}`;
      const old = this.#blocks[place];
      if (old?.key === key) return void (sum += old.tags);
      const html = parser.renderer.render(tokens, parser.options, { ...env, isOpen }).trim();
      const tags = old?.html === html ? old.tags : countTags(html);
      sum += tags;
      if (old?.html === html) old.key = key;
      else changed.push({ place, key, html, tags });
    });
    if (sum > limits.tags) return sum;
    const nodes = toNodes(changed.map(({ html }) => html));
    changed.forEach(({ place, ...block }, index) => this.#put(place, { ...block, nodes: nodes[index] ?? [] }));
    const gone = this.#blocks.splice(this.#frozenCount + found.length);
    for (const node of gone.flatMap(({ nodes }) => nodes)) node.remove();
    return sum;
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
    else if (this.#rest) this.#rest.element.before(...block.nodes);
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

/** @param {string} html */
function countTags(html) {
  let count = 0;
  for (let at = html.indexOf("<"); at !== -1; at = html.indexOf("<", at + 1)) count++;
  return count;
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
