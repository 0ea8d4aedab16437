import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const CSS = readFileSync(new URL("../../js/markdown/markdown.css", import.meta.url), "utf8");
const CODE = readFileSync(new URL("../../js/markdown/code.js", import.meta.url), "utf8");
/** What JupyterLab's light and dark themes put behind an output. */
const PAGES = { light: ["#ffffff", "#f5f5f5"], dark: ["#111111", "#212121"] };

/** @param {string} comment above the block @returns {Record<string, string>} */
function colours(comment) {
  const block = CSS.slice(CSS.indexOf(comment)).split("}")[0];
  return Object.fromEntries(Array.from(block.matchAll(/--omni-([\w-]+): (#[\da-f]{6})/g), ([, name, value]) => [name, value]));
}

/** @param {string} colour @returns {number} WCAG's relative luminance */
function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {string} one @param {string} other */
function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test("contrast is counted as WCAG does", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.ok(Math.abs(contrast("#777777", "#ffffff") - 4.48) < 0.01);
});

for (const [theme, comment] of [
  ["light", "/* light */"],
  ["dark", "/* dark, where"],
  ["dark", "/* dark, in"],
]) {
  test(`every colour can be read: ${comment}`, () => {
    const { "code-background": background, "code-line": _line, ...texts } = colours(comment);
    assert.ok(Object.keys(texts).length >= 11);
    for (const [name, colour] of Object.entries(texts)) {
      for (const behind of [background, ...PAGES[theme]]) {
        assert.ok(contrast(colour, behind) >= 4.5, `${name} ${colour} on ${behind}: ${contrast(colour, behind).toFixed(2)}`);
      }
    }
  });
}

test("dark is the same dark with and without JupyterLab", () => {
  assert.deepEqual(colours("/* dark, where"), colours("/* dark, in"));
});

test("every rule stays within the answer, and nothing is loaded", () => {
  const selectors = CSS.replace(/\/\*[^]*?\*\//g, "").matchAll(/(?:^|\})\s*([^{}@]+)\{/g);
  for (const [, selector] of selectors) assert.match(selector.trim(), /\.omni-markdown/);
  assert.doesNotMatch(CSS, /url\(|@import|@font-face|light-dark\(/);
});

test("the classes of code are those that are made", () => {
  assert.match(CODE, /classPrefix: "omni-code-"/);
  for (const name of ["keyword", "string", "number", "title", "comment", "built_in"]) assert.ok(CSS.includes(`.omni-code-${name}`));
});
