/**
 * @file Send files to Python, one after the other, in pieces of at most 1 MiB. Python says how much of
 * a file it has; so many pieces at most are under way, and what was lost is sent again from there.
 */

/** @typedef {import("./types.js").PieceMessage} PieceMessage */

/** One message may have 10 MiB: a larger one ends the connection. */
export const PIECE_BYTES = 1 << 20;
export const MOST_UNDER_WAY = 4;
/** With no word for so long, go on from what Python has. */
export const PATIENCE_MILLISECONDS = 10_000;
/** A busy kernel reads everything later: do not send it more and more. */
const MOST_PATIENCE_MILLISECONDS = 160_000;

/** @typedef {Pick<import("./channel.js").Channel, "send" | "listen" | "state" | "onState">} Channel */

/** One file, and how far its upload is. */
export class Upload {
  id;
  file;
  /** @type {"waiting" | "moving" | "stalled" | "there" | "failed"} */ state = "waiting";
  received = 0;
  /** The place of the next piece. */
  next = 0;
  /** Why the upload failed, in words. */
  error = "";

  /**
   * @param {string} id
   * @param {File} file
   */
  constructor(id, file) {
    this.id = id;
    this.file = file;
  }

  get isUnderWay() {
    return this.state !== "there" && this.state !== "failed";
  }
}

export class Uploads {
  #channel;
  #draft;
  #onChange;
  #words;
  /** @type {Upload[]} */ list = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #patience = PATIENCE_MILLISECONDS;
  /** Where Python last missed a piece: so that one loss is answered once. */
  #missedAt = -1;
  #isPumping = false;
  /** Grows when the place of the next piece is set back: what is being read then is out of date. */
  #round = 0;
  /** @type {(() => void)[]} */ #cleanups;

  /**
   * @param {object} options
   * @param {Channel} options.channel
   * @param {string} options.draft
   * @param {() => void} options.onChange
   * @param {{unreadable: string}} options.words
   */
  constructor({ channel, draft, onChange, words }) {
    this.#channel = channel;
    this.#draft = draft;
    this.#onChange = onChange;
    this.#words = words;
    this.#cleanups = [
      channel.listen("piece", (message) => this.#takePiece(message)),
      channel.onState(() => this.#current?.state === "stalled" && channel.state === "ready" && this.#goBack()),
    ];
  }

  get isUnderWay() {
    return this.list.some((upload) => upload.isUnderWay);
  }

  get #current() {
    return this.list.find((upload) => upload.isUnderWay);
  }

  /**
   * @param {string} id
   * @param {File} file
   */
  add(id, file) {
    const upload = new Upload(id, file);
    this.list.push(upload);
    this.#advance();
    return upload;
  }

  /** Forget an upload; the caller tells Python. @param {string} id */
  remove(id) {
    const wasCurrent = this.#current?.id === id;
    this.list = this.list.filter((upload) => upload.id !== id);
    if (wasCurrent) this.#startOver();
    this.#advance();
  }

  dispose() {
    clearTimeout(this.#timer);
    for (const cleanup of this.#cleanups) cleanup();
    this.list = [];
    this.#round++;
  }

  /** @param {PieceMessage} message */
  #takePiece({ upload: id, received, error }) {
    const upload = this.list.find((one) => one.id === id);
    // All of it may be there before Python finds that it cannot be used.
    if (upload && error) return this.#end(upload, "failed", error);
    if (!upload || upload !== this.#current) return;
    if (received >= upload.file.size) return this.#end(upload, "there");
    const isNews = received > upload.received;
    const isMissing = received === upload.received && received < upload.next && this.#missedAt !== received;
    upload.received = Math.max(upload.received, received);
    upload.next = Math.max(upload.next, upload.received);
    if (isNews) {
      upload.state = "moving";
      this.#patience = PATIENCE_MILLISECONDS;
      this.#wait();
    } else if (isMissing) {
      // A piece beyond the lost one has come: no need to wait.
      this.#missedAt = received;
      this.#setBack(upload);
    }
    this.#advance();
  }

  /**
   * @param {Upload} upload
   * @param {"there" | "failed"} state
   * @param {string} [error]
   */
  #end(upload, state, error = "") {
    if (upload === this.#current) this.#startOver();
    upload.state = state;
    upload.error = error;
    if (state === "there") upload.received = upload.file.size;
    this.#advance();
  }

  /** Begin the next file with nothing under way. */
  #startOver() {
    clearTimeout(this.#timer);
    this.#patience = PATIENCE_MILLISECONDS;
    this.#missedAt = -1;
    this.#round++;
  }

  /** Go on from what Python has, as nothing was heard; be more patient each time. */
  #goBack() {
    const upload = this.#current;
    if (!upload) return;
    upload.state = "stalled";
    this.#patience = Math.min(2 * this.#patience, MOST_PATIENCE_MILLISECONDS);
    this.#setBack(upload);
    this.#wait();
    this.#advance();
  }

  /** @param {Upload} upload */
  #setBack(upload) {
    upload.next = upload.received;
    this.#round++;
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#goBack(), this.#patience);
  }

  #advance() {
    this.#onChange();
    void this.#pump();
  }

  /** Send pieces as long as there are fewer than four under way. */
  async #pump() {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      for (let upload = this.#current; upload && hasRoom(upload); upload = this.#current) await this.#sendPiece(upload);
    } finally {
      this.#isPumping = false;
    }
  }

  /** @param {Upload} upload */
  async #sendPiece(upload) {
    const { id, file, next: offset } = upload;
    const round = this.#round;
    if (upload.state === "waiting") {
      upload.state = "moving";
      this.#wait();
      this.#onChange();
    }
    /** @type {ArrayBuffer | null} */
    const bytes = await file.slice(offset, offset + PIECE_BYTES).arrayBuffer().catch(() => null);
    if (round !== this.#round) return;
    if (!bytes) return this.#end(upload, "failed", this.#words.unreadable);
    // An empty file is one empty piece: past its end, so that it is sent once.
    upload.next = file.size === 0 ? 1 : offset + bytes.byteLength;
    const message = { draft: this.#draft, upload: id, name: file.name, mime: file.type, size: file.size, offset };
    void this.#channel.send({ type: "upload", ...message }, [bytes]);
  }
}

/** @param {Upload} upload */
function hasRoom({ file, next, received }) {
  const isAllSent = next >= Math.max(1, file.size);
  return !isAllSent && next - received < MOST_UNDER_WAY * PIECE_BYTES;
}
