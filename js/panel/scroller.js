/** @file Keep a box at its end while it grows, unless the person reads further up. */
import { button, focusedIn, make } from "../player/dom.js";

/** So near to the end counts as there. */
const NEAR_PIXELS = 40;

/**
 * @param {HTMLElement} content
 * @param {{label: string, latest: string}} words
 * @returns {{element: HTMLElement, toEnd: () => void, stay: () => void, dispose: () => void}}
 */
export function createScroller(content, { label, latest }) {
  const box = make("div", "omni-panel-scroller", content);
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", label);
  const down = button("omni-panel-latest", latest, () => {
    toEnd();
    box.focus({ preventScroll: true });
  }, { text: `↓ ${latest}` });
  down.hidden = true;
  const element = make("div", "omni-panel-scroller-place", box, down);
  let isAtEnd = true;
  let top = 0;

  const onScroll = () => {
    const isNear = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PIXELS;
    // Only the person goes up; what is below may grow before we follow.
    if (isNear) isAtEnd = true;
    else if (box.scrollTop < top - 1) isAtEnd = false;
    top = box.scrollTop;
    down.hidden = isAtEnd || isNear;
  };
  box.addEventListener("scroll", onScroll, { passive: true });

  /** Go to the end, where it stays. */
  function toEnd() {
    isAtEnd = true;
    stay();
  }

  /** Stay at the end, if that is where we are; whoever writes further up stays there. */
  function stay() {
    if (focusedIn(content)?.localName === "textarea") return;
    if (isAtEnd) box.scrollTop = top = box.scrollHeight;
    down.hidden = isAtEnd;
  }

  const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(stay);
  observer?.observe(content);
  observer?.observe(box);
  return { element, toEnd, stay, dispose: () => observer?.disconnect() };
}
