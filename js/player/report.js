/** @file Report to Python how the speech of an answer is heard. */

/**
 * @typedef {object} Report
 * @property {"playing" | "done" | "stopped"} state
 * @property {number | null} first_heard_at unix seconds
 * @property {number} underruns
 * @property {number} gap_seconds
 */

/**
 * @param {import("../sound/engine.js").Engine} engine
 * @returns {Report | null} null before the first sound
 */
export function reportOf({ isOver, firstHeardAt, underruns, gapSeconds, state }) {
  if (!isOver && firstHeardAt === null) return null;
  const word = state === "done" || state === "stopped" ? state : "playing";
  return { state: word, first_heard_at: firstHeardAt, underruns, gap_seconds: gapSeconds };
}
