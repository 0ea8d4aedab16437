/**
 * @file Stretch speech, faster or slower at the same pitch: a streaming WSOLA time-stretcher (waveform similarity
 * overlap-add, Verhelst and Roelands 1993).
 *
 * The output is made hop by hop. Each hop fades from the speech as it would go on by itself to a place near
 * the one that the speed asks for, chosen so that the two waveforms lie on each other. So at every border
 * of hops the output *is* the speech at a place that is known to the frame (`marks`): there one may change
 * to any other speed, or to the plain samples, without a crossfade and without losing anything.
 */
import { concatenated } from "./samples.js";

/** Longer than a period of the lowest voice, shorter than a sound of speech. */
const HOP_SECONDS = 0.015;
/** How far from where it should be a place may lie: there and back is a period of the lowest voice. */
const REACH_SECONDS = 0.009;
/** The first look for the best place uses about this rate: the pitch, which has to fit, is far below. */
const COARSE_RATE = 8000;

export class Stretcher {
  /**
   * Of the last `push` or `flush`: where in the speech its output begins, is after each hop, and ends.
   *
   * @type {number[]}
   */
  marks = [0];

  #speed;
  #hopFrames;
  #reachFrames;
  #stride;
  #fade;
  #samples = new Float32Array(0);
  /** Of the speech: where `#samples` begins and where the next hop begins. */
  #samplesFrom = 0;
  #position = 0;
  #hops = 0;

  /** @param {{speed: number, sampleRate: number}} options */
  constructor({ speed, sampleRate }) {
    this.#speed = speed;
    this.#hopFrames = Math.round(HOP_SECONDS * sampleRate);
    this.#reachFrames = Math.round(REACH_SECONDS * sampleRate);
    this.#stride = Math.max(1, Math.round(sampleRate / COARSE_RATE));
    this.#fade = fadeIn(this.#hopFrames);
  }

  get speed() {
    return this.#speed;
  }

  get hopFrames() {
    return this.#hopFrames;
  }

  /** How many frames of the speech the output so far stands for. */
  get position() {
    return this.#position;
  }

  /**
   * Take in more of the speech; return what can be said by now, in whole hops.
   *
   * @param {Float32Array} samples
   * @returns {Float32Array<ArrayBuffer>}
   */
  push(samples) {
    this.#samples = joined(this.#samples, samples);
    const hops = this.#makeHops(false);
    this.#forget();
    return concatenated(hops);
  }

  /**
   * End the speech, and return the rest of it.
   *
   * @returns {Float32Array<ArrayBuffer>}
   */
  flush() {
    const hops = this.#makeHops(true);
    // Too short for a hop; at its own speed it is soon over.
    const rest = this.#samples.slice(this.#position - this.#samplesFrom);
    if (rest.length > 0) {
      this.#position += rest.length;
      this.marks.push(this.#position);
    }
    return concatenated([...hops, rest]);
  }

  get #end() {
    return this.#samplesFrom + this.#samples.length;
  }

  /** The place the next hop should fade to, going by the speed alone. */
  get #target() {
    return Math.round((this.#hops + 1) * this.#hopFrames * this.#speed) - this.#hopFrames;
  }

  /**
   * @param {boolean} isLast
   * @returns {Float32Array<ArrayBuffer>[]}
   */
  #makeHops(isLast) {
    const hops = [];
    this.marks = [this.#position];
    while (this.#canMakeHop(isLast)) hops.push(this.#makeHop());
    return hops;
  }

  /** @param {boolean} isLast */
  #canMakeHop(isLast) {
    const reach = isLast ? -this.#reachFrames : this.#reachFrames;
    return Math.max(this.#position, this.#target + reach, 0) + this.#hopFrames <= this.#end;
  }

  /** @returns {Float32Array<ArrayBuffer>} */
  #makeHop() {
    const from = this.#position - this.#samplesFrom;
    const to = this.#findPlace(from);
    const hop = new Float32Array(this.#hopFrames);
    for (let i = 0; i < hop.length; i++) {
      const before = this.#samples[from + i];
      hop[i] = before + this.#fade[i] * (this.#samples[to + i] - before);
    }
    this.#position = this.#samplesFrom + to + this.#hopFrames;
    this.#hops += 1;
    this.marks.push(this.#position);
    return hop;
  }

  /**
   * Find where the waveform is most like the one at `from`: by strides first, then frame by frame around the best.
   *
   * @param {number} from
   */
  #findPlace(from) {
    const target = this.#target - this.#samplesFrom;
    const highest = Math.min(target + this.#reachFrames, this.#samples.length - this.#hopFrames);
    const last = Math.max(0, highest);
    const first = Math.min(last, Math.max(0, target - this.#reachFrames));
    // In silence all places are as good: then the one the speed asks for.
    const start = Math.min(last, Math.max(first, target));
    const stride = this.#stride;
    const coarse = this.#best(from, start, first, last, stride);
    return this.#best(from, coarse, Math.max(first, coarse - stride + 1), Math.min(last, coarse + stride - 1), 1);
  }

  /**
   * @param {number} from
   * @param {number} start what to beat
   * @param {number} first
   * @param {number} last
   * @param {number} stride between places, and between the frames that are compared
   */
  #best(from, start, first, last, stride) {
    let best = start;
    let most = this.#likeness(from, start, stride);
    for (let place = first; place <= last; place += stride) {
      const likeness = this.#likeness(from, place, stride);
      if (likeness > most) [best, most] = [place, likeness];
    }
    return best;
  }

  /**
   * Return the normalised cross-correlation (but for the energy at `from`, which is the same for all places).
   *
   * @param {number} from
   * @param {number} place
   * @param {number} stride
   */
  #likeness(from, place, stride) {
    const samples = this.#samples;
    let product = 0;
    let energy = 0;
    for (let i = 0; i < this.#hopFrames; i += stride) {
      const sample = samples[place + i];
      product += samples[from + i] * sample;
      energy += sample * sample;
    }
    return energy > 0 ? product / Math.sqrt(energy) : 0;
  }

  /** Forget what no later hop can reach any more. */
  #forget() {
    const keptFrom = Math.min(this.#position, Math.max(0, this.#target - this.#reachFrames), this.#end);
    this.#samples = this.#samples.slice(keptFrom - this.#samplesFrom);
    this.#samplesFrom = keptFrom;
  }
}

/**
 * Return half a Hann window: fading out and in add up to 1.
 *
 * @param {number} frames
 */
function fadeIn(frames) {
  return Float32Array.from({ length: frames }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * i) / frames));
}

/**
 * @param {Float32Array} left
 * @param {Float32Array} right
 */
function joined(left, right) {
  return left.length === 0 ? right.slice() : concatenated([left, right]);
}
