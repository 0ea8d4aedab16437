/** @file Speak one turn while it is answered, on the page that asked. */
import { reportOf } from "../player/report.js";
import { Engine, pcm16ToFloat32 } from "../sound/engine.js";
import { useContext } from "../sound/loudspeaker.js";
import { sessionStore } from "./storage.js";

/**
 * @typedef {import("./preferences.js").Preferences} Preferences
 * @typedef {import("../player/report.js").Report} Report
 *
 * @typedef {object} SpeechOptions
 * @property {string} turn its id
 * @property {number} sampleRate
 * @property {number} prebufferSeconds
 * @property {Preferences} preferences
 * @property {() => void} onChange
 * @property {(report: Report) => void} onReport
 */

const KEEP_MILLISECONDS = 1000;
/** Speech that was heard longer ago than this does not go on: it would startle. */
const FRESH_MILLISECONDS = 30_000;

/** How far a turn was heard, so that a reloaded page goes on there. */
export class Progress {
  #store = sessionStore();
  #key;
  #keptAt = 0;

  /** @param {string} turn */
  constructor(turn) {
    this.#key = `omni_nb.heard.${turn}`;
  }

  /** Frames that were heard a moment ago; null when nothing was. */
  get frames() {
    const [frames, at] = (this.#store.get(this.#key) ?? "").split(" ").map(Number);
    return frames > 0 && Date.now() - at < FRESH_MILLISECONDS ? frames : null;
  }

  /** @param {number} frames */
  keep(frames) {
    const now = Date.now();
    if (now - this.#keptAt < KEEP_MILLISECONDS || !(frames > 0)) return;
    this.#keptAt = now;
    this.#store.set(this.#key, `${Math.floor(frames)} ${now}`);
  }

  forget() {
    this.#store.remove(this.#key);
  }
}

export class Speech {
  /** @type {Engine} */ #engine;
  /** @type {SpeechOptions} */ #options;
  #progress;
  #releaseContext;
  #ignorePreferences;
  /** @type {Report["state"] | ""} */ #lastReport = "";
  #isStarted = false;

  /** @param {SpeechOptions} options */
  constructor(options) {
    this.#options = options;
    const { release, ...loudspeaker } = useContext(options.sampleRate);
    this.#releaseContext = release;
    this.#engine = new Engine({
      ...loudspeaker,
      prebufferSeconds: options.prebufferSeconds,
      onChange: () => this.#changed(),
    });
    this.#progress = new Progress(options.turn);
    const { frames } = this.#progress;
    if (frames !== null) this.#engine.startAt(frames);
    this.#applyPreferences();
    this.#ignorePreferences = options.preferences.onChange(() => this.#applyPreferences());
    window.addEventListener("pagehide", this.#keepProgress);
  }

  /** Let the speech sound from now on. */
  start() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#engine.start();
  }

  /** @param {Uint8Array} bytes */
  push(bytes) {
    if (bytes.byteLength > 0) this.#engine.push(pcm16ToFloat32(bytes));
  }

  /** End the speech: nothing more will come. */
  end() {
    this.#engine.end();
  }

  /** Be silent, now and for good. */
  stop() {
    this.#engine.stop();
  }

  /** Stop when the page or the panel goes; what was heard stays known, so that a reload goes on. */
  dispose() {
    this.#keepProgress();
    this.#release();
    this.#options.onChange = () => {};
    this.#options.onReport = () => {};
    this.#engine.stop();
  }

  /** Store the exact frame: from the last stored one on, speech would be heard twice. */
  #keepProgress = () => {
    const { heardFrames, isOver } = this.#engine;
    if (!isOver) new Progress(this.#options.turn).keep(heardFrames);
  };

  #release() {
    this.#ignorePreferences?.();
    this.#releaseContext();
    window.removeEventListener("pagehide", this.#keepProgress);
  }

  get state() {
    return this.#engine.state;
  }

  get isOver() {
    return this.#engine.isOver;
  }

  get hasAudio() {
    return this.#engine.hasAudio;
  }

  get heardSeconds() {
    return this.#engine.heardSeconds;
  }

  #applyPreferences() {
    const { volume, isMuted, speed } = this.#options.preferences.settings;
    if (this.#engine.isMuted !== isMuted) this.#engine.mute(isMuted);
    this.#engine.setVolume(volume);
    this.#engine.setSpeed(speed);
  }

  #changed() {
    if (!this.#engine) return;
    this.#report();
    if (this.#engine.isOver) {
      this.#progress.forget();
      this.#release();
    } else {
      this.#progress.keep(this.#engine.heardFrames);
    }
    this.#options.onChange();
  }

  /** Tell Python at the first sound, and when the sound is over. */
  #report() {
    const report = this.#isStarted ? reportOf(this.#engine) : null;
    if (!report || report.state === this.#lastReport) return;
    this.#lastReport = report.state;
    this.#options.onReport(report);
  }
}
