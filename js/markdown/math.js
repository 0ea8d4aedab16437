/**
 * @file Render formulas, `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, as MathML: it needs no fonts and no styles.
 *
 * Between the delimiters there is no empty line: TeX forbids it too, and a stray `$$` takes no more with it
 * than its paragraph.
 */
import temml from "temml";

/** @typedef {import("markdown-it").StateInline} StateInline */
/** @typedef {import("markdown-it").StateBlock} StateBlock */
/** @typedef {import("markdown-it").Token} Token */

/** So that many single dollars cost no search to the end of the text each. */
const MOST_INLINE_CHARACTERS = 2_000;
const MOST_FORMULAS_KEPT = 500;
/** Chromium flattens what is nested deeper than 512. */
const MOST_NESTED = 100;
const OPTIONS = {
  throwOnError: true,
  trust: false, // no \href, \class, \id, \data and \includegraphics
  maxExpand: 200,
  maxSize: /** @type {[number, number]} */ ([40, 400]),
};
const DELIMITERS = [
  { open: "$$", close: "$$", isDisplay: true },
  { open: "\\[", close: "\\]", isDisplay: true },
  { open: "\\(", close: "\\)", isDisplay: false },
  { open: "$", close: "$", isDisplay: false },
];
const BLOCKS = DELIMITERS.filter(({ isDisplay }) => isDisplay);
/** "$5 and 3$", "$20k per month$": an amount and a word. */
const MONEY = /^\d[\d.,]*\s*(?:[kKmMbB]\b|\p{Script=Han}|\s[A-Za-z]{2})/u;

/** @param {import("markdown-it").MarkdownIt} parser */
export function addMath(parser) {
  const { escapeHtml } = parser.utils;
  /** @type {Map<string, string>} */
  const kept = new Map();
  /** @param {string} source */
  const sourceHtml = (source) => `<code class="omni-math-source">${escapeHtml(source)}</code>`;
  /** @param {Token} token */
  const formulaHtml = ({ content, info, type }) => {
    const html = kept.get(info) ?? mathml(content, type !== "omni_math") ?? sourceHtml(info);
    if (kept.size >= MOST_FORMULAS_KEPT) kept.clear();
    kept.set(info, html);
    return html;
  };

  parser.inline.ruler.before("escape", "omni_math", inlineRule);
  parser.block.ruler.before("fence", "omni_math_block", blockRule, { alt: ["paragraph", "reference", "blockquote"] });
  Object.assign(parser.renderer.rules, {
    /** @param {Token[]} tokens @param {number} index */
    omni_math: (tokens, index) => formulaHtml(tokens[index]),
    /** @param {Token[]} tokens @param {number} index */
    omni_math_display: (tokens, index) => `<span class="omni-math-display">${formulaHtml(tokens[index])}</span>`,
    /** @param {Token[]} tokens @param {number} index */
    omni_math_block: (tokens, index) => `<div class="omni-math-display">${formulaHtml(tokens[index])}</div>`,
    /** @param {Token[]} tokens @param {number} index */
    omni_math_pending: (tokens, index) => `<div class="omni-math-display">${sourceHtml(tokens[index].info)}</div>`,
  });
}

/**
 * @param {string} tex
 * @param {boolean} displayMode
 * @returns {string | null} null: no TeX that can be shown
 */
function mathml(tex, displayMode) {
  try {
    const html = temml.renderToString(tex, { ...OPTIONS, displayMode });
    return depthOf(html) > MOST_NESTED ? null : html;
  } catch {
    return null; // a ParseError, or a stack that is too small for it
  }
}

/** @param {string} html */
function depthOf(html) {
  let depth = 0;
  let deepest = 0;
  for (const [, closing] of html.matchAll(/<(\/?)\w/g)) {
    depth += closing ? -1 : 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/**
 * @param {StateInline} state
 * @param {boolean} silent
 */
function inlineRule(state, silent) {
  const { src, pos, posMax } = state;
  const delimiter = DELIMITERS.find(({ open }) => src.startsWith(open, pos));
  if (!delimiter) return false;
  const { open, close, isDisplay } = delimiter;
  const start = pos + open.length;
  const end = findClose(src, start, Math.min(posMax, start + MOST_INLINE_CHARACTERS), close);
  const content = src.slice(start, end);
  if (end === -1 || !content.trim()) return false;
  if (open === "$" && !isFormula(src[pos - 1] ?? "", content, src[end + 1] ?? "")) return false;
  if (!silent) {
    const token = state.push(isDisplay ? "omni_math_display" : "omni_math", "math", 0);
    token.content = content;
    token.info = src.slice(pos, end + close.length);
  }
  state.pos = end + close.length;
  return true;
}

/**
 * @param {string} text
 * @param {number} start
 * @param {number} limit
 * @param {string} close
 */
function findClose(text, start, limit, close) {
  for (let at = start; at + close.length <= limit; at += 1) {
    if (text.startsWith(close, at)) return at;
    if (text[at] === "\\") at += 1;
  }
  return -1;
}

/**
 * Tell a formula from two amounts of money.
 *
 * @param {string} before
 * @param {string} content
 * @param {string} after
 */
function isFormula(before, content, after) {
  if (/[A-Za-z\d]/.test(before) || /\d/.test(after)) return false;
  if (/^\s|\s$/.test(content)) return false;
  return !MONEY.test(content);
}

/**
 * @param {StateBlock} state
 * @param {number} startLine
 * @param {number} endLine
 * @param {boolean} silent
 */
function blockRule(state, startLine, endLine, silent) {
  if (state.sCount[startLine] - state.blkIndent >= 4) return false; // indented code
  const begin = state.bMarks[startLine] + state.tShift[startLine];
  const delimiter = BLOCKS.find(({ open }) => state.src.startsWith(open, begin));
  if (!delimiter) return false;
  const { open, close } = delimiter;
  const end = findLastLine(state, startLine, endLine, delimiter);
  const isPending = end === -1 && state.env.isFinal === false && reachesEnd(state, startLine);
  if (end === -1 && !isPending) return false;
  if (silent) return true;
  const nextLine = isPending ? endLine : end + 1;
  const source = state.getLines(startLine, nextLine, state.blkIndent, false).trim();
  const token = state.push(isPending ? "omni_math_pending" : "omni_math_block", "math", 0);
  token.block = true;
  token.map = [startLine, nextLine];
  token.content = source.slice(open.length, -close.length);
  token.info = source;
  state.line = nextLine;
  return true;
}

/**
 * @param {StateBlock} state
 * @param {number} startLine
 * @param {number} endLine
 * @param {{open: string, close: string}} delimiter
 * @returns {number} of the line that ends with the closing delimiter; -1: there is none
 */
function findLastLine(state, startLine, endLine, { open, close }) {
  for (let line = startLine; line < endLine; line += 1) {
    if (state.isEmpty(line) || (line > startLine && state.sCount[line] < state.blkIndent)) return -1;
    const begin = state.bMarks[line] + state.tShift[line] + (line === startLine ? open.length : 0);
    const text = state.src.slice(begin, state.eMarks[line]).trimEnd();
    const at = findClose(text, 0, text.length, close);
    if (at !== -1) return at === text.length - close.length && (line > startLine || at > 0) ? line : -1;
  }
  return -1;
}

/**
 * Tell whether a formula is still being written.
 *
 * @param {StateBlock} state
 * @param {number} startLine
 */
function reachesEnd(state, startLine) {
  const rest = state.src.slice(state.bMarks[startLine]);
  return !/\n[ \t>]*\n/.test(rest) && !/\$\$|\\\]/.test(rest.trimStart().slice(2));
}
