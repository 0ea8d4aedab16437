/**
 * @file Show how far a run of many questions is, with its Stop button. The words and the HTML are Python's.
 *
 * The traits and messages are described in `omni_nb/views/run_view.py`; change both together.
 */
import { make } from "./player/dom.js";
import { typeToKernel } from "./player/kernel.js";

/**
 * @typedef {object} Traits
 * @property {string} run_id
 * @property {string} language
 * @property {string} head_html
 * @property {string} bar_html
 * @property {string} line_html
 * @property {string} aside_html
 * @property {string} said what a screen reader says next
 * @property {string} stop the words of the button; "": there is none
 * @property {number} stops 1: nothing more is sent; 2: what is on its way is ended, too
 *
 * @typedef {{type: "stop", run_id: string, now: boolean}} StopMessage
 * @typedef {{type: "unseen"}} UnseenMessage
 *
 * @typedef {import("@anywidget/types").AnyModel<Traits>} Model
 */

const HTML_PARTS = /** @type {const} */ (["head_html", "line_html", "aside_html"]);

/**
 * Make an element like another one, without replacing it: a reader that has found the bar keeps it.
 *
 * @param {Element} element
 * @param {Element} other
 */
export function become(element, other) {
  for (const { name } of [...element.attributes]) if (!other.hasAttribute(name)) element.removeAttribute(name);
  for (const { name, value } of other.attributes) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
  element.replaceChildren(...other.childNodes);
}

/**
 * @param {Model} model
 * @param {StopMessage | UnseenMessage} message
 */
function send(model, message) {
  try {
    model.send(message);
  } catch {
    // A kernel that is gone takes no messages.
  }
}

export default () => {
  let views = 0;
  return {
    /** @param {{model: Model, el: HTMLElement}} context */
    render({ model, el }) {
      views += 1;
      const parts = HTML_PARTS.map((name) => /** @type {const} */ ([name, make("div", "")]));
      const bar = make("div", "");
      const said = make("div", "omni-many-said");
      said.setAttribute("role", "status");
      const stop = make("button", "omni-button omni-many-stop");
      stop.type = "button";
      const [[, head], [, line], [, aside]] = parts;
      const box = make("div", "omni-many-live", head, bar, make("div", "omni-many-bar", line, stop), aside, said);
      box.lang = model.get("language");
      el.append(box);

      const update = () => {
        for (const [name, part] of parts) {
          const html = model.get(name);
          if (part.dataset.html === html) continue;
          part.innerHTML = html;
          part.dataset.html = html;
        }
        const made = make("div", "");
        made.innerHTML = model.get("bar_html");
        if (made.firstElementChild) become(bar, made.firstElementChild);
        if (said.textContent !== model.get("said")) said.textContent = model.get("said");
        stop.textContent = model.get("stop");
        stop.hidden = !model.get("stop");
        stop.disabled = model.get("stops") > 1;
      };
      const press = () => {
        // A double click is one press: the second counts once Python has answered the first.
        /** @type {StopMessage} */
        const message = { type: "stop", run_id: model.get("run_id"), now: model.get("stops") > 0 };
        send(model, message);
        typeToKernel(model, message);
      };
      stop.addEventListener("click", press);
      update();
      model.on("change", update);
      return () => {
        model.off("change", update);
        stop.removeEventListener("click", press);
        views -= 1;
        if (views === 0) send(model, { type: "unseen" });
      };
    },
  };
};
