/** @file Cut long text where nothing breaks. */

/** So much of the end of a long text is seen while it grows, and up to twice as much. */
export const TAIL_CHARACTERS = 4_000;
const LONGEST_LINE = 2_000;

/**
 * Return a place at which text can be cut: the beginning of a line, if one is near, and never within a character.
 *
 * @param {string} text
 * @param {number} most characters before it
 */
export function placeToCut(text, most) {
  if (text.length <= most) return text.length;
  const line = text.lastIndexOf("\n", most - 1) + 1;
  if (line > 0 && most - line < LONGEST_LINE) return line;
  return isWithinCharacter(text, most) ? most - 1 : most;
}

/**
 * Return where the end of a growing text begins. It moves by leaps: in between, text is only appended.
 *
 * @param {string} text
 */
export function startOfTail(text) {
  const start = Math.max(0, Math.floor(text.length / TAIL_CHARACTERS) - 1) * TAIL_CHARACTERS;
  return isWithinCharacter(text, start) ? start + 1 : start;
}

/**
 * @param {string} text
 * @param {number} at
 */
function isWithinCharacter(text, at) {
  const [high, low] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
}
