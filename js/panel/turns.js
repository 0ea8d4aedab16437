/** @file Keep the turns of a conversation as they are known here: their order, words and speech. */
import { attempt } from "../player/attempt.js";
import { Arrival, countCodePoints, spliceText } from "../sound/arrival.js";
import { sharedPreferences } from "./preferences.js";
import { Progress, Speech } from "./speech.js";

/**
 * @typedef {import("./types.js").TurnRecord} TurnRecord
 * @typedef {import("./types.js").TurnsMessage} TurnsMessage
 * @typedef {import("./types.js").DeltaMessage} DeltaMessage
 * @typedef {import("./types.js").EndMessage} EndMessage
 * @typedef {import("./types.js").SpeechMessage} SpeechMessage
 * @typedef {import("./types.js").CodeMessage} CodeMessage
 * @typedef {import("./channel.js").Channel} Channel
 * @typedef {{pause(): void}} Replay a finished answer that is heard again
 *
 * @typedef {object} TurnsOptions
 * @property {Pick<Channel, "page" | "send" | "listen" | "repair">} channel
 * @property {number} sampleRate
 * @property {number} prebufferSeconds
 * @property {() => void} onChange
 */

const BYTES_PER_SAMPLE = 2;
/** Speech that was asked for and has not come for so long is asked for again, so often. */
export const FETCH_MILLISECONDS = 2000;
const MOST_FETCHES = 8;

export class Turn {
  /** The samples in the order of their coming. @type {Uint8Array<ArrayBuffer>[]} */
  pieces = [];
  /** Its live speech, while and after it was spoken on this page. @type {Speech | null} */
  speech = null;
  /** The request as programs, once it was asked for. @type {CodeMessage | null} */
  code = null;
  reasoning = "";
  reasoningLength = 0;

  #arrival = new Arrival();

  /** @param {TurnRecord} record */
  constructor(record) {
    this.record = record;
    this.replace(record);
  }

  get id() {
    return this.record.turn;
  }

  get text() {
    return this.#arrival.text;
  }

  get textLength() {
    return this.#arrival.textLength;
  }

  /** Bytes of speech that are here. */
  get totalBytes() {
    return this.#arrival.totalBytes;
  }

  /** Whether its speech was announced and did not come along. */
  get lacksSound() {
    return this.#arrival.lacksSound;
  }

  get isOver() {
    return this.record.state === "over";
  }

  get hasWholeText() {
    return this.textLength === this.record.text_length && this.reasoningLength === this.record.reasoning_length;
  }

  get hasWholeSpeech() {
    return this.totalBytes >= this.record.total_bytes;
  }

  /** @param {TurnRecord} record in an `end` without its text, which is here already */
  replace(record) {
    this.record = record;
    if (record.text !== null) {
      this.#arrival.text = record.text;
      this.#arrival.textLength = record.text_length;
    }
    if (record.reasoning !== null) {
      this.reasoning = record.reasoning;
      this.reasoningLength = record.reasoning_length;
    }
  }

  /**
   * @param {DeltaMessage} delta
   * @param {Uint8Array} bytes
   * @returns {Uint8Array | null} the bytes that are new; null when something before them is missing
   */
  take(delta, bytes) {
    if (delta.reasoning_offset > this.reasoningLength) return null;
    const fresh = this.#arrival.take(delta, bytes);
    if (!fresh) return null;
    const isNext = delta.reasoning_offset === this.reasoningLength;
    this.reasoning = isNext
      ? this.reasoning + delta.reasoning
      : spliceText(this.reasoning, delta.reasoning_offset, delta.reasoning);
    this.reasoningLength = delta.reasoning_offset + countCodePoints(delta.reasoning);
    if (delta.meter !== undefined) this.record.meter = delta.meter;
    return this.#keep(fresh);
  }

  /**
   * @param {Pick<SpeechMessage, "offset" | "pcm_bytes">} message
   * @param {Uint8Array} bytes
   * @returns {Uint8Array | null} the bytes that are new; null when something before them is missing
   */
  takeSpeech({ offset, pcm_bytes }, bytes) {
    const fresh = this.#arrival.take(
      { type: "delta", text_offset: this.textLength, text: "", pcm_offset: offset, pcm_bytes },
      bytes,
    );
    return fresh && this.#keep(fresh);
  }

  /** Keep a copy: the buffer of a message is larger, and shared. @param {Uint8Array} fresh */
  #keep(fresh) {
    const piece = new Uint8Array(fresh);
    if (piece.byteLength > 0) this.pieces.push(piece);
    return piece;
  }
}

/**
 * @typedef {object} Fetching
 * @property {Promise<boolean>} promise
 * @property {(isWhole: boolean) => void} settle
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 * @property {number} tries
 */

export class Turns {
  /** In the order of the conversation. @type {Turn[]} */
  shown = [];
  preferences = sharedPreferences();

