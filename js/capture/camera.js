/** @file Take photos with the camera. */
import { DeviceError, deviceAccess, deviceError, openStream } from "./device.js";

const JPEG_QUALITY = 0.92;

/**
 * Cameras give 640 x 480 when nothing is said. Phones have two cameras: what a person wants to ask about
 * is in front of the person.
 *
 * @type {MediaStreamConstraints}
 */
const CONSTRAINTS = {
  video: { width: { ideal: 1920 }, height: { ideal: 1080 }, facingMode: { ideal: "environment" } },
  audio: false,
};

export class Camera {
  #closing = new AbortController();
  /** @type {HTMLVideoElement | null} */ #video = null;

  /** @returns {"yes" | "insecure" | "missing"} */
  static isPossible() {
    return deviceAccess();
  }

  /** Whether the camera shows an image, or is about to. */
  get isOn() {
    return this.#video !== null;
  }

  /**
   * Ask for the camera and show its image; true once it shows, false when it was stopped before.
   *
   * @param {HTMLVideoElement} video
   * @param {{onEnd?: (reason: "unplugged") => void}} [options]
   * @returns {Promise<boolean>}
   * @throws {DeviceError}
   */
  async start(video, { onEnd } = {}) {
    this.stop();
    const { signal } = (this.#closing = new AbortController());
    this.#video = video;
    try {
      return await this.#open(video, signal, onEnd);
    } catch (error) {
      if (signal.aborted) return false;
      this.stop();
      throw deviceError(error);
    }
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {AbortSignal} signal
   * @param {((reason: "unplugged") => void) | undefined} onEnd
   */
  async #open(video, signal, onEnd) {
    const stream = await openStream(CONSTRAINTS, signal);
    if (!stream || signal.aborted) return false;
    signal.addEventListener("abort", () => video.srcObject === stream && (video.srcObject = null), { once: true });
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => {
        if (signal.aborted) return;
        this.stop();
        onEnd?.("unplugged");
      });
    }
    video.muted = true;
    video.playsInline = true; // iPhones would fill the screen
    video.srcObject = stream;
    await video.play();
    return !signal.aborted;
  }

  /**
   * Take a photo of what the camera shows now, as JPEG in the camera's own size.
   *
   * @returns {Promise<Blob>}
   * @throws {DeviceError} of code "silent" when the camera shows nothing
   */
  async snapshot() {
    const video = this.#video;
    if (!video?.videoWidth) throw new DeviceError("silent");
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) => {
      canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY);
    });
    if (!blob) throw new DeviceError("unsupported");
    return blob;
  }

  /** Switch the camera off. */
  stop() {
    this.#closing.abort();
    this.#video = null;
  }
}
