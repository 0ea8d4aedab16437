import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { FakeClock, FakeModel, FakeSignal, openPage } from "./panel_fakes.js";

openPage();
const { BUSY_MILLISECONDS, Channel, LOST_MILLISECONDS, SILENCE_MILLISECONDS } = await import("../../js/panel/channel.js");

const channels = [];
let isExpecting = false;

function channelOf(model) {
  const describe = () => ({ language: "en", have: {}, drafts: [] });
  const channel = new Channel(model, { panelId: "p1", seq: 0, describe, isExpecting: () => isExpecting });
  channels.push(channel);
  return channel;
}

const clock = new FakeClock();
const pass = (milliseconds) => clock.pass(milliseconds);

beforeEach(() => {
  clock.start();
  isExpecting = false;
});
afterEach(() => {
  for (const channel of channels.splice(0)) channel.dispose();
  clock.stop();
  window.sessionStorage.clear();
});

test("a message that is acknowledged was taken", async () => {
  const model = new FakeModel();
  const channel = channelOf(model);
  assert.equal(await channel.send({ type: "sample" }), true);
  const [{ type, id, page }] = model.sent;
  assert.deepEqual([type, typeof id, page], ["sample", "string", channel.page]);
});

test("a message that is refused was not taken, by a kernel that is there", async () => {
  const model = new FakeModel();
  model.isListening = false;
  const channel = channelOf(model);
  const sent = channel.send({ type: "sample" });
  model.post({ type: "ack", of: model.sent[0].id, is_taken: false });
  assert.equal(await sent, false);
  assert.equal(channel.state, "ready");
});

test("a kernel that takes its time is busy, then ready again", async () => {
  const model = new FakeModel();
  model.isListening = false;
  const channel = channelOf(model);
  const states = [];
  channel.onState(() => states.push(channel.state));
  const sent = channel.send({ type: "sample" });
  pass(BUSY_MILLISECONDS - 100);
  assert.equal(channel.state, "ready");
  pass(200);
  assert.equal(channel.state, "busy");
  model.post({ type: "ack", of: model.sent[0].id, is_taken: true });
  assert.equal(await sent, true);
  assert.deepEqual(states, ["busy", "ready"]);
});

test("an ack that is lost does not keep the channel busy: a later one says that the kernel listens", () => {
  const model = new FakeModel();
  model.isListening = false;
  const channel = channelOf(model);
  void channel.send({ type: "sample" });
  pass(1000);
  assert.equal(channel.state, "busy");
  model.isListening = true;
  void channel.send({ type: "sample" });
  assert.equal(channel.state, "ready");
});

test("what is not taken in time is lost, and so is the kernel", async () => {
  const model = new FakeModel();
  model.isListening = false;
  const channel = channelOf(model);
  const sent = channel.send({ type: "sample" });
  pass(LOST_MILLISECONDS);
  assert.equal(await sent, false);
  assert.equal(channel.state, "gone");
});

test("a kernel that says it is busy is waited for", async () => {
  const kernel = { status: "busy", statusChanged: new FakeSignal() };
  const model = new FakeModel({}, { kernel });
  model.isListening = false;
  const channel = channelOf(model);
  const sent = channel.send({ type: "sample" });
  pass(LOST_MILLISECONDS + 20_000);
  assert.equal(channel.state, "busy");
  model.post({ type: "ack", of: model.sent[0].id, is_taken: true });
  assert.equal(await sent, true);
});

test("a kernel that is dead takes nothing, and what it says again brings it back", async () => {
  const model = new FakeModel();
  const channel = channelOf(model);
  model.isDead = true;
  assert.equal(await channel.send({ type: "sample" }), false);
  assert.equal(channel.state, "gone");
  model.post({ type: "notice", kind: "info", text: "here" });
  assert.equal(channel.state, "ready");
});

test("a kernel is gone, too, where the page learns later that a message did not get through, as in marimo", async () => {
  const model = new FakeModel();
  const channel = channelOf(model);
  model.send = async () => {
    throw new Error("no connection");
  };
  assert.equal(await channel.send({ type: "sample" }), false);
  assert.equal(channel.state, "gone");
});

for (const status of ["restarting", "autorestarting", "dead"]) {
  test(`a kernel that is ${status} is gone, and waits for nothing`, async () => {
    const kernel = { status: "idle", statusChanged: new FakeSignal() };
    const model = new FakeModel({}, { kernel });
    model.isListening = false;
    const channel = channelOf(model);
    const sent = channel.send({ type: "sample" });
    kernel.statusChanged.emit(status);
    assert.equal(await sent, false);
    assert.equal(channel.state, "gone");
  });
}

test("a comm that is closed is gone", () => {
  const model = new FakeModel();
  const channel = channelOf(model);
  model.trigger("comm:close");
  assert.equal(channel.state, "gone");
});

test("a busy kernel is asked whether it listens nevertheless, one question at a time", () => {
  const kernel = { status: "busy", statusChanged: new FakeSignal() };
  const model = new FakeModel({}, { kernel });
  model.isListening = false;
  const channel = channelOf(model);
  kernel.statusChanged.emit("busy");
  pass(900);
  assert.equal(model.said("hello").length, 0);
  pass(20_000);
  assert.deepEqual(model.said("hello").map(({ reason }) => reason), ["repair"]);
  assert.equal(channel.state, "busy");
  model.post({ type: "ack", of: model.sent[0].id, is_taken: true });
  kernel.statusChanged.emit("idle");
  assert.equal(channel.state, "ready");
});

