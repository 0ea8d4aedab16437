// js/capture/device.js
function deviceAccess() {
  const devices = (
    /** @type {{getUserMedia?: unknown} | undefined} */
    globalThis.navigator?.mediaDevices
  );
  if (devices?.getUserMedia) return "yes";
  return globalThis.isSecureContext === false ? "insecure" : "missing";
}
function deviceAnswer(constraints) {
  const access = deviceAccess();
  return access === "yes" && isForbidden(constraints) ? "embedded" : access;
}
function isForbidden({ audio, video }) {
  const { featurePolicy } = (
    /** @type {{featurePolicy?: {allowsFeature(name: string): boolean}}} */
    /** @type {unknown} */
    globalThis.document ?? {}
  );
  const names = [audio && "microphone", video && "camera"].filter((name) => typeof name === "string");
  return names.some((name) => featurePolicy?.allowsFeature(name) === false);
}

// js/sound/wav.js
var HEADER_BYTES = 44;
var BYTES_PER_SAMPLE = 2;
function wavHeader(totalBytes, sampleRate) {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  writeText(header, 0, "RIFF");
  header.setUint32(4, HEADER_BYTES - 8 + totalBytes, true);
  writeText(header, 8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * BYTES_PER_SAMPLE, true);
  header.setUint16(32, BYTES_PER_SAMPLE, true);
  header.setUint16(34, 8 * BYTES_PER_SAMPLE, true);
  writeText(header, 36, "data");
  header.setUint32(40, totalBytes, true);
  return new Uint8Array(header.buffer);
}
function wavBlob(pcmPieces, sampleRate) {
  const totalBytes = pcmPieces.reduce((total, { byteLength }) => total + byteLength, 0);
  return new Blob([wavHeader(totalBytes, sampleRate), ...pcmPieces], { type: "audio/wav" });
}
function writeText(view, offset, text) {
  for (let i = 0; i < text.length; i++) view.setUint8(offset + i, text.charCodeAt(i));
}

