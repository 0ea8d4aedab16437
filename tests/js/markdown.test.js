import assert from "node:assert/strict";
import { test } from "node:test";

import { LABELS, markdown, newAnswer, shown } from "./markdown_page.js";

const PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";

/** @param {string} text @param {string} selector */
const one = (text, selector) => {
  const found = shown(text).querySelectorAll(selector);
  assert.equal(found.length, 1, `${found.length} of ${selector} in ${shown(text).innerHTML}`);
  return found[0];
};

test("a line break in the text is one in the answer, as in a chat", () => {
  assert.equal(shown("a\nb").innerHTML, '<p dir="auto">a<br>\nb</p>');
});

test("headings go below the panel's own", () => {
  const tags = Array.from(shown("# a\n\n## b\n\n### c\n\n###### d").children, ({ tagName, className }) => [tagName, className]);
  assert.deepEqual(tags, [
    ["H4", "omni-heading omni-heading-1"],
    ["H5", "omni-heading omni-heading-2"],
    ["H6", "omni-heading omni-heading-3"],
    ["H6", "omni-heading omni-heading-6"],
  ]);
});

test("each paragraph, list, heading and cell has the direction of its own text", () => {
  const answer = shown("# a\n\nb\n\n- c\n\n  d\n\n| e |\n|---|\n| f |");
  assert.deepEqual(
    Array.from(answer.querySelectorAll("[dir=auto]"), ({ tagName }) => tagName),
    ["H4", "P", "UL", "TH", "TD"],
  );
});

test("a link opens elsewhere and says where it leads", () => {
  const link = one("[my bank](https://example.com/a?b=1 'Your bank')", "a");
  assert.equal(
    link.outerHTML,
    '<a href="https://example.com/a?b=1" title="https://example.com/a?b=1" target="_blank" rel="noopener noreferrer">my bank</a>',
  );
});

test("a bare address is a link, a file's name is none", () => {
  assert.equal(one("见 https://example.com/a。好", "a").getAttribute("href"), "https://example.com/a");
  assert.equal(shown("run main.py, then README.md and //example.com").querySelector("a"), null);
});

test("an image elsewhere is a link that says so, and one within a link is words", () => {
  assert.equal(one("![a cat](http://example.com/cat.png)", "a").textContent, "Image: a cat");
  assert.equal(one("[![a cat](http://example.com/cat.png)](http://example.com)", "a > span").textContent, "Image: a cat");
  assert.equal(shown("![a cat](http://example.com/cat.png)").querySelector("img"), null);
});

test("an image that is in the text is shown", () => {
  assert.equal(one(`![a pixel](${PIXEL})`, "img").outerHTML, `<img src="${PIXEL}" alt="a pixel">`);
});

test("an image of another scheme stays text", () => {
  assert.equal(shown("![x](file:///etc/passwd)").textContent, "![x](file:///etc/passwd)");
});

test("code has its language, a button and colours", () => {
  const code = one("```python title=x\nprint('x')\n```", ".omni-code");
  assert.equal(code.querySelector(".omni-code-language")?.textContent, "python");
  assert.equal(code.querySelector("button")?.textContent, "Copy");
  assert.equal(code.querySelector(".omni-code-string")?.textContent, "'x'");
  assert.equal(code.querySelector("code")?.textContent, "print('x')\n");
});

test("the languages people ask about are known, by their short names too", () => {
  const names = "python py javascript js typescript ts bash sh json xml html css sql cpp java r yaml yml markdown md latex tex";
  for (const name of names.split(" ")) {
    const sample = { css: "a { color: red }", json: '{"a": 1}', md: "# a", markdown: "# a", xml: "<a b='c'/>", html: "<a b='c'/>" };
    const code = one(`\`\`\`${name}\n${sample[name] ?? 'x = "a" # \\a{b} // 1\nfor: "1"\nSELECT 1'}\n\`\`\``, "code");
    assert.ok(code.querySelector("[class^=omni-code-]"), name);
  }
});

