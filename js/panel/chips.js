/**
 * @file Show what is attached to a draft, one chip each: a file on its way with its progress, then what Python
 * says of it. Image and audio files can be seen and heard at once.
 */
import { ICONS, button, focusedIn, make, setText } from "../player/dom.js";
import { fill } from "../player/words.js";

/**
 * @typedef {import("./types.js").DraftItem} DraftItem
 * @typedef {import("./uploads.js").Upload} Upload
 * @typedef {import("words:composer").Words} Words
 *
 * @typedef {object} Shown of one chip; an upload, an item of Python's, or both
 * @property {string} id
 * @property {Upload} [upload]
 * @property {DraftItem} [item]
 *
 * @typedef {{remove(id: string): void, shrink(id: string): void}} Actions
 */

/**
 * @param {{words: Words, actions: Actions}} options
 */
export function createChips({ words, actions }) {
  const element = make("ul", "omni-composer-chips");
  element.setAttribute("aria-label", words.attachments);
  element.hidden = true;
  /** @type {Map<string, ReturnType<typeof createChip>>} */
  const chips = new Map();

  return {
    element,
    /** @param {Shown[]} shown */
    update(shown) {
      const ids = new Set(shown.map(({ id }) => id));
      for (const [id, chip] of chips) if (!ids.has(id)) drop(id, chip);
      for (const [place, one] of shown.entries()) {
        const chip = chips.get(one.id) ?? createChip(one, { words, actions });
        chips.set(one.id, chip);
        chip.update(one);
        // A chip that is in its place is not moved: its audio would stop.
        if (element.children[place] !== chip.element) element.insertBefore(chip.element, element.children[place] ?? null);
      }
      element.hidden = shown.length === 0;
    },
    dispose() {
      for (const chip of chips.values()) chip.dispose();
    },
  };

  /**
   * @param {string} id
   * @param {ReturnType<typeof createChip>} chip
   */
  function drop(id, chip) {
    chips.delete(id);
    const hadFocus = focusedIn(chip.element) !== null;
    const neighbour = chip.element.nextElementSibling ?? chip.element.previousElementSibling;
    chip.element.remove();
    chip.dispose();
    const next = /** @type {HTMLElement | null | undefined} */ (neighbour?.querySelector(".omni-composer-remove"));
    if (hadFocus) next?.focus();
  }
}

/**
 * @param {Shown} shown
 * @param {{words: Words, actions: Actions}} options
 */
function createChip({ id, upload, item }, { words, actions }) {
  const called = upload?.file.name ?? item?.name ?? "";
  const thumbnail = make("div", "omni-composer-thumbnail");
  const preview = upload ? createPreview(upload.file) : null;
  if (preview) thumbnail.append(preview.element);
  const name = make("bdi", "omni-composer-name", called);
  name.title = called;
  const facts = make("span", "omni-composer-facts");
  const progress = createProgress(fill(words.uploading, { name: called }));
  const refusal = make("p", "omni-composer-refusal");
  const shrink = button("omni-composer-shrink", fill(words.shrinkOf, { name: called }), () => askToShrink(), { text: words.shrink });
  const remove = button("omni-composer-remove", fill(words.remove, { name: called }), () => actions.remove(id), { icon: ICONS.close });
  const about = make("div", "omni-composer-about", name, facts, progress.element, refusal, shrink);
  const element = make("li", "omni-composer-chip", thumbnail, about, remove);
  let html = "";
  /** What Python said of the item before it was asked to shrink it. */
  let asked = "";

  function askToShrink() {
    asked = JSON.stringify(lastItem);
    shrink.setAttribute("aria-disabled", "true");
    actions.shrink(id);
    setText(facts, words.shrinking);
  }
  let lastItem = item;

  return {
    element,
    dispose: () => preview?.dispose(),
    /** @param {Shown} shown */
    update({ upload: moving, item: known }) {
      lastItem = known;
      if (known && known.html !== html) {
        html = known.html;
        showHtml(thumbnail, html, preview?.element ?? null);
      }
      if (asked && asked !== JSON.stringify(known)) {
        asked = "";
        shrink.removeAttribute("aria-disabled");
      }
      const wrong = known?.refusal || (moving?.state === "failed" ? moving.error : "");
      setText(refusal, wrong);
      refusal.hidden = !wrong;
      element.dataset.state = wrong ? "refused" : (known ? "there" : "moving");
      shrink.hidden = !known?.can_shrink;
      progress.update(moving && !known ? moving : null);
      if (!asked) showFacts(facts, factsText(moving, known, words));
      if (known) element.dataset.kind = known.kind;
    },
  };
}

