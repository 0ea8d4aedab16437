/**
 * @file Show the ChatPanel widget. The conversation belongs to the model, and each view shows it; anywidget
 * gives `initialize` and `render` different model proxies, so it lives in a closure.
 *
 * The traits and messages are described in `omni_nb/views/panel/protocol.py`; change both together.
 */
import { createComposer } from "./panel/composer.js";
import { watchRoom } from "./panel/room.js";
import { Talk } from "./panel/talk.js";
import { isComposing } from "./panel/textbox.js";
import { createTranscript } from "./panel/transcript.js";
import { focusedIn, guard, make } from "./player/dom.js";
import { isSavedPage } from "./player/kernel.js";
import { wordsFor } from "./player/words.js";
import words from "words:conversation";

/** @typedef {import("./panel/types.js").Traits} Traits */

/** @type {import("@anywidget/types").AnyWidget<Traits>} */
const widget = () => {
  /** @type {Talk | undefined} */
  let talk;
  /** The number of each view of the model, so that its draft is found again after a reload. @type {Set<number>} */
  const viewNumbers = new Set();
  return {
    initialize({ model }) {
      const opened = (talk = new Talk(model));
      return () => opened.dispose();
    },
    render({ el }) {
      if (!talk || (isSavedPage(talk.model) && hasStaticCopy(talk))) return undefined;
      const shown = talk;
      let number = 0;
      while (viewNumbers.has(number)) number++;
      viewNumbers.add(number);
      const key = String(number);
      let undo = show(shown, el, key);
      const speak = () => {
        const place = focusedIn(el)?.dataset.setting;
        undo();
        undo = show(shown, el, key);
        if (place) /** @type {HTMLElement | null} */ (el.querySelector(`[data-setting="${place}"]`))?.focus();
      };
      shown.model.on("change:language", speak);
      shown.turns.setShown(true);
      return () => {
        shown.model.off("change:language", speak);
        undo();
        viewNumbers.delete(number);
        if (viewNumbers.size === 0) shown.turns.setShown(false);
      };
    },
  };
};

/**
 * @param {Talk} talk
 * @param {HTMLElement} element
 * @param {string} viewKey
 */
function show(talk, element, viewKey) {
  const transcript = make("div", "omni-panel-transcript");
  const composer = make("div", "omni-panel-composer");
  const root = make("section", "omni-panel", transcript, composer);
  // The words are in simplified characters, which "zh" alone does not say.
  root.lang = talk.language === "zh" ? "zh-CN" : talk.language;
  root.setAttribute("aria-label", wordsFor(words, talk.language).panel);
  guard(root);
  root.addEventListener("keydown", (event) => {
    const isFree = event.key === "Escape" && !event.defaultPrevented && !isComposing(event);
    if (isFree && talk.canStop) talk.stop();
  });
  element.append(root);
  const leaveRoom = watchRoom(root);
  const question = createComposer(composer, talk, { viewKey });
  const removeTranscript = createTranscript(transcript, talk, (text) => question.write(text));
  const hideCopy = hideStaticCopy(talk, root);
  return () => {
    hideCopy();
    leaveRoom();
    removeTranscript();
    question.dispose();
    root.remove();
  };
}

/** @param {Talk} talk */
const copyOf = (talk) => `.omni-kept-${CSS.escape(talk.model.get("panel_id"))}`;

/**
 * Tell whether the page shows the conversation beside the widget.
 *
 * @param {Talk} talk
 */
function hasStaticCopy(talk) {
  return document.querySelector(`${copyOf(talk)} .omni-turn`) !== null;
}

/**
 * Hide the static copy of the conversation, which the notebook keeps beside the widget. Only a kernel that
 * answers makes the panel the better one: a saved widget without a kernel must not hide the copy.
 *
 * @param {Talk} talk
 * @param {HTMLElement} root
 * @returns {() => void}
 */
function hideStaticCopy(talk, root) {
  const style = document.createElement("style");
  const update = () => {
    if (talk.lacksSound) return style.remove();
    if (!talk.isAlive || style.isConnected) return;
    style.textContent = `${copyOf(talk)} { display: none !important; }`;
    root.append(style);
  };
  update();
  const off = talk.onChange(update);
  return () => {
    off();
    style.remove();
  };
}

export default widget;
