/**
 * @file Play speech without gaps while it still arrives: planning as pure functions, and `Engine`, which hands
 * the samples to the sound card.
 *
 * Every chunk becomes one AudioBufferSourceNode that starts on the very frame where the one before
 * ends. The context runs at the rate of the speech: resampling chunk by chunk clicks at the borders.
 * At speed 1 every sample reaches the sound card as it came.
 */
import { FADE_SECONDS, Fader } from "./fader.js";
import { Reader, Speech } from "./speech.js";
import { Timeline } from "./timeline.js";

/**
 * Time the audio thread gets to notice a newly scheduled node. On a busy machine it renders ahead in
 * bursts; a node that comes too late is heard late and overlaps the one after it.
 */
const START_MARGIN_SECONDS = 0.05;
const SMALLEST_GROWN_PREBUFFER_SECONDS = 0.1;
const LARGEST_GROWN_PREBUFFER_SECONDS = 1;
/** A speaker that has been silent for so long (a dead stream) loses its turn to the next. */
export const PATIENCE_SECONDS = 3;
const TICK_MILLISECONDS = 50;

const SLOWEST = 0.5;
const FASTEST = 2;
/** A new speed is heard after so long: what is nearer stays, so that there is time to plan what follows. */
const CHANGE_SECONDS = 0.2;
/** Hurry while an answer still arrives only with such a lead, and no longer when there is less than that. */
const LEAD_TO_HURRY_SECONDS = 2;
const LEAST_LEAD_SECONDS = 1;
/** Stretched speech is made as it is needed, so far ahead. */
const STRETCHED_AHEAD_SECONDS = 5;
/** So much at a time: little when it is urgent, else enough for timers that come once a second (hidden and muted). */
const URGENT_SECONDS = 0.5;
const STRETCHED_AT_ONCE_SECONDS = 3;

/**
 * Convert little-endian 16 bit samples to floats; the inverse of what the sound card does, so exact.
 *
 * @param {ArrayBufferView} bytes
 * @returns {Float32Array<ArrayBuffer>}
 */