test("code in an unknown language and code that is very long are shown plain", () => {
  assert.equal(one("```klingon\nqapla'\n```", "code").innerHTML, "qapla'\n");
  assert.equal(one(`\`\`\`python\n${"x = 1\n".repeat(9000)}\`\`\``, "code").children.length, 0);
});

test("a table scrolls in a frame that the keyboard reaches and that has a name", () => {
  const frame = one("| Name | Price |\n|:--|--:|\n| a | 1 |", ".omni-table");
  assert.deepEqual(
    ["role", "tabindex", "aria-label"].map((name) => frame.getAttribute(name)),
    ["region", "0", "Name, Price"],
  );
  assert.equal(frame.querySelector("td:last-child")?.className, "omni-align-right");
});

test("formulas in all four forms become MathML", () => {
  for (const text of ["a $x^2$ b", "a \\(x^2\\) b"]) assert.ok(one(text, "p > math > msup"), text);
  for (const text of ["$$x^2$$", "\\[x^2\\]", "$$\nx^2\n$$", "\\[\nx^2\n\\]"]) {
    assert.equal(one(text, "div.omni-math-display > math").getAttribute("display"), "block", text);
  }
  assert.ok(one("so $$x^2$$ it is", "p > span.omni-math-display > math"));
  assert.ok(one("- so\n  $$\n  x^2\n  $$", "li > .omni-math-display > math"));
  assert.ok(one("> so\n> \\[\n> x^2\n> \\]", "blockquote > .omni-math-display > math"));
});

test("a matrix keeps its form", () => {
  assert.equal(shown("$$\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}$$").querySelectorAll("mtable > mtr > mtd").length, 4);
});

test("money is no formula", () => {
  for (const text of [
    "$5 and $10",
    "between $5-$10",
    "US$5 or A$7",
    "It costs $5, that is $3 more",
    "$20k per month, not 30$",
    "从$5涨到了7$",
    "a $ b $ c",
    "\\$x$",
  ]) {
    assert.equal(shown(text).querySelector("math"), null, text);
    assert.equal(shown(text).textContent, text.replace("\\$", "$"));
  }
  assert.ok(one("costs $5, where $x$ is", "math"));
  assert.ok(one("$5 \\times 3$", "math"));
});

test("dollars in code are code", () => {
  assert.equal(one("`$a$` and $b$", "code").textContent, "$a$");
  assert.equal(shown("```bash\necho $A $B\n```").querySelector("math"), null);
});

test("a formula that TeX does not know shows its source", () => {
  assert.equal(one("$\\undefined{x}$", ".omni-math-source").textContent, "$\\undefined{x}$");
  assert.equal(one("$$\n\\frac{\n$$", ".omni-math-source").textContent, "$$\n\\frac{\n$$");
});

test("one formula defines nothing for the next", () => {
  const [first, second] = shown("$\\gdef\\frac{\\text{taken}}$ $\\frac{1}{2}$").querySelectorAll("p > *");
  assert.ok(first);
  assert.ok(second.querySelector("mfrac"));
});

