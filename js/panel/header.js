/** @file Show the panel's first row: who answers and how, what it has cost, and what can be done with the whole. */
import { ICONS, button, icon, make, relabel, setText } from "../player/dom.js";
import { fill } from "../player/words.js";
import { createForm } from "./form.js";
import { createMenu } from "./menu.js";
import { createSettings } from "./settings.js";

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
  const opener = button("omni-panel-settings-opener", words.settings, () => {}, {
    icon: ICONS.settings,
    text: words.settings,
  });
  const room = button("omni-panel-room", "", () => giveRoom(), { icon: ICONS.larger });
  const settings = createSettings(talk, opener);
  const total = make("span", "omni-panel-total");
  const storage = make("span", "omni-panel-storage");
  const account = make("div", "omni-panel-account", total, storage);
  const menu = createMenu({
    label: words.more,
    menuLabel: words.menu,
    items: [
      { name: "clear", label: words.clear, action: () => confirm(words.clearQuestion, words.clearNow, clear) },
      { name: "save", label: words.save, action: () => askName(words.saveNow, talk.header.save_as || FILE_NAME, save) },
      { name: "load", label: words.load, action: () => askName(words.loadNow, FILE_NAME, load) },
      { name: "export-html", label: words.exportHtml, action: () => talk.exportAs("html") },
      { name: "export-notebook", label: words.exportNotebook, action: () => talk.exportAs("ipynb") },
    ],
  });
  const row = make(
    "div",
    "omni-panel-header-row",
    make("div", "omni-panel-title", make("span", "omni-panel-names", who, how), standIn),
    account,
    make("div", "omni-panel-tools", hear, opener, room, menu.element),
  );
  const element = make("header", "omni-panel-header", row, settings.element);
  /** @type {HTMLElement | null} */
  let form = null;
  let hasRoom = false;
  showRoom();

  function showRoom() {
    relabel(room, hasRoom ? words.lessRoom : words.moreRoom);
    room.setAttribute("aria-pressed", String(hasRoom));
    room.replaceChildren(icon(hasRoom ? ICONS.smaller : ICONS.larger));
  }

  /** Let the panel fill its window, or no more. */
  function giveRoom() {
    const panel = /** @type {HTMLElement | null} */ (element.closest(".omni-panel"));
    if (!panel) return;
    hasRoom = !hasRoom;
    panel.dataset.room = hasRoom ? "more" : "";
    showRoom();
    panel.scrollIntoView({ block: "nearest" });
  }

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

  /**
   * @param {string} label of the button that acts
   * @param {string} name that is proposed
   * @param {(name: string) => void} act
   */
  function askName(label, name, act) {
    showForm(createNameForm(words, { label, name, act, hide: hideForm }));
  }

  /**
   * @param {string} question
   * @param {string} label of the button that acts
   * @param {() => void} act
   */
  function confirm(question, label, act) {
    showForm(createConfirmation(words, { question, label, act, hide: hideForm }));
  }

  function clear() {
    talk.stop();
    void talk.channel.send({ type: "clear" });
  }
  /** Whether this view has asked to save. */
  let isSaving = false;
  /** @param {string} name */
  function save(name, replaces = false) {
    isSaving = !replaces;
    void talk.channel.send({ type: "save", name, replaces });
  }
  const stopListening = talk.channel.listen("exists", ({ name, page }) => {
    if (page !== talk.page || !isSaving) return;
    isSaving = false;
    confirm(fill(words.replaceQuestion, { name }), words.replaceNow, () => save(name, true));
  });
  /** @param {string} name */
  const load = (name) => void talk.channel.send({ type: "load", name });

  return {
    element,
    update() {
      const { who: name, how: manner, speaks, is_stand_in, total: sum, storage: size } = talk.header;
      setText(who, name);
      setText(how, manner ? `·\u00a0${manner}` : "");
      standIn.hidden = !is_stand_in;
      hear.hidden = !speaks;
      hear.disabled = talk.sample.isAsked;
      setText(total, sum);
      setText(storage, size);
      account.hidden = !sum && !size;
      settings.update();
      // Where there is little room the text is cut.
      account.title = [sum, size].filter(Boolean).join("\n");
    },
    dispose() {
      stopListening();
      menu.dispose();
      settings.dispose();
    },
  };
}

/**
 * @param {Words} words
 * @param {{label: string, name: string, act: (name: string) => void, hide: () => void}} options
 */
function createNameForm(words, { label, name, act, hide }) {
  const input = make("input", "omni-panel-name");
  input.type = "text";
  input.value = name;
  input.required = true;
  input.spellcheck = false;
  const field = make("label", "omni-panel-label", words.fileName, input);
  return createForm("omni-panel-form", { field, label, cancelLabel: words.cancel, act: () => act(input.value.trim()), hide });
}

/**
 * @param {Words} words
 * @param {{question: string, label: string, act: () => void, hide: () => void}} options
 */
function createConfirmation(words, { question, label, act, hide }) {
  const form = createForm("omni-panel-form", {
    field: make("span", "omni-panel-label", question),
    label,
    cancelLabel: words.cancel,
    isDangerous: true,
    act,
    hide,
  });
  form.setAttribute("aria-label", question);
  return form;
}