export function pcm16ToFloat32(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(bytes.byteLength >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
  return samples;
}

/**
 * @typedef {object} Situation
 * @property {number} nowFrame where the sound card is
 * @property {number | null} nextFrame where the scheduled sound ends; null before the first
 * @property {number} heldFrames sound that has arrived and is not scheduled
 * @property {number} prebufferFrames sound to hold before starting or starting again
 * @property {number} marginFrames how far ahead a start must be: what is nearer may be rendered already
 * @property {boolean} isEnded nothing more will arrive
 */

/**
 * Plan where the held sound starts and how much silence that leaves before it; null means: wait.
 *
 * @param {Situation} situation
 * @returns {{startFrame: number, gapFrames: number} | null}
 */
export function planStart({ nowFrame, nextFrame, heldFrames, prebufferFrames, marginFrames, isEnded }) {
  if (heldFrames === 0) return null;
  if (nextFrame !== null && !isDry(nowFrame, nextFrame, marginFrames)) return { startFrame: nextFrame, gapFrames: 0 };
  if (heldFrames < prebufferFrames && !isEnded) return null;
  const startFrame = nowFrame + marginFrames;
  return { startFrame, gapFrames: nextFrame === null ? 0 : startFrame - nextFrame };
}

/**
 * Tell whether it is too late to join the next chunk on without a gap.
 *
 * @param {number} nowFrame
 * @param {number} nextFrame
 * @param {number} marginFrames
 */
function isDry(nowFrame, nextFrame, marginFrames) {
  return nextFrame < nowFrame + marginFrames;
}

/**
 * Return the pre-buffer after an underrun: half as much again, to a second (a larger one given stays as it is).
 *
 * @param {number} seconds
 */
export function growPrebuffer(seconds) {
  const grown = Math.max(seconds * 1.5, SMALLEST_GROWN_PREBUFFER_SECONDS);
  return Math.max(seconds, Math.min(grown, LARGEST_GROWN_PREBUFFER_SECONDS));
}

/**
 * - `empty`: no sound has arrived
 * - `buffering`: collecting sound, before the start or after an underrun
 * - `blocked`: the browser wants a click or a key first
 * - `queued`: an earlier answer is still speaking
 * - `speaking`, `done`, `stopped`
 *
 * @typedef {"empty" | "buffering" | "blocked" | "queued" | "speaking" | "done" | "stopped"} EngineState
 */

/**
 * Play one answer: give samples with `push`, then `end`; nothing sounds before `start`. `onChange` is
 * called as things happen.
 */
export class Engine {
  underruns = 0;
  gapSeconds = 0;
  /** @type {number | null} when the first sample was on its way to the loudspeaker, in unix seconds */
  firstHeardAt = null;

  /** @type {AudioContext} */ #context;
  #fader;
  /** @type {import("./loudspeaker.js").Turns} */ #turns;
  /** @type {() => boolean} */ #isRefused;
  /** @type {() => void} */ #onChange;
  #speech = new Speech();
  #timeline = new Timeline();
  #reader;
  /** Of the speech: where it begins to be spoken. */
  #beginFrame = 0;
  /** @type {number | null} */ #firstFrame = null;
  #prebufferSeconds;
  #volume = 1;
  #speed = 1;
  /** The speed at which the answer is spoken by now. */
  #pace = 1;
  #isUnderrun = false;
  #isStarted = false;
  #isQueued = false;
  #isEnded = false;
  #isMuted = false;
  #pushedAt = 0;
  /** @type {"done" | "stopped" | null} */ #outcome = null;
  /** @type {number | null} of the speech, once it is over */ #heardAtEnd = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /**
   * @param {object} options
   * @param {AudioContext} options.context
   * @param {import("./loudspeaker.js").Turns} options.turns
   * @param {() => boolean} options.isRefused whether the browser wants a touch of the page first
   * @param {number} options.prebufferSeconds
   * @param {() => void} options.onChange
   */
  constructor({ context, turns, isRefused, prebufferSeconds, onChange }) {
    this.#context = context;
    this.#turns = turns;
    this.#isRefused = isRefused;
    this.#prebufferSeconds = prebufferSeconds;
    this.#onChange = onChange;
    this.#fader = new Fader(context);
    this.#reader = new Reader(this.#speech, context.sampleRate);
  }

  /** @returns {EngineState} */
  get state() {
    if (this.#outcome) return this.#outcome;
    if (!this.hasAudio) return "empty";
    if (this.#context.state !== "running") return this.#isRefused() ? "blocked" : "buffering";
    if (this.#isQueued) return "queued";
    return this.#remainingFrames > 0 ? "speaking" : "buffering";
  }

  get hasAudio() {
    return this.#timeline.speechFrame > this.#beginFrame || this.#heldFrames > 0;
  }

  get isOver() {
    return this.#outcome !== null;
  }

  get isMuted() {
    return this.#isMuted;
  }

  get volume() {
    return this.#volume;
  }

  /** The wished speed; an answer that arrives with little lead is spoken no faster than at 1. */
  get speed() {
    return this.#speed;
  }

  /** Whether nothing has come and nothing has sounded for too long. */
  get isIdle() {
    const silentSince = Math.max(this.#pushedAt, (this.#timeline.nextFrame ?? 0) / this.#context.sampleRate);
    return this.#context.currentTime - silentSince > PATIENCE_SECONDS;
  }

  /** The frames that were heard of the speech, from its very beginning, whatever the speed. */
  get heardFrames() {
    return this.#heardAtEnd ?? this.#timeline.heardFrame(this.#nowFrame);
  }

  get heardSeconds() {
    return this.heardFrames / this.#context.sampleRate;
  }

  get #nowFrame() {
    return Math.ceil(this.#context.currentTime * this.#context.sampleRate);
  }

  /** The sound card asks for whole buffers: a start inside the one being made would come late. */
  get #marginFrames() {
    const { sampleRate, baseLatency } = this.#context;
    return Math.ceil(Math.max(START_MARGIN_SECONDS, 2 * (baseLatency || 0)) * sampleRate);
  }

  get #remainingFrames() {
    return Math.max(0, (this.#timeline.nextFrame ?? 0) - this.#nowFrame);
  }

  /** The frames of the speech that have arrived and are not scheduled. */
  get #heldFrames() {
    return this.isOver ? 0 : Math.max(0, this.#speech.frames - this.#timeline.speechFrame);
  }

  /**
   * Leave out the first frames of the speech, e.g. what was heard before the page was reloaded; to be
   * called before `start`.
   *
   * @param {number} frames
   */
  startAt(frames) {
    if (this.#isStarted) return;
    this.#beginFrame = frames;
    this.#timeline.begin(frames);
    this.#reader.seek(frames);
  }

  /** Let the speech sound from now on. */
  start() {
    this.#isStarted = true;
    this.pump();
  }

  /** @param {Float32Array<ArrayBuffer>} samples */
  push(samples) {
    if (this.isOver || samples.length === 0) return;
    this.#speech.push(samples);
    this.#pushedAt = this.#context.currentTime;
    this.pump();
  }

  /** End the speech: nothing more will arrive, play what is there. */
  end() {
    this.#isEnded = true;
    this.pump();
  }

  /** Be silent, now and for good. */
  stop() {
    if (this.isOver) return;
    this.#fader.turnTo(0);
    this.#timeline.stop(this.#context.currentTime + 2 * FADE_SECONDS);
    setTimeout(() => this.#fader.node.disconnect(), 200);
    this.#finish("stopped");
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted;
    this.#turnVolume();
  }

  /** @param {number} volume from 0 to 1; muted is muted at any */
  setVolume(volume) {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.#turnVolume();
  }

  #turnVolume() {
    if (!this.isOver) this.#fader.turnTo(this.#isMuted ? 0 : this.#volume);
    this.#onChange();
  }

  /**
   * Speak faster or slower from now on, at the same pitch.
   *
   * @param {number} speed from 0.5 to 2
   */
  setSpeed(speed) {
    const possible = Math.min(FASTEST, Math.max(SLOWEST, speed));
    if (possible === this.#speed) return;
    this.#speed = possible;
    if (this.isOver) this.#onChange();
    else this.pump();
  }

  /** Schedule what can be scheduled and notice what has happened. */
  pump() {
    if (this.isOver) return;
    this.#forgetHeard();
    this.#noticeUnderrun();
    this.#keepPace();
    this.#schedule();
    this.#noticeFirstSound();
    if (this.#isEnded && this.#heldFrames === 0 && this.#remainingFrames === 0) {
      this.#fader.node.disconnect();
      return this.#finish("done");
    }
    if (this.hasAudio && this.#isStarted) this.#tickLater();
    this.#onChange();
  }

  #forgetHeard() {
    this.#timeline.forget(this.#nowFrame);
    // Whatever may be taken back lies ahead.
    this.#speech.forget(this.heardFrames);
  }

  #noticeUnderrun() {
    const { nextFrame } = this.#timeline;
    if (this.#isUnderrun || this.#isEnded || nextFrame === null) return;
    if (!isDry(this.#nowFrame, nextFrame, this.#marginFrames)) return;
    this.#isUnderrun = true;
    this.#prebufferSeconds = growPrebuffer(this.#prebufferSeconds);
  }

  #schedule() {
    if (this.#heldFrames === 0 || !this.#isStarted) return;
    this.#isQueued = !this.#turns.ask(this);
    if (this.#isQueued || !planStart(this.#situation)) return;
    const pieces = this.#read();
    if (pieces.length === 0) return;
    const sources = pieces.map(({ samples }) => this.#makeSource(samples));
    // Only now: making the sources takes a moment, in which the sound card has moved on.
    const plan = planStart(this.#situation);
    if (plan) this.#start(pieces, sources, plan.startFrame, plan.gapFrames);
    else this.#reader.seek(this.#timeline.speechFrame);
  }

  /** @returns {import("./speech.js").Piece[]} */
  #read() {
    const { sampleRate } = this.#context;
    const speed = this.#pace;
    if (speed !== 1 && this.#remainingFrames > STRETCHED_AHEAD_SECONDS * sampleRate) return [];
    const isUrgent = this.#remainingFrames < URGENT_SECONDS * sampleRate;
    const mostFrames = (isUrgent ? URGENT_SECONDS : STRETCHED_AT_ONCE_SECONDS) * sampleRate;
    return this.#reader.read({ speed, mostFrames, isEnded: this.#isEnded });
  }

  /** Take back and plan again, when the pace changes, what is scheduled at the old one. */
  #keepPace() {
    const pace = this.#isTooEarlyToHurry ? 1 : this.#speed;
    if (pace === this.#pace) return;
    this.#pace = pace;
    const { sampleRate } = this.#context;
    const ahead = Math.max(2 * this.#marginFrames, Math.ceil(CHANGE_SECONDS * sampleRate));
    this.#timeline.takeBack(this.#nowFrame + ahead, sampleRate);
    this.#reader.seek(this.#timeline.speechFrame);
  }

  /** Speech that arrives in real time cannot be spoken faster: with little lead that would only stutter. */
  get #isTooEarlyToHurry() {
    if (this.#speed <= 1 || this.#isEnded) return false;
    const leadSeconds = this.#speech.frames / this.#context.sampleRate - this.heardSeconds;
    return leadSeconds < (this.#pace > 1 ? LEAST_LEAD_SECONDS : LEAD_TO_HURRY_SECONDS);
  }

  /** @returns {Situation} */
  get #situation() {
    return {
      nowFrame: this.#nowFrame,
      nextFrame: this.#timeline.nextFrame,
      heldFrames: this.#heldFrames,
      prebufferFrames: Math.round(this.#prebufferSeconds * this.#context.sampleRate),
      marginFrames: this.#marginFrames,
      isEnded: this.#isEnded,
    };
  }

  /**
   * @param {Float32Array<ArrayBuffer>} samples
   * @returns {AudioBufferSourceNode}
   */
  #makeSource(samples) {
    const buffer = this.#context.createBuffer(1, samples.length, this.#context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#fader.node);
    return source;
  }

  /**
   * @param {import("./speech.js").Piece[]} pieces
   * @param {AudioBufferSourceNode[]} sources of the pieces
   * @param {number} startFrame
   * @param {number} gapFrames
   */
  #start(pieces, sources, startFrame, gapFrames) {
    const { sampleRate } = this.#context;
    let frame = startFrame;
    sources.forEach((source, i) => {
      source.start(frame / sampleRate);
      this.#timeline.add(pieces[i], source, frame);
      frame += pieces[i].samples.length;
    });
    if (gapFrames > 0) {
      this.underruns += 1;
      this.gapSeconds += gapFrames / sampleRate;
    }
    this.#isUnderrun = false;
    this.#firstFrame ??= startFrame;
  }

  /**
   * Without the context's `outputLatency`: Firefox (153, PulseAudio) asks the sound card for it while it holds the
   * lock that the sound itself needs, and page and sound stand still for ever, one start in ten.
   */
  #noticeFirstSound() {
    if (this.firstHeardAt !== null || this.#firstFrame === null) return;
    const { currentTime, sampleRate, baseLatency } = this.#context;
    const secondsAgo = currentTime - this.#firstFrame / sampleRate;
    if (secondsAgo >= 0) this.firstHeardAt = Date.now() / 1000 - secondsAgo + (baseLatency || 0);
  }

  /** Tick by a timer, not by animation frames: those stop in hidden tabs. */
  #tickLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.pump(), TICK_MILLISECONDS);
  }

  /** @param {"done" | "stopped"} outcome */
  #finish(outcome) {
    this.#heardAtEnd = this.heardFrames;
    this.#outcome = outcome;
    this.#speech.forget(Infinity);
    clearTimeout(this.#timer);
    this.#turns.leave(this);
    this.#onChange();
  }
}
