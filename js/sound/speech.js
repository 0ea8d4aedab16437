/**
 * @file Keep the speech of one answer as it has arrived (`Speech`), and read it from any place on at any speed
 * (`Reader`), in pieces that become one node of the sound card each.
 */
import { concatenated } from "./samples.js";
import { Stretcher } from "./stretch.js";

/**
 * @typedef {object} Piece
 * @property {Float32Array<ArrayBuffer>} samples as they sound
 * @property {number[]} marks where in the speech it begins, is after each hop, and ends
 * @property {number} hopFrames of the sound between marks (but before the last one)
 * @property {boolean} isExact sample for sample the speech; otherwise it may be cut at its marks only
 */

/** Frames are counted from the beginning of the answer. */
export class Speech {
  /** How much has arrived. */
  frames = 0;
  /** @type {{frame: number, samples: Float32Array<ArrayBuffer>}[]} */
  #arrivals = [];

  /** @param {Float32Array<ArrayBuffer>} samples */
  push(samples) {
    this.#arrivals.push({ frame: this.frames, samples });
    this.frames += samples.length;
  }

  /**
   * Return what has arrived from `first` up to `end`, in the portions in which it came.
   *
   * @param {number} first
   * @param {number} end
   * @returns {Float32Array<ArrayBuffer>[]}
   */
  portions(first, end) {
    return this.#arrivals
      .filter(({ frame, samples }) => frame < end && frame + samples.length > first)
      .map(({ frame, samples }) => samples.subarray(Math.max(0, first - frame), end - frame));
  }

  /**
   * Forget what comes before `frame`.
   *
   * @param {number} frame
   */
  forget(frame) {
    while (this.#arrivals.length > 0) {
      const [{ frame: start, samples }] = this.#arrivals;
      if (start + samples.length > frame) return;
      this.#arrivals.shift();
    }
  }
}

export class Reader {
  #speech;
  #sampleRate;
  #position = 0;
  /** @type {Stretcher | null} */ #stretcher = null;
  /** Where the stretcher began, and up to where it has the speech. */
  #stretchedFrom = 0;
  #stretchedTo = 0;

  /**
   * @param {Speech} speech
   * @param {number} sampleRate
   */
  constructor(speech, sampleRate) {
    this.#speech = speech;
    this.#sampleRate = sampleRate;
  }

  /** @param {number} frame read on from there */
  seek(frame) {
    this.#position = frame;
    this.#stretcher = null;
  }

  /**
   * Read on: all that has arrived when the speed is 1, else up to `mostFrames`, as stretching takes its time.
   *
   * @param {{speed: number, mostFrames: number, isEnded: boolean}} options
   * @returns {Piece[]}
   */
  read({ speed, mostFrames, isEnded }) {
    if (speed === 1) return this.#readPlainly();
    if (this.#stretcher?.speed !== speed) this.#beginToStretch(speed);
    const piece = this.#stretch(/** @type {Stretcher} */ (this.#stretcher), mostFrames, isEnded);
    return piece.samples.length > 0 ? [piece] : [];
  }

  /** @returns {Piece[]} */
  #readPlainly() {
    let from = this.#position;
    this.seek(this.#speech.frames);
    return this.#speech.portions(from, this.#speech.frames).map((samples) => {
      const marks = [from, (from += samples.length)];
      return { samples, marks, hopFrames: samples.length, isExact: true };
    });
  }

  /** @param {number} speed */
  #beginToStretch(speed) {
    this.#stretcher = new Stretcher({ speed, sampleRate: this.#sampleRate });
    this.#stretchedFrom = this.#stretchedTo = this.#position;
  }

  /**
   * @param {Stretcher} stretcher
   * @param {number} mostFrames
   * @param {boolean} isEnded
   * @returns {Piece}
   */
  #stretch(stretcher, mostFrames, isEnded) {
    const end = Math.min(this.#speech.frames, this.#stretchedTo + mostFrames);
    const portion = concatenated(this.#speech.portions(this.#stretchedTo, end));
    this.#stretchedTo = end;
    let samples = stretcher.push(portion);
    let { marks } = stretcher;
    if (isEnded && end === this.#speech.frames) {
      samples = concatenated([samples, stretcher.flush()]);
      marks = [...marks, ...stretcher.marks.slice(1)];
    }
    this.#position = this.#stretchedFrom + stretcher.position;
    const { hopFrames } = stretcher;
    return { samples, marks: marks.map((mark) => mark + this.#stretchedFrom), hopFrames, isExact: false };
  }
}
