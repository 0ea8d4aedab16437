/**
 * @file Ask for the microphone or the camera: what can go wrong has codes (the words are the panel's), and no
 * device is left on, whatever happens.
 *
 * - `denied`: the person or the browser said no
 * - `embedded`: the page that shows this one gives it no device, as VS Code does (microsoft/vscode#119127), and
 *   nobody is asked
 * - `no-device`: there is none, or it was taken out
 * - `busy`: another program has it, or the system does not give it
 * - `insecure`: browsers give devices only to https pages and to this computer itself
 * - `unsupported`: this browser gives pages no such device
 * - `silent`: the device gave nothing, e.g. a microphone that is switched off
 *
 * @typedef {"denied" | "embedded" | "no-device" | "busy" | "insecure" | "unsupported" | "silent"} DeviceErrorCode
 */

export class DeviceError extends Error {
  /**
   * @param {DeviceErrorCode} code
   * @param {unknown} [cause]
   */
  constructor(code, cause) {
    super(`${code}${cause ? `: ${cause}` : ""}`, { cause });
    this.name = "DeviceError";
    this.code = code;
  }
}

/** @type {Record<string, DeviceErrorCode>} by the names of DOMExceptions */
const CODES = {
  NotAllowedError: "denied",
  PermissionDeniedError: "denied",
  SecurityError: "denied",
  NotFoundError: "no-device",
  DevicesNotFoundError: "no-device",
  OverconstrainedError: "no-device",
  NotReadableError: "busy",
  TrackStartError: "busy",
  AbortError: "busy",
};

/**
 * @param {unknown} error of the browser
 * @returns {DeviceError}
 */
export function deviceError(error) {
  if (error instanceof DeviceError) return error;
  const { name = "" } = /** @type {{name?: string}} */ (error ?? {});
  return new DeviceError(CODES[name] ?? "unsupported", error);
}

/**
 * Tell whether this page may ask for devices. On plain http, unless it is this computer itself, browsers hide them.
 *
 * @returns {"yes" | "insecure" | "missing"}
 */
export function deviceAccess() {
  const devices = /** @type {{getUserMedia?: unknown} | undefined} */ (globalThis.navigator?.mediaDevices);
  if (devices?.getUserMedia) return "yes";
  return globalThis.isSecureContext === false ? "insecure" : "missing";
}

/**
 * Tell whether asking for these devices would ask a person.
 *
 * @param {MediaStreamConstraints} constraints
 * @returns {"yes" | "insecure" | "missing" | "embedded"}
 */
export function deviceAnswer(constraints) {
  const access = deviceAccess();
  return access === "yes" && isForbidden(constraints) ? "embedded" : access;
}

/**
 * Ask the person for a device; null when `signal` comes first. The signal switches the device off, also
 * one that is given later.
 *
 * @param {MediaStreamConstraints} constraints
 * @param {AbortSignal} signal
 * @returns {Promise<MediaStream | null>}
 */
export async function openStream(constraints, signal) {
  const answer = deviceAnswer(constraints);
  if (answer !== "yes") throw new DeviceError(answer === "missing" ? "unsupported" : answer);
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => resolve(null), { once: true });
    if (signal.aborted) return resolve(null);
    navigator.mediaDevices.getUserMedia(constraints).then(
      (stream) => {
        signal.addEventListener("abort", () => stopTracks(stream), { once: true });
        if (signal.aborted) stopTracks(stream);
        else resolve(stream);
      },
      (error) => reject(deviceError(error)),
    );
  });
}

/**
 * Tell whether the permissions policy of the page forbids it the devices; only Chromium says so.
 *
 * @param {MediaStreamConstraints} constraints
 */
function isForbidden({ audio, video }) {
  const { featurePolicy } = /** @type {{featurePolicy?: {allowsFeature(name: string): boolean}}} */ (
    /** @type {unknown} */ (globalThis.document ?? {})
  );
  const names = [audio && "microphone", video && "camera"].filter((name) => typeof name === "string");
  return names.some((name) => featurePolicy?.allowsFeature(name) === false);
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
