/** @file Play a finished answer's speech again: an audio element with controls of our own. */
import { ICONS, button, make, relabel, setText } from "../player/dom.js";
import { clock } from "../player/view.js";
import { fill } from "../player/words.js";
import { wavBlob } from "../sound/wav.js";
import { createAudioControls } from "./audio_controls.js";
import { download } from "./download.js";

/**
 * @typedef {import("./talk.js").Talk} Talk
 * @typedef {import("./turns.js").Turn} Turn
 */

const DISTANCE_SECONDS = 5;

/**
 * @param {Talk} talk
 * @param {Turn} turn
 * @param {import("words:conversation").Words} words
 * @returns {{element: HTMLElement, update: () => void, dispose: () => void}}
 */
export function createReplay(talk, turn, words) {
  const { turns } = talk;
  const { preferences } = turns;
  const audio = make("audio", "");
  audio.preload = "metadata";
  let seconds = 0;
  /** Where to begin, while the speech is not here yet. */
  let position = 0;
  let isLoading = false;
  /** @type {ReturnType<typeof createAudioControls> | null} */
  let controls = null;

  const play = button("omni-panel-play", words.play, () => (audio.paused ? void begin() : audio.pause()), {});
  const seek = make("input", "omni-panel-range omni-panel-seek");
  Object.assign(seek, { type: "range", min: "0", step: "0.1", value: "0" });
  seek.setAttribute("aria-label", words.position);
  const time = make("span", "omni-panel-time");
  const save = button("omni-panel-download", words.download, () => void keep(), { icon: ICONS.download });
  const element = make("div", "omni-panel-replay", play, seek, time, save, audio);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", words.speech);

  const replay = { pause: () => audio.pause() };

  /** @returns {Promise<Blob | null>} */
  async function load() {
    isLoading = true;
    update();
    const isWhole = await turns.fetch(turn);
    isLoading = false;
    if (!isWhole && !turn.lacksSound) talk.notice("error", words.speechMissing);
    update();
    return isWhole ? wavBlob(turn.pieces, turns.sampleRate) : null;
  }

  async function begin() {
    if (isLoading) return;
    if (!audio.src) {
      const blob = await load();
      // The view may be gone meanwhile.
      if (!blob || !element.isConnected) return;
      audio.src = URL.createObjectURL(blob);
      audio.currentTime = position;
    }
    if (!controls) {
      controls = createAudioControls(preferences, words);
      save.before(controls.element);
    }
    turns.beginReplay(replay);
    await audio.play().catch(() => {});
  }

  async function keep() {
    if (isLoading) return;
    const blob = await load();
    if (blob) download(blob, `speech-${turns.shown.indexOf(turn) + 1}.wav`);
  }

  const applySettings = () => {
    const { volume, isMuted, speed } = preferences.settings;
    audio.volume = volume;
    audio.muted = isMuted;
    audio.playbackRate = audio.defaultPlaybackRate = speed;
    audio.preservesPitch = true;
  };

  const showTime = () => {
    const now = audio.src ? audio.currentTime : position;
    seek.max = seconds.toFixed(1);
    seek.value = String(now);
    seek.setAttribute("aria-valuetext", fill(words.positionOf, { time: clock(now), total: clock(seconds) }));
    seek.style.setProperty("--omni-part", `${seconds ? (100 * Math.min(now, seconds)) / seconds : 0}%`);
    setText(time, `${clock(now)} / ${clock(seconds)}`);
  };

  function update() {
    seconds = turns.secondsOf(turn);
    element.dataset.state = isLoading ? "loading" : audio.paused ? "paused" : "playing";
    element.setAttribute("aria-busy", String(isLoading));
    relabel(play, isLoading ? words.loading : audio.paused ? words.play : words.pause);
    showTime();
  }

  seek.addEventListener("input", () => {
    position = Number(seek.value);
    if (audio.src) audio.currentTime = position;
    showTime();
  });
  seek.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -DISTANCE_SECONDS, ArrowRight: DISTANCE_SECONDS }[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    seek.value = String(Number(seek.value) + step);
    seek.dispatchEvent(new Event("input"));
  });
  for (const type of ["play", "pause", "ended"]) audio.addEventListener(type, update);
  audio.addEventListener("timeupdate", showTime);
  for (const type of ["pause", "ended"]) audio.addEventListener(type, () => turns.endReplay(replay));
  applySettings();
  const ignorePreferences = preferences.onChange(applySettings);
  update();

  return {
    element,
    update,
    dispose() {
      ignorePreferences();
      controls?.dispose();
      audio.pause();
      turns.endReplay(replay);
      if (audio.src) URL.revokeObjectURL(audio.src);
      audio.removeAttribute("src");
    },
  };
}
