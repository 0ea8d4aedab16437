/**
 * @file Measure what reaches this page and what it may do, for `omni.doctor_cell()`. The words are Python's.
 *
 * The messages are described in `omni_nb/views/doctor.py`; change both together.
 */
import { deviceAnswer } from "./capture/device.js";
import { useContext } from "./sound/loudspeaker.js";

/**
 * @typedef {{type: "pong", number: number, bytes: number}} PongMessage
 *
 * @typedef {object} FoundMessage
 * @property {"found"} type
 * @property {number} milliseconds there and back, at best
 * @property {number} sent_bytes of a buffer, that have reached the kernel
 * @property {number} came_bytes of a buffer, that have come back
 * @property {string} sound the state of an audio context, or "none"
 * @property {number} sample_rate
 * @property {string} devices
 * @property {string} browser
 * @property {string} host
 */

const PING_BYTES = 65_536;
const PINGS = 5;
const SAMPLE_RATE = 24_000;
/** The sound card takes a moment to start, where it may. */
const WAKING_MILLISECONDS = 1500;

/** In this order: each later one is in the name of an earlier one, too. */
const BROWSERS = [
  ["Edge", /Edg\/(\d+)/],
  ["Electron", /Electron\/(\d+)/],
  ["Firefox", /Firefox\/(\d+)/],
  ["Chromium", /Chrom(?:e|ium)\/(\d+)/],
  ["Safari", /Version\/(\d+).* Safari\//],
  ["WebKit", /AppleWebKit\/(\d+)/],
];

/**
 * Return the family of a browser and its version.
 *
 * @param {string} userAgent
 */
export function browserName(userAgent) {
  for (const [name, pattern] of /** @type {[string, RegExp][]} */ (BROWSERS)) {
    const found = pattern.exec(userAgent);
    if (found) return `${name} ${found[1]}`;
  }
  return "";
}

/** Return the name and version of what shows this notebook, as far as it says. */
export function hostName() {
  const { appName, appVersion } = pageConfig();
  if (appName) return `${appName} ${appVersion ?? ""}`.trim();
  const page = /** @type {{google?: {colab?: unknown}, Jupyter?: {version?: string}}} */ (/** @type {unknown} */ (globalThis));
  if (page.google?.colab) return "Colab";
  if (document.body.dataset.vscodeThemeKind) return "VS Code";
  if (document.querySelector("marimo-filename, marimo-island")) return "marimo";
  return page.Jupyter ? `nbclassic ${page.Jupyter.version ?? ""}`.trim() : "";
}

/** @returns {{appName?: string, appVersion?: string}} */
function pageConfig() {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  } catch {
    return {};
  }
}

/**
 * Wait until the audio context runs, or may not.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<{sound: string, sample_rate: number}>}
 */
async function listen(signal) {
  if (!globalThis.AudioContext) return { sound: "none", sample_rate: 0 };
  const { context, release } = useContext(SAMPLE_RATE);
  signal.addEventListener("abort", release, { once: true });
  if (context.state !== "running") {
    await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
      const timer = setTimeout(resolve, WAKING_MILLISECONDS);
      signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
      context.addEventListener("statechange", resolve, { once: true, signal });
    });
  }
  return { sound: context.state, sample_rate: context.sampleRate };
}

/**
 * Send one message with a buffer, and wait for it to come back.
 *
 * @param {import("@anywidget/types").AnyModel} model
 * @param {number} number
 * @param {AbortSignal} signal
 * @returns {Promise<{milliseconds: number, sent_bytes: number, came_bytes: number}>}
 */
function ping(model, number, signal) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    /** @type {(message: PongMessage, buffers?: DataView[]) => void} */
    const take = (message, buffers = []) => {
      if (message.type !== "pong" || message.number !== number) return;
      model.off("msg:custom", take);
      const milliseconds = performance.now() - startedAt;
      resolve({ milliseconds, sent_bytes: message.bytes, came_bytes: buffers[0]?.byteLength ?? 0 });
    };
    model.on("msg:custom", take);
    signal.addEventListener("abort", () => model.off("msg:custom", take), { once: true });
    model.send({ type: "ping", number }, undefined, [new Uint8Array(PING_BYTES).buffer]);
  });
}

/**
 * @param {import("@anywidget/types").AnyModel} model
 * @param {AbortSignal} signal
 */
async function measure(model, signal) {
  const sound = listen(signal);
  const pings = [];
  for (let number = 0; number < PINGS && !signal.aborted; number++) pings.push(await ping(model, number, signal));
  const heard = await sound;
  if (signal.aborted) return;
  /** @type {FoundMessage} */
  const found = {
    type: "found",
    ...pings[0],
    milliseconds: Math.min(...pings.map(({ milliseconds }) => milliseconds)),
    ...heard,
    devices: deviceAnswer({ audio: true, video: true }),
    browser: browserName(navigator.userAgent),
    host: hostName(),
  };
  model.send(found);
}

export default {
  /** @param {{model: import("@anywidget/types").AnyModel}} context */
  render({ model }) {
    const stopping = new AbortController();
    void measure(model, stopping.signal);
    return () => stopping.abort();
  },
};
