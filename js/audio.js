/**
 * @file Gapless playback of speech that is still arriving: planning as pure functions, `Turns` so that
 * answers do not talk over each other, and `Engine`, which hands the samples to the sound card.
 *
 * Every chunk becomes one AudioBufferSourceNode that starts on the very frame where the one before
 * ends. The context runs at the rate of the speech: resampling chunk by chunk clicks at the borders.
 */

/**
 * Time the audio thread gets to notice a newly scheduled node. On a busy machine it renders ahead in
 * bursts; a node that comes too late is heard late and overlaps the one after it.
 */
export const START_MARGIN_SECONDS = 0.05;
export const SMALLEST_GROWN_PREBUFFER_SECONDS = 0.1;
export const LARGEST_GROWN_PREBUFFER_SECONDS = 1;
/** A speaker that has been silent for so long (a dead stream) loses its turn to the next. */
export const PATIENCE_SECONDS = 3;
/** Stopping fades this quickly: at once to the ear, but without a click. */
export const FADE_SECONDS = 0.015;
/** Only after so long does a silent sound card mean that the browser wants a click. */
export const WAKING_MILLISECONDS = 300;
/** With nothing to play for so long the sound card may rest. */
export const REST_MILLISECONDS = 5000;
const TICK_MILLISECONDS = 50;

/**
 * Little-endian 16 bit samples as floats; the inverse of what the sound card does, so exact.
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
 * Where the held sound starts and how much silence that leaves before it; null means: wait.
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
 * Is it too late to join the next chunk on without a gap?
 *
 * @param {number} nowFrame
 * @param {number} nextFrame
 * @param {number} marginFrames
 */
export function isDry(nowFrame, nextFrame, marginFrames) {
  return nextFrame < nowFrame + marginFrames;
}

/**
 * The pre-buffer after an underrun: half as much again, to a second (a larger one given stays as it is).
 *
 * @param {number} seconds
 */
export function growPrebuffer(seconds) {
  const grown = Math.max(seconds * 1.5, SMALLEST_GROWN_PREBUFFER_SECONDS);
  return Math.max(seconds, Math.min(grown, LARGEST_GROWN_PREBUFFER_SECONDS));
}

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
 * Every widget model loads its own copy of this module, so what is shared hangs on the page.
 *
 * @returns {SharedAudio}
 */
export function sharedAudio() {
  const key = Symbol.for("omni_nb.audio.1");
  const page = /** @type {Record<symbol, SharedAudio | undefined>} */ (/** @type {unknown} */ (globalThis));
  return (page[key] ??= { loudspeakers: new Map(), turns: new Turns(), owners: new Map() });
}

/**
 * The page's audio context of this sample rate, kept awake until every user has released it: a context
 * that runs keeps the sound card and the computer from sleeping.
 *
 * @param {number} sampleRate
 * @returns {{context: AudioContext, release: () => void}}
 */
export function useContext(sampleRate) {
  const { loudspeakers } = sharedAudio();
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
  return { context, release };
}

/**
 * Browsers keep a page silent until somebody touches it: start the context with the first touch.
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
 * Plays one answer. Give it samples with `push`, then `end`; nothing sounds before `start`. `onChange` is
 * called as things happen.
 */
export class Engine {
  underruns = 0;
  gapSeconds = 0;
  /** @type {number | null} when the first sample left the loudspeaker, in unix seconds */
  firstSoundAt = null;

  /** @type {AudioContext} */ #context;
  /** @type {GainNode} */ #output;
  /** @type {Turns} */ #turns;
  /** @type {() => void} */ #onChange;
  /** @type {Set<AudioBufferSourceNode>} */ #sources = new Set();
  /** @type {Float32Array<ArrayBuffer>[]} */ #held = [];
  #heldFrames = 0;
  #scheduledFrames = 0;
  /** @type {number | null} */ #firstFrame = null;
  /** @type {number | null} */ #nextFrame = null;
  #prebufferSeconds;
  #isUnderrun = false;
  #isStarted = false;
  #isQueued = false;
  #isEnded = false;
  #isMuted = false;
  #pushedAt = 0;
  /** @type {number | null} in milliseconds of the clock on the wall */ #firstPushAt = null;
  /** @type {"done" | "stopped" | null} */ #outcome = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {{context: AudioContext, turns: Turns, prebufferSeconds: number, onChange: () => void}} options */
  constructor({ context, turns, prebufferSeconds, onChange }) {
    this.#context = context;
    this.#turns = turns;
    this.#prebufferSeconds = prebufferSeconds;
    this.#onChange = onChange;
    this.#output = context.createGain();
    this.#output.connect(context.destination);
  }