test("whatever a formula defines, the next one means what it says", () => {
  const definitions = [
    "\\def\\frac{x}", "\\gdef\\frac{x}", "\\edef\\frac{x}", "\\xdef\\frac{x}", "\\let\\frac=x", "\\global\\let\\frac=x",
    "\\newcommand{\\frac}{x}", "\\renewcommand{\\frac}{x}", "\\providecommand{\\frac}{x}", "\\DeclareMathOperator{\\frac}{x}",
    "\\DeclareRobustCommand{\\frac}{x}", "\\DeclarePairedDelimiter{\\frac}{x}{y}", "\\newtheorem{frac}{x}", "\\definecolor{red}{rgb}{1,1,1}",
    "\\renewenvironment{pmatrix}{x}{y}", "\\require{html}", "\\href{https://example.com}{x}", "\\url{https://example.com}",
    "\\includegraphics{https://example.com/x.png}", "\\class{x}{y}", "\\cssId{x}{y}", "\\style{color:red}{x}", "\\htmlClass{x}{y}", "\\htmlStyle{color:red}{x}",
    "\\unicode{x41}", "\\bbox[red]{x}", "\\mmlToken{mi}{x}",
  ];
  for (const definition of definitions) {
    const answer = shown(`$${definition}$\n\n$\\frac{1}{2} \\begin{pmatrix}1\\end{pmatrix}$ ${"$"}\\color{red}{x}$`);
    assert.equal(answer.querySelectorAll("p:last-child mfrac").length, 1, definition);
    assert.equal(answer.querySelectorAll("p:last-child mtable").length, 1, definition);
    assert.equal(answer.querySelector("a, img, [id], script"), null, definition);
    assert.match(answer.querySelector("p:last-child").innerHTML, /#ff0000/, definition);
  }
});

test("a formula has no property that could move it over something else", () => {
  const answer = shown("$\\phase{x} \\cancelto{0}{x} \\longdiv{x}$ $\\bordermatrix{a&b\\cr c&d}$ $\\color{red}{x}$");
  const styles = Array.from(answer.querySelectorAll("math [style]"), (element) => element.getAttribute("style"));
  assert.ok(styles.some((style) => style?.includes("color:#ff0000")), `${styles}`);
  assert.doesNotMatch(styles.join(";"), /position|transform|(^|;)(left|right|top|bottom):/);
});

const LONG = `# Title

Some *text* with $x$, a [link][late], "$5 and $10" and https://example.com.
Second line

1. one
2. two

   \`\`\`python
   def f(x):

       return x
   \`\`\`
3. three

10. ten

- a

  b
- c
* d

\`\`\`js
// not the end

const x = "</code>";
\`\`\`

| a | b |
|---|--:|
| 1 | $2$ |

text | before
--|--
x | y

$$
\\frac{1}{2}
$$

para
$$
x
# not a heading
$$

> quote
lazy

    indented

    more

Setext
======

\\[ a

b \\]

![cat](http://example.com/cat.png) ![p](${PIXEL})

***

[late]: http://example.com/late "t"
[later]:
  http://example.com/later
[late]: http://example.com/other

last [later] line`;

/** @param {string} text @param {(length: number) => number} step */
function streamed(text, step) {
  const answer = newAnswer();
  for (let length = 0; length < text.length; length += step(length)) {
    markdown.update(answer, text.slice(0, length), { isFinal: false });
  }
  markdown.update(answer, text, { isFinal: true });
  return answer;
}

test("however the text is cut, the final answer is the same as the whole at once", () => {
  const whole = shown(LONG).innerHTML;
  for (const step of [3, 13, 50, 333]) assert.equal(streamed(LONG, () => step).innerHTML, whole, `${step}`);
});

test("every beginning, taken as final, is the same as that much at once", () => {
  for (let length = 0; length <= LONG.length; length += 23) {
    const answer = newAnswer();
    for (const part of [0.3, 0.6, 0.9]) markdown.update(answer, LONG.slice(0, length * part), { isFinal: false });
    markdown.update(answer, LONG.slice(0, length), { isFinal: true });
    assert.equal(answer.innerHTML, shown(LONG.slice(0, length)).innerHTML);
  }
});

test("Windows line ends, cut anywhere, make no difference", () => {
  const windows = LONG.replaceAll("\n", "\r\n");
  assert.equal(streamed(windows, () => 7).innerHTML, shown(LONG).innerHTML);
});

test("what is shown while it streams is, but for links defined below and colours, what the whole would be", () => {
  const text = LONG.replaceAll("[late]", "late").replaceAll("[later]", "later");
  const answer = newAnswer();
  for (let length = 0; length <= text.length; length += 4) {
    markdown.update(answer, text.slice(0, length), { isFinal: false });
    const fresh = newAnswer();
    markdown.update(fresh, text.slice(0, length), { isFinal: false });
    assert.equal(answer.innerHTML, fresh.innerHTML, text.slice(0, length));
  }
});

test("what has ended keeps its nodes, also at the end", () => {
  const answer = newAnswer();
  markdown.update(answer, "one\n\ntwo\n\nthree", { isFinal: false });
  const [one, two] = answer.children;
  markdown.update(answer, "one\n\ntwo\n\nthree and\n\nfour\n\n", { isFinal: false });
  markdown.update(answer, "one\n\ntwo\n\nthree and\n\nfour\n\nfive", { isFinal: true });
  assert.equal(answer.children[0], one);
  assert.equal(answer.children[1], two);
  assert.equal(answer.children.length, 5);
});

test("what is selected in ended text stays selected", () => {
  const answer = newAnswer();
  markdown.update(answer, "one\n\ntwo\n\nthree", { isFinal: false });
  const selection = window.getSelection();
  selection?.selectAllChildren(answer.children[0]);
  markdown.update(answer, "one\n\ntwo\n\nthree and\n\nfour [one]\n\n[one]: http://example.com", { isFinal: true });
  assert.equal(selection?.toString(), "one");
});

test("a link that is defined below works at the end", () => {
  const answer = streamed("[a]\n\nb\n\nc\n\n[a]: http://example.com/long", () => 1);
  assert.equal(answer.querySelector("a")?.getAttribute("href"), "http://example.com/long");
});

test("a link that is defined above works from then on", () => {
  const answer = newAnswer();
  markdown.update(answer, "a\n\n[a]: http://example.com\n\nb\n\n", { isFinal: false });
  markdown.update(answer, "a\n\n[a]: http://example.com\n\nb\n\nc [a]", { isFinal: false });
  assert.equal(answer.querySelector("a")?.getAttribute("href"), "http://example.com");
});

test("a correction starts over", () => {
  const answer = newAnswer();
  markdown.update(answer, "one\n\ntwo\n\nthree", { isFinal: false });
  markdown.update(answer, "1\n\ntwo", { isFinal: false });
  assert.equal(answer.textContent, "1two");
  markdown.update(answer, "", { isFinal: true });
  assert.equal(answer.textContent, "");
});

test("a formula that is still written shows its source, not half a paragraph", () => {
  const answer = newAnswer();
  markdown.update(answer, "so\n\n$$\n\\frac{1}", { isFinal: false });
  assert.equal(answer.querySelector(".omni-math-source")?.textContent, "$$\n\\frac{1}");
});

test("one renderer serves several answers", () => {
  const [first, second] = [newAnswer(), newAnswer()];
  markdown.update(first, "a\n\nb\n\nc", { isFinal: false });
  markdown.update(second, "a\n\nx\n\ny", { isFinal: false });
  markdown.update(first, "a\n\nb\n\nc d", { isFinal: true });
  assert.equal(first.textContent, "abc d");
  assert.equal(second.textContent, "axy");
});

/** @param {HTMLElement} answer */
async function press(answer) {
  const button = answer.querySelector("button");
  button?.click();
  await new Promise((resolve) => setTimeout(resolve));
  return button?.textContent;
}

test("Copy copies the code and says so", async () => {
  /** @type {string[]} */
  const copied = [];
  Object.defineProperty(globalThis, "navigator", {
    value: { clipboard: { writeText: async (/** @type {string} */ text) => void copied.push(text) } },
    configurable: true,
  });
  assert.equal(await press(shown("```python\nx = 1 < 2\n```")), LABELS.copied);
  assert.deepEqual(copied, ["x = 1 < 2\n"]);
});

test("Copy works on plain http, where there is no clipboard", async () => {
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  /** @type {string[]} */
  const copied = [];
  document.execCommand = () => {
    const area = /** @type {HTMLTextAreaElement} */ (document.activeElement);
    copied.push(area.value);
    return true;
  };
  assert.equal(await press(shown("```\na\n```")), LABELS.copied);
  assert.deepEqual(copied, ["a\n"]);
  assert.equal(document.querySelector("textarea"), null);
  document.execCommand = () => false;
  assert.equal(await press(shown("```\na\n```")), LABELS.copy);
});
