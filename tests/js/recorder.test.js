import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "./panel_dom.js";

const { default: allWords } = await import("words:composer");
const { CLICK_MILLISECONDS, pushToTalk } = await import("../../js/panel/push.js");
const { createRecorder } = await import("../../js/panel/recorder.js");
const { createSnapshot } = await import("../../js/panel/snapshot.js");

const words = allWords.en;

function openButton() {
  const button = document.createElement("button");
  document.body.append(button);
  const told = [];
  let clock = 0;
  let isOn = false;
  const talking = {
    isOn: () => isOn,
    begin: () => ((isOn = true), told.push("begin")),
    end: (wasHeld) => ((isOn = false), told.push(wasHeld ? "end held" : "end")),
  };
  pushToTalk(button, talking, () => clock);
  const fire = (type, fields = {}) => {
    const event = Object.assign(new Event(type, { bubbles: true, cancelable: true }), fields);
    button.dispatchEvent(event);
    return event;
  };
  return { button, told, fire, wait: (milliseconds) => (clock += milliseconds) };
}

test("held by a pointer it records until it is let go", () => {
  const { told, fire, wait } = openButton();
  fire("pointerdown", { button: 0 });
  assert.deepEqual(told, ["begin"]);
  wait(CLICK_MILLISECONDS);
  fire("pointerup");
  fire("click");
  assert.deepEqual(told, ["begin", "end held"]);
});

test("clicked it records until it is clicked again", () => {
  const { told, fire, wait } = openButton();
  const click = () => {
    fire("pointerdown", { button: 0 });
    wait(CLICK_MILLISECONDS - 1);
    fire("pointerup");
    fire("click");
  };
  click();
  assert.deepEqual(told, ["begin"]);
  wait(5000);
  click();
  assert.deepEqual(told, ["begin", "end"]);
});

test("Space and Enter hold it too, however often they repeat", () => {
  for (const key of [" ", "Enter"]) {
    const { told, fire, wait } = openButton();
    assert.equal(fire("keydown", { key }).defaultPrevented, true);
    fire("keydown", { key, repeat: true });
    wait(CLICK_MILLISECONDS);
    fire("keyup", { key });
    assert.deepEqual(told, ["begin", "end held"]);
  }
});

test("a key that is released elsewhere lets it go, a screen reader's click starts and stops", () => {
  const { told, fire, wait } = openButton();
  fire("keydown", { key: " " });
  wait(CLICK_MILLISECONDS);
  fire("blur");
  wait(1000);
  fire("click");
  wait(1000);
  fire("click");
  assert.deepEqual(told, ["begin", "end held", "begin", "end"]);
});

test("other buttons and keys do nothing", () => {
  const { told, fire } = openButton();
  fire("pointerdown", { button: 2 });
  fire("keydown", { key: "a" });
  fire("keydown", { key: "Enter", ctrlKey: true });
  assert.deepEqual(told, []);
});

/** A microphone whose permission is given when the test says so. */
class FakeMicrophone {
  isCancelled = false;
  recording = { samples: new Int16Array([1, 2]), sampleRate: 16000, seconds: 1 };

  start(options) {
    this.options = options;
    return new Promise((resolve, reject) => {
      this.allow = () => resolve(true);
      this.refuse = (code) => reject(Object.assign(new Error(code), { code }));
    });
  }

  async stop() {
    if (!this.recording) throw Object.assign(new Error(), { code: "silent" });
    return this.recording;
  }

  cancel() {
    this.isCancelled = true;
  }
}

function openRecorder({ mostSeconds = 60 } = {}) {
  const microphone = new FakeMicrophone();
  const taken = [];
  const silenced = [];
  const recorder = createRecorder({
    words,
    mostSeconds: () => mostSeconds,
    take: (blob) => taken.push(blob),
    silence: () => silenced.push(1),
    onChange: () => {},
    open: () => microphone,
  });
  document.body.append(recorder.element);
  const say = () => recorder.element.querySelector("[role=status]").textContent;
  return { recorder, microphone, taken, silenced, say };
}

