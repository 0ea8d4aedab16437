/** @file Show one question with its answer. */
import { createDecision } from "../player/decision.js";
import { fill, wordsFor } from "../player/words.js";
import { createCode } from "./code.js";
import { ICONS, button, changeText, make, setText } from "../player/dom.js";
import { createLive, phaseOf } from "./live.js";
import { copyButton, createQuestion } from "./question.js";
import { createReplay } from "./replay.js";
import { createVersionSwitch } from "./versions.js";
import allPlayerWords from "words:player";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("./turns.js").Turn} Turn
 * @typedef {ReturnType<typeof import("../markdown/markdown.js").createMarkdown>} Markdown
 *
 * @typedef {object} TurnView
 * @property {HTMLElement} element
 * @property {() => void} update
 * @property {() => void} dispose
 */

/**
 * Make the view of a turn, of which nothing is visible before its first `update`.
 *
 * @param {Talk} talk
 * @param {Turn} turn
 * @param {import("words:conversation").Words} words
 * @param {Markdown} markdown
 * @returns {TurnView}
 */
export function createTurn(talk, turn, words, markdown) {
  const question = createQuestion(talk, turn, words);
  const thoughts = createThoughts(words);
  const calls = make("div", "omni-panel-calls");
  const playerWords = wordsFor(allPlayerWords, talk.language);
  const decision = createDecision(
    playerWords,
    (call, allowed) => void talk.channel.send({ type: "decide", turn: turn.id, call, allowed }),
  );
  const text = make("div", "omni-panel-text omni-markdown");
  const note = make("div", "omni-panel-note");
  note.setAttribute("role", "note");
  const facts = make("div", "omni-panel-facts");
  const versions = createVersionSwitch(talk, turn, words);
  const showCode = button("omni-panel-show-code", words.showCode, () => toggleCode(), { icon: ICONS.code });
  showCode.setAttribute("aria-expanded", "false");
  const copy = copyButton(words.copyAnswer, words, () => turn.text);
  const actions = make(
    "div",
    "omni-panel-actions",
    versions.element,
    copy,
    button("omni-panel-again", words.askAgain, () => void talk.channel.send({ type: "again", turn: turn.id }), { icon: ICONS.again }),
    showCode,
  );
  const foot = make("div", "omni-panel-foot", facts, actions);
  const answer = make("article", "omni-panel-answer", calls, decision.element, thoughts.element, text, note, foot);
  answer.setAttribute("aria-label", words.answer);
  answer.tabIndex = -1; // takes the focus of a button that goes
  const element = make("div", "omni-panel-turn", question.element, answer);
  element.dataset.turn = turn.id;
  question.element.hidden = answer.hidden = true;

  const unheard = createOptional(note, () => ({
    element: make("div", "omni-panel-note omni-panel-unheard", words.unheard),
    update() {},
    dispose() {},
  }));
  const live = createOptional(note, () => createLive(talk, turn, words));
  const replay = createOptional(note, () => createReplay(talk, turn, words));
  /** @type {ReturnType<typeof createCode> | null} */
  let code = null;
  /** @type {import("./types.js").TurnRecord | null} */
  let shownRecord = null;
  let shownText = "";
  let isShownFinal = false;

  function toggleCode() {
    if (code) {
      code.element.remove();
      code = null;
    } else {
      code = createCode(words);
      code.update(turn.code);
      foot.after(code.element);
      if (!turn.code) void talk.channel.send({ type: "code", turn: turn.id });
    }
    showCode.setAttribute("aria-expanded", String(code !== null));
  }

  function updateRecord() {
    const { record } = turn;
    element.dataset.state = record.state;
    question.element.hidden = false;
    question.update();
    versions.update();
    answer.hidden = record.state === "waiting";
    answer.setAttribute("aria-busy", String(record.state === "answering"));
    setText(note, record.note);
    note.hidden = !record.note;
    updateCalls(record);
    if (record.facts_html !== shownRecord?.facts_html) facts.innerHTML = record.facts_html;
    foot.hidden = record.state !== "over";
    // What was refused before it was asked has no answer and no request, but may be asked again.
    copy.hidden = showCode.hidden = record.is_refused;
    shownRecord = record;
  }

  /** @param {import("./types.js").TurnRecord} record */
  function updateCalls({ calls_html: html, asks }) {
    if (html !== (shownRecord?.calls_html ?? "")) calls.innerHTML = html;
    decision.update(asks);
    const isNew = asks && asks.call !== shownRecord?.asks?.call;
    if (isNew) talk.announce(fill(playerWords.decide, { name: asks.name }));
  }

  function updateText() {
    if (shownText === turn.text && isShownFinal === turn.isOver) return;
    shownText = turn.text;
    isShownFinal = turn.isOver;
    const { answer_html: html, is_data: isData } = turn.record;
    if (html) text.innerHTML = html;
    else if (isData) text.replaceChildren(make("pre", "omni-panel-data", turn.text));
    else markdown.update(text, turn.text, { isFinal: turn.isOver });
  }

  function updateSpeech() {
    const isLive = turn.record.state !== "waiting" && phaseOf(turn) !== "over";
    live.update(isLive);
    const isSpoken = !isLive && turn.isOver && talk.turns.secondsOf(turn) > 0;
    replay.update(isSpoken && !turn.lacksSound);
    unheard.update(isSpoken && turn.lacksSound);
  }

  function update() {
    if (turn.record !== shownRecord) updateRecord();
    thoughts.update(turn);
    updateText();
    updateSpeech();
    code?.update(turn.code);
  }

  return {
    element,
    update,
    dispose() {
      live.update(false);
      replay.update(false);
      unheard.update(false);
    },
  };
}

/** @param {import("words:conversation").Words} words */
function createThoughts(words) {
  const thoughts = document.createTextNode("");
  const text = make("div", "omni-panel-thoughts-text", thoughts);
  text.dir = "auto";
  const element = make("details", "omni-panel-thoughts", make("summary", "", words.thoughts), text);
  return {
    element,
    /** @param {Turn} turn */
    update({ reasoning }) {
      element.hidden = reasoning === "";
      changeText(thoughts, reasoning);
    },
  };
}

/**
 * Make a part of the turn that is there only while it is needed.
 *
 * @param {HTMLElement} before what it stands after
 * @param {() => {element: HTMLElement, update(): void, dispose(): void}} create
 */
function createOptional(before, create) {
  /** @type {ReturnType<typeof create> | null} */
  let part = null;
  return {
    /** @param {boolean} isNeeded */
    update(isNeeded) {
      if (isNeeded && !part) {
        part = create();
        before.after(part.element);
      } else if (!isNeeded && part) {
        part.element.remove();
        part.dispose();
        part = null;
      }
      part?.update();
    },
  };
}
