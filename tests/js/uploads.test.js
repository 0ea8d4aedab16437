import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { MOST_UNDER_WAY, PATIENCE_MILLISECONDS, PIECE_BYTES, Uploads } from "../../js/panel/uploads.js";

/** A channel that takes pieces as Python does, when it is told to; `lost` are offsets that never arrive. */
class FakeChannel {
  state = "ready";
  sent = [];
  lost = new Set();
  received = new Map();
  #handlers = [];
  #listeners = [];

  listen(_type, handler) {
    this.#handlers.push(handler);
    return () => (this.#handlers = []);
  }

  onState(listener) {
    this.#listeners.push(listener);
    return () => (this.#listeners = []);
  }

  become(state) {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }

  send(message, [bytes]) {
    this.sent.push({ ...message, bytes: bytes.byteLength });
    return Promise.resolve(true);
  }

  /** Answer the oldest piece that has no answer yet; false: there is none, or it is lost. */
  answer(error = "") {
    const piece = this.sent.find((one) => !one.isAnswered);
    if (!piece) return false;
    piece.isAnswered = true;
    if (this.lost.delete(piece.offset)) return true;
    const before = this.received.get(piece.upload) ?? 0;
    this.received.set(piece.upload, piece.offset === before ? before + piece.bytes : before);
    const message = { type: "piece", seq: 1, upload: piece.upload, received: this.received.get(piece.upload), error };
    for (const handler of this.#handlers) handler(message);
    return true;
  }

  get offsets() {
    return this.sent.map(({ offset }) => offset / PIECE_BYTES);
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const fileOf = (pieces, name = "a.png") => new File([new Uint8Array(pieces * PIECE_BYTES)], name, { type: "image/png" });

function begin() {
  const channel = new FakeChannel();
  const changes = [];
  const uploads = new Uploads({ channel, draft: "d", words: { unreadable: "unreadable" }, onChange: () => changes.push(1) });
  return { channel, uploads, changes };
}

/** Let Python answer everything, until nothing is on its way. */
async function answerAll(channel) {
  do await settle();
  while (channel.answer());
}

test("a file goes up in pieces of at most 1 MiB, four of them under way", async () => {
  const { channel, uploads } = begin();
  const upload = uploads.add("u", fileOf(6.5));
  await settle();
  assert.deepEqual(channel.offsets, [0, 1, 2, 3]);
  channel.answer();
  await settle();
  assert.deepEqual(channel.offsets, [0, 1, 2, 3, 4]);
  assert.deepEqual([upload.received, upload.state], [PIECE_BYTES, "moving"]);
  await answerAll(channel);
  assert.deepEqual(channel.offsets, [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(channel.sent[6].bytes, PIECE_BYTES / 2);
  assert.equal(upload.state, "there");
  const { draft, upload: id, name, mime, size } = channel.sent[0];
  assert.deepEqual([draft, id, name, mime, size], ["d", "u", "a.png", "image/png", 6.5 * PIECE_BYTES]);
});

test("an empty file is one empty piece", async () => {
  const { channel, uploads } = begin();
  const upload = uploads.add("u", fileOf(0));
  await answerAll(channel);
  assert.deepEqual([channel.sent.length, upload.state], [1, "there"]);
});

test("files go one after the other, and all have to be there", async () => {
  const { channel, uploads } = begin();
  const first = uploads.add("a", fileOf(1));
  const second = uploads.add("b", fileOf(1));
  await settle();
  assert.deepEqual([channel.sent.map(({ upload }) => upload), second.state], [["a"], "waiting"]);
  channel.answer();
  assert.deepEqual([first.state, uploads.isUnderWay], ["there", true]);
  await answerAll(channel);
  assert.deepEqual([second.state, uploads.isUnderWay], ["there", false]);
});

test("a piece that was lost is sent again as soon as a later one shows it", async () => {
  const { channel, uploads } = begin();
  channel.lost.add(PIECE_BYTES);
  const upload = uploads.add("u", fileOf(4));
  await answerAll(channel);
  assert.deepEqual(channel.offsets.slice(0, 5), [0, 1, 2, 3, 1]);
  assert.equal(upload.state, "there");
});

test("when nothing is heard, it goes on from what has arrived, and more patiently each time", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { channel, uploads } = begin();
  const upload = uploads.add("u", fileOf(2));
  await settle();
  channel.answer();
  await settle();
  mock.timers.tick(PATIENCE_MILLISECONDS - 1);
  await settle();
  assert.deepEqual([channel.offsets, upload.state], [[0, 1], "moving"]);
  mock.timers.tick(1);
  await settle();
  assert.deepEqual([channel.offsets, upload.state], [[0, 1, 1], "stalled"]);
  mock.timers.tick(PATIENCE_MILLISECONDS);
  await settle();
  assert.deepEqual(channel.offsets, [0, 1, 1]);
  mock.timers.tick(PATIENCE_MILLISECONDS);
  await settle();
  assert.deepEqual(channel.offsets, [0, 1, 1, 1]);
  await answerAll(channel);
  assert.equal(upload.state, "there");
  uploads.dispose();
  mock.timers.reset();
});

test("a kernel that is back is asked at once", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { channel, uploads } = begin();
  uploads.add("u", fileOf(1));
  await settle();
  channel.become("gone");
  mock.timers.tick(PATIENCE_MILLISECONDS);
  await settle();
  const before = channel.sent.length;
  channel.become("ready");
  await settle();
  assert.equal(channel.sent.length, before + 1);
  uploads.dispose();
  mock.timers.reset();
});

test("a file that is taken away stops, and the next one begins", async () => {
  const { channel, uploads } = begin();
  uploads.add("a", fileOf(9));
  const second = uploads.add("b", fileOf(1));
  await settle();
  uploads.remove("a");
  await answerAll(channel);
  assert.equal(channel.sent.filter(({ upload }) => upload === "a").length, MOST_UNDER_WAY);
  assert.deepEqual([uploads.list, second.state], [[second], "there"]);
});

test("an error of Python's ends it", async () => {
  const { channel, uploads } = begin();
  const upload = uploads.add("u", fileOf(2));
  await settle();
  channel.answer("too large");
  assert.deepEqual([upload.state, upload.error, uploads.isUnderWay], ["failed", "too large", false]);
});

test("an error that comes when all of it is there ends it too", async () => {
  const { channel, uploads } = begin();
  const upload = uploads.add("u", fileOf(1));
  await answerAll(channel);
  assert.equal(upload.state, "there");
  channel.sent[0].isAnswered = false;
  channel.answer("not a picture");
  assert.deepEqual([upload.state, upload.error], ["failed", "not a picture"]);
});

test("what the browser cannot read, such as a folder, fails", async () => {
  const { channel, uploads } = begin();
  const folder = fileOf(1);
  folder.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("NotFoundError")) });
  const upload = uploads.add("u", folder);
  await settle();
  assert.deepEqual([upload.state, upload.error, channel.sent.length], ["failed", "unreadable", 0]);
});

test("after it is disposed of nothing is sent", async () => {
  const { channel, uploads } = begin();
  uploads.add("u", fileOf(9));
  uploads.dispose();
  await settle();
  assert.equal(channel.sent.length, 0);
});
