/** @file Copy text to the clipboard, such as that of a code block by its button. */

export const COPIED_MILLISECONDS = 2_000;

/** @typedef {import("./markdown.js").MarkdownLabels} MarkdownLabels */

/**
 * @param {MarkdownLabels} labels
 * @returns {HTMLButtonElement}
 */
export function copyButton(labels) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "omni-code-copy";
  button.textContent = labels.copy;
  return button;
}

/**
 * Handle a click on any button of an answer: buttons come and go while it grows.
 *
 * @param {MouseEvent} event
 * @param {MarkdownLabels} labels
 */
export async function handleCopy(event, labels) {
  const button = event.target instanceof Element ? event.target.closest("button.omni-code-copy") : null;
  const code = button?.closest(".omni-code")?.querySelector("code");
  if (!button || !code) return;
  if (!(await copyText(code.textContent ?? ""))) return;
  button.textContent = labels.copied;
  setTimeout(() => (button.textContent = labels.copy), COPIED_MILLISECONDS);
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether the text is on the clipboard
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text); // plain http has no clipboard, and a frame may not have the right to it
  }
}

/** @param {string} text */
function copySelected(text) {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.style.cssText = "position:fixed;top:0;left:0;opacity:0";
  document.body.append(area);
  area.focus({ preventScroll: true });
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return isCopied;
}
