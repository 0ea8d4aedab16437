import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock, FakeModel, openPage, settingsOf } from "./panel_fakes.js";

openPage();
const { Talk } = await import("../../js/panel/talk.js");
const { createTranscript } = await import("../../js/panel/transcript.js");

const clock = new FakeClock();
const cleanups = [];

/** A panel's transcript, whose settings have been opened. */
function openSettings(settings = {}, traits = {}, page = document.body) {
  const model = new FakeModel({ settings: settingsOf(settings), ...traits });
  const talk = new Talk(model);
  const element = document.createElement("section");
  element.className = "omni-panel";
  page.append(element);
  const remove = createTranscript(element, talk);
  cleanups.push(() => {
    remove();
    talk.dispose();
    element.remove();
  });
  const find = (selector) => element.querySelector(selector);
  const opener = find(".omni-panel-settings-opener");
  opener.focus();
  opener.click();
  const place = find(".omni-panel-settings");
  const control = (name) => find(`[data-setting="${name}"]`);
  const problem = (name) => control(name).closest(".omni-panel-field").querySelector(".omni-panel-field-problem").textContent;
  const say = (changes) => {
    model.set("settings", settingsOf(changes));
    clock.pass(100);
  };
  return { model, talk, find, opener, place, control, problem, say, remove, element };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));
const fire = (element, type) => element.dispatchEvent(new window.Event(type, { bubbles: true }));
const key = (element, name) => element.dispatchEvent(new window.KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
const choose = (select, value) => {
  select.value = value;
  fire(select, "change");
};
const type = (input, text) => {
  input.value = text;
  fire(input, "input");
};

beforeEach(() => clock.start());
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  clock.stop();
  window.localStorage.clear();
  window.sessionStorage.clear();
});

test("the button opens the settings in the card; Escape closes them, and the focus returns", () => {
  const { opener, place, control, element } = openSettings();
  assert.deepEqual([place.hidden, opener.getAttribute("aria-expanded")], [false, "true"]);
  assert.equal(opener.getAttribute("aria-controls"), place.id);
  assert.ok(element.contains(place));
  assert.equal(document.activeElement, control("model"));
  key(control("system"), "Escape");
  assert.deepEqual([place.hidden, opener.getAttribute("aria-expanded")], [true, "false"]);
  assert.equal(document.activeElement, opener);
});

test("the focus returns within a shadow tree, too, as marimo has one", () => {
  const host = document.createElement("div");
  document.body.append(host);
  const shadow = host.attachShadow({ mode: "open" });
  const { opener, place, control } = openSettings({}, {}, shadow);
  assert.equal(shadow.activeElement, control("model"));
  key(control("model"), "Escape");
  assert.deepEqual([place.hidden, shadow.activeElement], [true, opener]);
  host.remove();
});

test("every control has a label", () => {
  const { place } = openSettings();
  for (const control of place.querySelectorAll("input, select, textarea")) {
    assert.ok(control.labels.length > 0 || control.getAttribute("aria-label"), control.outerHTML);
  }
});

test("the fields show what Python says", () => {
  const { control, place } = openSettings({ budget: "2.50", notes: { model: "takes <b>all</b>" }, disabled: ["system"] });
  assert.deepEqual([control("model").value, control("voice").value, control("budget").value], ["qwen", "Cherry", "2.50"]);
  assert.equal(place.querySelector("[value=speech]").checked, true);
  assert.equal(control("system").disabled, true);
  assert.match(place.textContent, /takes <b>all<\/b>/);
  assert.equal(place.querySelector("b"), null);
  assert.match(control("budget").closest(".omni-panel-field").textContent, /Budget \(CNY\)/);
});

test("a change is one message, and what Python makes of it is shown", async () => {
  const { model, control, place, say } = openSettings();
  choose(control("model"), "other");
  choose(control("voice"), "Ethan");
  place.querySelector("[value=text]").click();
  control("as_turns").click();
  assert.deepEqual(
    model.said("setting").map(({ name, value }) => [name, value]),
    [["model", "other"], ["voice", "Ethan"], ["answers", "text"], ["as_turns", true]],
  );
  await tick();
  say({ model: "other", voice: "Ethan", answers: "text", as_turns: true });
  assert.deepEqual([control("model").value, control("voice").value, control("as_turns").checked], ["other", "Ethan", true]);
});

