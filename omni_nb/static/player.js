// js/arrival.js
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
    this.text = spliceText(this.text, delta.text_offset, delta.text);
    this.textLength = delta.text_offset + countCodePoints(delta.text);
    const fresh = trimToNew(bytes, delta.pcm_offset, this.totalBytes);
    this.totalBytes += fresh.byteLength;
    return fresh;
  }
  /**
   * Is everything here that the end message speaks of?
   *
   * @param {{text_length: number, total_bytes: number}} end
   */
  isComplete(end) {
    return this.textLength === end.text_length && this.totalBytes >= end.total_bytes;
  }
};

// js/audio.js
var START_MARGIN_SECONDS = 0.05;
var SMALLEST_GROWN_PREBUFFER_SECONDS = 0.1;
var LARGEST_GROWN_PREBUFFER_SECONDS = 1;
var PATIENCE_SECONDS = 3;
var FADE_SECONDS = 0.015;
var WAKING_MILLISECONDS = 300;
var REST_MILLISECONDS = 5e3;
var TICK_MILLISECONDS = 50;
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
function sharedAudio() {
  const key = /* @__PURE__ */ Symbol.for("omni_nb.audio.1");
  const page = (
    /** @type {Record<symbol, SharedAudio | undefined>} */
    /** @type {unknown} */
    globalThis
  );
  return page[key] ??= { loudspeakers: /* @__PURE__ */ new Map(), turns: new Turns(), owners: /* @__PURE__ */ new Map() };
}
function useContext(sampleRate) {
  const { loudspeakers } = sharedAudio();
  let loudspeaker = loudspeakers.get(sampleRate);
  if (!loudspeaker) {
    loudspeaker = { context: new AudioContext({ sampleRate }), users: /* @__PURE__ */ new Set(), restTimer: void 0 };
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
  if (context.state === "running") return () => {
  };
  document.addEventListener("pointerdown", resume, true);
  document.addEventListener("keydown", resume, true);
  context.addEventListener("statechange", onStateChange);
  resume();
  return release;
}
var Engine = class {
  underruns = 0;
  gapSeconds = 0;
  /** @type {number | null} when the first sample left the loudspeaker, in unix seconds */
  firstSoundAt = null;
  /** @type {AudioContext} */
  #context;
  /** @type {GainNode} */
  #output;
  /** @type {Turns} */
  #turns;
  /** @type {() => void} */
  #onChange;
  /** @type {Set<AudioBufferSourceNode>} */
  #sources = /* @__PURE__ */ new Set();
  /** @type {Float32Array<ArrayBuffer>[]} */
  #held = [];
  #heldFrames = 0;
  #scheduledFrames = 0;
  /** @type {number | null} */
  #firstFrame = null;
  /** @type {number | null} */
  #nextFrame = null;
  #prebufferSeconds;
  #isUnderrun = false;
  #isStarted = false;
  #isQueued = false;
  #isEnded = false;
  #isMuted = false;
  #pushedAt = 0;
  /** @type {number | null} in milliseconds of the clock on the wall */
  #firstPushAt = null;
  /** @type {"done" | "stopped" | null} */
  #outcome = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
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
    if (secondsAgo >= 0) this.firstSoundAt = Date.now() / 1e3 - secondsAgo + (outputLatency || 0);
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
};

// js/labels.js
var ENGLISH = {
  thinking: "Thinking…",
  answering: "Answering…",
  buffering: "Buffering…",
  blocked: "Click anywhere to hear",
  queued: "Waiting to speak",
  speaking: "Speaking",
  done: "Done",
  stopped: "Stopped",
  mute: "Mute",
  stop: "Stop",
  seconds: "{} s of speech so far",
  cost: "about {}",
  wouldCost: "free; would cost {}",
  controls: "Speech"
};
var CHINESE = {
  thinking: "思考中…",
  answering: "正在回答…",
  buffering: "缓冲中…",
  blocked: "点击页面任意处即可播放",
  queued: "等待上一条播放完",
  speaking: "正在朗读",
  done: "已完成",
  stopped: "已停止",
  mute: "静音",
  stop: "停止",
  seconds: "目前语音 {} 秒",
  cost: "约 {}",
  wouldCost: "免费，若用模型约 {}",
  controls: "朗读"
};
function labelsFor(language) {
  return language.toLowerCase().startsWith("zh") ? CHINESE : ENGLISH;
}

// js/meter.js
var LEAST_SECONDS = 1;
function costSoFar(seconds, price) {
  return price.input + (seconds > 0 ? Math.max(LEAST_SECONDS, seconds) * price.per_second : 0);
}
function amountText(amount) {
  if (!(amount > 0)) return "0";
  const decimals = 2 - Math.floor(Math.log10(amount));
  return amount.toFixed(Math.min(20, Math.max(0, decimals)));
}
function meterText(seconds, price, labels) {
  const whole = Math.floor(seconds);
  const spoken = labels.seconds.replace("{}", String(whole));
  if (!price) return spoken;
  const cost = `${amountText(costSoFar(Math.max(LEAST_SECONDS, whole), price))} ${price.currency}`;
  return `${spoken} · ${(price.is_hypothetical ? labels.wouldCost : labels.cost).replace("{}", cost)}`;
}

// js/tail.js
var TICK_MILLISECONDS2 = 100;
var END_GRACE_MILLISECONDS = 400;
function findTailPlace(tailId) {
  return document.querySelector(`.omni-tail-${CSS.escape(tailId)}`);
}
var PLACE_GRACE_MILLISECONDS = 1e3;
var Tail = class {
  /** @type {string} */
  #tailId;
  /** @type {Labels} */
  #labels;
  /** @type {() => boolean} */
  #isEnded;
  /** @type {() => void} */
  #stop;
  /** @type {HTMLElement | null} */
  #place = null;
  #lastSeenAt = performance.now();
  /** @type {ReturnType<typeof setInterval>} */
  #timer;
  #cleanPlace = () => {
  };
  /** @param {{tailId: string, labels: Labels, isEnded: () => boolean, stop: () => void}} options */
  constructor({ tailId, labels, isEnded, stop }) {
    this.#tailId = tailId;
    this.#labels = labels;
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
    if (word && word.textContent !== state) word.textContent = state;
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
    const button2 = tailButton(this.#labels);
    const stop = () => this.#stop();
    button2.addEventListener("click", stop);
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
function tailButton(labels) {
  const button2 = document.createElement("button");
  button2.type = "button";
  button2.className = "omni-tail-button";
  button2.dataset.lmSuppressShortcuts = "true";
  const note = document.createElement("span");
  note.textContent = "♪ ";
  note.setAttribute("aria-hidden", "true");
  const state = document.createElement("span");
  state.className = "omni-tail-state";
  state.textContent = labels.speaking;
  const stop = document.createElement("span");
  stop.className = "omni-tail-stop";
  stop.textContent = labels.stop;
  button2.append(note, state, stop);
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

// js/view.js
function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
function createView(element, { language, labels, actions }) {
  const header = make("div", "omni-player-header");
  const captions = make("div", "omni-player-captions");
  captions.setAttribute("aria-live", "off");
  const captionText = document.createTextNode("");
  captions.append(captionText);
  const state = make("span", "omni-player-state");
  state.setAttribute("role", "status");
  const time = make("span", "omni-player-time");
  const meter = make("span", "omni-player-meter");
  meter.setAttribute("aria-live", "off");
  const mute = button("omni-player-mute", labels.mute, actions.toggleMute);
  const stop = button("omni-player-stop", labels.stop, actions.stop);
  const controls = make("span", "omni-player-controls", mute, stop);
  controls.setAttribute("role", "group");
  controls.setAttribute("aria-label", labels.controls);
  guardKeys(controls);
  const bar = make("div", "omni-player-bar", wave(), state, time, meter, controls);
  const root = make("div", "omni-player", header, captions, bar);
  root.lang = language;
  element.replaceChildren(root);
  return {
    /** @param {string} html made and escaped by Python */
    updateHeader(html) {
      header.innerHTML = html;
    },
    /** @param {Shown} shown */
    update({ text, phase, heardSeconds, hasSound, isMuted, meter: meterWords }) {
      changeText(captionText, text);
      root.dataset.phase = phase;
      setText(state, labels[phase]);
      setText(time, hasSound ? clock(heardSeconds) : "");
      setText(meter, hasSound ? meterWords : "");
      mute.hidden = !hasSound || isOver(phase);
      mute.setAttribute("aria-pressed", String(isMuted));
      stop.hidden = isOver(phase);
    }
  };
}
function isOver(phase) {
  return phase === "done" || phase === "stopped";
}
function changeText(node, text) {
  const old = node.data;
  if (text === old) return;
  if (text.startsWith(old)) return node.appendData(text.slice(old.length));
  let same = 0;
  while (same < old.length && old[same] === text[same]) same++;
  node.replaceData(same, old.length - same, text.slice(same));
}
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}
function button(className, label, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `omni-player-button ${className}`;
  element.textContent = label;
  element.addEventListener("click", action);
  return element;
}
function wave() {
  const bars = Array.from({ length: 4 }, () => make("i", ""));
  const element = make("span", "omni-player-wave", ...bars);
  element.setAttribute("aria-hidden", "true");
  return element;
}
function guardKeys(element) {
  element.dataset.lmSuppressShortcuts = "true";
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && event.key !== "Tab") event.stopPropagation();
  });
}

