// js/player/dom.js
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

// js/player/kernel.js
function kernelOf({ widget_manager }) {
  return (
    /** @type {{kernel?: Kernel} | undefined} */
    widget_manager?.kernel
  );
}
function typeToKernel(model, message) {
  kernelOf(model)?.sendInputReply?.({ status: "ok", value: JSON.stringify(message) }, {});
}

// js/many.js
var HTML_PARTS = (
  /** @type {const} */
  ["head_html", "line_html", "aside_html"]
);
function become(element, other) {
  for (const { name } of [...element.attributes]) if (!other.hasAttribute(name)) element.removeAttribute(name);
  for (const { name, value } of other.attributes) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
  element.replaceChildren(...other.childNodes);
}
function send(model, message) {
  try {
    model.send(message);
  } catch {
  }
}
var many_default = () => {
  let views = 0;
  return {
    /** @param {{model: Model, el: HTMLElement}} context */
    render({ model, el }) {
      views += 1;
      const parts = HTML_PARTS.map((name) => (
        /** @type {const} */
        [name, make("div", "")]
      ));
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
    }
  };
};
export {
  become,
  many_default as default
};
