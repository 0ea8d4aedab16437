/** @file Show the player: the question, the words as they come, and a row about the speech. */
import { createDecision, waitsWords } from "./decision.js";
import { button, changeText, guardKeys, make, setText, wave } from "./dom.js";
import { startOfTail } from "./long.js";

/** @typedef {import("words:player").Words} Words */
/** @typedef {import("../sound/engine.js").EngineState} EngineState */
/** @typedef {"thinking" | "answering" | "unheard" | Exclude<EngineState, "empty">} Phase */

/**
 * @typedef {object} Shown everything the view needs to know
 * @property {string} text
 * @property {Phase} phase
 * @property {string} ending how the answer ended: "complete", or why it is not; "" before
 * @property {import("./decision.js").Asked | null} asks a call on which a person has to decide
 * @property {string} calling the tools that run
 * @property {number} heardSeconds
 * @property {boolean} hasAudio
 * @property {boolean} isMuted
 * @property {string} meter the speech so far and its cost
 */

/** Of a longer text the end is shown while it is spoken; the static result has all of it. */
const MOST_CAPTIONS = 20_000;

/** @typedef {{stop(): void, toggleMute(): void, decide(call: number, allowed: boolean): void}} Actions */

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Draw the player into `element`.
 *
 * @param {HTMLElement} element
 * @param {{language: string, words: Words, isData: boolean, actions: Actions}} options `isData`: the text is to be JSON
 */
export function createView(element, { language, words, isData, actions }) {
  const header = make("div", "omni-player-header");
  const captions = make("div", "omni-player-captions");
  // The speech itself is heard: reading the captions out as well would talk over it.
  captions.setAttribute("aria-live", "off");
  if (isData) captions.classList.add("omni-player-data");
  const captionText = document.createTextNode("");
  captions.append(captionText);
  const state = make("span", "omni-player-state");
  state.setAttribute("role", "status");
  const time = make("span", "omni-player-time");
  const meter = make("span", "omni-player-meter");
  // The meter changes every second: to be looked at, not to be read out.
  meter.setAttribute("aria-live", "off");
  const mute = button("omni-player-mute", words.mute, actions.toggleMute);
  const stop = button("omni-player-stop", words.stop, actions.stop);
  const controls = make("span", "omni-player-controls", mute, stop);
  controls.setAttribute("role", "group");
  controls.setAttribute("aria-label", words.controls);
  // Escape leaves them for the notebook.
  guardKeys(controls, ["Tab", "Escape"]);
  const bar = make("div", "omni-player-bar", wave(), state, time, meter, controls);
  const decision = createDecision(words, actions.decide);
  const root = make("div", "omni-player", header, decision.element, captions, bar);
  root.lang = language;
  root.tabIndex = -1; // takes the focus of a button that goes
  element.replaceChildren(root);

  return {
    /** @param {string} html made and escaped by Python */
    updateHeader(html) {
      header.innerHTML = html;
    },
    /** @param {Shown} shown */
    update({ text, phase, ending, asks, calling, heardSeconds, hasAudio, isMuted, meter: meterText }) {
      const start = text.length > MOST_CAPTIONS ? startOfTail(text) : 0;
      changeText(captionText, start > 0 ? `…${text.slice(start)}` : text);
      root.dataset.phase = phase;
      decision.update(asks);
      const waits = waitsWords(words, asks, calling);
      setText(state, isOver(phase) ? endingWords(words, phase, ending) : waits || words[phase]);
      setText(time, hasAudio ? clock(heardSeconds) : "");
      setText(meter, hasAudio ? meterText : "");
      mute.hidden = !hasAudio || isOver(phase);
      mute.setAttribute("aria-pressed", String(isMuted));
      stop.hidden = isOver(phase);
    },
  };
}

/**
 * Say why an answer is not complete, else whether its speech was played or stopped.
 *
 * @param {Words} words
 * @param {Phase} phase
 * @param {string} ending
 */
function endingWords(words, phase, ending) {
  /** @type {Record<string, string>} */
  const endings = words.endings;
  return Object.hasOwn(endings, ending ?? "") ? endings[ending] : words[phase];
}

/** @param {Phase} phase */
function isOver(phase) {
  return phase === "done" || phase === "stopped";
}
