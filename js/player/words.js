/** @file Choose a language's words and fill in their placeholders. */

/**
 * Return the language of the words for a wanted one: "zh" for "zh-CN", "en" for one without words.
 *
 * @param {Record<string, unknown>} words by language
 * @param {string} wanted
 */
export function languageFor(words, wanted) {
  const [base] = wanted.toLowerCase().split(/[-_]/);
  return [wanted, base].find((name) => Object.hasOwn(words, name)) ?? "en";
}

/**
 * @template Section
 * @param {Record<string, Section>} words by language
 * @param {string} language
 * @returns {Section}
 */
export function wordsFor(words, language) {
  return words[languageFor(words, language)];
}

/**
 * Put values in the places of their names. They are inserted as they are, whatever is in them.
 *
 * @param {string} words with placeholders, such as "{name}"
 * @param {Record<string, string | number>} values
 */
export function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (place, name) => (Object.hasOwn(values, name) ? String(values[name]) : place));
}
