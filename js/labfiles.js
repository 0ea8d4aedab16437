/** @file Take files that are dragged out of JupyterLab's own file browser: Lumino tells of them by events of its own. */

const CONTENTS = "application/x-jupyter-icontents";

/**
 * @typedef {Event & {
 *   mimeData: {hasData(mime: string): boolean, getData(mime: string): unknown},
 *   proposedAction: string,
 *   dropAction: string,
 * }} LuminoDrag
 */

/**
 * @param {HTMLElement} element
 * @param {object} options
 * @param {(isOver: boolean) => void} options.mark whether files are above it
 * @param {(files: File[]) => void} options.take
 * @returns {() => void}
 */
export function watchLabDrop(element, { mark, take }) {
  /** @param {Event} given */
  const onOver = (given) => {
    const event = /** @type {LuminoDrag} */ (given);
    if (!event.mimeData?.hasData(CONTENTS)) return;
    event.preventDefault();
    event.stopPropagation();
    event.dropAction = event.proposedAction;
    mark(true);
  };
  const onLeave = () => mark(false);
  /** @param {Event} given */
  const onDrop = (given) => {
    const event = /** @type {LuminoDrag} */ (given);
    mark(false);
    if (!event.mimeData?.hasData(CONTENTS)) return;
    event.preventDefault();
    event.stopPropagation();
    event.dropAction = event.proposedAction;
    const paths = /** @type {string[]} */ (event.mimeData.getData(CONTENTS));
    void Promise.all(paths.map(fetchFile)).then(take);
  };
  const handlers = /** @type {const} */ ([
    ["lm-dragenter", onOver],
    ["lm-dragover", onOver],
    ["lm-dragleave", onLeave],
    ["lm-drop", onDrop],
  ]);
  for (const [type, handler] of handlers) element.addEventListener(type, handler);
  return () => {
    for (const [type, handler] of handlers) element.removeEventListener(type, handler);
  };
}

/**
 * Return a file of the server. One that cannot be read is a file that fails when it is read, as a moved one of the
 * desktop does.
 *
 * @param {string} path as the file browser knows it, perhaps with a drive before it
 * @returns {Promise<File>}
 */
async function fetchFile(path) {
  const bare = path.replace(/^[^/:]*:/, "");
  const name = bare.split("/").at(-1) ?? bare;
  const response = await fetch(addressOf(bare), { credentials: "same-origin" }).catch(() => null);
  if (response?.ok) return new File([await response.blob()], name, { type: response.headers.get("Content-Type") ?? "" });
  const file = new File([], name);
  file.slice = () => /** @type {Blob} */ ({ arrayBuffer: () => Promise.reject(new Error(`No file ${name}.`)) });
  return file;
}

/** @param {string} path */
function addressOf(path) {
  const config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  return `${config.baseUrl ?? "/"}files/${path.split("/").map(encodeURIComponent).join("/")}`;
}
