/** @file Do what may fail, so that what comes after it is done all the same. */

/** Failures that the console has already. @type {Set<string>} */
const known = new Set();
const MOST_KNOWN = 100;

/**
 * Do something; a failure is written to the console, the same one once.
 *
 * @param {() => void} action
 * @returns {boolean} whether it went well
 */
export function attempt(action) {
  try {
    action();
    return true;
  } catch (error) {
    const place = error instanceof Error ? `${error.stack ?? error.message}` : String(error);
    if (!known.has(place)) console.error("omni_nb:", error);
    if (known.size >= MOST_KNOWN) known.clear();
    known.add(place);
    return false;
  }
}
