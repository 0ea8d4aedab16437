/** @file Report to Python how the speech of an answer is heard. */

/**
 * @typedef {object} Report
 * @property {"playing" | "done" | "stopped"} state
 * @property {number | null} first_heard_at unix seconds
 * @property {number} underruns
 * @property {number} gap_seconds
 * @property {number} heard_seconds of the speech, so far
 */

/**
 * @param {import("../sound/engine.js").Engine} engine
 * @returns {Report | null} null before the first sound
 */
export function reportOf({ isOver, firstHeardAt, underruns, gapSeconds, heardSeconds, state }) {
  if (!isOver && firstHeardAt === null) return null;
  const word = state === "done" || state === "stopped" ? state : "playing";
  const gaps = { underruns, gap_seconds: gapSeconds };
  return { state: word, first_heard_at: firstHeardAt, ...gaps, heard_seconds: heardSeconds };
}
