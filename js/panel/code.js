/** @file Show a request as programs, in tabs. */
import { make, randomId, setText } from "../player/dom.js";
import { copyButton } from "./question.js";

/** @type {{key: "python" | "node" | "curl", name: string}[]} */
const LANGUAGES = [
  { key: "python", name: "Python" },
  { key: "node", name: "Node.js" },
  { key: "curl", name: "curl" },
];

/**
 * @param {import("words:conversation").Words} words
 * @returns {{element: HTMLElement, update: (code: import("./types.js").CodeMessage | null) => void}}
 */
export function createCode(words) {
  const id = randomId();
  const tabs = LANGUAGES.map(({ name }, index) => {
    const tab = make("button", "omni-button omni-panel-tab", name);
    tab.type = "button";
    tab.id = `omni-tab-${id}-${index}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `omni-code-${id}`);
    tab.addEventListener("click", () => choose(index));
    return tab;
  });
  const list = make("div", "omni-panel-tabs", ...tabs);
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", words.code);
  const program = make("code", "");
  const panel = make("pre", "omni-panel-program", program);
  panel.id = `omni-code-${id}`;
  panel.tabIndex = 0;
  panel.setAttribute("role", "tabpanel");
  const copy = copyButton(words.copyCode, words, () => program.textContent ?? "");
  const element = make("div", "omni-panel-code", make("div", "omni-panel-code-head", list, copy), panel);
  let chosen = 0;
  /** @type {import("./types.js").CodeMessage | null} */
  let shown = null;

  /** @param {number} index */
  function choose(index) {
    chosen = index;
    tabs.forEach((tab, place) => {
      tab.setAttribute("aria-selected", String(place === chosen));
      tab.tabIndex = place === chosen ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", tabs[chosen].id);
    setText(program, shown ? shown[LANGUAGES[chosen].key] : "…");
  }

  list.addEventListener("keydown", (event) => {
    const last = tabs.length - 1;
    /** @type {Record<string, number>} */
    const places = {
      ArrowLeft: chosen === 0 ? last : chosen - 1,
      ArrowRight: chosen === last ? 0 : chosen + 1,
      Home: 0,
      End: last,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    choose(place);
    tabs[place].focus();
  });
  choose(0);
  return {
    element,
    update(code) {
      shown = code;
      choose(chosen);
    },
  };
}