test("what was recorded is taken as a WAV file", async () => {
  const { recorder, microphone, taken, silenced, say } = openRecorder();
  assert.equal(recorder.element.hidden, true);
  void recorder.begin();
  assert.deepEqual([say(), silenced.length, microphone.options.mostSeconds], [words.opening, 1, 60]);
  microphone.allow();
  await settle();
  assert.equal(say(), words.listening);
  microphone.options.onSeconds(2.4);
  microphone.options.onLevel(0.5);
  assert.match(recorder.element.textContent, /0:02 of 1:00/);
  recorder.end(true);
  await settle();
  assert.deepEqual([taken.map(({ size, type }) => [size, type]), recorder.element.hidden], [[[48, "audio/wav"]], true]);
});

test("without a limit only the time is shown", async () => {
  const { recorder, microphone } = openRecorder({ mostSeconds: null });
  void recorder.begin();
  microphone.allow();
  await settle();
  assert.equal(microphone.options.mostSeconds, Infinity);
  assert.equal(recorder.element.querySelector(".omni-composer-time").textContent, "0:00");
});

test("cancelled nothing is taken, also while the browser still asks", async () => {
  for (const isAllowedFirst of [true, false]) {
    const { recorder, microphone, taken } = openRecorder();
    void recorder.begin();
    if (isAllowedFirst) microphone.allow();
    await settle();
    recorder.cancel();
    microphone.allow();
    await settle();
    assert.deepEqual([microphone.isCancelled, recorder.isOn, recorder.element.hidden, taken], [true, false, true, []]);
    assert.equal(recorder.element.dataset.state, "resting");
  }
});

test("who lets go to answer the browser's question is told to hold again", async () => {
  const { recorder, microphone, taken, say } = openRecorder();
  void recorder.begin();
  recorder.end(true);
  microphone.allow();
  await settle();
  assert.deepEqual([say(), microphone.isCancelled, recorder.isOn, taken], [words.holdAgain, true, false, []]);
});

test("the longest recording is taken by itself, and that is said", async () => {
  const { recorder, microphone, taken, say } = openRecorder();
  void recorder.begin();
  microphone.allow();
  await settle();
  microphone.options.onEnd("limit");
  await settle();
  assert.deepEqual([taken.length, say(), recorder.isOn], [1, words.isFull, false]);
});

test("every error has its words, and silence is one", async () => {
  for (const code of Object.keys(words.microphone).filter((code) => code !== "silent" && code !== "failed")) {
    const { recorder, microphone, say } = openRecorder();
    void recorder.begin();
    microphone.refuse(code);
    await settle();
    assert.deepEqual([say(), recorder.isOn], [words.microphone[code], false]);
  }
  const { recorder, microphone, say, taken } = openRecorder();
  void recorder.begin();
  microphone.allow();
  await settle();
  microphone.recording = null;
  recorder.end(false);
  await settle();
  assert.deepEqual([say(), taken], [words.microphone.silent, []]);
});

test("a snapshot is taken and the camera is switched off, in every ending", async () => {
  const cameras = [];
  const taken = [];
  const open = () => {
    const camera = { isStopped: false, start: async () => true, snapshot: async () => "blob", stop: () => (camera.isStopped = true) };
    cameras.push(camera);
    return camera;
  };
  const snapshot = createSnapshot({ words, take: (blob) => taken.push(blob), onChange: () => {}, open });
  document.body.append(snapshot.element);
  await snapshot.begin();
  snapshot.element.querySelector(".omni-composer-snap").click();
  await settle();
  await snapshot.begin();
  snapshot.cancel();
  assert.deepEqual([taken, cameras.map(({ isStopped }) => isStopped), snapshot.isOn], [["blob"], [true, true], false]);
});
