import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeAudioContext, FakeClock, FakeModel, openPage, recordOf } from "./panel_fakes.js";

openPage();
const { Talk } = await import("../../js/panel/talk.js");
const { FETCH_MILLISECONDS } = await import("../../js/panel/turns.js");

const talks = [];
const clock = new FakeClock();
const bytes = (...values) => new Uint8Array(values);

function talkOf(model) {
  const talk = new Talk(model);
  talks.push(talk);
  return talk;
}

/** A talk that answers one turn, spoken by this page. */
function answering({ speaker = null, ...changes } = {}) {
  const model = new FakeModel();
  const talk = talkOf(model);
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ state: "answering", speaker: speaker ?? talk.page, ...changes })] });
  return { model, talk, turn: talk.turns.shown[0] };
}

const delta = (changes) => ({ type: "delta", turn: "t1", text_offset: 0, text: "", reasoning_offset: 0, reasoning: "", pcm_offset: 0, ...changes });
const end = (record) => ({ type: "end", turn: "t1", record: { ...record, text: null, reasoning: null } });

beforeEach(() => {
  clock.start();
});
afterEach(() => {
  for (const talk of talks.splice(0)) talk.dispose();
  clock.stop();
  window.sessionStorage.clear();
});

test("a page that opens says so and shows what it was given", () => {
  const model = new FakeModel({ conversation: { seq: 4, turns: [recordOf({ text: "I 🐱", reasoning: "hm" })] } });
  const talk = talkOf(model);
  assert.deepEqual(talk.turns.shown.map(({ text }) => text), ["I 🐱"]);
  const [{ type, reason, language, have, drafts }] = model.sent;
  assert.deepEqual([type, reason, language, have, drafts], ["hello", "open", "en", { t1: [3, 0, true] }, []]);
});

test("an answer grows by deltas: text, thoughts and speech", () => {
  const { model, turn } = answering();
  model.post(delta({ text: "I 🐱", reasoning: "so" }), bytes(1, 0));
  model.post(delta({ text_offset: 3, text: "!", reasoning_offset: 1, reasoning: "he", pcm_offset: 2 }), bytes(2, 0));
  assert.deepEqual([turn.text, turn.reasoning, turn.totalBytes], ["I 🐱!", "she", 4]);
  assert.deepEqual(turn.pieces.map((piece) => [...piece]), [[1, 0], [2, 0]]);
});

for (const [what, gap] of Object.entries({ text: { text_offset: 5 }, thoughts: { reasoning_offset: 5 }, speech: { pcm_offset: 8 } })) {
  test(`a delta with a hole in the ${what} changes nothing and is asked for again`, () => {
    const { model, turn } = answering();
    model.post(delta({ text: "x", reasoning: "y", ...gap }), bytes(1, 0));
    assert.deepEqual([turn.text, turn.reasoning, turn.totalBytes], ["", "", 0]);
    assert.equal(model.said("hello").at(-1).reason, "repair");
  });
}

test("an end that speaks of more than is here is asked about, and what comes heals it", () => {
  const { model, talk, turn } = answering({ speaker: "another" });
  model.post(delta({ text: "Hel" }));
  model.post(end(recordOf({ text: "Hello" })));
  assert.deepEqual(model.said("hello").at(-1).have, { t1: [3, 0, false] });
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ text: "Hello" })], page: talk.page });
  assert.deepEqual([turn.text, turn.isOver, talk.isAnswering], ["Hello", true, false]);
});

test("an end that agrees asks for nothing", () => {
  const { model, talk } = answering();
  const hellos = model.said("hello").length;
  model.post(delta({ text: "Hello" }), bytes(1, 0));
  model.post(end(recordOf({ text: "Hello", total_bytes: 2, speaker: talk.page })));
  assert.equal(model.said("hello").length, hellos);
});

test("an order with an unknown turn is asked about", () => {
  const { model } = answering();
  model.post({ type: "turns", order: ["t1", "t2"], records: [] });
  assert.equal(model.said("hello").at(-1).reason, "repair");
});

test("a version that is left and taken again keeps what was here", () => {
  const { model, talk, turn } = answering();
  model.post(delta({ text: "Hello" }), bytes(1, 0));
  model.post(end(recordOf({ text: "Hello", total_bytes: 2 })));
  model.post({ type: "turns", order: ["t2"], records: [recordOf({ turn: "t2", text: "Other" })] });
  assert.deepEqual(talk.turns.shown.map(({ text }) => text), ["Other"]);
  model.post({ type: "turns", order: ["t1"], records: [] });
  assert.equal(talk.turns.shown[0], turn);
});

