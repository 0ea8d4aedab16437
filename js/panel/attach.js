/** @file Take files in: chosen, dropped anywhere on the panel, or pasted. */
import { watchLabDrop } from "../labfiles.js";
import { make } from "../player/dom.js";

/** @typedef {import("words:composer").Words} Words */

/**
 * Take the files that are dropped on `root`; what else is dragged (words, cells) goes its way.
 *
 * @param {HTMLElement} root
 * @param {{words: string, take(files: File[]): void}} options
 * @returns {() => void}
 */
export function watchDrop(root, { words, take }) {
  const overlay = make("div", "omni-composer-drop", make("span", "", words));
  overlay.setAttribute("aria-hidden", "true");
  overlay.hidden = true;
  root.classList.add("omni-composer-droppable");
  root.append(overlay);

  /** @param {DragEvent} event */
  const onOver = (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    overlay.hidden = false;
  };
  /** @param {DragEvent} event */
  const onLeave = (event) => {
    if (!(event.relatedTarget instanceof Node && root.contains(event.relatedTarget))) overlay.hidden = true;
  };
  /** @param {DragEvent} event */
  const onDrop = (event) => {
    overlay.hidden = true;
    if (!carriesFiles(event)) return;
    // JupyterLab would open it, and the browser would leave the page for it.
    event.preventDefault();
    event.stopPropagation();
    take([...(event.dataTransfer?.files ?? [])]);
  };
  root.addEventListener("dragenter", onOver);
  root.addEventListener("dragover", onOver);
  root.addEventListener("dragleave", onLeave);
  root.addEventListener("drop", onDrop);
  const leaveLab = watchLabDrop(root, { mark: (isOver) => void (overlay.hidden = !isOver), take });
  return () => {
    leaveLab();
    root.removeEventListener("dragenter", onOver);
    root.removeEventListener("dragover", onOver);
    root.removeEventListener("dragleave", onLeave);
    root.removeEventListener("drop", onDrop);
    root.classList.remove("omni-composer-droppable");
    overlay.remove();
  };
}

/** @param {DragEvent} event */
function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/**
 * Attach the files of the clipboard. Words copied from an office program have an image of themselves
 * beside them: then the words are meant.
 *
 * @param {HTMLElement} element
 * @param {(files: File[]) => void} take
 */
export function watchPaste(element, take) {
  element.addEventListener("paste", (event) => {
    const clipboard = event.clipboardData;
    if (!clipboard || clipboard.files.length === 0 || clipboard.types.includes("text/plain")) return;
    event.preventDefault();
    take([...clipboard.files]);
  });
}

/**
 * @param {(files: File[]) => void} take
 */
export function createFileInput(take) {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.hidden = true;
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = ""; // so that the same file can be chosen again
  });
  return input;
}

/** Python takes files of these names as text: `TEXT_SUFFIXES` in omni_nb/media/textfile.py. */
const TEXT = [".txt", ".md", ".csv", ".json"];

/**
 * Return `<input accept>` for the kinds of media that the model takes, and for text.
 *
 * @param {string[]} takes
 */
export function acceptOf(takes) {
  const media = ["image", "audio", "video"].filter((kind) => takes.includes(kind)).map((kind) => `${kind}/*`);
  return [...media, ...TEXT].join(",");
}

/**
 * Return the kinds of files that the model takes, as a list in words.
 *
 * @param {string[]} takes
 * @param {Words} words
 */
export function kindsText(takes, words) {
  const kinds = Object.entries(words.kinds).flatMap(([kind, word]) => (takes.includes(kind) ? [word] : []));
  if (kinds.length < 2) return kinds.join("");
  return kinds.slice(0, -1).join(words.list) + words.lastOfList + kinds[kinds.length - 1];
}
