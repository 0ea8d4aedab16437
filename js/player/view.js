/** @file Show the player: the question, the words as they come, and a row about the speech. */
import { button, guardKeys, make, setText, wave } from "./dom.js";

/** @typedef {import("words:player").Words} Words */
/** @typedef {import("../sound/engine.js").EngineState} EngineState */
/** @typedef {"thinking" | "answering" | Exclude<EngineState, "empty">} Phase */

/**
 * @typedef {object} Shown everything the view needs to know
 * @property {string} text
 * @property {Phase} phase
 * @property {number} heardSeconds
 * @property {boolean} hasAudio
 * @property {boolean} isMuted
 * @property {string} meter the speech so far and its cost
 */

/** @typedef {{stop(): void, toggleMute(): void}} Actions */

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Draw the player into `element`.
 *
 * @param {HTMLElement} element
 * @param {{language: string, words: Words, actions: Actions}} options
 */
export function createView(element, { language, words, actions }) {
  const header = make("div", "omni-player-header");
  const captions = make("div", "omni-player-captions");
  // The speech itself is heard: reading the captions out as well would talk over it.
  captions.setAttribute("aria-live", "off");
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
  const root = make("div", "omni-player", header, captions, bar);
  root.lang = language;
  element.replaceChildren(root);

  return {
    /** @param {string} html made and escaped by Python */
    updateHeader(html) {
      header.innerHTML = html;
    },
    /** @param {Shown} shown */
    update({ text, phase, heardSeconds, hasAudio, isMuted, meter: meterText }) {
      changeText(captionText, text);
      root.dataset.phase = phase;
      setText(state, words[phase]);
      setText(time, hasAudio ? clock(heardSeconds) : "");
      setText(meter, hasAudio ? meterText : "");
      mute.hidden = !hasAudio || isOver(phase);
      mute.setAttribute("aria-pressed", String(isMuted));
      stop.hidden = isOver(phase);
    },
  };
}

/** @param {Phase} phase */
function isOver(phase) {
  return phase === "done" || phase === "stopped";
}

/**
 * Change only what differs, so that what a person has selected stays selected.
 *
 * @param {Text} node
 * @param {string} text
 */
function changeText(node, text) {
  const old = node.data;
  if (text === old) return;
  if (text.startsWith(old)) return node.appendData(text.slice(old.length));
  let same = 0;
  while (same < old.length && old[same] === text[same]) same++;
  node.replaceData(same, old.length - same, text.slice(same));
}