test("a cleared conversation is forgotten", () => {
  const { model, talk } = answering();
  model.post({ type: "turns", order: [], records: [] });
  assert.deepEqual([talk.turns.shown, talk.turns.have], [[], {}]);
});

test("only the page that asked speaks, and only where the panel is to be seen", () => {
  const other = answering({ speaker: "another" });
  other.model.post(delta({}), bytes(1, 0));
  assert.equal(other.turn.speech, null);

  const own = answering();
  const { started } = FakeAudioContext.all.at(-1);
  own.model.post(delta({}), new Uint8Array(9600).fill(1));
  assert.equal(own.turn.speech.state, "buffering");
  assert.equal(started.length, 0);
  own.talk.turns.setShown(true);
  assert.equal(own.turn.speech.state, "speaking");
  own.talk.turns.setShown(false);
  assert.equal(own.turn.speech.state, "stopped");
});

test("what is heard is reported once at the first sound and once at its end", () => {
  const { model, talk, turn } = answering();
  const context = FakeAudioContext.all.at(-1);
  talk.turns.setShown(true);
  model.post(delta({}), new Uint8Array(48_000));
  context.currentTime += 0.5;
  clock.pass(50);
  model.post(end(recordOf({ total_bytes: 48_000 })));
  context.currentTime += 2;
  clock.pass(50);
  assert.equal(turn.speech.state, "done");
  assert.deepEqual(model.said("report").map(({ turn: id, state }) => [id, state]), [["t1", "playing"], ["t1", "done"]]);
  assert.equal(model.said("report").at(-1).heard_seconds, 1);
});

test("stop is silent at once, tells Python, and interrupts only the cell that asked", () => {
  for (const [isOfCell, interrupts] of [[false, 0], [true, 1]]) {
    const { model, talk, turn } = answering({ is_of_cell: isOfCell });
    let count = 0;
    model.widget_manager = { kernel: { interrupt: () => count++ } };
    talk.turns.setShown(true);
    model.post(delta({}), new Uint8Array(48_000));
    talk.stop();
    assert.equal(turn.speech.state, "stopped");
    assert.deepEqual(model.said("stop").map(({ turn: id }) => id), ["t1"]);
    clock.pass(300);
    assert.equal(count, interrupts);
  }
});

test("a stopped answer stays silent, whatever still comes", () => {
  const { model, talk, turn } = answering();
  talk.turns.setShown(true);
  talk.stop();
  model.post(delta({}), new Uint8Array(48_000));
  model.post({ type: "turns", order: ["t1"], records: [turn.record] });
  assert.equal(turn.speech.state, "stopped");
});

test("a page that was reloaded goes on where it was heard", () => {
  const first = answering();
  const context = FakeAudioContext.all.at(-1);
  first.talk.turns.setShown(true);
  const samples = new Int16Array(48_000).map((_, index) => index);
  first.model.post(delta({}), new Uint8Array(samples.buffer));
  context.currentTime += 1.1;
  clock.pass(1100);
  const heard = Number(window.sessionStorage.getItem("omni_nb.heard.t1").split(" ")[0]);
  assert.ok(heard > 20_000 && heard < 27_000, `${heard}`);
  // The reload: nothing is disposed of, the page is simply gone.
  window.dispatchEvent(new window.Event("pagehide"));
  context.started.length = 0;
  const model = new FakeModel();
  const talk = talkOf(model);
  assert.equal(talk.page, first.talk.page);
  first.talk.stop();
  window.sessionStorage.setItem("omni_nb.heard.t1", `${heard} ${Date.now()}`);
  model.post({ type: "turns", order: ["t1"], records: [recordOf({ state: "answering", speaker: talk.page })] });
  talk.turns.setShown(true);
  model.post(delta({}), new Uint8Array(samples.buffer));
  const [{ samples: played }] = context.started;
  assert.equal(Math.round(played[0] * 32_768), samples[heard]);
});

test("what was finished on another day is not spoken again", () => {
  window.sessionStorage.setItem("omni_nb.heard.t1", `5 ${Date.now() - 60_000}`);
  const model = new FakeModel({ conversation: { seq: 0, turns: [recordOf({ total_bytes: 100 })] } });
  assert.equal(talkOf(model).turns.shown[0].speech, null);
});

