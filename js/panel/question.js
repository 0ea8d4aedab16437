/** @file Show a question as it was asked, and let it be asked in other words. */
import { COPIED_MILLISECONDS, copyText } from "../markdown/copy.js";
import { ICONS, button, make, relabel, setText } from "../player/dom.js";
import { fill } from "../player/words.js";
import { createForm } from "./form.js";
import { isComposing } from "./textbox.js";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("./turns.js").Turn} Turn
 * @typedef {import("words:conversation").Words} Words
 */

/** A longer question is folded; its field has the same height. */
const MOST_CHARACTERS = 900;
const MOST_LINES = 10;
/** Of more media than this the first few are shown, and the rest on a click. */
const MOST_MEDIA = 6;
const FIRST_MEDIA = 4;

/**
 * @param {Talk} talk
 * @param {Turn} turn
 * @param {Words} words
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function createQuestion(talk, turn, words) {
  const media = createMedia(words);
  const text = make("div", "omni-panel-question-text");
  text.dir = "auto";
  const whole = button("omni-panel-question-whole", words.wholeQuestion, () => fold(!isFolded));
  const bubble = make("div", "omni-panel-bubble", media.element, text, whole);
  const wait = make("span", "omni-panel-waits", words.waits);
  const takeBack = button("omni-panel-take-back", words.takeBack, () => {
    void talk.channel.send({ type: "cancel", turn: turn.id });
  }, { icon: ICONS.close });
  const edit = button("omni-panel-edit", words.editQuestion, () => beginToEdit(), { icon: ICONS.edit });
  const copy = copyButton(words.copyQuestion, words, () => turn.record.question_text);
  const actions = make("div", "omni-panel-actions", wait, edit, copy, takeBack);
  const element = make("div", "omni-panel-question", bubble, actions);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", words.you);
  /** @type {HTMLElement | null} */
  let form = null;
  let isFolded = true;

  /** @param {boolean} folds */
  function fold(folds) {
    const { question_text: asked } = turn.record;
    isFolded = folds;
    whole.hidden = asked.length <= MOST_CHARACTERS && asked.split("\n").length <= MOST_LINES;
    text.toggleAttribute("data-is-folded", isFolded && !whole.hidden);
    whole.setAttribute("aria-expanded", String(!isFolded));
    const label = isFolded ? words.wholeQuestion : words.lessQuestion;
    setText(whole, label);
    relabel(whole, label, label);
  }

  function beginToEdit() {
    form = createEditForm(turn.record.question_text, words, {
      ask: (changed) => void talk.channel.send({ type: "edit", turn: turn.id, text: changed }),
      hide: endEditing,
    });
    bubble.after(form);
    element.dataset.isEdited = "true";
    form.querySelector("textarea")?.focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  }

  function endEditing() {
    form?.remove();
    form = null;
    delete element.dataset.isEdited;
    edit.focus();
  }

  return {
    element,
    update() {
      const { state, question_text, question_html, is_refused } = turn.record;
      media.update(question_html);
      text.hidden = !question_text;
      setText(text, question_text);
      fold(isFolded);
      wait.hidden = state !== "waiting";
      takeBack.hidden = state !== "waiting" && !is_refused;
      edit.hidden = state !== "over";
      copy.hidden = !question_text;
    },
  };
}

/**
 * Show the media of a question: many of them as a grid that opens.
 *
 * @param {Words} words
 */
function createMedia(words) {
  const chips = make("div", "omni-panel-question-chips");
  const more = button("omni-panel-question-more", "", () => open(!isOpen), { text: " " });
  const element = make("div", "omni-panel-question-media", chips, more);
  let isOpen = false;
  let shownHtml = "";

  /** @param {boolean} opens */
  function open(opens) {
    isOpen = opens;
    const rest = chips.childElementCount > MOST_MEDIA ? [...chips.children].slice(FIRST_MEDIA) : [];
    for (const chip of rest) /** @type {HTMLElement} */ (chip).hidden = !isOpen;
    more.hidden = rest.length === 0;
    more.setAttribute("aria-expanded", String(isOpen));
    const label = isOpen ? words.fewerMedia : fill(words.moreMedia, { count: rest.length });
    more.replaceChildren(label);
    relabel(more, label, label);
  }

  return {
    element,
    /** @param {string} html made and escaped by Python */
    update(html) {
      element.hidden = !html;
      if (html === shownHtml) return;
      chips.innerHTML = shownHtml = html;
      open(isOpen);
    },
  };
}

/**
 * @param {string} text
 * @param {Words} words
 * @param {{ask(text: string): void, hide(): void}} actions
 */
function createEditForm(text, words, { ask, hide }) {
  const area = make("textarea", "omni-panel-edit-text");
  area.value = text;
  area.rows = Math.min(MOST_LINES, text.split("\n").length + 1);
  area.dir = "auto";
  area.setAttribute("aria-label", words.editedQuestion);
  const form = createForm("omni-panel-edit-form", {
    field: area,
    label: words.saveAndAsk,
    cancelLabel: words.cancel,
    act: () => ask(area.value),
    hide,
  });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  return form;
}

/**
 * A button that says for a moment that it has copied.
 *
 * @param {string} label
 * @param {Words} words
 * @param {() => string} text
 */
export function copyButton(label, words, text) {
  const copy = button("omni-panel-copy", label, () => void act(), { icon: ICONS.copy });
  async function act() {
    if (!(await copyText(text()))) return;
    copy.dataset.isDone = "true";
    relabel(copy, words.copied);
    setTimeout(() => {
      delete copy.dataset.isDone;
      relabel(copy, label);
    }, COPIED_MILLISECONDS);
  }
  return copy;
}
