import assert from "node:assert/strict";
import { test } from "node:test";

import { placeToCut, startOfTail } from "../../js/player/long.js";
import { LABELS, LIMITS, createMarkdown, newAnswer, markdown as real, shown as shownBy } from "./markdown_page.js";

const MEGABYTES = 1_000_000;
/** A tenth or less of the real ones: jsdom is slow. */
const SMALL = { characters: 8_000, tags: 1_500, openCharacters: 1_000 };
/** A tag may be an element, with words after it. */
const MOST_NODES = 2 * SMALL.tags + 100;
const markdown = createMarkdown({ labels: LABELS, limits: SMALL });
/** @param {string} text */
const shown = (text) => shownBy(text, markdown);

/** @param {string} piece @param {number} length */
const long = (piece, length) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

/** Answers of 5 MB, each of one kind. @type {Record<string, string>} */
const ANSWERS = {
  "paragraphs": long("The *cat* sat on the `mat`, said https://example.com/a.\n\n", 5 * MEGABYTES),
  "one line": long("word ", 5 * MEGABYTES),
  "one word": long("x", 5 * MEGABYTES),
  "one paragraph": long("A line of it\n", 5 * MEGABYTES),
  "a list": long("- an item\n", 5 * MEGABYTES),
  "a table": `|a|b|\n|-|-|\n${long("|1|2|\n", 5 * MEGABYTES)}`,
  "a table of nothing": `${"|".repeat(100)}\n${"|-".repeat(99)}|\n${long("|||||||||||||||||||||\n", 5 * MEGABYTES)}`,
  "code": `\`\`\`python\n${long("x = [1, 'a']  # so\n", 5 * MEGABYTES)}`,
  "code blocks": long("```js\nlet a = 1;\n```\n\n", 5 * MEGABYTES),
  "formulas": long("$x^2$ and $y$\n\n", 5 * MEGABYTES),
  "emphasis": long("*a* ", 5 * MEGABYTES),
  "emoji": long("😀", 5 * MEGABYTES),
  "quotes": long("> so\n", 5 * MEGABYTES),
};

/** @param {Node} node */
function countNodes(node) {
  let count = 1;
  for (const child of node.childNodes) count += countNodes(child);
  return count;
}

for (const [kind, text] of Object.entries(ANSWERS)) {
  test(`an answer of 5 MB makes few nodes: ${kind}`, () => {
    const answer = shown(text);
    assert.ok(countNodes(answer) < MOST_NODES, `${countNodes(answer)} nodes`);
    const rest = answer.querySelector(":scope > details.omni-rest:last-child");
    assert.match(rest?.querySelector("summary")?.textContent ?? "", /^Show all: \d+ more$/);
    assert.equal(rest?.childElementCount, 1, "the rest is not made before it is wanted");
  });
}

test("Show all shows the rest to the letter, in few nodes, and hides it again", () => {
  const answer = shown(ANSWERS.paragraphs);
  const rest = answer.querySelector("details");
  const before = countNodes(answer);
  rest.open = true;
  rest.dispatchEvent(new window.Event("toggle"));
  assert.ok(countNodes(answer) - before < 1_000);
  const words = Array.from(rest.querySelectorAll(".omni-slice"), ({ textContent }) => textContent).join("");
  assert.ok(ANSWERS.paragraphs.endsWith(words));
  assert.ok(words.length > 4.8 * MEGABYTES);
  assert.equal(rest.querySelector("summary").textContent, LABELS.showAll(words.length));
  const paragraph = "The *cat* sat on the `mat`, said https://example.com/a.\n\n";
  assert.equal(answer.querySelectorAll("p").length, (ANSWERS.paragraphs.length - words.length) / paragraph.length);
});

test("no character is cut in two", () => {
  const rest = shown(`a${ANSWERS.emoji}`).querySelector("details");
  rest.open = true;
  rest.dispatchEvent(new window.Event("toggle"));
  for (const slice of rest.querySelectorAll(".omni-slice")) assert.ok(slice.textContent.isWellFormed());
  for (let most = 1; most < 9; most++) {
    const text = "😀".repeat(5);
    assert.ok(text.slice(0, placeToCut(text, most)).isWellFormed());
  }
  for (const text of ["😀".repeat(5000), `a${"😀".repeat(5000)}`]) assert.ok(text.slice(startOfTail(text)).isWellFormed());
});