// js/player.js
var BYTES_PER_SAMPLE = 2;
var OPEN_HELLO_MILLISECONDS = 500;
var FIRST_REPAIR_MILLISECONDS = 500;
var MOST_REPAIRS = 8;
var LOOK_MILLISECONDS = 100;
var MOST_LOOKS = 50;
var INTERRUPT_MILLISECONDS = 250;
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
  /** crypto.randomUUID is missing on plain http. */
  #page = Math.random().toString(36).slice(2);
  #repairs = 0;
  #nextRepairAt = 0;
  #lastReport = "";
  #releaseContext;
  #isDisposed = false;
  /** Is the answer to be seen on this page, or was it? */
  #isHere = false;
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  #timers = /* @__PURE__ */ new Set();
  /** @param {Model} model */
  constructor(model) {
    this.#model = model;
    const { context, release } = useContext(model.get("sample_rate"));
    this.#releaseContext = release;
    this.#engine = new Engine({
      context,
      turns: sharedAudio().turns,
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
    const view = createView(element, {
      language: model.get("language"),
      labels: this.#labels,
      actions: { stop: () => this.#stop(), toggleMute: () => this.#engine.mute(!this.#engine.isMuted) }
    });
    const updateHeader = () => view.updateHeader(model.get("header_html"));
    const update = () => view.update(this.#shown);
    updateHeader();
    update();
    model.on("change:header_html", updateHeader);
    this.#views.add(update);
    this.#endTail();
    this.#beHere();
    return () => {
      model.off("change:header_html", updateHeader);
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
  /** @param {number} looks how many are left */
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
  get #labels() {
    return labelsFor(this.#model.get("language"));
  }
  /** @returns {import("./view.js").Phase} */
  get #phase() {
    const { state } = this.#engine;
    if (state !== "empty") return state;
    return this.#arrival.isEmpty ? "thinking" : "answering";
  }
  /** What is spoken is billed as it arrives, not as it is heard. */
  get #meter() {
    const seconds = this.#arrival.totalBytes / BYTES_PER_SAMPLE / this.#model.get("sample_rate");
    return meterText(seconds, this.#model.get("price"), this.#labels);
  }
  /** @returns {import("./view.js").Shown} */
  get #shown() {
    const { heardSeconds, hasSound, isMuted } = this.#engine;
    return { text: this.#arrival.text, phase: this.#phase, heardSeconds, hasSound, isMuted, meter: this.#meter };
  }
  /**
   * @param {DeltaMessage | EndMessage} message
   * @param {DataView[]} buffers
   */
  #receive = (message, buffers) => {
    if (message.type === "delta") this.#takeDelta(message, buffers);
    else if (message.type === "end") this.#takeEnd(message);
    this.#changed();
  };
  /**
   * @param {DeltaMessage} delta
   * @param {DataView[]} buffers
   */
  #takeDelta(delta, buffers) {
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
  /** The person wants no more of it. */
  #stop() {
    this.#engine.stop();
    this.#send({ type: "stop" });
    if (!this.#end) this.#later(INTERRUPT_MILLISECONDS, () => !this.#end && interruptKernel(this.#model));
  }
  #changed() {
    if (this.#isDisposed) return;
    this.#report();
    for (const update of this.#views) update();
    if (this.#engine.isOver) {
      this.#endTail();
      this.#releaseContext();
    }
    this.#tail?.update(this.#labels[this.#phase]);
  }
  /** Tell Python at the first sound, and when the sound, the answer and the view are gone. */
  #report() {
    const { isOver: isOver2, firstSoundAt, underruns, gapSeconds, state } = this.#engine;
    if (!this.#isHere || !isOver2 && firstSoundAt === null) return;
    const isShown = this.#views.size > 0;
    const word = state === "done" || state === "stopped" ? state : "playing";
    const occasion = isOver2 ? `${word} ${this.#end !== null} ${isShown}` : word;
    if (occasion === this.#lastReport) return;
    this.#lastReport = occasion;
    this.#send({
      type: "report",
      state: word,
      first_sound_at: firstSoundAt,
      underruns,
      gap_seconds: gapSeconds,
      is_shown: isShown
    });
  }
  #beginTail() {
    this.#tail ??= new Tail({
      tailId: this.#tailId,
      labels: this.#labels,
      isEnded: () => this.#end !== null,
      stop: () => this.#engine.stop()
    });
  }
  #endTail() {
    this.#tail?.dispose();
    this.#tail = null;
  }
  /** @param {HelloMessage | ReportMessage | {type: "stop"}} message */
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
function interruptKernel(model) {
  const manager = (
    /** @type {{kernel?: {interrupt?: () => unknown}} | undefined} */
    /** @type {unknown} */
    model.widget_manager
  );
  void manager?.kernel?.interrupt?.();
}
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
var player_default = widget;
export {
  player_default as default
};
