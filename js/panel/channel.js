/**
 * @file Exchange messages with Python: what is sent is acknowledged, what is lost is asked for again, and
 * whether the kernel listens is known before somebody wonders.
 */
import { attempt } from "../player/attempt.js";
import { randomId } from "../player/dom.js";
import { kernelOf } from "../player/kernel.js";
import { sessionStore } from "./storage.js";

/**
 * @typedef {import("./types.js").Model} Model
 * @typedef {import("./types.js").Incoming} Incoming
 * @typedef {import("./types.js").Outgoing} Outgoing
 * @typedef {Extract<Outgoing, {type: "hello"}>} Hello
 * @typedef {"ready" | "busy" | "gone"} ChannelState
 *
 * @typedef {object} ChannelOptions
 * @property {string} panelId
 * @property {number} seq of what is here already
 * @property {() => Omit<Hello, "type" | "reason">} describe what a `hello` says of this page
 * @property {() => boolean} isExpecting whether an answer is under way, so that silence is a bad sign
 *
 * @typedef {object} Pending
 * @property {number} count which message this is
 * @property {boolean} isHello
 * @property {boolean} isOverdue
 * @property {(isTaken: boolean) => void} settle
 * @property {ReturnType<typeof setTimeout>[]} timers
 */

/** A message that is not taken for so long waits for another cell. */
export const BUSY_MILLISECONDS = 800;
/** A message that is not taken for so long, by a kernel that does not say it is busy, is lost. */
export const LOST_MILLISECONDS = 30_000;
/** Nothing heard of an answer for so long: ask. */
export const SILENCE_MILLISECONDS = 3000;
/** Repairs are asked for at growing distances: a kernel that runs a cell answers all of them afterwards. */
export const FIRST_REPAIR_MILLISECONDS = 500;
const LONGEST_REPAIR_MILLISECONDS = 30_000;
/** A kernel that has been busy for so long is asked whether it listens nevertheless, and so often. */
const PING_MILLISECONDS = 1000;
const PING_AGAIN_MILLISECONDS = 3000;
const DEAD = new Set(["restarting", "autorestarting", "dead", "terminating"]);

export class Channel {
  page;

  /** @type {Model} */ #model;
  /** @type {ChannelOptions} */ #options;
  /** @type {Map<string, Set<(message: any, bytes: Uint8Array) => void>>} */ #handlers = new Map();
  /** @type {Map<string, Pending>} */ #pending = new Map();
  /** @type {Set<() => void>} */ #stateListeners = new Set();
  /** @type {ChannelState} */ #state = "ready";
  #seq;
  #count = 0;
  #prefix = randomId();
  #repairs = 0;
  #nextRepairAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #repairTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #silenceTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #pingTimer;
  /** @type {() => void} */ #releasePage;
  /** @type {import("../player/kernel.js").Kernel | undefined} */ #kernel;