test("an answer that is just not long has no rest", () => {
  const text = long("So it is, and so it was, and so it is to be, for all that anybody knows.\n\n", LIMITS.characters);
  assert.equal(shownBy(text, real).querySelector("details"), null);
  assert.ok(shownBy(`${text}!`, real).querySelector("details"));
});

/** Count what a page is told to do. */
function watched() {
  const answer = newAnswer();
  let count = 0;
  const observer = new window.MutationObserver(() => {});
  observer.observe(answer, { childList: true, characterData: true, subtree: true });
  return {
    answer,
    /** Nodes that were added since the last call. */
    added() {
      count = 0;
      for (const { addedNodes } of observer.takeRecords()) for (const node of addedNodes) count += countNodes(node);
      return count;
    },
  };
}

for (const [kind, text] of Object.entries(ANSWERS)) {
  test(`while a long answer grows, few nodes are made, and its end is seen: ${kind}`, () => {
    const { answer, added } = watched();
    const step = 197;
    let made = 0;
    let updates = 0;
    let busy = 0;
    for (let length = 0; length < 120_000; length += step) {
      markdown.update(answer, text.slice(0, length), { isFinal: false });
      const now = added();
      made += now;
      updates += 1;
      if (now > 300) busy += 1;
      if (length % 30 === 0) {
        assert.ok(countNodes(answer) < MOST_NODES);
        const growing = answer.querySelector(".omni-growing");
        if (growing) assert.ok(growing.textContent.endsWith(text.slice(0, length).slice(-20)));
      }
    }
    // What has grown large is made anew by shares of itself: not at every step.
    assert.ok(made < 30 * MOST_NODES, `${made} nodes were made`);
    assert.ok(busy < 60, `${busy} of ${updates} updates made many nodes`);
    assert.ok(answer.querySelector(".omni-growing"));
    markdown.update(answer, text.slice(0, 120_000), { isFinal: true });
    assert.equal(answer.querySelector(".omni-growing"), null);
    assert.ok(answer.querySelector(".omni-rest"));
    assert.equal(answer.innerHTML, shown(text.slice(0, 120_000)).innerHTML);
  });
}

test("the end of a long answer that grows is what came last, and the middle is said to be there", () => {
  const answer = newAnswer();
  const numbered = Array.from({ length: 60_000 }, (_, number) => `line ${number}`).join("\n\n");
  markdown.update(answer, numbered, { isFinal: false });
  const growing = answer.querySelector(":scope > .omni-growing:last-child");
  assert.ok(growing.querySelector(".omni-slice").textContent.endsWith("line 59999"));
  assert.ok(growing.querySelector(".omni-slice").textContent.length < 10_000);
  assert.match(growing.querySelector(".omni-gap").textContent, /^… \d+ …$/);
  assert.equal(answer.firstElementChild.textContent, "line 0");
});

test("a long answer that is corrected to a short one is whole again", () => {
  const answer = newAnswer();
  markdown.update(answer, ANSWERS["a table"], { isFinal: false });
  markdown.update(answer, "*short*", { isFinal: false });
  assert.equal(answer.innerHTML, '<p dir="auto"><em>short</em></p>');
  markdown.update(answer, "*shorter*", { isFinal: true });
  assert.equal(answer.innerHTML, '<p dir="auto"><em>shorter</em></p>');
});

test("what the reader fails at is shown as words, and the next text as Markdown", (context) => {
  context.mock.method(console, "error", () => {});
  const answer = newAnswer();
  markdown.update(answer, "one", { isFinal: false });
  const { trim } = String.prototype;
  String.prototype.trim = () => {
    throw new Error("broken");
  };
  try {
    markdown.update(answer, "*two*", { isFinal: false });
  } finally {
    String.prototype.trim = trim;
  }
  assert.equal(answer.textContent, "*two*");
  markdown.update(answer, "*three*", { isFinal: false });
  assert.equal(answer.innerHTML, '<p dir="auto"><em>three</em></p>');
});
