/** @file Keep the panel within what can be seen of its page, so that the question's field never leaves it. */

/** Between the panel and the edges of what it stands in. */
const MARGIN_PIXELS = 16;
/** In less than this nobody can read. */
const LEAST_PIXELS = 320;

/**
 * Tell the style sheet how much room there is, as `--omni-room`.
 *
 * @param {HTMLElement} root in the page
 * @returns {() => void}
 */
export function watchRoom(root) {
  /** @type {Element | null} */
  let around = null;
  const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(update);

  function update() {
    const found = windowOf(root);
    if (found !== around) {
      if (around) observer?.unobserve(around);
      if (found) observer?.observe(found);
      around = found;
    }
    const height = Math.min(found?.clientHeight ?? Infinity, window.innerHeight || Infinity);
    if (Number.isFinite(height)) root.style.setProperty("--omni-room", `${Math.max(LEAST_PIXELS, height - MARGIN_PIXELS)}px`);
  }

  update();
  observer?.observe(root);
  window.addEventListener("resize", update);
  return () => {
    observer?.disconnect();
    window.removeEventListener("resize", update);
  };
}

/**
 * Return the outermost element that scrolls around another, such as a notebook; null: only the page itself. The
 * outputs of a cell may scroll, too, and are as high as what is in them.
 *
 * @param {Element} element
 * @returns {Element | null}
 */
function windowOf(element) {
  const parent = element.parentElement ?? hostOf(element);
  if (!parent || parent === document.body) return null;
  return windowOf(parent) ?? (/auto|scroll/.test(getComputedStyle(parent).overflowY) ? parent : null);
}

/** Return what holds the shadow tree that an element is in, as marimo has one. @param {Element} element */
function hostOf(element) {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}
