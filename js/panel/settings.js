/**
 * @file Show who answers and how, and let it be changed. Python says what there is to choose from, and what is wrong
 * with a value; a change is one message.
 */
import { ICONS, button, focusedIn, make, randomId, setText } from "../player/dom.js";
import { fill, wordsFor } from "../player/words.js";
import { createKeyForm } from "./keyform.js";
import { isComposing } from "./textbox.js";
import allWords from "words:settings_form";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("./types.js").SettingsState} SettingsState
 * @typedef {import("./types.js").SettingName} Name
 * @typedef {[value: string, label: string][]} Choices
 * @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control
 *
 * @typedef {object} Field
 * @property {Name} name
 * @property {HTMLElement} element
 * @property {HTMLElement} first what gets the focus
 * @property {(state: SettingsState) => void} write show the value that counts
 * @property {() => boolean} isTyped whether somebody's own words are in it, which a refusal leaves there
 * @property {(state: SettingsState) => void} mark what is said of it, and whether it can be changed
 */

/** Not listed: somebody types it. */
const ANOTHER = "…";
/** Python's name for a server that is given by its address. */
const OTHER = "other";

/**
 * @param {Talk} talk
 * @param {HTMLButtonElement} opener
 */
export function createSettings(talk, opener) {
  const words = wordsFor(allWords, talk.language);
  /** Changes that Python has not made yet: what is shown of them is newer. @type {Map<Name, number>} */
  const pending = new Map();
  /** Whether another server was chosen, whose address Python waits for. */
  let isAddressWanted = false;
  let isDisposed = false;

  /**
   * @param {Name} name
   * @param {string | boolean} value
   */
  async function change(name, value) {
    pending.set(name, (pending.get(name) ?? 0) + 1);
    await talk.channel.send({ type: "setting", name, value });
    pending.set(name, (pending.get(name) ?? 1) - 1);
    update();
  }

  const model = choiceField("model", words.model, ({ models }) => models, change);
  const answers = answersField(words, change);
  const voice = voiceField(words, change);
  const service = choiceField("service", words.service, ({ services }) => services, (name, value) => {
    isAddressWanted = value === OTHER;
    if (!isAddressWanted) return void change(name, value);
    draw();
    address.first.focus();
  });
  const address = textField("address", words.address, make("input", ""), change);
  const keyForm = createKeyForm({
    words,
    use: (key) => talk.channel.send({ type: "key", key }),
    cancel: () => void talk.channel.send({ type: "key", key: "" }),
    onGone: () => service.first.focus(),
  });
  const budget = textField("budget", words.budgetOf, make("input", ""), change);
  const storage = choiceField("storage", words.storage, ({ storages }) => storages, change);
  const language = choiceField("language", words.language, ({ languages }) => languages, change);
  const system = textField("system", words.system, make("textarea", ""), change);
  const asTurns = checkField("as_turns", words.asTurns, change);
  const fields = [model, answers, voice, service, address, budget, storage, language, system, asTurns];
  /** @type {HTMLInputElement} */ (address.first).placeholder = "http://localhost:8000/v1";
  /** @type {HTMLInputElement} */ (budget.first).placeholder = words.budgetHint;
  budget.first.inputMode = "decimal";
  /** @type {HTMLTextAreaElement} */ (system.first).placeholder = words.systemPlaceholder;
  keyForm.element.classList.add("omni-panel-field-wide");
  system.element.classList.add("omni-panel-field-wide");
  system.element.append(asTurns.element);

  const done = button("omni-panel-settings-done", words.done, close, { icon: ICONS.close });
  const grid = make(
    "div",
    "omni-panel-settings-fields",
    ...[model, answers, voice, service, address].map(({ element }) => element),
    keyForm.element,
    ...[budget, storage, language, system].map(({ element }) => element),
  );
  const head = make("div", "omni-panel-settings-head", make("strong", "", words.title), done);
  const element = make("section", "omni-panel-settings", head, grid);
  element.id = `omni-settings-${randomId()}`;
  element.setAttribute("aria-label", words.title);
  opener.setAttribute("aria-controls", element.id);
  opener.addEventListener("click", toggle);
  for (const place of [element, opener]) place.addEventListener("keydown", escape);

  function toggle() {
    if (talk.areSettingsOpen) return close();
    talk.showSettings(true);
    update();
    model.first.focus();
  }

  /** The focus goes first: what is typed is then sent. */
  function close() {
    if (focusedIn(element)) opener.focus();
    isAddressWanted = false;
    talk.showSettings(false);
    update();
  }

  /** @param {KeyboardEvent} event */
  function escape(event) {
    if (event.key !== "Escape" || !talk.areSettingsOpen || isComposing(event)) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  }

  function draw() {
    const state = talk.settings;
    if (state.service === OTHER) isAddressWanted = false;
    for (const field of fields) {
      const isNewer = pending.get(field.name) || (field === service && isAddressWanted);
      const isRefused = field.isTyped() && state.problems[field.name];
      if (!isNewer && !isRefused) field.write(state);
      field.mark(state);
    }
    setText(labelOf(budget), fill(words.budgetOf, { currency: state.currency }));
    address.element.hidden = /** @type {HTMLSelectElement} */ (service.first).value !== OTHER;
  }

  function update() {
    if (isDisposed) return;
    element.hidden = !talk.areSettingsOpen;
    opener.setAttribute("aria-expanded", String(talk.areSettingsOpen));
    keyForm.update(talk.model.get("asks_key"));
    if (!element.hidden) draw();
  }

  update();
  return {
    element,
    update,
    dispose() {
      isDisposed = true;
      opener.removeEventListener("click", toggle);
      opener.removeEventListener("keydown", escape);
    },
  };
}