/**
 * @param {Upload | undefined} upload
 * @param {DraftItem | undefined} item
 * @param {Words} words
 */
function factsText(upload, item, words) {
  if (item) return item.facts;
  if (!upload) return "";
  const size = sizeText(upload.file.size);
  switch (upload.state) {
    case "waiting":
      return `${size} · ${words.waiting}`;
    case "moving":
      return upload.received ? `${sizeText(upload.received)} / ${size}` : size;
    case "stalled":
      return words.isStalled;
    case "there":
      return words.looking;
    default:
      return size;
  }
}

const BETWEEN = " · ";

/**
 * Show facts, which break between one and the next and never within.
 *
 * @param {HTMLElement} element
 * @param {string} said
 */
function showFacts(element, said) {
  if (element.textContent === said) return;
  const facts = said.split(BETWEEN).map((fact) => make("span", "omni-composer-fact", fact));
  element.replaceChildren(...facts.flatMap((fact, place) => (place > 0 ? [BETWEEN, fact] : [fact])));
}

/**
 * Show Python's preview in the place of ours; but audio of ours that plays goes on.
 *
 * @param {HTMLElement} thumbnail
 * @param {string} html made and escaped by Python
 * @param {HTMLElement | null} preview
 */
function showHtml(thumbnail, html, preview) {
  const python = make("div", "omni-composer-python");
  python.innerHTML = html;
  const isPlayerNeeded = preview?.localName === "audio" && !python.querySelector("audio");
  thumbnail.querySelector(".omni-composer-python")?.remove();
  if (preview && !isPlayerNeeded) preview.remove();
  thumbnail.prepend(python);
}

/**
 * @param {File} file
 * @returns {{element: HTMLElement, dispose(): void} | null} null: nothing to see or hear of such a file
 */
function createPreview(file) {
  const kind = file.type.split("/")[0];
  if (kind !== "image" && kind !== "audio") return null;
  const url = URL.createObjectURL(file);
  const element = document.createElement(kind === "image" ? "img" : "audio");
  element.className = "omni-composer-preview";
  element.src = url;
  if (element instanceof HTMLAudioElement) element.controls = true;
  // The file's name stands beside the image.
  else element.setAttribute("alt", "");
  // An image that this browser cannot show, such as HEIC: Python's preview will come.
  element.addEventListener("error", () => element.remove());
  return { element, dispose: () => URL.revokeObjectURL(url) };
}

/** @param {string} label */
function createProgress(label) {
  const bar = make("span", "omni-composer-progress-bar");
  const element = make("div", "omni-composer-progress", bar);
  element.setAttribute("role", "progressbar");
  element.setAttribute("aria-label", label);
  element.setAttribute("aria-valuemin", "0");
  element.setAttribute("aria-valuemax", "100");
  return {
    element,
    /** @param {Upload | null} upload */
    update(upload) {
      element.hidden = !upload || upload.state === "failed";
      if (!upload) return;
      const percent = upload.file.size ? Math.floor((100 * upload.received) / upload.file.size) : 0;
      element.setAttribute("aria-valuenow", String(percent));
      bar.style.width = `${percent}%`;
    },
  };
}

const UNITS = ["B", "kB", "MB", "GB"];

/** @param {number} bytes */
export function sizeText(bytes) {
  const step = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1000 ** step;
  return `${step > 0 && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${UNITS[step]}`;
}
