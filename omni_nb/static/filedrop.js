// js/labfiles.js
var CONTENTS = "application/x-jupyter-icontents";
function watchLabDrop(element, { mark, take }) {
  const onOver = (given) => {
    const event = (
      /** @type {LuminoDrag} */
      given
    );
    if (!event.mimeData?.hasData(CONTENTS)) return;
    event.preventDefault();
    event.stopPropagation();
    event.dropAction = event.proposedAction;
    mark(true);
  };
  const onLeave = () => mark(false);
  const onDrop = (given) => {
    const event = (
      /** @type {LuminoDrag} */
      given
    );
    mark(false);
    if (!event.mimeData?.hasData(CONTENTS)) return;
    event.preventDefault();
    event.stopPropagation();
    event.dropAction = event.proposedAction;
    const paths = (
      /** @type {string[]} */
      event.mimeData.getData(CONTENTS)
    );
    void Promise.all(paths.map(fetchFile)).then(take);
  };
  const handlers = (
    /** @type {const} */
    [
      ["lm-dragenter", onOver],
      ["lm-dragover", onOver],
      ["lm-dragleave", onLeave],
      ["lm-drop", onDrop]
    ]
  );
  for (const [type, handler] of handlers) element.addEventListener(type, handler);
  return () => {
    for (const [type, handler] of handlers) element.removeEventListener(type, handler);
  };
}
async function fetchFile(path) {
  const bare = path.replace(/^[^/:]*:/, "");
  const name = bare.split("/").at(-1) ?? bare;
  const response = await fetch(addressOf(bare), { credentials: "same-origin" }).catch(() => null);
  if (response?.ok) return new File([await response.blob()], name, { type: response.headers.get("Content-Type") ?? "" });
  const file = new File([], name);
  file.slice = () => (
    /** @type {Blob} */
    { arrayBuffer: () => Promise.reject(new Error(`No file ${name}.`)) }
  );
  return file;
}
function addressOf(path) {
  const config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  return `${config.baseUrl ?? "/"}files/${path.split("/").map(encodeURIComponent).join("/")}`;
}

// js/player/dom.js
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// js/player/words.js
function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (place, name) => Object.hasOwn(values, name) ? String(values[name]) : place);
}

// js/filedrop.js
var widget = {
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
    const take = async (file) => {
      if (!file) return;
      const isTooLarge = file.size > model.get("most_bytes");
      note.textContent = isTooLarge ? fill(model.get("too_large"), { name: file.name }) : "";
      if (!isTooLarge) model.send({ type: "file", name: file.name }, void 0, [await file.arrayBuffer()]);
    };
    input.addEventListener("change", () => {
      void take(input.files?.[0]);
      input.value = "";
    });
    const mark = (isOver) => zone.classList.toggle("omni-filedrop-over", isOver);
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      mark(true);
    });
    zone.addEventListener("dragleave", () => mark(false));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      mark(false);
      void take(event.dataTransfer?.files[0]);
    });
    const leaveLab = watchLabDrop(zone, { mark, take: ([file]) => void take(file) });
    return () => {
      leaveLab();
      model.off("change:label", updateLabel);
      model.off("change:accept", updateAccept);
    };
  }
};
var filedrop_default = widget;
export {
  filedrop_default as default
};
