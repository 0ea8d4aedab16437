/** @file Play a sentence in the chosen voice. */
import { Engine, pcm16ToFloat32 } from "../sound/engine.js";
import { useContext } from "../sound/loudspeaker.js";

export class Sample {
  isAsked = false;

  /** @type {import("./talk.js").Talk} */ #talk;
  /** @type {Engine | null} */ #engine = null;
  #release = () => {};

  /** @param {import("./talk.js").Talk} talk */
  constructor(talk) {
    this.#talk = talk;
    talk.channel.listen("sample", (message, bytes) => this.#take(message, bytes));
  }

  /** Ask for a sample, only after a click: the browser lets it sound, and it may cost something. */
  ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    this.#stop();
    const { release, ...loudspeaker } = useContext(this.#talk.model.get("sample_rate"));
    this.#release = release;
    this.#engine = new Engine({
      ...loudspeaker,
      prebufferSeconds: 0,
      onChange: () => this.#engine?.isOver && release(),
    });
    this.#engine.setVolume(this.#talk.turns.preferences.settings.volume);
    void this.#talk.channel.send({ type: "sample" }).then((isTaken) => isTaken || this.#fail());
  }

  dispose() {
    this.#stop();
  }

  /**
   * @param {import("./types.js").SampleMessage} message
   * @param {Uint8Array} bytes
   */
  #take({ state, words }, bytes) {
    if (!this.isAsked || !this.#engine) return;
    if (words) this.#talk.notice(state === "failed" ? "error" : "info", words);
    if (state === "asked") return;
    this.isAsked = false;
    if (state === "failed") return this.#stop();
    this.#talk.turns.silence();
    this.#engine.push(pcm16ToFloat32(bytes));
    this.#engine.end();
    this.#engine.start();
  }

  #fail() {
    this.isAsked = false;
    this.#stop();
  }

  #stop() {
    this.#engine?.stop();
    this.#engine = null;
    this.#release();
  }
}