test("finished speech is fetched in pieces, again where one is lost, and is there for good", async () => {
  const model = new FakeModel({ conversation: { seq: 0, turns: [recordOf({ total_bytes: 6 })] } });
  const talk = talkOf(model);
  const [turn] = talk.turns.shown;
  const fetched = talk.turns.fetch(turn);
  assert.equal(talk.turns.fetch(turn), fetched, "asked for once");
  const piece = (offset, ...values) => model.post({ type: "speech", turn: "t1", offset, total_bytes: 6 }, bytes(...values));
  piece(0, 1, 2);
  piece(4, 5, 6);
  assert.deepEqual(turn.totalBytes, 2);
  clock.pass(FETCH_MILLISECONDS + 10);
  assert.deepEqual(model.said("speech").map(({ offset }) => offset), [0, 2]);
  piece(2, 3, 4, 5, 6);
  assert.equal(await fetched, true);
  assert.deepEqual(turn.pieces.flatMap((part) => [...part]), [1, 2, 3, 4, 5, 6]);
  assert.equal(await talk.turns.fetch(turn), true);
  assert.equal(model.said("speech").length, 2);
});

test("speech that cannot be had says so", async () => {
  const model = new FakeModel({ conversation: { seq: 0, turns: [recordOf({ total_bytes: 6 })] } });
  const talk = talkOf(model);
  model.isDead = true;
  assert.equal(await talk.turns.fetch(talk.turns.shown[0]), false);
});

test("where no buffers come, text and end are taken, and fetched speech is given up at once", async () => {
  const { model, talk, turn } = answering();
  model.post(delta({ text: "Hel", pcm_bytes: 4 }));
  model.post(delta({ text_offset: 3, text: "lo", pcm_offset: 4, pcm_bytes: 4 }));
  model.post(end(recordOf({ text: "Hello", total_bytes: 8 })));
  assert.deepEqual([turn.text, turn.lacksSound, talk.lacksSound], ["Hello", true, true]);
  assert.deepEqual(model.said("hello").map(({ reason }) => reason), ["open"], "no buffer would come of it");
  const other = new FakeModel({ conversation: { seq: 0, turns: [recordOf({ total_bytes: 6 })] } });
  const reopened = talkOf(other);
  const fetched = reopened.turns.fetch(reopened.turns.shown[0]);
  assert.equal(reopened.lacksSound, false);
  other.post({ type: "speech", turn: "t1", offset: 0, pcm_bytes: 6, total_bytes: 6 });
  assert.equal(await fetched, false);
  assert.equal(reopened.lacksSound, true);
});

test("one thing sounds at a time", () => {
  const { model, talk, turn } = answering();
  talk.turns.setShown(true);
  model.post(delta({}), new Uint8Array(48_000));
  const paused = [];
  const [first, second] = ["first", "second"].map((name) => ({ pause: () => paused.push(name) }));
  talk.turns.beginReplay(first);
  assert.equal(turn.speech.state, "stopped");
  talk.turns.beginReplay(second);
  assert.deepEqual(paused, ["first"]);
  model.post({ type: "turns", order: ["t1", "t2"], records: [recordOf({ turn: "t2", state: "answering", speaker: talk.page })] });
  model.post(delta({ turn: "t2" }), new Uint8Array(48_000));
  assert.deepEqual(paused, ["first", "second"]);
});

test("the talk knows what waits, what was asked last, and which language the page speaks", () => {
  const model = new FakeModel({ language: "" });
  const talk = talkOf(model);
  model.post({ type: "turns", order: ["a", "b"], records: [
    recordOf({ turn: "a", state: "answering", question_text: "one" }),
    recordOf({ turn: "b", state: "waiting", question_text: "two" }),
  ] });
  assert.deepEqual([talk.isAnswering, talk.waiting, talk.lastQuestion, talk.language], [true, 1, "two", "en"]);
  document.documentElement.lang = "zh-CN";
  assert.equal(talk.language, "zh");
  document.documentElement.lang = "en";
});

test("a talk that is disposed of leaves no listener behind", () => {
  const { model, talk, turn } = answering();
  model.post(delta({}), new Uint8Array(48_000));
  talk.turns.setShown(true);
  talk.dispose();
  assert.equal(turn.speech.state, "stopped");
  assert.equal(model.listening, 0);
});