// js/sound/loudspeaker.js
var REST_MILLISECONDS = 5e3;
var SILENCE_RATE = 24e3;
var GESTURES = ["pointerdown", "pointerup", "keydown"];
var Turns = class {
  /** @type {Speaker[]} */
  #queue = [];
  /**
   * Queue up (once) and say whether it is this speaker's turn.
   *
   * @param {Speaker} speaker
   */
  ask(speaker) {
    if (!this.#queue.includes(speaker)) this.#queue.push(speaker);
    while (this.#queue[0] !== speaker && this.#queue[0].isIdle) this.#queue.shift();
    return this.#queue[0] === speaker;
  }
  /** @param {Speaker} speaker */
  leave(speaker) {
    this.#queue = this.#queue.filter((other) => other !== speaker);
    this.#queue[0]?.pump();
  }
};
function onPage(name, create) {
  const key = /* @__PURE__ */ Symbol.for(`omni_nb.${name}`);
  const page = (
    /** @type {Record<symbol, Shared | undefined>} */
    /** @type {unknown} */
    globalThis
  );
  return page[key] ??= create();
}
function sharedAudio() {
  return onPage("audio.1", () => ({ loudspeakers: /* @__PURE__ */ new Map(), turns: new Turns(), owners: /* @__PURE__ */ new Map() }));
}
function useContext(sampleRate) {
  const { loudspeakers, turns } = sharedAudio();
  let loudspeaker = loudspeakers.get(sampleRate);
  if (!loudspeaker) {
    const context2 = new AudioContext({ sampleRate });
    loudspeaker = { context: context2, users: /* @__PURE__ */ new Set(), restTimer: void 0, isRefused: false };
    loudspeakers.set(sampleRate, loudspeaker);
  }
  const used = loudspeaker;
  const { context } = used;
  const user = {};
  used.users.add(user);
  clearTimeout(used.restTimer);
  const ignoreGestures = wakeOnGesture(used);
  const release = () => {
    ignoreGestures();
    if (used.users.delete(user) && used.users.size === 0) {
      used.restTimer = setTimeout(() => void context.suspend(), REST_MILLISECONDS);
    }
  };
  return { context, turns, isRefused: () => used.isRefused, release };
}
function wakeOnGesture(loudspeaker) {
  const { context } = loudspeaker;
  const wake = async () => {
    void context.resume();
    loudspeaker.isRefused = !await mayPlay();
    if (!loudspeaker.isRefused) void context.resume();
  };
  const release = () => {
    for (const gesture of GESTURES) document.removeEventListener(gesture, wake, true);
    context.removeEventListener("statechange", onStateChange);
  };
  const onStateChange = () => {
    if (context.state !== "running") return;
    loudspeaker.isRefused = false;
    release();
  };
  if (context.state === "running") return () => {
  };
  for (const gesture of GESTURES) document.addEventListener(gesture, wake, true);
  context.addEventListener("statechange", onStateChange);
  void wake();
  return release;
}
async function mayPlay() {
  const silence = URL.createObjectURL(wavBlob([new Uint8Array(2)], SILENCE_RATE));
  const audio = new Audio(silence);
  const release = () => {
    asking.delete(audio);
    URL.revokeObjectURL(silence);
  };
  asking.add(audio);
  audio.addEventListener("ended", release, { once: true });
  try {
    await audio.play();
    return true;
  } catch (error) {
    release();
    return !(error instanceof DOMException && error.name === "NotAllowedError");
  }
}
var asking = /* @__PURE__ */ new Set();

// js/doctor.js
var PING_BYTES = 65536;
var PINGS = 5;
var SAMPLE_RATE = 24e3;
var WAKING_MILLISECONDS = 1500;
var BROWSERS = [
  ["Edge", /Edg\/(\d+)/],
  ["Electron", /Electron\/(\d+)/],
  ["Firefox", /Firefox\/(\d+)/],
  ["Chromium", /Chrom(?:e|ium)\/(\d+)/],
  ["Safari", /Version\/(\d+).* Safari\//],
  ["WebKit", /AppleWebKit\/(\d+)/]
];
function browserName(userAgent) {
  for (
    const [name, pattern] of
    /** @type {[string, RegExp][]} */
    BROWSERS
  ) {
    const found = pattern.exec(userAgent);
    if (found) return `${name} ${found[1]}`;
  }
  return "";
}
function hostName() {
  const { appName, appVersion } = pageConfig();
  if (appName) return `${appName} ${appVersion ?? ""}`.trim();
  const page = (
    /** @type {{google?: {colab?: unknown}, Jupyter?: {version?: string}}} */
    /** @type {unknown} */
    globalThis
  );
  if (page.google?.colab) return "Colab";
  if (document.body.dataset.vscodeThemeKind) return "VS Code";
  if (document.querySelector("marimo-filename, marimo-island")) return "marimo";
  return page.Jupyter ? `nbclassic ${page.Jupyter.version ?? ""}`.trim() : "";
}
function pageConfig() {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  } catch {
    return {};
  }
}
async function listen(signal) {
  if (!globalThis.AudioContext) return { sound: "none", sample_rate: 0 };
  const { context, release } = useContext(SAMPLE_RATE);
  signal.addEventListener("abort", release, { once: true });
  if (context.state !== "running") {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, WAKING_MILLISECONDS);
      signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
      context.addEventListener("statechange", resolve, { once: true, signal });
    });
  }
  return { sound: context.state, sample_rate: context.sampleRate };
}
function ping(model, number, signal) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const take = (message, buffers = []) => {
      if (message.type !== "pong" || message.number !== number) return;
      model.off("msg:custom", take);
      const milliseconds = performance.now() - startedAt;
      resolve({ milliseconds, sent_bytes: message.bytes, came_bytes: buffers[0]?.byteLength ?? 0 });
    };
    model.on("msg:custom", take);
    signal.addEventListener("abort", () => model.off("msg:custom", take), { once: true });
    model.send({ type: "ping", number }, void 0, [new Uint8Array(PING_BYTES).buffer]);
  });
}
async function measure(model, signal) {
  const sound = listen(signal);
  const pings = [];
  for (let number = 0; number < PINGS && !signal.aborted; number++) pings.push(await ping(model, number, signal));
  const heard = await sound;
  if (signal.aborted) return;
  const found = {
    type: "found",
    ...pings[0],
    milliseconds: Math.min(...pings.map(({ milliseconds }) => milliseconds)),
    ...heard,
    devices: deviceAnswer({ audio: true, video: true }),
    browser: browserName(navigator.userAgent),
    host: hostName()
  };
  model.send(found);
}
var doctor_default = {
  /** @param {{model: import("@anywidget/types").AnyModel}} context */
  render({ model }) {
    const stopping = new AbortController();
    void measure(model, stopping.signal);
    return () => stopping.abort();
  }
};
export {
  browserName,
  doctor_default as default,
  hostName
};
