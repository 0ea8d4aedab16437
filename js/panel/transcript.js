/** @file Show the conversation: header, turns, notices, and the state of the kernel. */
import { createMarkdown } from "../markdown/markdown.js";
import { attempt } from "../player/attempt.js";
import { focusedIn, make, setText } from "../player/dom.js";
import { fill, wordsFor } from "../player/words.js";
import { createEmpty } from "./empty.js";
import { createHeader } from "./header.js";
import { createNotices } from "./notices.js";
import { createScroller } from "./scroller.js";
import { createTurn } from "./turn.js";
import allWords from "words:conversation";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("./turns.js").Turn} Turn
 * @typedef {import("./turn.js").TurnView} TurnView
 */

/** A timer, not animation frames: those stop in hidden tabs. */
const DRAW_MILLISECONDS = 60;
/** A long conversation is drawn in slices of so long, the newest turns first. */
const SLICE_MILLISECONDS = 24;

/**
 * Draw the conversation into `element` and keep it up to date.
 *
 * @param {HTMLElement} element
 * @param {Talk} talk
 * @param {(text: string) => void} [propose] write an example where a question is written
 * @returns {() => void} undo it
 */
export function createTranscript(element, talk, propose = () => {}) {
  const words = wordsFor(allWords, talk.language);
  const { copy, copied, image } = words;
  const imageOf = (/** @type {string} */ name) => fill(words.imageOf, { name });
  const numbers = new Intl.NumberFormat(talk.language);
  const showAll = (/** @type {number} */ count) => fill(words.showAll, { count: numbers.format(count) });
  const between = (/** @type {number} */ count) => fill(words.between, { count: numbers.format(count) });
  const markdown = createMarkdown({ labels: { copy, copied, image, imageOf, showAll, between } });
  const header = createHeader(talk, words);
  const notices = createNotices(talk, words);
  const empty = createEmpty({ words, language: talk.language, propose });
  const list = make("div", "omni-panel-turns");
  const scroller = createScroller(make("div", "omni-panel-content", empty.element, list), {
    label: words.conversation,
    latest: words.latest,
  });
  const kernel = make("div", "omni-panel-kernel");
  kernel.setAttribute("role", "status");
  const announcement = make("div", "omni-panel-hidden");
  announcement.setAttribute("role", "status");
  announcement.setAttribute("aria-live", "polite");
  element.append(header.element, scroller.element, notices.element, kernel, announcement);

  /** @type {Map<Turn, TurnView>} */
  const views = new Map();
  /** @type {Set<Turn>} */
  const dirty = new Set();
  let isReordered = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const drawLater = () => {
    timer ??= setTimeout(draw, DRAW_MILLISECONDS);
  };

  function draw() {
    clearTimeout(timer);
    timer = undefined;
    if (isReordered) attempt(reorder);
    isReordered = false;
    drawTurns();
    attempt(header.update);
    attempt(() => empty.update(talk.header));
    attempt(notices.update);
    setText(kernel, kernelWords(talk, words));
    kernel.dataset.state = talk.channel.state;
    scroller.stay();
  }

  function drawTurns() {
    const end = performance.now() + SLICE_MILLISECONDS;
    const { shown } = talk.turns;
    for (let place = shown.length - 1; place >= 0 && dirty.size > 0; place--) {
      if (!dirty.delete(shown[place])) continue;
      attempt(() => views.get(shown[place])?.update());
      if (performance.now() > end) break;
    }
    if (dirty.size > 0 && shown.some((turn) => dirty.has(turn))) timer = setTimeout(draw);
    else dirty.clear();
  }

  function reorder() {
    const last = list.lastElementChild;
    const shown = new Set(talk.turns.shown);
    for (const [turn, view] of views) {
      if (shown.has(turn)) continue;
      view.element.remove();
      view.dispose();
      views.delete(turn);
    }
    /** @type {Element | null} */
    let before = list.firstElementChild;
    for (const turn of talk.turns.shown) {
      const view = views.get(turn) ?? createTurn(talk, turn, words, markdown);
      if (!views.has(turn)) dirty.add(turn);
      views.set(turn, view);
      // A turn that is in its place is not moved: it would lose its focus.
      if (view.element === before) before = before.nextElementSibling;
      else list.insertBefore(view.element, before);
    }
    empty.element.hidden = talk.turns.shown.length > 0;
    const panel = element.closest(".omni-panel");
    if (list.lastElementChild !== last && panel && focusedIn(panel)) scroller.toEnd();
  }

  const offs = [
    talk.turns.onChange((turn) => {
      if (turn === null) isReordered = true;
      else dirty.add(turn);
      drawLater();
    }),
    talk.onChange(drawLater),
    talk.addAnnouncer((text) => {
      announcement.textContent = text;
    }),
    announceAnswers(talk, words),
  ];
  draw();

  return () => {
    clearTimeout(timer);
    for (const off of offs) off();
    for (const view of views.values()) view.dispose();
    header.dispose();
    scroller.dispose();
    element.replaceChildren();
  };
}

/**
 * @param {Talk} talk
 * @param {import("words:conversation").Words} words
 */
function kernelWords(talk, words) {
  if (talk.channel.state === "gone") return words.gone;
  // A cell that asks blocks the kernel, too; then its answer is what there is to see.
  const isOurs = talk.turns.answering?.record.is_of_cell ?? false;
  return talk.channel.state === "busy" && !isOurs ? words.busy : "";
}

/**
 * Say once that an answer begins, and once how it ended: the words themselves are read, or heard.
 *
 * @param {Talk} talk
 * @param {import("words:conversation").Words} words
 * @returns {() => void}
 */
function announceAnswers(talk, words) {
  let answering = talk.turns.answering;
  return talk.turns.onChange(() => {
    const now = talk.turns.answering;
    if (now === answering) return;
    if (answering?.isOver && talk.turns.shown.includes(answering)) talk.announce(endingWords(talk, answering, words));
    if (now) talk.announce(words.begins);
    answering = now;
  });
}

/**
 * @param {Talk} talk
 * @param {Turn} turn
 * @param {import("words:conversation").Words} words
 */
function endingWords(talk, turn, words) {
  /** @type {Record<string, string>} */
  const endings = words.endings;
  if (Object.hasOwn(endings, turn.record.ending)) return endings[turn.record.ending];
  const seconds = Math.round(talk.turns.secondsOf(turn));
  if (seconds === 0) return words.complete;
  return seconds === 1 ? words.completeSecond : fill(words.completeSpoken, { seconds });
}
