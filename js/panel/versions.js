/** @file Switch between the versions of a question: "‹ 2/3 ›". */
import { ICONS, button, make, setText } from "../player/dom.js";
import { fill } from "../player/words.js";

/**
 * @param {import("./talk.js").Talk} talk
 * @param {import("./turns.js").Turn} turn
 * @param {import("words:conversation").Words} words
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function createVersionSwitch(talk, turn, words) {
  /** @param {number} step */
  const go = (step) => void talk.channel.send({ type: "branch", turn: turn.id, step });
  const previous = button("omni-panel-previous", words.previousVersion, () => go(-1), { icon: ICONS.previous });
  const next = button("omni-panel-next", words.nextVersion, () => go(1), { icon: ICONS.next });
  const place = make("span", "omni-panel-version");
  const spoken = make("span", "omni-panel-hidden");
  place.setAttribute("aria-hidden", "true");
  const element = make("span", "omni-panel-versions", previous, place, spoken, next);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", words.versions);
  return {
    element,
    update() {
      const { sibling, siblings, state } = turn.record;
      element.hidden = siblings < 2;
      setText(place, `${sibling}/${siblings}`);
      setText(spoken, fill(words.version, { number: sibling, count: siblings }));
      previous.disabled = sibling <= 1 || state !== "over";
      next.disabled = sibling >= siblings || state !== "over";
    },
  };
}
