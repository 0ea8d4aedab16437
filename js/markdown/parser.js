/** @file Turn Markdown into HTML, to be sanitised: raw HTML is text, and what a page would load is a link. */
import MarkdownIt from "markdown-it";

import { addCode } from "./code.js";
import { addMath } from "./math.js";
import { isDataImage, isLink } from "./schemes.js";

/** The panel's own headings end at level 3. */
const HEADINGS_BELOW = 3;
const LOWEST_HEADING = 6;
const WITH_DIRECTION = new Set(["heading_open", "bullet_list_open", "ordered_list_open", "th_open", "td_open"]);

/** @typedef {import("markdown-it").Token} Token */

/**
 * @param {import("./markdown.js").MarkdownLabels} labels
 * @returns {import("markdown-it").MarkdownIt}
 */
export function createParser(labels) {
  const parser = new MarkdownIt({ html: false, linkify: true, breaks: true });
  // With names that only look like a host, "main.py" would be a link to Paraguay.
  parser.linkify.set({ fuzzyLink: false });
  // Anything else stays the text it is.
  parser.validateLink = (url) => isLink(url) || isDataImage(url);
  parser.core.ruler.push("omni_adapt", (state) => adapt(state.tokens));
  parser.renderer.rules.image = (tokens, index) => imageHtml(tokens[index], labels);
  addCode(parser);
  addMath(parser);
  return parser;
}

/** @param {Token[]} tokens */
function adapt(tokens) {
  let listDepth = 0;
  for (const token of tokens) {
    if (/_list_(open|close)$/.test(token.type)) listDepth += token.nesting;
    if (/^heading_/.test(token.type)) demote(token);
    if (/^t[hd]_open$/.test(token.type)) align(token);
    // In a list the list decides: HTML does not look into children that have a direction of their own.
    const isParagraph = token.type === "paragraph_open" && listDepth === 0;
    if (isParagraph || WITH_DIRECTION.has(token.type)) token.attrSet("dir", "auto");
    if (token.children) markLinkedImages(token.children);
  }
}

/** @param {Token} token */
function demote(token) {
  const level = Number(token.tag.slice(1));
  token.tag = `h${Math.min(level + HEADINGS_BELOW, LOWEST_HEADING)}`;
  if (token.nesting === 1) token.attrSet("class", `omni-heading omni-heading-${level}`);
}

/**
 * Set a class in place of markdown-it's style attribute.
 *
 * @param {Token} token
 */
function align(token) {
  const side = /left|center|right/.exec(String(token.attrGet("style")));
  token.attrs = side ? [["class", `omni-align-${side[0]}`]] : [];
}

/**
 * Mark the images within links: a link in a link is no HTML.
 *
 * @param {Token[]} children
 */
function markLinkedImages(children) {
  let depth = 0;
  for (const child of children) {
    if (/^link_/.test(child.type)) depth += child.nesting;
    if (child.type === "image") child.meta = { isLinked: depth > 0 };
  }
}

/**
 * Render an image only if the text holds it: loading one tells its server that, and what, somebody reads.
 *
 * @param {Token} token
 * @param {import("./markdown.js").MarkdownLabels} labels
 */
function imageHtml(token, labels) {
  const source = String(token.attrGet("src"));
  if (isDataImage(source)) return `<img src="${escape(source)}" alt="${escape(token.content)}">`;
  const caption = escape(token.content ? labels.imageOf(token.content) : labels.image);
  if (token.meta?.isLinked || !isLink(source)) return `<span class="omni-image">${caption}</span>`;
  return `<a class="omni-image" href="${escape(source)}">${caption}</a>`;
}

/** @param {string} text */
function escape(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
