/** @file Open a menu by a button, as www.w3.org/WAI/ARIA/apg/patterns/menu-button describes it. */
import { ICONS, button, focusedIn, make, randomId } from "../player/dom.js";

/**
 * @param {{label: string, menuLabel: string, items: {name: string, label: string, action: () => void}[]}} options
 * @returns {{element: HTMLElement, opener: HTMLButtonElement, dispose: () => void}}
 */
export function createMenu({ label, menuLabel, items }) {
  const opener = button("omni-panel-more", label, () => (menu.hidden ? open(0) : close()), { icon: ICONS.more });
  const menu = make("div", "omni-panel-menu", ...items.map(makeItem));
  const id = `omni-menu-${randomId()}`;
  menu.id = id;
  menu.hidden = true;
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", menuLabel);
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", id);
  const element = make("div", "omni-panel-menu-place", opener, menu);

  /** @param {{name: string, label: string, action: () => void}} item */
  function makeItem({ name, label: words, action }) {
    const item = make("button", `omni-button omni-panel-menu-item omni-panel-${name}`, words);
    item.type = "button";
    item.tabIndex = -1;
    item.setAttribute("role", "menuitem");
    item.addEventListener("click", () => {
      close();
      action();
    });
    return item;
  }

  /** @param {number} place */
  function focusItem(place) {
    const all = /** @type {HTMLElement[]} */ ([...menu.children]);
    all[(place + all.length) % all.length].focus();
  }

  /** @param {number} place */
  function open(place) {
    menu.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", closeOutside, true);
    focusItem(place);
  }

  function close() {
    if (menu.hidden) return;
    const hadFocus = focusedIn(menu) !== null;
    menu.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", closeOutside, true);
    if (hadFocus) opener.focus();
  }

  /** @param {PointerEvent} event */
  function closeOutside(event) {
    if (!event.composedPath().includes(element)) close();
  }

  element.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !element.contains(relatedTarget)) close();
  });
  element.addEventListener("keydown", (event) => {
    if (menu.hidden) {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      return open(event.key === "ArrowDown" ? 0 : -1);
    }
    const here = [...menu.children].indexOf(/** @type {Element} */ (focusedIn(menu)));
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => focusItem(here + 1),
      ArrowUp: () => focusItem(here - 1),
      Home: () => focusItem(0),
      End: () => focusItem(-1),
      Escape: close,
    };
    if (event.key === "Tab") close();
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  return { element, opener, dispose: () => document.removeEventListener("pointerdown", closeOutside, true) };
}
