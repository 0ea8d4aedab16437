/**
 * @file Show the AudioPlayer widget. The speech belongs to the model, not to the view: when an answer is complete
 * Python replaces the view with static HTML while seconds of speech are still to be heard.
 *
 * The traits and messages are described in `omni_nb/views/player.py`; change both together.
 */
import { Arrival } from "./sound/arrival.js";
import { Engine, pcm16ToFloat32 } from "./sound/engine.js";
import { sharedAudio, useContext } from "./sound/loudspeaker.js";
import { randomId } from "./player/dom.js";
import { INTERRUPT_MILLISECONDS, interruptKernel, typeToKernel } from "./player/kernel.js";
import { meterText } from "./player/meter.js";
import { reportOf } from "./player/report.js";
import { LOOK_MILLISECONDS, MOST_LOOKS, Tail, findTailPlace, sayInPlace } from "./player/tail.js";
import { createView } from "./player/view.js";
import { wordsFor } from "./player/words.js";
import words from "words:player";

/**
 * @typedef {object} Traits
 * @property {number} sample_rate
 * @property {number} prebuffer_seconds
 * @property {string} language a name of those in omni_nb/words/
 * @property {string} header_html
 * @property {string} tail_id
 * @property {string} ending how the answer ended: "complete", or why it is not; "" before
 * @property {import("./player/decision.js").Asked | null} asks a call on which a person has to decide
 * @property {string} calling the tools that run
 * @property {boolean} is_data the text is to be JSON
 * @property {import("./player/meter.js").Price | null} price null: unknown
 *
 * @typedef {import("./sound/arrival.js").DeltaMessage} DeltaMessage
 *
 * @typedef {object} EndMessage
 * @property {"end"} type
 * @property {number} text_length in code points
 * @property {number} total_bytes
 * @property {boolean} stopped somebody interrupted: be silent at once
 * @property {string} page "" for everybody, else the page whose `open` hello this answers
 *
 * @typedef {object} HelloMessage
 * @property {"hello"} type
 * @property {"open" | "repair"} reason a page that has just opened, or one that noticed a loss
 * @property {string} page
 * @property {number} text_length what is here, in code points
 * @property {number} total_bytes what is here
 *
 * @typedef {{type: "decide", call: number, allowed: boolean | null, tail_id: string}} DecideMessage allowed is null
 *   when the call is only shown so far
 *
 * @typedef {{type: "report", is_shown: boolean} & import("./player/report.js").Report} ReportMessage is_shown: a
 *   view of it is on this page
 *
 * @typedef {import("@anywidget/types").AnyModel<Traits>} Model
 */

const BYTES_PER_SAMPLE = 2;
/** A page that has heard nothing for this long asks what it has missed. */
const OPEN_HELLO_MILLISECONDS = 500;
/** Repairs are asked for at growing distances: a kernel that runs a cell answers all of them afterwards. */
const FIRST_REPAIR_MILLISECONDS = 500;
const MOST_REPAIRS = 8;

/** One answer on this page. */
class Session {
  /** @type {Model} */ #model;
  #arrival = new Arrival();
  /** @type {Engine} */ #engine;
  /** @type {EndMessage | null} */ #end = null;
  /** @type {Set<() => void>} */ #views = new Set();
  /** @type {Tail | null} */ #tail = null;
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
  /** @type {Set<ReturnType<typeof setTimeout>>} */ #timers = new Set();

  /** @param {Model} model */
  constructor(model) {
    this.#model = model;
    const { release, ...loudspeaker } = useContext(model.get("sample_rate"));
    this.#releaseContext = release;
    this.#engine = new Engine({
      ...loudspeaker,
      prebufferSeconds: model.get("prebuffer_seconds"),
      onChange: () => this.#changed(),
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
    if (element.getRootNode() instanceof ShadowRoot) this.#css = /** @type {any} */ (model).get("_css") ?? "";
    const view = createView(element, {
      language: model.get("language"),
      words: this.#words,
      isData: model.get("is_data"),
      actions: {
        stop: () => this.#stop(),
        toggleMute: () => this.#engine.mute(!this.#engine.isMuted),
        decide: (call, allowed) => this.#decide(call, allowed),
      },
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
    return wordsFor(words, this.#model.get("language"));
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
    const seconds = this.#arrival.totalBytes / BYTES_PER_SAMPLE / this.#model.get("sample_rate");
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
    // This page was opened after the end: what it has missed is not spoken again.
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
    /** @type {DecideMessage} */
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
      css: this.#css,
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
      // A kernel that is gone takes no messages; what has arrived is still shown and heard.
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
}

/** @type {import("@anywidget/types").AnyWidget<Traits>} */
const widget = () => {
  /** @type {Session | undefined} */
  let session;
  return {
    initialize({ model }) {
      const opened = (session = new Session(model));
      return () => opened.dispose();
    },
    render({ model, el }) {
      return session?.show(model, el);
    },
  };
};

export default widget;
