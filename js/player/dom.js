/** @file Make elements, and keep their events to ourselves. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/**
 * Make a button whose label is read out and shown as a tip.
 *
 * @param {string} className
 * @param {string} label
 * @param {() => void} action
 * @param {{icon?: string, text?: string}} [shown] one of `ICONS`, the words, or both; by default the label
 * @returns {HTMLButtonElement}
 */
export function button(className, label, action, shown = { text: label }) {
  const element = make("button", `omni-button ${className}`);
  element.type = "button";
  if (shown.icon) element.append(icon(shown.icon));
  if (shown.text) element.append(make("span", "omni-button-text", shown.text));
  relabel(element, label, shown.text);
  element.addEventListener("click", action);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} label
 * @param {string} [text] what is written on it
 */
export function relabel(element, label, text) {
  element.title = label;
  if (text === label) element.removeAttribute("aria-label");
  else element.setAttribute("aria-label", label);
}

/** Paths, drawn on 24 × 24 with a stroke of 2. */
export const ICONS = {
  attach: "M8 12.5 14.5 6a3.2 3.2 0 0 1 4.5 4.5l-8.2 8.2a5.2 5.2 0 0 1-7.4-7.4L11 3.7",
  microphone: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5 11a7 7 0 0 0 14 0M12 18v3",
  camera: "M4 8h3l2-3h6l2 3h3v11H4ZM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z",
  send: "M12 20V5M5.5 11.5 12 5l6.5 6.5",
  stop: "M7 7h10v10H7Z",
  copy: "M9 9h11v11H9ZM5 15H4V4h11v1",
  again: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  edit: "M4 20h4L19 9l-4-4L4 16ZM13 7l4 4",
  code: "m8 7-5 5 5 5M16 7l5 5-5 5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  close: "M6 6l12 12M18 6 6 18",
  previous: "m14 6-6 6 6 6",
  next: "m10 6 6 6-6 6",
  volume: "M4 9v6h4l5 4V5L8 9ZM16.5 9a4 4 0 0 1 0 6",
  muted: "M4 9v6h4l5 4V5L8 9ZM16 9.5l5 5M21 9.5l-5 5",
  download: "M12 4v11M7 10.5l5 5 5-5M4 20h16",
  larger: "M14 4h6v6M10 20H4v-6M20 4l-7 7M4 20l7-7",
  smaller: "M20 10h-6V4M4 14h6v6M14 10l7-7M10 14l-7 7",
  check: "m5 12.5 4.5 4.5L19 7.5",
};

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} path one of `ICONS` */
export function icon(path) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "omni-icon");
  const stroke = document.createElementNS(SVG, "path");
  stroke.setAttribute("d", path);
  drawing.append(stroke);
  return drawing;
}

/**
 * Set text that differs: a live region is read out whenever it is written to.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Change only what differs of a text, so that what a person has selected stays selected.
 *
 * @param {Text} node
 * @param {string} text
 */
export function changeText(node, text) {
  const old = node.data;
  if (text === old) return;
  if (text.startsWith(old)) return node.appendData(text.slice(old.length));
  let same = 0;
  while (same < old.length && old[same] === text[same]) same++;
  node.replaceData(same, old.length - same, text.slice(same));
}

/**
 * Keep keys inside from the notebook; some go their way.
 *
 * @param {HTMLElement} element
 * @param {string[]} [others]
 */
export function guardKeys(element, others = ["Tab"]) {
  element.dataset.lmSuppressShortcuts = "true";
  for (const type of ["keydown", "keyup", "keypress"]) {
    element.addEventListener(type, (event) => {
      if (!others.includes(/** @type {KeyboardEvent} */ (event).key)) event.stopPropagation();
    });
  }
}

/**
 * Keep keys, pastes and menus inside from the notebook; Tab goes its way.
 *
 * @param {HTMLElement} element
 */
export function guard(element) {
  guardKeys(element);
  for (const type of ["paste", "copy", "cut", "contextmenu"]) {
    element.addEventListener(type, (event) => event.stopPropagation());
  }
}

/** Make four bars that stand still in silence and move while somebody speaks. */
export function wave() {
  const element = make("span", "omni-wave", ...Array.from({ length: 4 }, () => make("i", "")));
  element.setAttribute("aria-hidden", "true");
  return element;
}

/**
 * Return what has the focus within an element. In a shadow tree, as marimo has one, the document knows only its host.
 *
 * @param {Element} element
 * @returns {HTMLElement | null}
 */
export function focusedIn(element) {
  const focused = /** @type {Document | ShadowRoot} */ (element.getRootNode()).activeElement;
  return focused && element.contains(focused) ? /** @type {HTMLElement} */ (focused) : null;
}

/** Return an id for an element or a message. (crypto.randomUUID is missing on plain http.) */
export function randomId() {
  return Math.random().toString(36).slice(2, 12);
}
