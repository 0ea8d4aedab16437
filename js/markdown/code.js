/** @file Render code blocks: a header with the language's name, and colours for what people ask about. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import latex from "highlight.js/lib/languages/latex";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = { bash, cpp, css, java, javascript, json, latex, markdown, python, r, sql, typescript, xml, yaml };
/** Longer code keeps one colour: the page must not wait for it. */
const MOST_CHARACTERS = 50_000;
/** Code that still grows is coloured anew at every step. */
const MOST_OPEN_CHARACTERS = 4_000;
/** The rest of an info string is for programs, and a stranger's. */
const LANGUAGE_NAME = /^[\w+#.-]{1,30}(?=\s|$)/;

for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.configure({ classPrefix: "omni-code-" });

/** @param {import("markdown-it").MarkdownIt} parser */
export function addCode(parser) {
  const { escapeHtml } = parser.utils;
  /** @type {import("markdown-it").RendererRule} */
  const block = (tokens, index, _options, env) => {
    const { content, info } = tokens[index];
    const name = LANGUAGE_NAME.exec(info.trim())?.[0] ?? "";
    const most = env?.isOpen ? MOST_OPEN_CHARACTERS : MOST_CHARACTERS;
    const code = content.length <= most && hljs.getLanguage(name) ? coloured(content, name) : escapeHtml(content);
    return (
      `<div class="omni-code"><div class="omni-code-header">` +
      `<span class="omni-code-language">${escapeHtml(name)}</span></div>` +
      `<pre dir="ltr"><code>${code}</code></pre></div>`
    );
  };
  parser.renderer.rules.fence = block;
  parser.renderer.rules.code_block = block;
}

/**
 * @param {string} code
 * @param {string} language
 */
function coloured(code, language) {
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}