  /**
   * @param {Model} model
   * @param {ChannelOptions} options
   */
  constructor(model, options) {
    this.#model = model;
    this.#options = options;
    this.#seq = options.seq;
    const { page, release } = usePage(options.panelId);
    this.page = page;
    this.#releasePage = release;
    this.#kernel = kernelOf(model);
    this.#kernel?.statusChanged?.connect(this.#onStatus);
    this.#kernel?.connectionStatusChanged?.connect(this.#onConnection);
    model.on("msg:custom", this.#receive);
    model.on("comm:close", this.#onClose);
  }

  dispose() {
    this.#model.off("msg:custom", this.#receive);
    this.#model.off("comm:close", this.#onClose);
    this.#kernel?.statusChanged?.disconnect(this.#onStatus);
    this.#kernel?.connectionStatusChanged?.disconnect(this.#onConnection);
    clearTimeout(this.#repairTimer);
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#pingTimer);
    for (const id of [...this.#pending.keys()]) this.#settle(id, false);
    this.#handlers.clear();
    this.#stateListeners.clear();
    this.#releasePage();
  }

  /** @returns {ChannelState} */
  get state() {
    return this.#state;
  }

  /**
   * @param {() => void} callback
   * @returns {() => void}
   */
  onState(callback) {
    this.#stateListeners.add(callback);
    return () => this.#stateListeners.delete(callback);
  }

  /**
   * Listen to all messages of a type, with the bytes of their only buffer (empty when there is none).
   *
   * @template {Incoming["type"]} Type
   * @param {Type} type
   * @param {(message: Extract<Incoming, {type: Type}>, bytes: Uint8Array) => void} handler
   * @returns {() => void} stop listening
   */
  listen(type, handler) {
    const handlers = this.#handlers.get(type) ?? new Set();
    this.#handlers.set(type, handlers);
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  /**
   * @param {Outgoing} outgoing
   * @param {(ArrayBuffer | ArrayBufferView)[]} [buffers]
   * @returns {Promise<boolean>} true: the kernel has taken the message; false: the kernel has refused it, is gone, or was too slow
   */
  send(outgoing, buffers) {
    const count = ++this.#count;
    const id = `${this.#prefix}.${count}`;
    return new Promise((resolve) => {
      const timers = [
        setTimeout(() => this.#noticeOverdue(id), BUSY_MILLISECONDS),
        setTimeout(() => this.#giveUp(id), LOST_MILLISECONDS),
      ];
      this.#pending.set(id, { count, isHello: outgoing.type === "hello", isOverdue: false, settle: resolve, timers });
      try {
        /** @type {unknown} A promise in marimo, which may fail later. */
        const sent = this.#model.send({ ...outgoing, id, page: this.page }, undefined, /** @type {any} */ (buffers));
        Promise.resolve(sent).catch(() => this.#lose());
      } catch {
        this.#lose();
      }
    });
  }

  /**
   * Tell Python what is here; it sends what is missing.
   *
   * @param {Hello["reason"]} reason
   */
  hello(reason) {
    this.#watchForSilence();
    return this.send({ type: "hello", reason, ...this.#options.describe() });
  }

  /** Ask for what is missing, now or a little later, but not all the time. */
  repair() {
    const now = performance.now();
    if (now < this.#nextRepairAt) {
      this.#repairTimer ??= setTimeout(() => this.repair(), this.#nextRepairAt - now);
      return;
    }
    clearTimeout(this.#repairTimer);
    this.#repairTimer = undefined;
    if (this.#state === "gone") return;
    this.#nextRepairAt = now + Math.min(FIRST_REPAIR_MILLISECONDS * 2 ** this.#repairs, LONGEST_REPAIR_MILLISECONDS);
    this.#repairs += 1;
    void this.hello("repair");
  }

  /**
   * @param {Incoming} message
   * @param {DataView[]} buffers
   */
  #receive = (message, buffers) => {
    const isGap = message.seq > this.#seq + 1;
    this.#seq = Math.max(this.#seq, message.seq);
    if (this.#state === "gone") this.#setState("ready");
    if (message.type === "ack") this.#takeAck(message.of, message.is_taken);
    const [first] = buffers ?? [];
    const bytes = first ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength) : new Uint8Array();
    for (const handler of [...(this.#handlers.get(message.type) ?? [])]) attempt(() => handler(message, bytes));
    if (isGap) this.repair();
    else if (message.type !== "ack") this.#repairs = 0;
    this.#watchForSilence();
  };

  /**
   * @param {string} id
   * @param {boolean} isTaken false: Python has refused it, and has said why
   */
  #takeAck(id, isTaken) {
    const taken = this.#pending.get(id);
    if (!taken) return;
    this.#settle(id, isTaken);
    // The kernel takes messages in their order, so it has seen the earlier ones: an ack was lost, perhaps.
    for (const pending of this.#pending.values()) if (pending.count < taken.count) pending.isOverdue = false;
    this.#update();
  }

  /** @param {string} id */
  #noticeOverdue(id) {
    const pending = this.#pending.get(id);
    if (pending) pending.isOverdue = true;
    this.#update();
  }

  /** @param {string} id */
  #giveUp(id) {
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (this.#kernel?.status === "busy") {
      // The message is in the queue of a kernel that runs a cell, however long.
      pending.timers.push(setTimeout(() => this.#giveUp(id), PING_AGAIN_MILLISECONDS));
      return;
    }
    const isSilent = pending.isOverdue;
    this.#settle(id, false);
    if (isSilent) this.#lose();
  }

  /**
   * @param {string} id
   * @param {boolean} isTaken
   */
  #settle(id, isTaken) {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    pending.timers.forEach(clearTimeout);
    pending.settle(isTaken);
  }

  #lose() {
    for (const id of [...this.#pending.keys()]) this.#settle(id, false);
    this.#setState("gone");
  }

  #update() {
    if (this.#state === "gone") return;
    const isBusy = [...this.#pending.values()].some(({ isOverdue }) => isOverdue);
    this.#setState(isBusy ? "busy" : "ready");
  }

  /** @param {ChannelState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of [...this.#stateListeners]) attempt(listener);
  }

  /** Watch for silence; no timer runs while nothing is expected. */
  #watchForSilence() {
    clearTimeout(this.#silenceTimer);
    if (!this.#options.isExpecting() || this.#state === "gone") return;
    this.#silenceTimer = setTimeout(() => {
      if (!this.#options.isExpecting()) return;
      this.repair();
      this.#watchForSilence();
    }, SILENCE_MILLISECONDS);
  }

  /**
   * @param {unknown} _sender
   * @param {string} status
   */
  #onStatus = (_sender, status) => {
    clearTimeout(this.#pingTimer);
    if (DEAD.has(status)) this.#lose();
    else if (status === "busy") this.#pingTimer = setTimeout(() => this.#ping(), PING_MILLISECONDS);
  };

  /** Ask whether the kernel listens: one with subshells does while a cell runs, others afterwards. */
  #ping() {
    const isAsked = [...this.#pending.values()].some(({ isHello }) => isHello);
    if (!isAsked && this.#state !== "gone") void this.hello("repair");
    this.#pingTimer = setTimeout(() => this.#ping(), PING_AGAIN_MILLISECONDS);
  }

  /**
   * @param {unknown} _sender
   * @param {string} status
   */
  #onConnection = (_sender, status) => {
    if (status === "connected" && this.#state !== "gone") void this.hello("repair");
  };

  #onClose = () => this.#lose();
}

/**
 * Return the name of this page, kept over a reload. The name is in the store only while no page has it: a
 * duplicated tab gets a copy of the store, and two pages of one name would both speak.
 *
 * @param {string} panelId
 * @returns {{page: string, release: () => void}}
 */
function usePage(panelId) {
  const key = `omni_nb.page.${panelId}`;
  const store = sessionStore();
  const page = store.take(key) || randomId();
  const keep = () => store.set(key, page);
  const take = () => void store.take(key);
  window.addEventListener("pagehide", keep);
  window.addEventListener("pageshow", take);
  return {
    page,
    release() {
      window.removeEventListener("pagehide", keep);
      window.removeEventListener("pageshow", take);
      keep();
    },
  };
}