test("while the kernel is busy the newer choice is shown, and the truth when it has answered", async () => {
  const { model, control, say } = openSettings();
  model.isListening = false;
  choose(control("voice"), "Ethan");
  say({ budget: "1" });
  assert.equal(control("voice").value, "Ethan");
  const [{ id }] = model.said("setting");
  model.post({ type: "ack", of: id, is_taken: true });
  await tick();
  assert.equal(control("voice").value, "Cherry");
});

test("text is sent when it is complete, and no news overwrites it before", async () => {
  const { model, control, say } = openSettings();
  type(control("system"), "You are");
  say({ system: "from a cell", budget: "3" });
  assert.deepEqual([control("system").value, control("budget").value], ["You are", "3"]);
  fire(control("system"), "change");
  assert.deepEqual(model.said("setting").map(({ value }) => value), ["You are"]);
  await tick();
  assert.equal(control("system").value, "from a cell");
});

test("what is wrong is said beside the field, and the words stay to be mended", async () => {
  const { model, control, problem, say } = openSettings({ service: "other", address: "" });
  model.isListening = false;
  type(control("address"), "somewhere");
  fire(control("address"), "change");
  say({ service: "other", address: "", problems: { address: "no address" } });
  model.post({ type: "ack", of: model.said("setting")[0].id, is_taken: true });
  await tick();
  assert.deepEqual([problem("address"), problem("budget")], ["no address", ""]);
  assert.equal(control("address").value, "somewhere");
  assert.equal(control("address").getAttribute("aria-invalid"), "true");
  assert.match(control("address").getAttribute("aria-describedby"), /-problem/);
  say({ service: "other", address: "" });
  assert.equal(problem("address"), "");
});

test("another server is asked for its address first", () => {
  const { model, control } = openSettings();
  const field = control("address").closest(".omni-panel-field");
  assert.equal(field.hidden, true);
  choose(control("service"), "other");
  assert.deepEqual([field.hidden, document.activeElement], [false, control("address")]);
  assert.deepEqual(model.said("setting"), []);
});

test("a voice that is not in the list is typed, where there may be others", async () => {
  const { model, control, place, say } = openSettings({ has_other_voices: true });
  const name = place.querySelector("input[data-setting=voice]");
  assert.equal(name.hidden, true);
  choose(control("voice"), "…");
  assert.deepEqual([name.hidden, document.activeElement], [false, name]);
  type(name, "Newcomer");
  fire(name, "change");
  assert.deepEqual(model.said("setting").map(({ value }) => value), ["Newcomer"]);
  await tick();
  control("model").focus();
  say({ voice: "Newcomer", voices: [["Newcomer", "Newcomer"], ["Cherry", "Cherry"]], has_other_voices: true });
  assert.deepEqual([name.hidden, control("voice").value], [true, "Newcomer"]);
});

test("a key is sent once and leaves the field", async () => {
  const { model, place } = openSettings({}, { asks_key: "DashScope" });
  const form = place.querySelector("form");
  assert.deepEqual([form.hidden, form.querySelector("label").textContent], [false, "API key for DashScope"]);
  const field = form.querySelector("input");
  assert.deepEqual([field.type, field.autocomplete], ["password", "off"]);
  field.value = " sk-1 ";
  form.dispatchEvent(new window.Event("submit", { cancelable: true }));
  assert.deepEqual([model.said("key").map(({ key }) => key), field.value], [["sk-1"], ""]);
  assert.ok(!JSON.stringify({ ...window.sessionStorage }).includes("sk-1"));
});

test("the language that was chosen is said to Python by the page that decides", () => {
  const { model } = openSettings();
  model.set("language", "zh");
  assert.equal(model.said("hello").at(-1).language, "zh");
});

test("the cleanup leaves no listener", () => {
  const { model, talk, remove, opener, place } = openSettings();
  remove();
  talk.dispose();
  assert.equal(model.listening, 0);
  opener.click();
  assert.equal(place.hidden, false, "nobody listens any more");
});
