/** @file Add to safe HTML what only our own code may: buttons, frames that scroll, and where a link leads. */
import { copyButton } from "./copy.js";

const LONGEST_NAME = 100;

/**
 * @param {DocumentFragment} fragment
 * @param {import("./markdown.js").MarkdownLabels} labels
 */
export function decorate(fragment, labels) {
  for (const link of fragment.querySelectorAll("a")) decorateLink(link);
  for (const table of fragment.querySelectorAll("table")) frameTable(table);
  for (const header of fragment.querySelectorAll(".omni-code-header")) header.append(copyButton(labels));
  for (const code of fragment.querySelectorAll("pre")) code.tabIndex = 0;
  return fragment;
}

/** @param {HTMLAnchorElement} link */
function decorateLink(link) {
  const target = link.getAttribute("href");
  if (target === null) return link.replaceWith(...link.childNodes);
  link.title = target;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  if (!link.textContent?.trim() && !link.querySelector("img, math")) link.textContent = target;
}

/** @param {HTMLTableElement} table */
function frameTable(table) {
  const frame = document.createElement("div");
  frame.className = "omni-table";
  frame.tabIndex = 0;
  table.replaceWith(frame);
  frame.append(table);
  const columns = Array.from(table.querySelectorAll("th"), (cell) => cell.textContent?.trim()).filter(Boolean);
  if (columns.length === 0) return; // a region without a name is none
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", columns.join(", ").slice(0, LONGEST_NAME));
}
