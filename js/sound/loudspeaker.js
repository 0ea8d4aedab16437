/**
 * @file Share what all players of a page have in common: one audio context per sample rate, and whose turn it
 * is to speak, so that answers do not talk over each other.
 */

/** With nothing to play for so long the sound card may rest. */
export const REST_MILLISECONDS = 5000;

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
 * @returns {{context: AudioContext, turns: Turns, release: () => void}}
 */
export function useContext(sampleRate) {
  const { loudspeakers, turns } = sharedAudio();
  let loudspeaker = loudspeakers.get(sampleRate);
  if (!loudspeaker) {
    loudspeaker = { context: new AudioContext({ sampleRate }), users: new Set(), restTimer: undefined };
    loudspeakers.set(sampleRate, loudspeaker);
  }
  const { context } = loudspeaker;
  const user = {};
  loudspeaker.users.add(user);
  clearTimeout(loudspeaker.restTimer);
  const ignoreGestures = resumeOnGesture(context);
  const release = () => {
    ignoreGestures();
    if (loudspeaker.users.delete(user) && loudspeaker.users.size === 0) {
      loudspeaker.restTimer = setTimeout(() => void context.suspend(), REST_MILLISECONDS);
    }
  };
  return { context, turns, release };
}

/**
 * Start the context with the first touch: browsers keep a page silent until somebody touches it.
 *
 * @param {AudioContext} context
 * @returns {() => void} stop waiting for it
 */
function resumeOnGesture(context) {
  const resume = () => void context.resume();
  const release = () => {
    document.removeEventListener("pointerdown", resume, true);
    document.removeEventListener("keydown", resume, true);
    context.removeEventListener("statechange", onStateChange);
  };
  const onStateChange = () => {
    if (context.state === "running") release();
  };
  if (context.state === "running") return () => {};
  document.addEventListener("pointerdown", resume, true);
  document.addEventListener("keydown", resume, true);
  context.addEventListener("statechange", onStateChange);
  resume();
  return release;
}