/**
 * Lay a field out: its label, its control, what is said of it, and what is wrong with its value.
 *
 * @param {Name} name
 * @param {string} label
 * @param {Control} control
 * @param {Pick<Field, "write" | "isTyped"> & {more?: Control[]}} options `more` controls of the same value
 * @returns {Field}
 */
function makeField(name, label, control, { write, isTyped, more = [] }) {
  const caption = make("label", "omni-panel-field-label", label);
  control.id = `omni-${name}-${randomId()}`;
  caption.htmlFor = control.id;
  const said = makeSaid(control.id);
  const controls = [control, ...more];
  for (const one of controls) {
    one.classList.add("omni-panel-control");
    one.dataset.setting = name;
    one.setAttribute("aria-describedby", said.ids);
  }
  const element = make("div", "omni-panel-field", caption, ...controls, ...said.elements);
  return {
    name,
    element,
    first: control,
    write,
    isTyped,
    mark(state) {
      said.update(state, name);
      for (const one of controls) {
        one.disabled = state.disabled.includes(name);
        one.setAttribute("aria-invalid", String(Boolean(state.problems[name])));
      }
    },
  };
}

/** @param {string} id of the control that they are about */
function makeSaid(id) {
  const note = make("p", "omni-panel-field-note");
  const problem = make("p", "omni-panel-field-problem");
  note.id = `${id}-note`;
  problem.id = `${id}-problem`;
  problem.setAttribute("role", "alert");
  return {
    ids: `${note.id} ${problem.id}`,
    elements: [note, problem],
    /**
     * @param {SettingsState} state
     * @param {Name} name
     */
    update({ notes, problems }, name) {
      setText(note, notes[name] ?? "");
      setText(problem, problems[name] ?? "");
    },
  };
}

/** @param {Field} field */
const labelOf = ({ element }) => /** @type {HTMLElement} */ (element.querySelector("label"));

/**
 * @param {Name} name
 * @param {string} label
 * @param {(state: SettingsState) => Choices} choicesOf
 * @param {(name: Name, value: string) => void} change
 */
function choiceField(name, label, choicesOf, change) {
  const select = make("select", "");
  select.addEventListener("change", () => change(name, select.value));
  return makeField(name, label, select, {
    write(state) {
      choose(select, choicesOf(state), String(state[name]));
    },
    isTyped: () => false,
  });
}

/**
 * Options are made anew only where they differ: the list may be open.
 *
 * @param {HTMLSelectElement} select
 * @param {Choices} choices
 * @param {string} value
 */
function choose(select, choices, value) {
  const here = [...select.options].map((option) => [option.value, option.text]);
  if (JSON.stringify(here) !== JSON.stringify(choices)) {
    select.replaceChildren(...choices.map(([each, label]) => Object.assign(make("option", "", label), { value: each })));
  }
  select.value = value;
}

