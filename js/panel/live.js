/** @file Show what happens to an answer that comes or is still spoken, since when, and the controls. */
import { make, setText, wave } from "../player/dom.js";
import { meterText } from "../player/meter.js";
import { clock } from "../player/view.js";
import { waitsWords } from "../player/decision.js";
import { wordsFor } from "../player/words.js";
import { createAudioControls } from "./audio_controls.js";
import allPlayerWords from "words:player";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("./turns.js").Turn} Turn
 * @typedef {"thinking" | "answering" | "unheard" | "buffering" | "blocked" | "queued" | "speaking" | "over"} Phase
 */

/**
 * @param {Turn} turn
 * @returns {Phase}
 */
export function phaseOf(turn) {
  const state = turn.speech && !turn.speech.isOver ? turn.speech.state : null;
  if (turn.lacksSound) return turn.isOver ? "over" : "unheard";
  if (turn.isOver) return state === null ? "over" : state === "empty" ? "buffering" : /** @type {Phase} */ (state);
  if (state !== null && state !== "empty") return /** @type {Phase} */ (state);
  return turn.textLength === 0 && turn.totalBytes === 0 ? "thinking" : "answering";
}

/**
 * @param {Talk} talk
 * @param {Turn} turn
 * @param {import("words:conversation").Words} words
 * @returns {{element: HTMLElement, update: () => void, dispose: () => void}}
 */
export function createLive(talk, turn, words) {
  const playerWords = wordsFor(allPlayerWords, talk.language);
  const state = make("span", "omni-panel-state");
  const time = make("span", "omni-panel-time");
  const meter = make("span", "omni-panel-meter");
  const controls = createAudioControls(talk.turns.preferences, words);
  const element = make(
    "div",
    "omni-panel-live",
    make("span", "omni-panel-live-words", wave(), state, time, meter),
    controls.element,
  );
  return {
    element,
    update() {
      const phase = phaseOf(turn);
      const isSpokenHere = turn.speech !== null && !turn.speech.isOver && turn.speech.hasAudio;
      element.dataset.phase = phase;
      const { asks, calling } = turn.record;
      if (phase === "over") setText(state, "");
      else setText(state, waitsWords(playerWords, asks, calling) || playerWords[phase]);
      setText(time, isSpokenHere ? clock(turn.speech?.heardSeconds ?? 0) : "");
      setText(meter, turn.isOver ? "" : meterWords());
      controls.element.hidden = !isSpokenHere;
    },
    dispose: controls.dispose,
  };

  /** What is spoken is billed as it arrives, not as it is heard. */
  function meterWords() {
    if (turn.totalBytes === 0) return turn.record.meter;
    return meterText(talk.turns.secondsOf(turn), turn.record.price, playerWords);
  }
}
