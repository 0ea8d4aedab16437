/**
 * @file Keep what a person is about to ask: the words, and what is attached. The words and the draft's id stay
 * in the tab, so that a reload loses neither; what is attached stays with Python.
 */
import { randomId } from "../player/dom.js";
import { sessionStore } from "./storage.js";

/** @typedef {import("./types.js").DraftItem} DraftItem */
/** @typedef {import("./types.js").DraftMessage} DraftMessage */

export class Draft {
  #key;
  id;
  text = "";
  /** Whether the draft was here before the page was loaded: then Python may know it. */
  isRestored = false;
  /** @type {DraftItem[]} */ items = [];
  /** The tokens and cost of the draft, or why it cannot be sent. */
  words = "";
  /** @type {number | null} */ share = null;
  isSendable = true;
  /** The words that Python was last told of, and those that its answer speaks of. */
  #toldText = "";
  /** @type {string | null} */ #estimatedText = null;

  /** @param {string} key of the session storage */
  constructor(key) {
    this.#key = key;
    const kept = read(key);
    this.isRestored = kept !== null;
    this.id = kept?.id ?? randomId();
    this.text = kept?.text ?? "";
    this.#write();
  }

  get isEmpty() {
    return this.text.trim() === "" && this.items.length === 0;
  }

  /** Whether Python refuses the draft as it is now; what Python has not seen yet it may well take. */
  get isRefused() {
    if (this.items.some(({ refusal }) => refusal !== "")) return true;
    return !this.isSendable && !this.isEmpty && this.#estimatedText === this.text;
  }

  /** @param {string} text */
  setText(text) {
    this.text = text;
    this.#write();
  }

  /** Note that Python is told of the words as they are now. */
  tell() {
    this.#toldText = this.text;
  }

  /** @param {DraftMessage} message */
  take({ items, words, share, is_sendable }) {
    this.items = items;
    this.words = words;
    this.share = share;
    this.isSendable = is_sendable;
    this.#estimatedText = this.#toldText;
  }

  /** Empty a draft that is being sent; return what brings it back. */
  empty() {
    const { text, items } = this;
    this.items = [];
    this.words = "";
    this.share = null;
    this.isSendable = true;
    this.#estimatedText = null;
    this.setText("");
    return () => {
      if (this.isEmpty) this.items = items;
      if (this.text === "") this.setText(text);
    };
  }

  #write() {
    sessionStore().set(this.#key, JSON.stringify({ id: this.id, text: this.text }));
  }
}

/**
 * @param {string} key
 * @returns {{id: string, text: string} | null}
 */
function read(key) {
  try {
    const kept = JSON.parse(sessionStore().get(key) ?? "null");
    return typeof kept?.id === "string" && typeof kept.text === "string" ? kept : null;
  } catch {
    return null;
  }
}
