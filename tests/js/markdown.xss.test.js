import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { createSanitizer } from "../../js/markdown/sanitize.js";
import { markdown, newAnswer, shown } from "./markdown_page.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const PYTHONS = ["python3", join(ROOT, ".venv", "bin", "python")];

/** @returns {[string, string][]} */
function readPayloads() {
  for (const python of PYTHONS.filter((path) => path === "python3" || existsSync(path))) {
    const { status, stdout } = spawnSync(python, [join(ROOT, "tests", "xss.py")], { encoding: "utf8" });
    if (status === 0) return Object.entries(JSON.parse(stdout));
  }
  throw new Error("tests/xss.py needs Python 3.10 or later: run 'make setup'");
}

const PAYLOADS = readPayloads();
const MATH = "http://www.w3.org/1998/Math/MathML";
const HTML = "http://www.w3.org/1999/xhtml";
const TAGS = new Set(
  "p br hr h4 h5 h6 strong em s blockquote ul ol li a img code pre div span table thead tbody tr th td button".split(" "),
);
const ATTRIBUTES = new Set("alt aria-label class dir href rel role src start tabindex target title type".split(" "));
const MATH_ATTRIBUTES =
  /^(class|style|width|height|depth|[lr]space|voffset|(min|max|math)size|rowspacing|columnalign|linethickness|accent(under)?|display(style)?|fence|form|largeop|linebreak|math(background|color|variant)|movablelimits|notation|scriptlevel|separator|stretchy|symmetric)$/;
const CLASS = /^(omni|tml|chr|wbk|ff)-|^(upstrike|downstrike|sout|menclose|mathcal|mathscr)$/;

/** @param {Element} element @returns {string[]} what is wrong with it */
function faults(element) {
  const { localName, namespaceURI } = element;
  const isMath = namespaceURI === MATH;
  const found = [];
  if (!isMath && (namespaceURI !== HTML || !TAGS.has(localName))) found.push(`<${localName}>`);
  for (const { name, value } of element.attributes) {
    const isKnown = isMath ? MATH_ATTRIBUTES.test(name) : ATTRIBUTES.has(name);
    if (!isKnown || /^on/i.test(name)) found.push(`${localName} ${name}`);
    if (name === "href" && !/^(https?:\/\/|mailto:)/i.test(value)) found.push(value);
    if (name === "src" && !/^data:image\/(png|jpeg|gif|webp);base64,/i.test(value)) found.push(value);
    if (name === "style" && /position|url|\(|transform|z-index|inset|margin/i.test(value)) found.push(value);
    if (name === "class" && !value.split(" ").every((word) => CLASS.test(word))) found.push(value);
    if (isMath && (value.match(/[\d.]+(?=em|pt|px)/g) ?? []).some((number) => Number(number) > 1000)) found.push(value);
  }
  return found;
}

/** @param {Element} answer @param {string} name */
function assertHarmless(answer, name) {
  assert.deepEqual(Array.from(answer.querySelectorAll("*")).flatMap(faults), [], `${name}: ${answer.innerHTML}`);
}

test("there are many tricks, and each names itself", () => {
  assert.ok(PAYLOADS.length >= 70);
  for (const [name, text] of PAYLOADS) if (text.includes("__omniHit(")) assert.ok(text.includes(`__omniHit('${name}')`));
});

for (const [name, text] of PAYLOADS) {
  test(`${name} makes nothing but harmless HTML`, () => assertHarmless(shown(text), name));
}

test("no trick works halfway, while it streams", () => {
  for (const [name, text] of PAYLOADS.filter(([, { length }]) => length < 3000)) {
    const answer = newAnswer();
    const cuts = Math.min(text.length, 6);
    for (let cut = 0; cut < cuts; cut += 1) {
      markdown.update(answer, text.slice(0, Math.ceil((text.length * cut) / cuts)), { isFinal: false });
      assertHarmless(answer, name);
    }
    markdown.update(answer, text, { isFinal: true });
    assert.equal(answer.innerHTML, shown(text).innerHTML, name);
  }
});

test("no trick works in a list, a quote, a table, a formula, a link or a heading", () => {
  for (const [name, text] of PAYLOADS.filter(([, { length }]) => length < 300)) {
    const line = text.replaceAll("\n", " ");
    const forms = [`- ${line}`, `> ${line}`, `|a|\n|-|\n|${line}|`, `$${line}$`, `$\\text{${line}}$`, `# ${line}`];
    const links = [`[${line}](http://example.com)`, `[a](${line})`, `[a](<${line}>)`, `![${line}](${line})`, `[a]\n\n[a]: ${line}`];
    assertHarmless(shown([...forms, ...links, `\`\`\`${text}\n${text}`].join("\n\n")), name);
  }
});

test("were the Markdown library to let HTML through, the sanitiser would still stop it", () => {
  const sanitize = createSanitizer();
  for (const [name, text] of PAYLOADS) {
    const answer = newAnswer();
    answer.append(sanitize(text));
    assertHarmless(answer, name);
    assert.equal(answer.querySelector("button"), null);
  }
});

test("the sanitiser knows no id, name, data or ARIA attribute, and styles in formulas only", () => {
  const fragment = createSanitizer()(
    '<p id="a" name="b" data-c="d" aria-label="e" style="color:red" tabindex="1" role="x">x</p>' +
      '<math><mi style="color:#f00;position:fixed;background-image:url(x);padding:99999em">x</mi></math>',
  );
  const answer = newAnswer();
  answer.append(fragment);
  assert.equal(answer.innerHTML, '<p>x</p><math><mi style="color:#f00">x</mi></math>');
});

test("each door closes by itself: HTML is text, formulas are not trusted, nor nested without end", () => {
  assert.equal(shown("<b>x</b>").innerHTML, '<p dir="auto">&lt;b&gt;x&lt;/b&gt;</p>');
  for (const tex of ["\\href{http://example.com}{x}", "\\class{a}{x}", `${"\\sqrt{".repeat(200)}x${"}".repeat(200)}`]) {
    assert.equal(shown(`$${tex}$`).querySelector(".omni-math-source")?.textContent, `$${tex}$`);
  }
});

test("a formula has no length that would bury the page", () => {
  const answer = newAnswer();
  answer.append(createSanitizer()('<math><mspace width="9999em" height="2em"></mspace></math>'));
  assert.equal(answer.innerHTML, '<math><mspace height="2em"></mspace></math>');
});