  /** Also those of other versions: they may come back. @type {Map<string, Turn>} */
  #known = new Map();
  /** @type {TurnsOptions} */ #options;
  /** @type {Map<string, Fetching>} */ #fetches = new Map();
  /** @type {Set<(turn: Turn | null) => void>} */ #listeners = new Set();
  /** @type {Replay | null} */ #replay = null;
  #isShown = false;

  /** @param {TurnsOptions} options */
  constructor(options) {
    this.#options = options;
    const { channel } = options;
    channel.listen("turns", (message) => this.#takeTurns(message));
    channel.listen("delta", (message, bytes) => this.#takeDelta(message, bytes));
    channel.listen("end", (message) => this.#takeEnd(message));
    channel.listen("speech", (message, bytes) => this.#takeSpeech(message, bytes));
    channel.listen("code", (message) => this.#takeCode(message));
  }

  dispose() {
    for (const turn of this.#known.values()) turn.speech?.dispose();
    for (const id of [...this.#fetches.keys()]) this.#settleFetch(id, false);
    this.#replay?.pause();
    this.#listeners.clear();
  }

  get sampleRate() {
    return this.#options.sampleRate;
  }

  /** The turn whose answer comes. */
  get answering() {
    return this.shown.find(({ record }) => record.state === "answering");
  }

  /** What a `hello` says is here. @returns {Record<string, [number, number, boolean]>} */
  get have() {
    const turns = [...this.#known.values()];
    return Object.fromEntries(
      turns.map((turn) => [turn.id, [turn.textLength, turn.totalBytes, turn.isOver && turn.hasWholeText]]),
    );
  }

  /**
   * Return the seconds of a turn's speech: what is here, or what Python has.
   *
   * @param {Turn} turn
   */
  secondsOf(turn) {
    const bytes = Math.max(turn.totalBytes, turn.record.total_bytes);
    return bytes / BYTES_PER_SAMPLE / this.sampleRate;
  }

  /**
   * @param {(turn: Turn | null) => void} callback with the only turn that has changed, or null: the order has
   * @returns {() => void}
   */
  onChange(callback) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /**
   * Begin with what was here when the page was opened.
   *
   * @param {TurnRecord[]} records
   */
  begin(records) {
    this.#replaceRecords(records);
    this.#reorder(records.map(({ turn }) => turn));
  }

  /** Speak only where the conversation is to be seen. @param {boolean} isShown */
  setShown(isShown) {
    this.#isShown = isShown;
    if (!isShown) this.silence();
    else for (const turn of this.shown) this.#listenTo(turn);
  }

  /** Whether an answer is spoken while it comes, or after it. */
  get isSpeaking() {
    return this.shown.some(({ speech, lacksSound }) => speech !== null && !speech.isOver && !lacksSound);
  }

  /** Stop all speech, live or replayed. */
  silence() {
    this.#replay?.pause();
    this.#replay = null;
    for (const turn of this.#known.values()) this.#stopSpeech(turn);
  }

  /** Begin a replay: everything else is silent. @param {Replay} replay */
  beginReplay(replay) {
    if (replay === this.#replay) return;
    this.silence();
    this.#replay = replay;
  }

  /** @param {Replay} replay */
  endReplay(replay) {
    if (this.#replay === replay) this.#replay = null;
  }

  /**
   * Fetch the speech of a finished answer; true once all of it is here.
   *
   * @param {Turn} turn
   * @returns {Promise<boolean>}
   */
  fetch(turn) {
    if (turn.hasWholeSpeech) return Promise.resolve(true);
    const running = this.#fetches.get(turn.id);
    if (running) return running.promise;
    /** @type {(isWhole: boolean) => void} */
    let settle = () => {};
    const promise = new Promise((/** @type {(isWhole: boolean) => void} */ resolve) => (settle = resolve));
    this.#fetches.set(turn.id, { promise, settle, timer: undefined, tries: 0 });
    this.#askForSpeech(turn);
    return promise;
  }

  /** @param {Turn} turn */
  #askForSpeech(turn) {
    const fetching = this.#fetches.get(turn.id);
    if (!fetching) return;
    if (++fetching.tries > MOST_FETCHES) return this.#settleFetch(turn.id, false);
    void this.#options.channel
      .send({ type: "speech", turn: turn.id, offset: turn.totalBytes })
      .then((isTaken) => isTaken || this.#settleFetch(turn.id, false));
    this.#fetchAgainLater(turn, fetching);
  }

  /**
   * @param {Turn} turn
   * @param {Fetching} fetching
   */
  #fetchAgainLater(turn, fetching) {
    clearTimeout(fetching.timer);
    fetching.timer = setTimeout(() => this.#askForSpeech(turn), FETCH_MILLISECONDS * Math.max(1, fetching.tries));
  }

  /**
   * @param {string} id
   * @param {boolean} isWhole
   */
  #settleFetch(id, isWhole) {
    const fetching = this.#fetches.get(id);
    if (!fetching) return;
    clearTimeout(fetching.timer);
    this.#fetches.delete(id);
    fetching.settle(isWhole);
  }

  /**
   * @param {SpeechMessage} message
   * @param {Uint8Array} bytes
   */
  #takeSpeech(message, bytes) {
    const turn = this.#known.get(message.turn);
    const fetching = this.#fetches.get(message.turn);
    // Another page may have asked; then the piece is of no use here.
    if (!turn || !fetching) return;
    const fresh = turn.takeSpeech(message, bytes);
    if (!fresh) return;
    fetching.tries = 0;
    turn.speech?.push(fresh);
    if (turn.lacksSound) this.#settleFetch(turn.id, false);
    else if (turn.hasWholeSpeech) this.#settleFetch(turn.id, true);
    else this.#fetchAgainLater(turn, fetching);
    this.#changed(turn);
  }

  /** @param {CodeMessage} message */
  #takeCode(message) {
    const turn = this.#known.get(message.turn);
    if (!turn) return;
    turn.code = message;
    this.#changed(turn);
  }

  /** @param {TurnsMessage} message */
  #takeTurns({ order, records }) {
    this.#replaceRecords(records);
    this.#reorder(order);
    if (order.some((id) => !this.#known.has(id))) this.#options.channel.repair();
  }

  /** @param {TurnRecord[]} records */
  #replaceRecords(records) {
    for (const record of records) {
      const turn = this.#known.get(record.turn);
      if (turn) turn.replace(record);
      else this.#known.set(record.turn, new Turn(record));
      this.#changed(/** @type {Turn} */ (this.#known.get(record.turn)));
    }
  }

  /** @param {string[]} order */
  #reorder(order) {
    const turns = order.map((id) => this.#known.get(id)).filter((turn) => turn !== undefined);
    const isSame = turns.length === this.shown.length && turns.every((turn, index) => turn === this.shown[index]);
    for (const turn of this.shown) if (!turns.includes(turn)) this.#stopSpeech(turn);
    this.shown = turns;
    if (turns.length === 0) this.#known.clear();
    for (const turn of turns) this.#listenTo(turn);
    if (!isSame) this.#changed(null);
  }

  /**
   * @param {DeltaMessage} delta
   * @param {Uint8Array} bytes
   */
  #takeDelta(delta, bytes) {
    const turn = this.#known.get(delta.turn);
    const fresh = turn?.take(delta, bytes);
    if (!turn || !fresh) return this.#options.channel.repair();
    turn.speech?.push(fresh);
    this.#settle(turn);
    this.#changed(turn);
  }

  /** @param {EndMessage} end */
  #takeEnd({ turn: id, record }) {
    const turn = this.#known.get(id);
    if (!turn) return this.#options.channel.repair();
    turn.replace(record);
    if (!turn.hasWholeText) this.#options.channel.repair();
    this.#listenTo(turn);
    this.#changed(turn);
  }

  /** Speak a turn whose answer comes to this page, or did until the page was reloaded. @param {Turn} turn */
  #listenTo(turn) {
    const { record } = turn;
    if (!turn.speech && this.#isToBeSpoken(turn)) {
      turn.speech = new Speech({
        turn: turn.id,
        sampleRate: this.sampleRate,
        prebufferSeconds: this.#options.prebufferSeconds,
        preferences: this.preferences,
        onChange: () => this.#speechChanged(turn),
        onReport: (report) => void this.#options.channel.send({ type: "report", turn: turn.id, ...report }),
      });
      for (const piece of turn.pieces) turn.speech.push(piece);
    }
    if (record.is_stopped) this.#stopSpeech(turn);
    if (turn.speech && this.#isShown) turn.speech.start();
    this.#settle(turn);
  }

  /** @param {Turn} turn */
  #isToBeSpoken({ id, record }) {
    if (record.is_stopped) return false;
    if (record.state === "answering") return record.speaker === this.#options.channel.page;
    return record.state === "over" && record.total_bytes > 0 && new Progress(id).frames !== null;
  }

  /** Let the speech run out once everything is here; what was lost of it is asked for. @param {Turn} turn */
  #settle(turn) {
    if (!turn.isOver || !turn.speech || turn.speech.isOver) return;
    if (turn.hasWholeSpeech) return turn.speech.end();
    if (!this.#fetches.has(turn.id)) void this.fetch(turn).then(() => turn.speech?.end());
  }

  /** @param {Turn} turn */
  #stopSpeech(turn) {
    // The speech stays, so that nothing of this turn is spoken any more.
    turn.speech?.stop();
  }

  /** @param {Turn} turn */
  #speechChanged(turn) {
    if (turn.speech?.state === "speaking" && this.#replay) {
      this.#replay.pause();
      this.#replay = null;
    }
    this.#changed(turn);
  }

  /** @param {Turn | null} turn */
  #changed(turn) {
    for (const listener of [...this.#listeners]) attempt(() => listener(turn));
    // Speech that goes on changes nothing but its own turn.
    if (turn === null || !turn.speech || turn.speech.isOver || turn.isOver) this.#options.onChange();
  }
}