  /** @returns {EngineState} */
  get state() {
    if (this.#outcome) return this.#outcome;
    if (!this.hasSound) return "empty";
    if (this.#context.state !== "running") return this.#isWaking ? "buffering" : "blocked";
    if (this.#isQueued) return "queued";
    return this.#remainingFrames > 0 ? "speaking" : "buffering";
  }

  get hasSound() {
    return this.#scheduledFrames + this.#heldFrames > 0;
  }

  /** Even where it may, the sound card takes a moment to start. */
  get #isWaking() {
    return Date.now() - (this.#firstPushAt ?? Date.now()) < WAKING_MILLISECONDS;
  }

  get isOver() {
    return this.#outcome !== null;
  }

  get isMuted() {
    return this.#isMuted;
  }

  /** Has nothing come and nothing sounded for too long? */
  get isIdle() {
    const quietSince = Math.max(this.#pushedAt, (this.#nextFrame ?? 0) / this.#context.sampleRate);
    return this.#context.currentTime - quietSince > PATIENCE_SECONDS;
  }

  get heardSeconds() {
    return Math.max(0, this.#scheduledFrames - this.#remainingFrames) / this.#context.sampleRate;
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
    return Math.max(0, (this.#nextFrame ?? 0) - this.#nowFrame);
  }

  /** From now on it may sound. */
  start() {
    this.#isStarted = true;
    this.pump();
  }

  /** @param {Float32Array<ArrayBuffer>} samples */
  push(samples) {
    if (this.isOver || samples.length === 0) return;
    this.#held.push(samples);
    this.#heldFrames += samples.length;
    this.#pushedAt = this.#context.currentTime;
    this.#firstPushAt ??= Date.now();
    this.pump();
  }

  /** Nothing more will arrive: play what is there. */
  end() {
    this.#isEnded = true;
    this.pump();
  }

  /** Be silent, now and for good. */
  stop() {
    if (this.isOver) return;
    const now = this.#context.currentTime;
    this.#output.gain.setValueAtTime(this.#output.gain.value, now);
    this.#output.gain.linearRampToValueAtTime(0, now + FADE_SECONDS);
    for (const source of this.#sources) source.stop(now + 2 * FADE_SECONDS);
    setTimeout(() => this.#output.disconnect(), 200);
    this.#finish("stopped");
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted;
    if (!this.isOver) this.#output.gain.value = isMuted ? 0 : 1;
    this.#onChange();
  }

  /** Schedule what can be scheduled and notice what has happened. */
  pump() {
    if (this.isOver) return;
    this.#noticeUnderrun();
    this.#schedule();
    this.#noticeFirstSound();
    if (this.#isEnded && this.#heldFrames === 0 && this.#remainingFrames === 0) {
      this.#output.disconnect();
      return this.#finish("done");
    }
    if (this.hasSound && this.#isStarted) this.#tickLater();
    this.#onChange();
  }

  #noticeUnderrun() {
    if (this.#isUnderrun || this.#isEnded || this.#nextFrame === null) return;
    if (!isDry(this.#nowFrame, this.#nextFrame, this.#marginFrames)) return;
    this.#isUnderrun = true;
    this.#prebufferSeconds = growPrebuffer(this.#prebufferSeconds);
  }

  #schedule() {
    if (this.#heldFrames === 0 || !this.#isStarted) return;
    this.#isQueued = !this.#turns.ask(this);
    if (this.#isQueued || !planStart(this.#situation)) return;
    const sources = this.#held.map((samples) => this.#makeSource(samples));
    // Only now: making them takes a moment, in which the sound card has moved on.
    const plan = planStart(this.#situation);
    if (plan) this.#start(sources, plan.startFrame, plan.gapFrames);
  }

  /** @returns {Situation} */
  get #situation() {
    return {
      nowFrame: this.#nowFrame,
      nextFrame: this.#nextFrame,
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
    source.connect(this.#output);
    source.onended = () => this.#sources.delete(source);
    return source;
  }

  /**
   * @param {AudioBufferSourceNode[]} sources of what is held
   * @param {number} startFrame
   * @param {number} gapFrames
   */
  #start(sources, startFrame, gapFrames) {
    const { sampleRate } = this.#context;
    let frame = startFrame;
    for (const source of sources) {
      source.start(frame / sampleRate);
      this.#sources.add(source);
      frame += source.buffer?.length ?? 0;
    }
    if (gapFrames > 0) {
      this.underruns += 1;
      this.gapSeconds += gapFrames / sampleRate;
    }
    this.#isUnderrun = false;
    this.#firstFrame ??= startFrame;
    this.#nextFrame = frame;
    this.#scheduledFrames += this.#heldFrames;
    this.#held = [];
    this.#heldFrames = 0;
  }

  #noticeFirstSound() {
    if (this.firstSoundAt !== null || this.#firstFrame === null) return;
    const { currentTime, sampleRate, outputLatency } = this.#context;
    const secondsAgo = currentTime - this.#firstFrame / sampleRate;
    if (secondsAgo >= 0) this.firstSoundAt = Date.now() / 1000 - secondsAgo + (outputLatency || 0);
  }

  /** A timer, not animation frames: those stop in hidden tabs. */
  #tickLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.pump(), TICK_MILLISECONDS);
  }

  /** @param {"done" | "stopped"} outcome */
  #finish(outcome) {
    this.#outcome = outcome;
    this.#held = [];
    this.#heldFrames = 0;
    clearTimeout(this.#timer);
    this.#turns.leave(this);
    this.#onChange();
  }
}
