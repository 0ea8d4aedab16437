import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { FakeModel, openPage } from "./panel_fakes.js";

openPage();
const { browserName, default: widget, hostName } = await import("../../js/doctor.js");

afterEach(() => {
  document.body.replaceChildren();
  delete document.body.dataset.vscodeThemeKind;
  delete globalThis.google;
  delete globalThis.Jupyter;
});

for (const [name, userAgent] of Object.entries({
  "Chromium 156": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
  "Edge 130": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
  "Electron 34": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Code/1.100.3 Chrome/132.0.6834.210 Electron/34.5.1 Safari/537.36",
  "Firefox 153": "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
  "Safari 18": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
  "": "Lynx/2.9",
})) {
  test(`the family of ${name || "a stranger"} is known`, () => assert.equal(browserName(userAgent), name));
}

test("a host is known by what it leaves in the page", () => {
  assert.equal(hostName(), "");
  document.body.dataset.vscodeThemeKind = "vscode-dark";
  assert.equal(hostName(), "VS Code");
  globalThis.google = { colab: {} };
  assert.equal(hostName(), "Colab");
  document.body.innerHTML = '<script type="application/json" id="jupyter-config-data">{"appName": "JupyterLab", "appVersion": "4.6.6", "token": "secret"}</script>';
  assert.equal(hostName(), "JupyterLab 4.6.6");
});

test("five messages go there and back, and what was found is said once", async () => {
  const model = new FakeModel();
  const said = new Promise((resolve) => {
    model.send = (message, _callbacks, buffers) => {
      if (message.type === "found") return resolve(message);
      queueMicrotask(() => model.post({ type: "pong", number: message.number, bytes: buffers[0].byteLength }));
    };
  });
  const close = widget.render({ model });
  const { sent_bytes, came_bytes, sound, sample_rate, devices } = await said;
  assert.deepEqual([sent_bytes, came_bytes, sound, sample_rate, devices], [65_536, 0, "running", 24_000, "missing"]);
  close();
  assert.equal(model.listening, 0);
});

test("a view that goes stops asking", async () => {
  const model = new FakeModel();
  model.isListening = false;
  const close = widget.render({ model });
  close();
  await Promise.resolve();
  assert.equal(model.listening, 0);
  assert.equal(model.said("found").length, 0);
});
