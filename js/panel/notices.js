/** @file Show notices until they are dismissed. */
import { ICONS, button, make } from "../player/dom.js";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("./talk.js").Notice} Notice
 */

/**
 * @param {Talk} talk
 * @param {import("words:conversation").Words} words
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function createNotices(talk, words) {
  const element = make("div", "omni-panel-notices");
  /** @type {Map<Notice, HTMLElement>} */
  const bars = new Map();
  return {
    element,
    update() {
      for (const [notice, bar] of bars) {
        if (talk.notices.includes(notice)) continue;
        bar.remove();
        bars.delete(notice);
      }
      for (const notice of talk.notices) {
        if (bars.has(notice)) continue;
        const bar = createBar(notice);
        bars.set(notice, bar);
        element.append(bar);
      }
    },
  };

  /** @param {Notice} notice */
  function createBar(notice) {
    const text = make("span", "omni-panel-notice-text", notice.text);
    text.dir = "auto";
    text.setAttribute("role", notice.kind === "error" ? "alert" : "status");
    const bar = make(
      "div",
      "omni-panel-notice",
      text,
      button("omni-panel-dismiss", words.dismiss, () => talk.dismiss(notice), { icon: ICONS.close }),
    );
    bar.dataset.kind = notice.kind;
    return bar;
  }
}
