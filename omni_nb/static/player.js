// js/sound/arrival.js
function unitIndex(text, codePoints) {
  let index = 0;
  for (let left = codePoints; left > 0 && index < text.length; left--) {
    index += /** @type {number} */
    text.codePointAt(index) > 65535 ? 2 : 1;
  }
  return index;
}
function countCodePoints(text) {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
function spliceText(text, codePoints, addition) {
  return text.slice(0, unitIndex(text, codePoints)) + addition;
}
function trimToNew(bytes, offset, total) {
  return bytes.subarray(Math.max(0, total - offset));
}
var Arrival = class {
  text = "";
  textLength = 0;
  totalBytes = 0;
  /**
   * Whether speech was announced and its buffer did not come along. Colab's widget manager has lost them
   * (googlecolab/colab-cdn-widget-manager#8, #33); asking again would bring no more.
   */
  lacksSound = false;
  get isEmpty() {
    return this.textLength === 0 && this.totalBytes === 0;
  }
  /**
   * Take a delta in; gives the bytes that are new, or null when something before it is missing.
   *
   * @param {DeltaMessage} delta
   * @param {Uint8Array} bytes
   * @returns {Uint8Array | null}
   */
  take(delta, bytes) {
    if (delta.text_offset > this.textLength || delta.pcm_offset > this.totalBytes) return null;
    const isNext = delta.text_offset === this.textLength;
    this.text = isNext ? this.text + delta.text : spliceText(this.text, delta.text_offset, delta.text);
    this.textLength = delta.text_offset + countCodePoints(delta.text);
    const fresh = trimToNew(bytes, delta.pcm_offset, this.totalBytes);
    this.totalBytes += fresh.byteLength;
    if (bytes.byteLength < delta.pcm_bytes) {
      this.lacksSound = true;
      this.totalBytes = Math.max(this.totalBytes, delta.pcm_offset + delta.pcm_bytes);
    }
    return fresh;
  }
  /**
   * Tell whether everything is here that the end message speaks of.
   *
   * @param {{text_length: number, total_bytes: number}} end
   */
  isComplete(end) {
    return this.textLength === end.text_length && this.totalBytes >= end.total_bytes;
  }
};

// js/sound/fader.js
var FADE_SECONDS = 0.015;
var Fader = class {
  /** @type {GainNode} what sounds is connected to it */
  node;
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
};

// js/sound/samples.js
function concatenated(pieces) {
  const whole = new Float32Array(pieces.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

// js/sound/stretch.js
var HOP_SECONDS = 0.015;
var REACH_SECONDS = 9e-3;
var COARSE_RATE = 8e3;
var Stretcher = class {
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
};
function fadeIn(frames) {
  return Float32Array.from({ length: frames }, (_, i) => 0.5 - 0.5 * Math.cos(Math.PI * i / frames));
}
function joined(left, right) {
  return left.length === 0 ? right.slice() : concatenated([left, right]);
}

// js/sound/speech.js
var Speech = class {
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
    return this.#arrivals.filter(({ frame, samples }) => frame < end && frame + samples.length > first).map(({ frame, samples }) => samples.subarray(Math.max(0, first - frame), end - frame));
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
};
var Reader = class {
  #speech;
  #sampleRate;
  #position = 0;
  /** @type {Stretcher | null} */
  #stretcher = null;
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
    const piece = this.#stretch(
      /** @type {Stretcher} */
      this.#stretcher,
      mostFrames,
      isEnded
    );
    return piece.samples.length > 0 ? [piece] : [];
  }
  /** @returns {Piece[]} */
  #readPlainly() {
    let from = this.#position;
    this.seek(this.#speech.frames);
    return this.#speech.portions(from, this.#speech.frames).map((samples) => {
      const marks = [from, from += samples.length];
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
};

// js/sound/timeline.js
var Timeline = class {
  /** @type {number | null} where the scheduled sound ends; null before the first */
  nextFrame = null;
  /** Up to where the speech is scheduled. */
  speechFrame = 0;
  /** @type {Entry[]} in order */
  #entries = [];
  /** What had been heard at the end of the entries that are forgotten. */
  #heardFrame = 0;
  /**
   * Set where the speech begins, before anything is scheduled.
   *
   * @param {number} frame
   */
  begin(frame) {
    this.speechFrame = this.#heardFrame = frame;
  }
  /**
   * @param {Piece} piece
   * @param {AudioBufferSourceNode} source
   * @param {number} startFrame
   */
  add(piece, source, startFrame) {
    const frames = piece.samples.length;
    this.#entries.push({ piece, source, startFrame, frames });
    this.nextFrame = startFrame + frames;
    this.speechFrame = piece.marks[piece.marks.length - 1];
  }
  /**
   * Return how far in the speech the sound card is.
   *
   * @param {number} nowFrame
   */
  heardFrame(nowFrame) {
    let heard = this.#heardFrame;
    for (const { piece, startFrame, frames } of this.#entries) {
      if (nowFrame <= startFrame) break;
      heard = speechFrameAt(piece, Math.min(frames, nowFrame - startFrame));
    }
    return heard;
  }
  /**
   * Forget what has sounded.
   *
   * @param {number} nowFrame
   */
  forget(nowFrame) {
    this.#heardFrame = this.heardFrame(nowFrame);
    this.#entries = this.#entries.filter(({ startFrame, frames }) => startFrame + frames > nowFrame);
  }
  /**
   * Take back what would sound from about `fromFrame` on; `nextFrame` and `speechFrame` say from where
   * exactly.
   *
   * @param {number} fromFrame
   * @param {number} sampleRate
   */
  takeBack(fromFrame, sampleRate) {
    if (this.nextFrame === null || this.nextFrame <= fromFrame) return;
    for (const entry of this.#entries) {
      const sounding = Math.max(0, fromFrame - entry.startFrame);
      const kept = Math.min(entry.frames, entry.piece.isExact ? sounding : nextMark(entry.piece, sounding));
      if (kept === entry.frames) continue;
      if (kept === 0) entry.source.disconnect();
      else entry.source.stop((entry.startFrame + kept - 0.5) / sampleRate);
      entry.frames = kept;
    }
    this.#entries = this.#entries.filter(({ frames }) => frames > 0);
    const last = this.#entries.at(-1);
    this.nextFrame = last ? last.startFrame + last.frames : fromFrame;
    this.speechFrame = last ? speechFrameAt(last.piece, last.frames) : this.#heardFrame;
  }
  /** @param {number} time in the context's seconds */
  stop(time) {
    for (const { source } of this.#entries) source.stop(time);
  }
};
function speechFrameAt({ samples, marks, hopFrames }, frames) {
  const hop = Math.min(Math.floor(frames / hopFrames), marks.length - 2);
  const from = hop * hopFrames;
  const to = hop === marks.length - 2 ? samples.length : from + hopFrames;
  return Math.round(marks[hop] + (marks[hop + 1] - marks[hop]) * (frames - from) / (to - from));
}
function nextMark({ samples, marks, hopFrames }, frames) {
  const hop = Math.ceil(frames / hopFrames);
  return hop < marks.length - 1 ? hop * hopFrames : samples.length;
}

// js/sound/engine.js
var START_MARGIN_SECONDS = 0.05;
var SMALLEST_GROWN_PREBUFFER_SECONDS = 0.1;
var LARGEST_GROWN_PREBUFFER_SECONDS = 1;
var PATIENCE_SECONDS = 3;
var TICK_MILLISECONDS = 50;
var SLOWEST = 0.5;
var FASTEST = 2;
var CHANGE_SECONDS = 0.2;
var LEAD_TO_HURRY_SECONDS = 2;
var LEAST_LEAD_SECONDS = 1;
var STRETCHED_AHEAD_SECONDS = 5;
var URGENT_SECONDS = 0.5;
var STRETCHED_AT_ONCE_SECONDS = 3;
function pcm16ToFloat32(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(bytes.byteLength >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
  return samples;
}
function planStart({ nowFrame, nextFrame, heldFrames, prebufferFrames, marginFrames, isEnded }) {
  if (heldFrames === 0) return null;
  if (nextFrame !== null && !isDry(nowFrame, nextFrame, marginFrames)) return { startFrame: nextFrame, gapFrames: 0 };
  if (heldFrames < prebufferFrames && !isEnded) return null;
  const startFrame = nowFrame + marginFrames;
  return { startFrame, gapFrames: nextFrame === null ? 0 : startFrame - nextFrame };
}
function isDry(nowFrame, nextFrame, marginFrames) {
  return nextFrame < nowFrame + marginFrames;
}
function growPrebuffer(seconds) {
  const grown = Math.max(seconds * 1.5, SMALLEST_GROWN_PREBUFFER_SECONDS);
  return Math.max(seconds, Math.min(grown, LARGEST_GROWN_PREBUFFER_SECONDS));
}
var Engine = class {
  underruns = 0;
  gapSeconds = 0;
  /** @type {number | null} when the first sample was on its way to the loudspeaker, in unix seconds */
  firstHeardAt = null;
  /** @type {AudioContext} */
  #context;
  #fader;
  /** @type {import("./loudspeaker.js").Turns} */
  #turns;
  /** @type {() => boolean} */
  #isRefused;
  /** @type {() => void} */
  #onChange;
  #speech = new Speech();
  #timeline = new Timeline();
  #reader;
  /** Of the speech: where it begins to be spoken. */
  #beginFrame = 0;
  /** @type {number | null} */
  #firstFrame = null;
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
  /** @type {"done" | "stopped" | null} */
  #outcome = null;
  /** @type {number | null} of the speech, once it is over */
  #heardAtEnd = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
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
      isEnded: this.#isEnded
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
    if (secondsAgo >= 0) this.firstHeardAt = Date.now() / 1e3 - secondsAgo + (baseLatency || 0);
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
};

// js/sound/wav.js
var HEADER_BYTES = 44;
var BYTES_PER_SAMPLE = 2;
function wavHeader(totalBytes, sampleRate) {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  writeText(header, 0, "RIFF");
  header.setUint32(4, HEADER_BYTES - 8 + totalBytes, true);
  writeText(header, 8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * BYTES_PER_SAMPLE, true);
  header.setUint16(32, BYTES_PER_SAMPLE, true);
  header.setUint16(34, 8 * BYTES_PER_SAMPLE, true);
  writeText(header, 36, "data");
  header.setUint32(40, totalBytes, true);
  return new Uint8Array(header.buffer);
}
function wavBlob(pcmPieces, sampleRate) {
  const totalBytes = pcmPieces.reduce((total, { byteLength }) => total + byteLength, 0);
  return new Blob([wavHeader(totalBytes, sampleRate), ...pcmPieces], { type: "audio/wav" });
}
function writeText(view, offset, text) {
  for (let i = 0; i < text.length; i++) view.setUint8(offset + i, text.charCodeAt(i));
}

// js/sound/loudspeaker.js
var REST_MILLISECONDS = 5e3;
var SILENCE_RATE = 24e3;
var GESTURES = ["pointerdown", "pointerup", "keydown"];
var Turns = class {
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
};
function onPage(name, create) {
  const key = /* @__PURE__ */ Symbol.for(`omni_nb.${name}`);
  const page = (
    /** @type {Record<symbol, Shared | undefined>} */
    /** @type {unknown} */
    globalThis
  );
  return page[key] ??= create();
}
function sharedAudio() {
  return onPage("audio.1", () => ({ loudspeakers: /* @__PURE__ */ new Map(), turns: new Turns(), owners: /* @__PURE__ */ new Map() }));
}
function useContext(sampleRate) {
  const { loudspeakers, turns } = sharedAudio();
  let loudspeaker = loudspeakers.get(sampleRate);
  if (!loudspeaker) {
    const context2 = new AudioContext({ sampleRate });
    loudspeaker = { context: context2, users: /* @__PURE__ */ new Set(), restTimer: void 0, isRefused: false };
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
function wakeOnGesture(loudspeaker) {
  const { context } = loudspeaker;
  const wake = async () => {
    void context.resume();
    loudspeaker.isRefused = !await mayPlay();
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
  if (context.state === "running") return () => {
  };
  for (const gesture of GESTURES) document.addEventListener(gesture, wake, true);
  context.addEventListener("statechange", onStateChange);
  void wake();
  return release;
}
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
var asking = /* @__PURE__ */ new Set();

// js/player/dom.js
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}
function button(className, label, action, shown = { text: label }) {
  const element = make("button", `omni-button ${className}`);
  element.type = "button";
  if (shown.icon) element.append(icon(shown.icon));
  if (shown.text) element.append(make("span", "omni-button-text", shown.text));
  relabel(element, label, shown.text);
  element.addEventListener("click", action);
  return element;
}
function relabel(element, label, text) {
  element.title = label;
  if (text === label) element.removeAttribute("aria-label");
  else element.setAttribute("aria-label", label);
}
var SVG = "http://www.w3.org/2000/svg";
function icon(path) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "omni-icon");
  const stroke = document.createElementNS(SVG, "path");
  stroke.setAttribute("d", path);
  drawing.append(stroke);
  return drawing;
}
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
function changeText(node, text) {
  const old = node.data;
  if (text === old) return;
  if (text.startsWith(old)) return node.appendData(text.slice(old.length));
  let same = 0;
  while (same < old.length && old[same] === text[same]) same++;
  node.replaceData(same, old.length - same, text.slice(same));
}
function guardKeys(element, others = ["Tab"]) {
  element.dataset.lmSuppressShortcuts = "true";
  for (const type of ["keydown", "keyup", "keypress"]) {
    element.addEventListener(type, (event) => {
      if (!others.includes(
        /** @type {KeyboardEvent} */
        event.key
      )) event.stopPropagation();
    });
  }
}
function wave() {
  const element = make("span", "omni-wave", ...Array.from({ length: 4 }, () => make("i", "")));
  element.setAttribute("aria-hidden", "true");
  return element;
}
function focusedIn(element) {
  const focused = (
    /** @type {Document | ShadowRoot} */
    element.getRootNode().activeElement
  );
  return focused && element.contains(focused) ? (
    /** @type {HTMLElement} */
    focused
  ) : null;
}
function randomId() {
  return Math.random().toString(36).slice(2, 12);
}

// js/player/kernel.js
var INTERRUPT_MILLISECONDS = 250;
function kernelOf({ widget_manager }) {
  return (
    /** @type {{kernel?: Kernel} | undefined} */
    widget_manager?.kernel
  );
}
function interruptKernel(model) {
  void kernelOf(model)?.interrupt?.();
}
function typeToKernel(model, message) {
  kernelOf(model)?.sendInputReply?.({ status: "ok", value: JSON.stringify(message) }, {});
}

// js/player/words.js
function languageFor(words, wanted) {
  const [base] = wanted.toLowerCase().split(/[-_]/);
  return [wanted, base].find((name) => Object.hasOwn(words, name)) ?? "en";
}
function wordsFor(words, language) {
  return words[languageFor(words, language)];
}
function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (place, name) => Object.hasOwn(values, name) ? String(values[name]) : place);
}

// js/player/meter.js
var LEAST_SECONDS = 1;
function costSoFar(seconds, price) {
  return price.input + (seconds > 0 ? Math.max(LEAST_SECONDS, seconds) * price.per_second : 0);
}
function amountText(amount) {
  if (!(amount > 0)) return "0";
  const decimals = 2 - Math.floor(Math.log10(amount));
  return amount.toFixed(Math.min(20, Math.max(0, decimals)));
}
function meterText(seconds, price, words) {
  const whole = Math.floor(seconds);
  const spoken = fill(words.seconds, { seconds: whole || (seconds > 0 ? "< 1" : 0) });
  if (!price) return spoken;
  const amount = moneyText(costSoFar(Math.max(LEAST_SECONDS, whole), price), price.currency, words);
  return `${spoken} · ${fill(price.is_hypothetical ? words.wouldCost : words.cost, { amount })}`;
}
function moneyText(amount, currency, words) {
  const { CNY, USD } = words;
  const forms = { CNY, USD };
  return fill(forms[currency] ?? words.price, { amount: amountText(amount), currency });
}

// js/player/report.js
function reportOf({ isOver: isOver2, firstHeardAt, underruns, gapSeconds, heardSeconds, state }) {
  if (!isOver2 && firstHeardAt === null) return null;
  const word = state === "done" || state === "stopped" ? state : "playing";
  const gaps = { underruns, gap_seconds: gapSeconds };
  return { state: word, first_heard_at: firstHeardAt, ...gaps, heard_seconds: heardSeconds };
}

// js/player/tail.js
var TICK_MILLISECONDS2 = 100;
var END_GRACE_MILLISECONDS = 400;
function findTailPlace(tailId) {
  return document.querySelector(`.omni-tail-${CSS.escape(tailId)}`);
}
var LOOK_MILLISECONDS = 100;
var MOST_LOOKS = 50;
function sayInPlace(tailId, said, looks = MOST_LOOKS) {
  const place = findTailPlace(tailId);
  if (place) place.replaceChildren(make("span", "omni-tail-note", said));
  else if (looks > 0) setTimeout(() => sayInPlace(tailId, said, looks - 1), LOOK_MILLISECONDS);
}
var PLACE_GRACE_MILLISECONDS = 1e3;
var Tail = class {
  /** @type {string} */
  #tailId;
  /** @type {Words} */
  #words;
  /** @type {() => boolean} */
  #isEnded;
  /** @type {() => void} */
  #stop;
  /** @type {string} */
  #css;
  /** @type {HTMLElement | null} */
  #place = null;
  #lastSeenAt = performance.now();
  /** @type {ReturnType<typeof setInterval>} */
  #timer;
  #cleanPlace = () => {
  };
  /**
   * @param {object} options
   * @param {string} options.tailId
   * @param {Words} options.words
   * @param {() => boolean} options.isEnded
   * @param {() => void} options.stop
   * @param {string} options.css of the button, where the page itself does not have it
   */
  constructor({ tailId, words, isEnded, stop, css }) {
    this.#css = css;
    this.#tailId = tailId;
    this.#words = words;
    this.#isEnded = isEnded;
    this.#stop = stop;
    this.#timer = setInterval(() => this.#look(), TICK_MILLISECONDS2);
    this.#look();
  }
  dispose() {
    clearInterval(this.#timer);
    this.#leavePlace();
  }
  /** @param {string} state in words */
  update(state) {
    const word = this.#place?.querySelector(".omni-tail-state");
    if (word) setText(word, state);
  }
  #look() {
    if (!this.#place?.isConnected) this.#findPlace();
    if (this.#place && this.#isEnded()) {
      this.#lastSeenAt = performance.now();
      return;
    }
    const grace = this.#isEnded() ? PLACE_GRACE_MILLISECONDS : END_GRACE_MILLISECONDS;
    if (performance.now() - this.#lastSeenAt > grace) this.#stop();
  }
  #findPlace() {
    this.#leavePlace();
    const place = findTailPlace(this.#tailId);
    if (!place) return;
    this.#place = place;
    this.#cleanPlace = this.#enterPlace(place);
  }
  #leavePlace() {
    this.#cleanPlace();
    this.#cleanPlace = () => {
    };
    this.#place = null;
  }
  /**
   * @param {HTMLElement} place
   * @returns {() => void}
   */
  #enterPlace(place) {
    const button2 = tailButton(this.#words);
    const stop = () => this.#stop();
    button2.addEventListener("click", stop);
    if (this.#css) button2.prepend(make("style", "", this.#css));
    place.append(button2);
    const output = nearestWithAudio(place);
    output?.addEventListener("play", stop, true);
    return () => {
      output?.removeEventListener("play", stop, true);
      button2.removeEventListener("click", stop);
      button2.remove();
    };
  }
};
function tailButton(words) {
  const note = make("span", "", "♪ ");
  note.setAttribute("aria-hidden", "true");
  const state = make("span", "omni-tail-state", words.speaking);
  const button2 = make("button", "omni-tail-button", note, state, make("span", "omni-tail-stop", words.stop));
  button2.type = "button";
  button2.dataset.lmSuppressShortcuts = "true";
  return button2;
}
function nearestWithAudio(element) {
  let ancestor = element.parentElement;
  while (ancestor && !ancestor.querySelector("audio")) {
    if (ancestor.matches(".jp-OutputArea, .output_area, body")) return null;
    ancestor = ancestor.parentElement;
  }
  return ancestor;
}

// js/player/decision.js
function waitsWords(words, asks, calling) {
  if (asks) return fill(words.decide, { name: asks.name });
  return calling ? fill(words.calling, { name: calling }) : "";
}
function createDecision(words, decide) {
  const question = make("div", "omni-decision-question", words.mayCall);
  const name = make("code", "omni-decision-name");
  const given = make("pre", "omni-decision-arguments");
  given.dir = "auto";
  let call = -1;
  const allow = button("omni-decision-allow", words.allow, () => decide(call, true));
  const deny = button("omni-decision-deny", words.deny, () => decide(call, false));
  const buttons = make("div", "omni-decision-buttons", allow, deny);
  guardKeys(buttons, ["Tab", "Escape"]);
  const element = make("div", "omni-decision", question, name, given, buttons);
  element.setAttribute("role", "group");
  element.hidden = true;
  return {
    element,
    /** @param {Asked | null} asked */
    update(asked) {
      if (!asked && focusedIn(element)) element.parentElement?.focus();
      element.hidden = !asked;
      if (!asked) return;
      call = asked.call;
      element.setAttribute("aria-label", `${words.mayCall} ${asked.name}`);
      setText(name, asked.name);
      setText(given, asked.arguments);
      given.hidden = asked.arguments === "";
    }
  };
}

// js/player/long.js
var TAIL_CHARACTERS = 4e3;
function startOfTail(text) {
  const start = Math.max(0, Math.floor(text.length / TAIL_CHARACTERS) - 1) * TAIL_CHARACTERS;
  return isWithinCharacter(text, start) ? start + 1 : start;
}
function isWithinCharacter(text, at) {
  const [high, low] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  return high >= 55296 && high <= 56319 && low >= 56320 && low <= 57343;
}

// js/player/view.js
var MOST_CAPTIONS = 2e4;
function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
function createView(element, { language, words, isData, actions }) {
  const header = make("div", "omni-player-header");
  const captions = make("div", "omni-player-captions");
  captions.setAttribute("aria-live", "off");
  if (isData) captions.classList.add("omni-player-data");
  const captionText = document.createTextNode("");
  captions.append(captionText);
  const state = make("span", "omni-player-state");
  state.setAttribute("role", "status");
  const time = make("span", "omni-player-time");
  const meter = make("span", "omni-player-meter");
  meter.setAttribute("aria-live", "off");
  const mute = button("omni-player-mute", words.mute, actions.toggleMute);
  const stop = button("omni-player-stop", words.stop, actions.stop);
  const controls = make("span", "omni-player-controls", mute, stop);
  controls.setAttribute("role", "group");
  controls.setAttribute("aria-label", words.controls);
  guardKeys(controls, ["Tab", "Escape"]);
  const bar = make("div", "omni-player-bar", wave(), state, time, meter, controls);
  const decision = createDecision(words, actions.decide);
  const root = make("div", "omni-player", header, decision.element, captions, bar);
  root.lang = language;
  root.tabIndex = -1;
  element.replaceChildren(root);
  return {
    /** @param {string} html made and escaped by Python */
    updateHeader(html) {
      header.innerHTML = html;
    },
    /** @param {Shown} shown */
    update({ text, phase, ending, asks, calling, heardSeconds, hasAudio, isMuted, meter: meterText2 }) {
      const start = text.length > MOST_CAPTIONS ? startOfTail(text) : 0;
      changeText(captionText, start > 0 ? `…${text.slice(start)}` : text);
      root.dataset.phase = phase;
      decision.update(asks);
      const waits = waitsWords(words, asks, calling);
      setText(state, isOver(phase) ? endingWords(words, phase, ending) : waits || words[phase]);
      setText(time, hasAudio ? clock(heardSeconds) : "");
      setText(meter, hasAudio ? meterText2 : "");
      mute.hidden = !hasAudio || isOver(phase);
      mute.setAttribute("aria-pressed", String(isMuted));
      stop.hidden = isOver(phase);
    }
  };
}
function endingWords(words, phase, ending) {
  const endings = words.endings;
  return Object.hasOwn(endings, ending ?? "") ? endings[ending] : words[phase];
}
function isOver(phase) {
  return phase === "done" || phase === "stopped";
}

// words:player
var player_default = { en: { thinking: "Thinking…", answering: "Answering…", unheard: "Answering… Its sound cannot reach this page meanwhile: play it when the answer is complete.", buffering: "Buffering…", blocked: "Click anywhere to hear", queued: "Waiting to speak", speaking: "Speaking", done: "Done", stopped: "Stopped", endings: { interrupted: "Stopped", timeout: "Stopped: it took too long", budget: "Stopped: the budget is spent", error: "Failed", length: "Cut off at the token limit", content_filter: "Cut by the content filter" }, mute: "Mute", stop: "Stop", playIt: "Its sound could not reach this page meanwhile: press play.", seconds: "{seconds} s of speech so far", cost: "about {amount}", wouldCost: "free; a model would cost {amount}", mayCall: "May this tool be called?", allow: "Allow", deny: "Don't allow", decide: "Your decision is needed: {name}", calling: "Calling {name}…", controls: "Speech", CNY: "{amount} CNY", USD: "{amount} USD", price: "{amount} {currency}" }, zh: { thinking: "思考中…", answering: "正在回答…", unheard: "正在回答… 语音暂时无法传到此页面，回答完成后可播放。", buffering: "缓冲中…", blocked: "点击页面任意处即可播放", queued: "等待上一条播放完", speaking: "正在朗读", done: "已完成", stopped: "已停止", endings: { interrupted: "已停止", timeout: "已停止：已超时", budget: "已停止：预算已用完", error: "失败", length: "达到 Token 上限，被截断", content_filter: "被内容过滤截断" }, mute: "静音", stop: "停止", playIt: "回答时语音无法传到此页面，请点击播放。", seconds: "目前语音 {seconds} 秒", cost: "约 {amount}", wouldCost: "免费；若用真实模型约 {amount}", mayCall: "允许调用这个工具吗？", allow: "允许", deny: "不允许", decide: "需要你来决定：{name}", calling: "正在调用 {name}…", controls: "朗读", CNY: "¥{amount}", USD: "US${amount}", price: "{amount} {currency}" } };

// js/player.js
var BYTES_PER_SAMPLE2 = 2;
var OPEN_HELLO_MILLISECONDS = 500;
var FIRST_REPAIR_MILLISECONDS = 500;
var MOST_REPAIRS = 8;
var Session = class {
  /** @type {Model} */
  #model;
  #arrival = new Arrival();
  /** @type {Engine} */
  #engine;
  /** @type {EndMessage | null} */
  #end = null;
  /** @type {Set<() => void>} */
  #views = /* @__PURE__ */ new Set();
  /** @type {Tail | null} */
  #tail = null;
  #page = randomId();
  #repairs = 0;
  #nextRepairAt = 0;
  #lastReport = "";
  #releaseContext;
  #isDisposed = false;
  /** The style sheet, where it is in a shadow tree with the view (marimo): the static answer is outside. */
  #css = "";
  /** Whether the answer is visible on this page, or was. */
  #isHere = false;
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  #timers = /* @__PURE__ */ new Set();
  /** @param {Model} model */
  constructor(model) {
    this.#model = model;
    const { release, ...loudspeaker } = useContext(model.get("sample_rate"));
    this.#releaseContext = release;
    this.#engine = new Engine({
      ...loudspeaker,
      prebufferSeconds: model.get("prebuffer_seconds"),
      onChange: () => this.#changed()
    });
    model.on("msg:custom", this.#receive);
    this.#later(OPEN_HELLO_MILLISECONDS, () => {
      if (this.#arrival.isEmpty && !this.#end) this.#hello("open");
    });
  }
  dispose() {
    this.#isDisposed = true;
    this.#model.off("msg:custom", this.#receive);
    this.#engine.stop();
    this.#releaseContext();
    this.#tail?.dispose();
    for (const timer of this.#timers) clearTimeout(timer);
    const { owners } = sharedAudio();
    if (owners.get(this.#tailId) === this) owners.delete(this.#tailId);
  }
  /**
   * @param {Model} model of the view: anywidget gives each its own
   * @param {HTMLElement} element
   * @returns {() => void}
   */
  show(model, element) {
    if (element.getRootNode() instanceof ShadowRoot) this.#css = /** @type {any} */
    model.get("_css") ?? "";
    const view = createView(element, {
      language: model.get("language"),
      words: this.#words,
      isData: model.get("is_data"),
      actions: {
        stop: () => this.#stop(),
        toggleMute: () => this.#engine.mute(!this.#engine.isMuted),
        decide: (call, allowed) => this.#decide(call, allowed)
      }
    });
    const updateHeader = () => view.updateHeader(model.get("header_html"));
    const update = () => view.update(this.#shown);
    updateHeader();
    update();
    const updateAsks = () => {
      update();
      const asks = model.get("asks");
      if (asks) this.#decide(asks.call, null);
    };
    updateAsks();
    model.on("change:header_html", updateHeader);
    model.on("change:asks", updateAsks);
    model.on("change:calling", update);
    this.#views.add(update);
    this.#endTail();
    this.#beHere();
    return () => {
      model.off("change:header_html", updateHeader);
      model.off("change:asks", updateAsks);
      model.off("change:calling", update);
      this.#views.delete(update);
      if (this.#views.size === 0 && !this.#engine.isOver) this.#beginTail();
      this.#changed();
    };
  }
  /**
   * Speak only where the answer is to be seen, and only once on a page: another window or a console on
   * the same kernel has a model of its own.
   */
  #beHere() {
    const { owners } = sharedAudio();
    if (!owners.has(this.#tailId)) owners.set(this.#tailId, this);
    if (owners.get(this.#tailId) !== this) return;
    this.#isHere = true;
    this.#engine.start();
  }
  /**
   * A short answer may be static before its view was ever drawn.
   *
   * @param {number} looks how many are left
   */
  #lookForStaticAnswer(looks) {
    if (this.#isHere || looks === 0) return;
    if (!findTailPlace(this.#tailId)) {
      return this.#later(LOOK_MILLISECONDS, () => this.#lookForStaticAnswer(looks - 1));
    }
    this.#beHere();
    if (this.#isHere) this.#beginTail();
  }
  get #tailId() {
    return this.#model.get("tail_id");
  }
  get #words() {
    return wordsFor(player_default, this.#model.get("language"));
  }
  /** @returns {import("./player/view.js").Phase} */
  get #phase() {
    const { state } = this.#engine;
    if (this.#arrival.lacksSound && !this.#engine.isOver) return "unheard";
    if (state !== "empty") return state;
    return this.#arrival.isEmpty ? "thinking" : "answering";
  }
  /** What is spoken is billed as it arrives, not as it is heard. */
  get #meter() {
    const seconds = this.#arrival.totalBytes / BYTES_PER_SAMPLE2 / this.#model.get("sample_rate");
    return meterText(seconds, this.#model.get("price"), this.#words);
  }
  /** @returns {import("./player/view.js").Shown} */
  get #shown() {
    const { heardSeconds, hasAudio, isMuted } = this.#engine;
    const ending = this.#model.get("ending");
    const asks = this.#model.get("asks") ?? null;
    const calling = this.#model.get("calling");
    const [text, phase, meter] = [this.#arrival.text, this.#phase, this.#meter];
    return { text, phase, ending, asks, calling, heardSeconds, hasAudio, isMuted, meter };
  }
  /**
   * @param {DeltaMessage | EndMessage} message
   * @param {DataView[]} [buffers]
   */
  #receive = (message, buffers) => {
    if (message.type === "delta") this.#takeDelta(message, buffers);
    else if (message.type === "end") this.#takeEnd(message);
    this.#changed();
  };
  /**
   * @param {DeltaMessage} delta
   * @param {DataView[]} [buffers] Colab has none where it loses them
   */
  #takeDelta(delta, buffers = []) {
    const bytes = buffers.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
    const fresh = this.#arrival.take(delta, bytes[0] ?? new Uint8Array());
    if (!fresh) return this.#askForRepair();
    this.#repairs = 0;
    this.#engine.push(pcm16ToFloat32(fresh));
    this.#settle();
  }
  /** @param {EndMessage} end */
  #takeEnd(end) {
    if (end.page && end.page !== this.#page) return;
    const isLate = end.page !== "" && this.#arrival.isEmpty && !this.#end;
    this.#end = end;
    if (end.stopped || isLate) this.#engine.stop();
    this.#settle();
    if (this.#arrival.lacksSound) sayInPlace(this.#tailId, this.#words.playIt);
    this.#lookForStaticAnswer(MOST_LOOKS);
  }
  /** Let the engine run out once everything is here; until then keep asking. */
  #settle() {
    if (!this.#end || this.#engine.isOver) return;
    if (this.#arrival.isComplete(this.#end) || this.#repairs >= MOST_REPAIRS) return this.#engine.end();
    this.#askForRepair();
    this.#later(FIRST_REPAIR_MILLISECONDS, () => this.#settle());
  }
  #askForRepair() {
    const now = performance.now();
    if (now < this.#nextRepairAt) return;
    this.#nextRepairAt = now + FIRST_REPAIR_MILLISECONDS * 2 ** this.#repairs;
    this.#repairs += 1;
    this.#hello("repair");
  }
  /** @param {HelloMessage["reason"]} reason */
  #hello(reason) {
    const { textLength, totalBytes } = this.#arrival;
    this.#send({ type: "hello", reason, page: this.#page, text_length: textLength, total_bytes: totalBytes });
  }
  /** Stop the answer: the person wants no more of it. */
  #stop() {
    this.#engine.stop();
    this.#send({ type: "stop" });
    if (!this.#end) this.#later(INTERRUPT_MILLISECONDS, () => !this.#end && interruptKernel(this.#model));
  }
  /**
   * @param {number} call
   * @param {boolean | null} allowed null: it is shown, and can be decided on here
   */
  #decide(call, allowed) {
    const message = { type: "decide", call, allowed, tail_id: this.#tailId };
    this.#send(message);
    typeToKernel(this.#model, message);
  }
  #changed() {
    if (this.#isDisposed) return;
    this.#report();
    for (const update of this.#views) update();
    if (this.#engine.isOver) {
      this.#endTail();
      this.#releaseContext();
    }
    this.#tail?.update(this.#words[this.#phase]);
  }
  /** Tell Python at the first sound, and when the sound, the answer and the view are gone. */
  #report() {
    const report = this.#isHere ? reportOf(this.#engine) : null;
    if (!report) return;
    const isShown = this.#views.size > 0;
    const occasion = this.#engine.isOver ? `${report.state} ${this.#end !== null} ${isShown}` : report.state;
    if (occasion === this.#lastReport) return;
    this.#lastReport = occasion;
    this.#send({ type: "report", ...report, is_shown: isShown });
  }
  #beginTail() {
    this.#tail ??= new Tail({
      tailId: this.#tailId,
      words: this.#words,
      isEnded: () => this.#end !== null,
      stop: () => this.#engine.stop(),
      css: this.#css
    });
  }
  #endTail() {
    this.#tail?.dispose();
    this.#tail = null;
  }
  /** @param {HelloMessage | ReportMessage | DecideMessage | {type: "stop"}} message */
  #send(message) {
    try {
      this.#model.send(message);
    } catch {
    }
  }
  /**
   * @param {number} milliseconds
   * @param {() => void} action
   */
  #later(milliseconds, action) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, milliseconds);
    this.#timers.add(timer);
  }
};
var widget = () => {
  let session;
  return {
    initialize({ model }) {
      const opened = session = new Session(model);
      return () => opened.dispose();
    },
    render({ model, el }) {
      return session?.show(model, el);
    }
  };
};
var player_default2 = widget;
export {
  player_default2 as default
};
