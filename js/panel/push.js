/** @file Make a button one that is pushed to talk: held while somebody talks, or clicked to start and to stop. */

/** A shorter press is a click. */
export const CLICK_MILLISECONDS = 300;
/** The browser's own click comes just after the release: it is that press again. */
const CLICK_AFTER_MILLISECONDS = 100;

/**
 * @typedef {object} Talking
 * @property {() => boolean} isOn
 * @property {() => void} begin
 * @property {(wasHeld: boolean) => void} end
 */

/**
 * Listen to pointer, Space and Enter alike; a click that comes from neither (a screen reader's) starts and stops.
 *
 * @param {HTMLButtonElement} button
 * @param {Talking} talking
 * @param {() => number} [now] milliseconds
 */
export function pushToTalk(button, { isOn, begin, end }, now = () => performance.now()) {
  /** When the press began; null: not pressed. @type {number | null} */
  let pressedAt = null;
  let releasedAt = -Infinity;
  /** Whether the talking was on before: then this press ends it. */
  let wasOn = false;
  let isKey = false;

  /** @param {boolean} byKey */
  const press = (byKey) => {
    if (pressedAt !== null || button.disabled) return;
    pressedAt = now();
    isKey = byKey;
    wasOn = isOn();
    if (!wasOn) begin();
  };
  const release = () => {
    if (pressedAt === null) return;
    const isClick = now() - pressedAt < CLICK_MILLISECONDS;
    pressedAt = null;
    releasedAt = now();
    if (wasOn || !isClick) end(!wasOn);
  };

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    // Without capture a finger or pen that leaves the button would never be released.
    button.setPointerCapture?.(event.pointerId);
    press(false);
  });
  button.addEventListener("pointerup", release);
  button.addEventListener("pointercancel", release);
  // A long touch opens a menu.
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (!isPressKey(event)) return;
    event.preventDefault();
    press(true);
  });
  button.addEventListener("keyup", (event) => {
    if (!isPressKey(event)) return;
    event.preventDefault();
    release();
  });
  // A key that is released elsewhere is not heard here. (A pointer is: it is captured.)
  button.addEventListener("blur", () => isKey && release());
  button.addEventListener("click", () => {
    if (now() - releasedAt < CLICK_AFTER_MILLISECONDS) return;
    if (isOn()) end(false);
    else begin();
  });
}

/** @param {KeyboardEvent} event */
function isPressKey({ key, ctrlKey, metaKey, altKey }) {
  return (key === " " || key === "Enter") && !ctrlKey && !metaKey && !altKey;
}
