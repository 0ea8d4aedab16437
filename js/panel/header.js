/** @file Show the panel's first row: who answers and how, what it has cost, and what can be done with the whole. */
import { ICONS, button, make, setText } from "../player/dom.js";
import { createForm } from "./form.js";
import { createMenu } from "./menu.js";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("words:conversation").Words} Words
 */

const FILE_NAME = "talk.json";

/**
 * @param {Talk} talk
 * @param {Words} words
 * @returns {{element: HTMLElement, update: () => void, dispose: () => void}}
 */
export function createHeader(talk, words) {
  const who = make("strong", "omni-panel-who");
  const how = make("span", "omni-panel-how");
  const standIn = make("span", "omni-panel-badge", words.standIn);
  standIn.title = words.standInMeans;
  const hear = button("omni-panel-hear", words.hearVoice, () => talk.sample.ask(), {
    icon: ICONS.volume,
    text: words.hearVoice,
  });
  const total = make("span", "omni-panel-total");
  const storage = make("span", "omni-panel-storage");
  const account = make("div", "omni-panel-account", total, storage);
  const menu = createMenu({
    label: words.more,
    menuLabel: words.menu,
    items: [
      { name: "clear", label: words.clear, action: () => showForm(createConfirmation(words, clear, hideForm)) },
      { name: "save", label: words.save, action: () => showForm(createNameForm(words, words.saveNow, save, hideForm)) },
      { name: "load", label: words.load, action: () => showForm(createNameForm(words, words.loadNow, load, hideForm)) },
      { name: "export-html", label: words.exportHtml, action: () => talk.exportAs("html") },
      { name: "export-notebook", label: words.exportNotebook, action: () => talk.exportAs("ipynb") },
    ],
  });
  const row = make(
    "div",
    "omni-panel-header-row",
    make("div", "omni-panel-title", make("span", "omni-panel-names", who, how), standIn),
    account,
    make("div", "omni-panel-tools", hear, menu.element),
  );
  const element = make("header", "omni-panel-header", row);
  /** @type {HTMLElement | null} */
  let form = null;

  /** @param {HTMLElement} shown */
  function showForm(shown) {
    form?.remove();
    form = shown;
    element.append(form);
    const first = /** @type {HTMLElement | null} */ (form.querySelector("input, button"));
    first?.focus();
    if (first instanceof HTMLInputElement) first.select();
  }

  function hideForm() {
    form?.remove();
    form = null;
    menu.opener.focus();
  }

  function clear() {
    talk.stop();
    void talk.channel.send({ type: "clear" });
  }
  /** @param {string} name */
  const save = (name) => void talk.channel.send({ type: "save", name });
  /** @param {string} name */
  const load = (name) => void talk.channel.send({ type: "load", name });

  return {
    element,
    update() {
      const { who: name, how: manner, is_stand_in, total: sum, storage: size } = talk.header;
      setText(who, name);
      setText(how, manner ? `·\u00a0${manner}` : "");
      standIn.hidden = !is_stand_in;
      // "voice · speech", or only "text": then there is no voice to hear.
      hear.hidden = !manner.includes(" · ");
      hear.disabled = talk.sample.isAsked;
      setText(total, sum);
      setText(storage, size);
      account.hidden = !sum && !size;
      // Where there is little room the text is cut.
      account.title = [sum, size].filter(Boolean).join("\n");
    },
    dispose: menu.dispose,
  };
}

/**
 * @param {Words} words
 * @param {string} label of the button that acts
 * @param {(name: string) => void} act
 * @param {() => void} hide
 */
function createNameForm(words, label, act, hide) {
  const name = make("input", "omni-panel-name");
  name.type = "text";
  name.value = FILE_NAME;
  name.required = true;
  name.spellcheck = false;
  const field = make("label", "omni-panel-label", words.fileName, name);
  return createForm("omni-panel-form", { field, label, cancelLabel: words.cancel, act: () => act(name.value.trim()), hide });
}

/**
 * @param {Words} words
 * @param {() => void} act
 * @param {() => void} hide
 */
function createConfirmation(words, act, hide) {
  const form = createForm("omni-panel-form", {
    field: make("span", "omni-panel-label", words.clearQuestion),
    label: words.clearNow,
    cancelLabel: words.cancel,
    isDangerous: true,
    act,
    hide,
  });
  form.setAttribute("aria-label", words.clearQuestion);
  return form;
}
