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
    const failure = nameOf(error);
    if (!known.has(failure)) console.error("omni_nb:", error);
    if (known.size >= MOST_KNOWN) known.clear();
    known.add(failure);
    return false;
  }
}

/**
 * Return what makes two failures the same: the error's name and the line of code that threw it.
 *
 * @param {unknown} error
 */
function nameOf(error) {
  if (!(error instanceof Error)) return String(error);
  const line = error.stack?.split("\n").find((frame) => /:\d+:\d+/.test(frame));
  return `${error.name} ${line ?? error.message}`;
}
