/**
 * @file Share what all players of a page have in common: one audio context per sample rate, and whose turn it
 * is to speak, so that answers do not talk over each other.
 */

import { wavBlob } from "./wav.js";

/** With nothing to play for so long the sound card may rest. */
export const REST_MILLISECONDS = 5000;
const SILENCE_RATE = 24000;
/** A mouse counts when it is pressed, a finger when it is lifted (HTML, "activation triggering input event"). */
const GESTURES = ["pointerdown", "pointerup", "keydown"];

/** @typedef {{pump(): void, readonly isIdle: boolean}} Speaker */

/** Who may speak on this page: first come, first served. */
export class Turns {
  /** @type {Speaker[]} */
  #queue = [];

  /**
   * Queue up (once) and say whether it is this speaker's turn.
   *
   * @param {Speaker} speaker
   */
  ask(speaker) {
    if (!this.#queue.includes(speaker)) this.#queue.push(speaker);
    while (this.#queue[0] !== speaker && this.#queue[0].isIdle) this.#queue.shift();
    return this.#queue[0] === speaker;
  }

  /** @param {Speaker} speaker */
  leave(speaker) {
    this.#queue = this.#queue.filter((other) => other !== speaker);
    this.#queue[0]?.pump();
  }
}

/**
 * @typedef {object} Loudspeaker
 * @property {AudioContext} context
 * @property {Set<object>} users
 * @property {ReturnType<typeof setTimeout> | undefined} restTimer
 * @property {boolean} isRefused the browser wants a touch of the page before it sounds
 *
 * @typedef {object} SharedAudio what all players of a page have in common
 * @property {Map<number, Loudspeaker>} loudspeakers by sample rate
 * @property {Turns} turns
 * @property {Map<string, object>} owners who speaks an answer on this page, by its tail's id
 */

/**
 * Share one object on a page, as a global: every widget model loads its own copy of its modules.
 *
 * @template Shared
 * @param {string} name
 * @param {() => Shared} create
 * @returns {Shared}
 */
export function onPage(name, create) {
  const key = Symbol.for(`omni_nb.${name}`);
  const page = /** @type {Record<symbol, Shared | undefined>} */ (/** @type {unknown} */ (globalThis));
  return (page[key] ??= create());
}

/** @returns {SharedAudio} */
export function sharedAudio() {
  return onPage("audio.1", () => ({ loudspeakers: new Map(), turns: new Turns(), owners: new Map() }));
}

/**
 * Use the page's audio context of this sample rate, kept awake until every user has released it: a context
 * that runs keeps the sound card and the computer from sleeping.
 *
 * @param {number} sampleRate
 * @returns {{context: AudioContext, turns: Turns, isRefused: () => boolean, release: () => void}}
 */
export function useContext(sampleRate) {
  const { loudspeakers, turns } = sharedAudio();
  let loudspeaker = loudspeakers.get(sampleRate);
  if (!loudspeaker) {
    const context = new AudioContext({ sampleRate });
    loudspeaker = { context, users: new Set(), restTimer: undefined, isRefused: false };
    loudspeakers.set(sampleRate, loudspeaker);
  }
  const used = loudspeaker;
  const { context } = used;
  const user = {};
  used.users.add(user);
  clearTimeout(used.restTimer);
  const ignoreGestures = wakeOnGesture(used);
  const release = () => {
    ignoreGestures();
    if (used.users.delete(user) && used.users.size === 0) {
      used.restTimer = setTimeout(() => void context.suspend(), REST_MILLISECONDS);
    }
  };
  return { context, turns, isRefused: () => used.isRefused, release };
}

/**
 * Start the context now if the browser lets it, else with the first touch of the page.
 *
 * @param {Loudspeaker} loudspeaker
 * @returns {() => void} stop waiting for it
 */
function wakeOnGesture(loudspeaker) {
  const { context } = loudspeaker;
  const wake = async () => {
    void context.resume();
    loudspeaker.isRefused = !(await mayPlay());
    // Firefox does not come back to a `resume()` that it has refused.
    if (!loudspeaker.isRefused) void context.resume();
  };
  const release = () => {
    for (const gesture of GESTURES) document.removeEventListener(gesture, wake, true);
    context.removeEventListener("statechange", onStateChange);
  };
  const onStateChange = () => {
    if (context.state !== "running") return;
    loudspeaker.isRefused = false;
    release();
  };
  if (context.state === "running") return () => {};
  for (const gesture of GESTURES) document.addEventListener(gesture, wake, true);
  context.addEventListener("statechange", onStateChange);
  void wake();
  return release;
}

/**
 * Ask the browser whether the page may sound by now. A context does not tell: its `resume()` stays pending where
 * it is refused and, for a second or more, where the sound card only starts. Playing a sample of silence fails
 * at once with a NotAllowedError where a touch is wanted (HTML, "media playback", `play()`).
 *
 * @returns {Promise<boolean>} also true where the browser does not say
 */
async function mayPlay() {
  const silence = URL.createObjectURL(wavBlob([new Uint8Array(2)], SILENCE_RATE));
  const audio = new Audio(silence);
  const release = () => {
    asking.delete(audio);
    URL.revokeObjectURL(silence);
  };
  asking.add(audio);
  audio.addEventListener("ended", release, { once: true });
  try {
    await audio.play();
    return true;
  } catch (error) {
    release();
    return !(error instanceof DOMException && error.name === "NotAllowedError");
  }
}

/**
 * The silences that play, each until its end. One that nobody holds may be collected earlier: Chromium then never
 * says whether it plays, and WebKitGTK (2.50, GStreamer) waits for its decoder, which waits for the page, for ever.
 *
 * @type {Set<HTMLAudioElement>}
 */
const asking = new Set();
