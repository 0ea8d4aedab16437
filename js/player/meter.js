/**
 * @file Count the seconds of speech so far and what they cost. It is counted here from what has arrived, so it
 * needs no messages; the bill is Python's.
 */
import { fill } from "./words.js";

/** @typedef {import("words:player").Words} Words */

/**
 * @typedef {object} Price
 * @property {number} per_second of speech
 * @property {number} input what was asked with
 * @property {string} currency
 * @property {boolean} is_hypothetical the stand-in answers, which is free
 */

/** Less than a second of speech is billed as one. */
const LEAST_SECONDS = 1;

/**
 * Return the cost so far; 0 seconds of speech cost nothing.
 *
 * @param {number} seconds
 * @param {Price} price
 */
export function costSoFar(seconds, price) {
  return price.input + (seconds > 0 ? Math.max(LEAST_SECONDS, seconds) * price.per_second : 0);
}

/**
 * Write an amount with three significant digits; trailing zeros stay, so that it does not jump about.
 *
 * @param {number} amount
 */
export function amountText(amount) {
  if (!(amount > 0)) return "0";
  const decimals = 2 - Math.floor(Math.log10(amount));
  return amount.toFixed(Math.min(20, Math.max(0, decimals)));
}

/**
 * @param {number} seconds of speech that have arrived
 * @param {Price | null} price null: unknown
 * @param {Words} words
 */
export function meterText(seconds, price, words) {
  const whole = Math.floor(seconds);
  const spoken = fill(words.seconds, { seconds: whole || (seconds > 0 ? "< 1" : 0) });
  if (!price) return spoken;
  // Of the same whole seconds, so that the cost changes once a second.
  const amount = moneyText(costSoFar(Math.max(LEAST_SECONDS, whole), price), price.currency, words);
  return `${spoken} · ${fill(price.is_hypothetical ? words.wouldCost : words.cost, { amount })}`;
}

/**
 * Write an amount as the language does, which has words for currencies that are written in their own way.
 *
 * @param {number} amount
 * @param {string} currency
 * @param {Words} words
 */
function moneyText(amount, currency, words) {
  const { CNY, USD } = words;
  /** @type {Record<string, string>} */
  const forms = { CNY, USD };
  return fill(forms[currency] ?? words.price, { amount: amountText(amount), currency });
}
