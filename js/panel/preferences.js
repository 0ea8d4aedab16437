/** @file Keep how a person wants to hear speech: the same for all that plays on the page, stored in the browser. */
import { onPage } from "../sound/loudspeaker.js";
import { localStore } from "./storage.js";

/** @typedef {{volume: number, isMuted: boolean, speed: number}} Settings */

export const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const KEY = "omni_nb.sound";
/** @type {Settings} */
const USUAL = { volume: 1, isMuted: false, speed: 1 };

/**
 * Read the stored settings, as far as they make sense.
 *
 * @param {string | null} kept
 * @returns {Settings}
 */
function readSettings(kept) {
  /** @type {Partial<Record<keyof Settings, unknown>>} */
  let values;
  try {
    values = JSON.parse(kept ?? "{}") ?? {};
  } catch {
    return USUAL;
  }
  const { volume, isMuted, speed } = values;
  return {
    volume: typeof volume === "number" && volume >= 0 && volume <= 1 ? volume : USUAL.volume,
    isMuted: isMuted === true,
    speed: typeof speed === "number" && SPEEDS.includes(speed) ? speed : USUAL.speed,
  };
}

export class Preferences {
  #store = localStore();
  /** @type {Set<() => void>} */ #listeners = new Set();
  /** @type {Settings} */ #settings = readSettings(this.#store.get(KEY));

  get settings() {
    return this.#settings;
  }

  /** @param {Partial<Settings>} change */
  set(change) {
    this.#settings = { ...this.#settings, ...change };
    this.#store.set(KEY, JSON.stringify(this.#settings));
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * @param {() => void} callback
   * @returns {() => void}
   */
  onChange(callback) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }
}

/** Return the preferences of the page: every panel has the same. */
export function sharedPreferences() {
  return onPage("preferences.1", () => new Preferences());
}