/**
 * @param {Name} name
 * @param {string} label
 * @param {HTMLInputElement | HTMLTextAreaElement} input
 * @param {(name: Name, value: string) => void} change
 */
function textField(name, label, input, change) {
  const typed = watchTyping(input, (value) => change(name, value));
  return makeField(name, label, input, {
    write(state) {
      if (!typed.isUnsent() && input.value !== state[name]) input.value = String(state[name]);
    },
    isTyped: () => true,
  });
}

/**
 * Take what is typed when it is complete: at Enter, or when the focus leaves.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement} input
 * @param {(value: string) => void} take
 */
function watchTyping(input, take) {
  let isUnsent = false;
  input.spellcheck = input instanceof HTMLTextAreaElement;
  input.autocomplete = "off";
  if (input instanceof HTMLTextAreaElement) input.rows = 2;
  input.dir = "auto";
  input.addEventListener("input", () => (isUnsent = true));
  input.addEventListener("change", () => {
    isUnsent = false;
    take(input.value);
  });
  return { isUnsent: () => isUnsent };
}

/**
 * @param {import("words:settings_form").Words} words
 * @param {(name: Name, value: string) => void} change
 */
function voiceField(words, change) {
  const select = make("select", "");
  const name = make("input", "");
  name.placeholder = words.voiceName;
  name.setAttribute("aria-label", words.voiceName);
  name.hidden = true;
  const typed = watchTyping(name, (value) => change("voice", value));
  select.addEventListener("change", () => {
    name.hidden = select.value !== ANOTHER;
    if (name.hidden) change("voice", select.value);
    else name.focus();
  });
  return makeField("voice", words.voice, select, {
    write({ voice, voices, has_other_voices }) {
      if (!name.hidden && (typed.isUnsent() || focusedIn(name))) return;
      /** @type {Choices} */
      const other = has_other_voices ? [[ANOTHER, words.otherVoice]] : [];
      choose(select, [...voices, ...other], voice);
      name.hidden = true;
      name.value = "";
    },
    isTyped: () => !name.hidden,
    more: [name],
  });
}

/**
 * @param {import("words:settings_form").Words} words
 * @param {(name: Name, value: string) => void} change
 * @returns {Field}
 */
function answersField(words, change) {
  const id = `omni-answers-${randomId()}`;
  const said = makeSaid(id);
  /** @type {[string, string][]} */
  const choices = [["text", words.text], ["speech", words.speech]];
  const inputs = choices.map(([value]) => {
    const input = make("input", "omni-panel-choice-input");
    input.type = "radio";
    input.name = id;
    input.value = value;
    input.dataset.setting = "answers";
    input.addEventListener("change", () => change("answers", value));
    return input;
  });
  const row = make(
    "div",
    "omni-panel-choices",
    ...inputs.map((input, place) => make("label", "omni-panel-choice", input, make("span", "", choices[place][1]))),
  );
  const legend = make("legend", "omni-panel-field-label", words.answers);
  const element = make("fieldset", "omni-panel-field omni-panel-fieldset", legend, row, ...said.elements);
  element.setAttribute("aria-describedby", said.ids);
  return {
    name: "answers",
    element,
    first: inputs[0],
    write({ answers }) {
      for (const input of inputs) input.checked = input.value === answers;
    },
    isTyped: () => false,
    mark(state) {
      element.disabled = state.disabled.includes("answers");
      said.update(state, "answers");
    },
  };
}

/**
 * @param {Name} name
 * @param {string} label
 * @param {(name: Name, value: boolean) => void} change
 * @returns {Field}
 */
function checkField(name, label, change) {
  const input = make("input", "");
  input.type = "checkbox";
  input.dataset.setting = name;
  input.addEventListener("change", () => change(name, input.checked));
  const said = makeSaid(`omni-${name}-${randomId()}`);
  input.setAttribute("aria-describedby", said.ids);
  const element = make("div", "omni-panel-check", make("label", "", input, make("span", "", label)), ...said.elements);
  return {
    name,
    element,
    first: input,
    write(state) {
      input.checked = Boolean(state[name]);
    },
    isTyped: () => false,
    mark: (state) => said.update(state, name),
  };
}
