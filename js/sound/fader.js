/** @file Change the volume without a click. */

/** At once to the ear. */
export const FADE_SECONDS = 0.015;

export class Fader {
  /** @type {GainNode} what sounds is connected to it */ node;
  #context;
  #from = 1;
  #to = 1;
  #endsAt = 0;

  /** @param {AudioContext} context */
  constructor(context) {
    this.#context = context;
    this.node = context.createGain();
    this.node.connect(context.destination);
  }

  /**
   * Compute the level at a time: Firefox does not say where a ramp is.
   *
   * @param {number} time
   */
  #levelAt(time) {
    const left = Math.min(1, Math.max(0, (this.#endsAt - time) / FADE_SECONDS));
    return this.#to + (this.#from - this.#to) * left;
  }

  /** @param {number} level from 0 to 1 */
  turnTo(level) {
    if (level === this.#to) return;
    const now = this.#context.currentTime;
    this.#from = this.#levelAt(now);
    this.#to = level;
    this.#endsAt = now + FADE_SECONDS;
    const { gain } = this.node;
    gain.cancelScheduledValues(now);
    gain.setValueAtTime(this.#from, now);
    gain.linearRampToValueAtTime(level, this.#endsAt);
  }
}
