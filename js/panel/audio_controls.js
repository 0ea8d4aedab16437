/** @file Set mute, volume and speed, the same for live speech and for what is played again. */
import { ICONS, button, icon, make, relabel } from "../player/dom.js";
import { fill } from "../player/words.js";
import { SPEEDS } from "./preferences.js";

/**
 * @param {import("./preferences.js").Preferences} preferences
 * @param {import("words:conversation").Words} words
 * @returns {{element: HTMLElement, dispose: () => void}}
 */
export function createAudioControls(preferences, words) {
  const mute = button("omni-panel-mute", words.mute, () => preferences.set({ isMuted: !preferences.settings.isMuted }), {
    icon: ICONS.volume,
  });
  const volume = make("input", "omni-panel-range omni-panel-volume");
  Object.assign(volume, { type: "range", min: "0", max: "100", step: "5", title: words.volume });
  volume.setAttribute("aria-label", words.volume);
  volume.addEventListener("input", () => preferences.set({ volume: Number(volume.value) / 100, isMuted: false }));
  const speed = button("omni-panel-speed", words.speed, () => preferences.set({ speed: nextSpeed(preferences.settings.speed) }));
  const element = make("span", "omni-panel-audio-controls", mute, volume, speed);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", words.speech);

  const update = () => {
    const { volume: level, isMuted, speed: pace } = preferences.settings;
    mute.replaceChildren(icon(isMuted ? ICONS.muted : ICONS.volume));
    mute.setAttribute("aria-pressed", String(isMuted));
    volume.value = String(Math.round(level * 100));
    volume.style.setProperty("--omni-part", `${isMuted ? 0 : level * 100}%`);
    speed.textContent = `${pace}×`;
    relabel(speed, fill(words.speedOf, { speed: pace }));
  };
  update();
  return { element, dispose: preferences.onChange(update) };
}

/** @param {number} speed */
function nextSpeed(speed) {
  return SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
}