test("a busy kernel with subshells answers at once and counts as ready", () => {
  const kernel = { status: "busy", statusChanged: new FakeSignal() };
  const model = new FakeModel({}, { kernel });
  const channel = channelOf(model);
  kernel.statusChanged.emit("busy");
  pass(5000);
  assert.equal(channel.state, "ready");
  assert.equal(model.said("hello").length, 2);
});

test("a kernel that is connected again is asked what was missed", () => {
  const kernel = { status: "idle", statusChanged: new FakeSignal(), connectionStatusChanged: new FakeSignal() };
  const model = new FakeModel({}, { kernel });
  channelOf(model);
  kernel.connectionStatusChanged.emit("connecting");
  kernel.connectionStatusChanged.emit("connected");
  assert.equal(model.said("hello").length, 1);
});

test("a number that is missing is asked for, at growing distances", () => {
  const model = new FakeModel();
  channelOf(model);
  model.isListening = false;
  model.post({ type: "notice", kind: "info", text: "1" });
  assert.equal(model.said("hello").length, 0);
  for (let count = 0; count < 200; count++) {
    model.lose();
    model.post({ type: "notice", kind: "info", text: "x" });
    pass(100);
  }
  // After 0, 0.5, 1.5, 3.5, 7.5 and 15.5 seconds.
  assert.equal(model.said("hello").length, 6);
  assert.equal(model.said("hello")[0].reason, "repair");
});

test("a repair that was asked for too early comes later", () => {
  const model = new FakeModel();
  channelOf(model);
  for (let count = 0; count < 2; count++) {
    model.lose();
    model.post({ type: "notice" });
  }
  assert.equal(model.said("hello").length, 1);
  pass(1000);
  assert.equal(model.said("hello").length, 2);
  pass(20_000);
  assert.equal(model.said("hello").length, 2);
});

test("what comes twice, or in one piece, is not missing", () => {
  const model = new FakeModel();
  channelOf(model);
  model.post({ type: "notice" });
  model.post({ type: "notice", seq: 1 });
  model.post({ type: "notice", seq: 2 });
  model.post({ type: "notice", seq: 3 });
  assert.equal(model.said("hello").length, 0);
});

test("silence of an answer is asked about, and silence of nothing is not", () => {
  const model = new FakeModel();
  channelOf(model);
  model.post({ type: "notice" });
  pass(20_000);
  assert.equal(model.said("hello").length, 0);
  isExpecting = true;
  model.post({ type: "notice" });
  pass(SILENCE_MILLISECONDS + 100);
  assert.equal(model.said("hello").length, 1);
});

test("listeners hear their type, with its bytes, until they have heard enough", () => {
  const model = new FakeModel();
  const channel = channelOf(model);
  const heard = [];
  const off = channel.listen("delta", (message, bytes) => heard.push([message.turn, [...bytes]]));
  model.post({ type: "delta", turn: "a" }, new Uint8Array([1, 2]));
  model.post({ type: "end", turn: "a" });
  off();
  model.post({ type: "delta", turn: "b" });
  assert.deepEqual(heard, [["a", [1, 2]]]);
});

test("a reloaded page keeps its name, and a duplicated one has its own", () => {
  const channel = channelOf(new FakeModel());
  assert.notEqual(channelOf(new FakeModel()).page, channel.page, "the store is copied while the page lives");
  window.dispatchEvent(new window.Event("pagehide"));
  const kept = window.sessionStorage.getItem("omni_nb.page.p1");
  assert.ok(channels.some(({ page }) => page === kept));
  assert.equal(channelOf(new FakeModel()).page, kept);
});

test("a page that comes back takes its name along: a tab duplicated then gets another", () => {
  const channel = channelOf(new FakeModel());
  window.dispatchEvent(new window.Event("pagehide"));
  window.dispatchEvent(new window.Event("pageshow"));
  assert.equal(window.sessionStorage.getItem("omni_nb.page.p1"), null);
  assert.notEqual(channelOf(new FakeModel()).page, channel.page);
});

test("a panel that is gone leaves its name for the next, and takes no other's out of the store", () => {
  const channel = channelOf(new FakeModel());
  channels.splice(channels.indexOf(channel), 1)[0].dispose();
  window.dispatchEvent(new window.Event("pageshow"));
  assert.equal(window.sessionStorage.getItem("omni_nb.page.p1"), channel.page);
  assert.equal(channelOf(new FakeModel()).page, channel.page);
});

test("a name taken up by one page is not there for a second", () => {
  window.sessionStorage.setItem("omni_nb.page.p1", "kept");
  assert.equal(channelOf(new FakeModel()).page, "kept");
  assert.equal(window.sessionStorage.getItem("omni_nb.page.p1"), null);
  assert.notEqual(channelOf(new FakeModel()).page, "kept");
});

test("a browser that refuses to store has pages nevertheless", () => {
  const refused = mock.getter(window, "sessionStorage", () => {
    throw new Error("refused");
  });
  assert.match(channelOf(new FakeModel()).page, /^\w+$/);
  refused.mock.restore();
});

test("a channel that is disposed of leaves no listener and no promise behind", async () => {
  const kernel = { status: "idle", statusChanged: new FakeSignal(), connectionStatusChanged: new FakeSignal() };
  const model = new FakeModel({}, { kernel });
  model.isListening = false;
  const channel = channelOf(model);
  const sent = channel.send({ type: "sample" });
  channel.dispose();
  assert.equal(clock.waiting, 0);
  assert.equal(await sent, false);
  assert.equal(model.listening, 0);
  assert.equal(kernel.statusChanged.slots.size + kernel.connectionStatusChanged.slots.size, 0);
});
