/** @file Record a question, showing the level and the time, with two ways to end. */
import { Microphone } from "../capture/microphone.js";
import { button, make, setText } from "../player/dom.js";
import { clock } from "../player/view.js";
import { fill } from "../player/words.js";
import { wavBlob } from "../sound/wav.js";
import { createStrip, wordsOf } from "./strip.js";

/** @typedef {import("words:composer").Words} Words */

const BARS = 32;

/**
 * @param {object} options
 * @param {Words} options.words
 * @param {() => number | null} options.mostSeconds
 * @param {(recording: Blob) => void} options.take
 * @param {() => void} options.silence what is spoken would be recorded as well
 * @param {() => void} options.onChange
 * @param {() => Microphone} [options.open] another microphone, for tests
 */
export function createRecorder({ words, mostSeconds, take, silence, onChange, open = () => new Microphone() }) {
  const bars = Array.from({ length: BARS }, () => make("i", ""));
  const level = make("span", "omni-composer-level", ...bars);
  level.setAttribute("aria-hidden", "true");
  const time = make("span", "omni-composer-time");
  const strip = createStrip("omni-composer-recorder", {
    words,
    label: words.recorder,
    display: level,
    more: [time],
    main: button("omni-composer-done omni-main-button", words.done, () => void done()),
    cancel,
    onChange,
  });
  const { element } = strip;

  /** @type {Microphone | null} */
  let microphone = null;
  let isOpening = false;
  let wasReleasedEarly = false;

  rest();
  return {
    element,
    get isOn() {
      return microphone !== null;
    },
    begin,
    end,
    cancel,
    dispose: cancel,
  };

  /** Show that nothing is recorded; say this, if anything. @param {string} [said] */
  function rest(said = "") {
    microphone = null;
    isOpening = false;
    element.dataset.state = "resting";
    strip.rest(said);
  }

  async function begin() {
    const mine = (microphone = open());
    isOpening = true;
    wasReleasedEarly = false;
    silence();
    element.dataset.state = "opening";
    strip.open(words.opening);
    try {
      await mine.start({
        mostSeconds: mostSeconds() ?? Infinity,
        onLevel: (now) => mine === microphone && showLevel(now),
        onSeconds: (seconds) => mine === microphone && showSeconds(seconds),
        onEnd: (reason) => void (mine === microphone && done(reason === "limit" ? words.isFull : words.isUnplugged)),
      });
    } catch (error) {
      if (mine === microphone) rest(wordsOf(error, words.microphone));
      return;
    }
    if (mine !== microphone) return mine.cancel();
    isOpening = false;
    if (wasReleasedEarly) {
      mine.cancel();
      return rest(words.holdAgain);
    }
    for (const bar of bars) bar.style.transform = "";
    showSeconds(0);
    strip.show(words.listening);
    element.dataset.state = "listening";
  }

  /**
   * End the recording: the button was let go, or clicked again.
   *
   * @param {boolean} wasHeld
   */
  function end(wasHeld) {
    if (!microphone) return;
    if (!isOpening) void done();
    // Whoever answers the browser's question lets the button go for it.
    else if (wasHeld) wasReleasedEarly = true;
    else cancel();
  }

  function cancel() {
    const mine = microphone;
    if (!mine) return;
    rest();
    mine.cancel();
  }

  /** @param {string} [said] */
  async function done(said) {
    const mine = microphone;
    if (!mine || isOpening) return;
    rest(said);
    try {
      const { samples, sampleRate } = await mine.stop();
      take(wavBlob([new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)], sampleRate));
    } catch (error) {
      if (!microphone) rest(wordsOf(error, words.microphone));
    }
  }

  /** Show the newest level at the right. @param {number} now from 0 to 1 */
  function showLevel(now) {
    for (const [place, bar] of bars.entries()) {
      const next = bars[place + 1];
      bar.style.transform = next ? next.style.transform : `scaleY(${Math.max(0.08, Math.min(1, now)).toFixed(2)})`;
    }
  }

  /** @param {number} seconds */
  function showSeconds(seconds) {
    const most = mostSeconds();
    setText(time, most === null ? clock(seconds) : fill(words.ofMost, { time: clock(seconds), most: clock(most) }));
  }
}
