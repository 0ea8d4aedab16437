/**
 * @file Record what the microphone hears, as 16 kHz mono PCM16, which is what speech models listen to.
 *
 * Echo cancellation and noise suppression are off: both are made for telephone calls, take music, animals
 * and machines for noise, and a question may be about those. Whoever records silences the loudspeaker
 * first. So is the automatic gain: Chromium's drives speech of an ordinary level into clipping.
 */
import { openCapture } from "./capture.js";
import { DeviceError, deviceAccess, deviceError, openStream } from "./device.js";
import { concatenated, float32ToPcm16, resampled } from "../sound/samples.js";

const RECORDING_SAMPLE_RATE = 16000;

/** @type {MediaStreamConstraints} */
const CONSTRAINTS = {
  audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  video: false,
};
const REPORT_SECONDS = 0.05;
/** What was said just before the button was let go is still on its way. */
const LATE_MILLISECONDS = 120;
/** A microphone that has given nothing at all by then gives nothing. */
const PATIENCE_MILLISECONDS = 1000;
/** The level is 0 from here down. */
const QUIETEST_DECIBELS = -60;

/**
 * @typedef {object} Recording
 * @property {Int16Array<ArrayBuffer>} samples
 * @property {typeof RECORDING_SAMPLE_RATE} sampleRate
 * @property {number} seconds
 *
 * @typedef {"limit" | "unplugged"} RecordingEnd
 *
 * @typedef {object} RecordingOptions
 * @property {number} mostSeconds
 * @property {(level: number) => void} [onLevel] from 0 to 1, about twenty times a second
 * @property {(seconds: number) => void} [onSeconds] the length so far, as often
 * @property {(reason: RecordingEnd) => void} [onEnd] the recording has ended by itself; `stop` gives what there is
 */

export class Microphone {
  /** @type {Take | null} */ #take = null;

  /** @returns {"yes" | "insecure" | "missing"} */
  static isPossible() {
    const access = deviceAccess();
    return access === "yes" && !globalThis.AudioContext ? "missing" : access;
  }

  /** Whether a recording was started, and neither stopped nor cancelled. */
  get isOn() {
    return this.#take !== null;
  }

  /**
   * Ask for the microphone and record; true once it does, false when it was stopped or cancelled before.
   *
   * @param {RecordingOptions} options
   * @returns {Promise<boolean>}
   * @throws {DeviceError}
   */
  async start(options) {
    this.cancel();
    const take = (this.#take = new Take(options));
    try {
      return await take.open();
    } catch (error) {
      take.close();
      if (this.#take === take) this.#take = null;
      throw deviceError(error);
    }
  }

  /**
   * End the recording, which is empty when it had not begun.
   *
   * @returns {Promise<Recording>}
   * @throws {DeviceError} of code "silent"
   */
  async stop() {
    const take = this.#take;
    this.#take = null;
    return take ? take.finish() : recordingOf(new Int16Array());
  }

  /** End the recording and keep nothing. */
  cancel() {
    this.#take?.close();
    this.#take = null;
  }
}

/** One recording. */
class Take {
  #options;
  #closing = new AbortController();
  /** @type {number} of the pieces */ #sampleRate = RECORDING_SAMPLE_RATE;
  /** @type {Float32Array[]} */ #pieces = [];
  #frames = 0;
  /** @type {Float32Array[]} */ #unreported = [];
  #unreportedFrames = 0;
  /** @type {number | null} in milliseconds of unix time */ #openedAt = null;
  #isFinishing = false;

  /** @param {RecordingOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** The longest recording in frames, at its rate. */
  get #mostFrames() {
    return Math.round(this.#options.mostSeconds * RECORDING_SAMPLE_RATE);
  }

  /** @returns {Promise<boolean>} */
  async open() {
    const { signal } = this.#closing;
    const stream = await openStream(CONSTRAINTS, signal);
    if (!stream || signal.aborted) return false;
    for (const track of stream.getTracks()) track.addEventListener("ended", () => this.#end("unplugged"));
    await openCapture(stream, {
      sampleRate: RECORDING_SAMPLE_RATE,
      onSamples: (samples, sampleRate) => this.#collect(samples, sampleRate),
      signal,
    });
    this.#openedAt = Date.now();
    return !signal.aborted;
  }

  /** Switch everything off. */
  close() {
    this.#closing.abort();
  }

  /** @returns {Promise<Recording>} */
  async finish() {
    const openedAt = this.#openedAt;
    if (openedAt === null) {
      this.close();
      return recordingOf(new Int16Array());
    }
    this.#isFinishing = true;
    if (!this.#closing.signal.aborted) await new Promise((resolve) => setTimeout(resolve, LATE_MILLISECONDS));
    this.close();
    const samples = resampled(concatenated(this.#pieces), this.#sampleRate, RECORDING_SAMPLE_RATE);
    const pcm = float32ToPcm16(samples.subarray(0, this.#mostFrames));
    const isAudible = pcm.some((sample) => sample !== 0);
    // A button that was only tapped is another matter.
    if (!isAudible && (pcm.length > 0 || Date.now() - openedAt > PATIENCE_MILLISECONDS)) throw new DeviceError("silent");
    return recordingOf(pcm);
  }

  /** @param {RecordingEnd} reason */
  #end(reason) {
    if (this.#closing.signal.aborted) return;
    this.close();
    if (!this.#isFinishing) this.#options.onEnd?.(reason);
  }

  /**
   * @param {Float32Array} samples
   * @param {number} sampleRate the same each time
   */
  #collect(samples, sampleRate) {
    this.#sampleRate = sampleRate;
    const mostFrames = Math.ceil((this.#mostFrames * this.#sampleRate) / RECORDING_SAMPLE_RATE);
    const kept = samples.subarray(0, mostFrames - this.#frames);
    this.#pieces.push(kept);
    this.#frames += kept.length;
    const isFull = this.#frames >= mostFrames;
    this.#report(kept, isFull);
    if (isFull) this.#end("limit");
  }

  /**
   * @param {Float32Array} samples
   * @param {boolean} isLast
   */
  #report(samples, isLast) {
    this.#unreported.push(samples);
    this.#unreportedFrames += samples.length;
    if (this.#unreportedFrames < REPORT_SECONDS * this.#sampleRate && !isLast) return;
    this.#options.onLevel?.(levelOf(concatenated(this.#unreported)));
    this.#options.onSeconds?.(this.#frames / this.#sampleRate);
    this.#unreported = [];
    this.#unreportedFrames = 0;
  }
}

/**
 * Return the level of samples, from 0 to 1 as the ear hears it: every tenth is 6 dB.
 *
 * @param {Float32Array} samples
 */
export function levelOf(samples) {
  const energy = samples.reduce((total, sample) => total + sample * sample, 0);
  if (energy === 0) return 0;
  const decibels = 10 * Math.log10(energy / samples.length);
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DECIBELS));
}

/**
 * @param {Int16Array<ArrayBuffer>} samples
 * @returns {Recording}
 */
function recordingOf(samples) {
  return { samples, sampleRate: RECORDING_SAMPLE_RATE, seconds: samples.length / RECORDING_SAMPLE_RATE };
}
