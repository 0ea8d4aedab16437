/** Stand-ins for the panel's surroundings: a page, a sound card and a kernel that answers when told to. */
import { JSDOM } from "jsdom";

/** Make the names that a browser has; gives the window. */
export function openPage(html = "<!doctype html><html lang=en><body></body></html>") {
  const { window } = new JSDOM(html, { url: "http://localhost/", pretendToBeVisual: true });
  window.HTMLMediaElement.prototype.pause = function () {};
  window.HTMLMediaElement.prototype.play = async function () {};
  globalThis.window = window;
  for (const name of ["document", "Node", "Element", "HTMLElement", "HTMLInputElement", "Event", "KeyboardEvent", "CSS", "DOMParser", "DocumentFragment", "NodeFilter", "HTMLTextAreaElement", "HTMLButtonElement", "HTMLAnchorElement", "ShadowRoot", "Audio", "getComputedStyle"]) {
    if (window[name] !== undefined) globalThis[name] = window[name];
  }
  globalThis.CSS ??= { escape: (text) => text };
  Object.defineProperty(globalThis, "navigator", { value: window.navigator, configurable: true });
  Object.defineProperty(globalThis, "localStorage", { value: window.localStorage, configurable: true });
  Object.defineProperty(globalThis, "sessionStorage", { value: window.sessionStorage, configurable: true });
  globalThis.AudioContext = FakeAudioContext;
  return window;
}

/** Time that passes when told to. (Node's mock forgets other timers when one that has fired is cleared.) */
export class FakeClock {
  now = 1_000_000;
  #timers = new Map();
  #count = 0;
  #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, dateNow: Date.now, performanceNow: performance.now };

  start() {
    globalThis.setTimeout = (action, milliseconds = 0) => {
      this.#timers.set(++this.#count, { action, at: this.now + milliseconds });
      return this.#count;
    };
    globalThis.clearTimeout = (id) => this.#timers.delete(id);
    Date.now = performance.now = () => this.now;
  }

  stop() {
    const { setTimeout, clearTimeout, dateNow, performanceNow } = this.#real;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = dateNow;
    performance.now = performanceNow;
    this.#timers.clear();
  }

  /** How many timers run? Node's test runner has some of its own. */
  get waiting() {
    return [...this.#timers.values()].filter(({ action }) => !String(action).includes("[native code]")).length;
  }

  pass(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const next = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, one], [, other]) => one.at - other.at)[0];
      if (!next) break;
      const [id, { action, at }] = next;
      this.#timers.delete(id);
      this.now = Math.max(this.now, at);
      action();
    }
    this.now = end;
  }
}

/** A sound card whose clock is turned by hand. */
export class FakeAudioContext {
  static all = [];
  currentTime = 0;
  state = "running";
  baseLatency = 0;
  get outputLatency() {
    throw new Error("Firefox may stand still when it is asked");
  }
  destination = {};
  started = [];

  constructor({ sampleRate }) {
    this.sampleRate = sampleRate;
    FakeAudioContext.all.push(this);
  }

  createGain() {
    const gain = { value: 1, setValueAtTime() {}, linearRampToValueAtTime() {}, cancelScheduledValues() {}, setTargetAtTime() {}, cancelAndHoldAtTime() {} };
    return { gain, connect() {}, disconnect() {} };
  }

  createBuffer(channels, length, sampleRate) {
    return { length, sampleRate, duration: length / sampleRate, copyToChannel(samples) { this.samples = [...samples]; }, getChannelData() { return this.samples; } };
  }

  createBufferSource() {
    const context = this;
    return { connect() {}, disconnect() {}, start(when) { context.started.push({ when, samples: this.buffer.samples }); }, stop() {} };
  }

  addEventListener() {}
  removeEventListener() {}
  resume() {}
  suspend() {}
}

/** A kernel signal as JupyterLab has them. */
export class FakeSignal {
  slots = new Set();
  connect(slot) { this.slots.add(slot); }
  disconnect(slot) { this.slots.delete(slot); }
  emit(value) { for (const slot of [...this.slots]) slot(this, value); }
}

export class FakeModel {
  sent = [];
  /** Does the kernel take messages at once? */
  isListening = true;
  #seq = 0;
  #listeners = new Map();

  constructor(traits = {}, widget_manager = undefined) {
    this.traits = {
      panel_id: "p1", language: "en", sample_rate: 24_000, prebuffer_seconds: 0, asks_key: "",
      header: { who: "qwen", how: "Cherry · speech", speaks: true, is_stand_in: false, takes: ["text"], microphone_seconds: null, total: "", storage: "" },
      settings: settingsOf({}),
      conversation: { seq: 0, turns: [] },
      ...traits,
    };
    this.widget_manager = widget_manager;
  }

  get(name) { return this.traits[name]; }
  set(name, value) { this.traits[name] = value; this.trigger(`change:${name}`); }
  on(name, listener) { this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]); }
  off(name, listener) { this.#listeners.set(name, (this.#listeners.get(name) ?? []).filter((other) => other !== listener)); }
  trigger(name, ...values) { for (const listener of this.#listeners.get(name) ?? []) listener(...values); }
  /** How many listeners are attached? */
  get listening() { return [...this.#listeners.values()].flat().length; }

  send(message, _callbacks, buffers) {
    if (this.isDead) throw new Error("the kernel is dead");
    this.sent.push({ ...message, buffers });
    if (this.isListening) this.post({ type: "ack", of: message.id, is_taken: true });
  }

  /** What the kernel says, with the next number. */
  post(message, bytes) {
    this.#seq += 1;
    const taken = message.type === "ack" ? { is_taken: true } : {};
    this.trigger("msg:custom", { seq: this.#seq, ...taken, ...message }, bytes ? [new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)] : []);
  }

  /** One message is lost on its way. */
  lose() { this.#seq += 1; }
  said(type) { return this.sent.filter((message) => message.type === type); }
}

/** The settings of a conversation with the stand-in, unless said otherwise. */
export function settingsOf(changes) {
  return {
    model: "qwen", models: [["qwen", "qwen"], ["other", "other"]], answers: "speech", voice: "Cherry",
    voices: [["Cherry", "Cherry"], ["Ethan", "Ethan"]], has_other_voices: false, system: "", as_turns: false,
    service: "offline", services: [["current", "This notebook's"], ["offline", "Offline stand-in"], ["other", "Another server…"]],
    address: "", budget: "", currency: "CNY", storage: "mp3", storages: [["mp3", "MP3"], ["wav", "WAV"]],
    language: "auto", languages: [["auto", "That of the page"], ["zh", "中文"]], disabled: [], notes: {}, problems: {}, ...changes,
  };
}

/** A turn's record, over and empty unless said otherwise. */
export function recordOf(changes) {
  const { text = "", reasoning = "" } = changes;
  return {
    turn: "t1", state: "over", question_text: "", question_html: "", text, text_length: [...(text ?? "")].length,
    reasoning, reasoning_length: [...(reasoning ?? "")].length, total_bytes: 0, calls_html: "", asks: null, calling: "", is_data: false, answer_html: "", note: "", facts_html: "", meter: "", price: null,
    speaker: "", is_of_cell: false, is_stopped: false, is_refused: false, sibling: 1, siblings: 1, ...changes,
  };
}
