/**
 * @file Show the FileDrop widget: a button that opens a file, on which one may also be dropped. A file that
 * is too large is refused here: sent, it would break the notebook's connection.
 *
 * The traits and messages are described in `omni_nb/views/filedrop.py`; change both together.
 */
import { watchLabDrop } from "./labfiles.js";
import { make, setText } from "./player/dom.js";
import { fill } from "./player/words.js";

/**
 * @typedef {object} Traits
 * @property {string} label
 * @property {string} accept as in `<input accept>`
 * @property {number} most_bytes
 * @property {string} too_large what to say of a larger file; `{name}` is its name
 *
 * @typedef {object} FileMessage with the file's bytes as its only buffer
 * @property {"file"} type
 * @property {string} name
 */

/** @type {import("@anywidget/types").AnyWidget<Traits>} */
const widget = {
  render({ model, el }) {
    const input = make("input", "");
    input.type = "file";
    const label = make("span", "");
    const zone = make("label", "omni-filedrop", input, label);
    const note = make("div", "omni-filedrop-note");
    note.setAttribute("role", "alert");
    el.append(zone, note);

    const updateLabel = () => setText(label, model.get("label"));
    const updateAccept = () => void (input.accept = model.get("accept"));
    updateLabel();
    updateAccept();
    model.on("change:label", updateLabel);
    model.on("change:accept", updateAccept);

    /** @param {File | undefined} file */
    const take = async (file) => {
      if (!file) return;
      const isTooLarge = file.size > model.get("most_bytes");
      note.textContent = isTooLarge ? fill(model.get("too_large"), { name: file.name }) : "";
      if (!isTooLarge) model.send({ type: "file", name: file.name }, undefined, [await file.arrayBuffer()]);
    };
    input.addEventListener("change", () => {
      void take(input.files?.[0]);
      input.value = ""; // so that the same file can be opened again
    });
    /** @param {boolean} isOver */
    const mark = (isOver) => zone.classList.toggle("omni-filedrop-over", isOver);
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      mark(true);
    });
    zone.addEventListener("dragleave", () => mark(false));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation(); // JupyterLab would open the file
      mark(false);
      void take(event.dataTransfer?.files[0]);
    });
    const leaveLab = watchLabDrop(zone, { mark, take: ([file]) => void take(file) });
    return () => {
      leaveLab();
      model.off("change:label", updateLabel);
      model.off("change:accept", updateAccept);
    };
  },
};

export default widget;
