/** @file The switch between branches: "‹ 2 of 3 ›". */
import { ICONS, button, make, setText } from "../player/dom.js";
import { fill } from "../player/words.js";

/**
 * @param {import("./talk.js").Talk} talk
 * @param {import("./turns.js").Turn} turn
 * @param {import("words:conversation").Words} words
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function createBranchSwitch(talk, turn, words) {
  /** @param {number} step */
  const go = (step) => void talk.line.send({ type: "branch", turn: turn.id, step });
  const previous = button("omni-panel-previous", words.previousBranch, () => go(-1), { icon: ICONS.previous });
  const next = button("omni-panel-next", words.nextBranch, () => go(1), { icon: ICONS.next });
  const place = make("span", "omni-panel-branch-place");
  const spoken = make("span", "omni-panel-hidden");
  place.setAttribute("aria-hidden", "true");
  const element = make("span", "omni-panel-branches", previous, place, spoken, next);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", words.branches);
  return {
    element,
    update() {
      const { sibling, siblings, state } = turn.record;
      element.hidden = siblings < 2;
      setText(place, `${sibling}/${siblings}`);
      setText(spoken, fill(words.branch, { number: sibling, count: siblings }));
      previous.disabled = sibling <= 1 || state !== "over";
      next.disabled = sibling >= siblings || state !== "over";
    },
  };
}
