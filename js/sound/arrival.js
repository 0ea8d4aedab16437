/**
 * @file Collect what has arrived of an answer. Messages are addressed by offset, so one that comes twice does
 * no harm and one that is lost is noticed.
 *
 * A delta beyond what is here is dropped rather than kept: the repair sends everything from the place
 * asked for, so it brings that delta again (and in its newest form).
 */

/**
 * @typedef {object} DeltaMessage
 * @property {"delta"} type
 * @property {number} text_offset in code points, as Python counts
 * @property {string} text replaces everything from `text_offset` on
 * @property {number} pcm_offset in bytes; the bytes come in the message's only buffer
 * @property {number} pcm_bytes how many bytes that buffer has
 */

/**
 * Return the index in UTF-16 units of a place counted in code points.
 *
 * @param {string} text
 * @param {number} codePoints
 */
function unitIndex(text, codePoints) {
  let index = 0;
  for (let left = codePoints; left > 0 && index < text.length; left--) {
    index += /** @type {number} */ (text.codePointAt(index)) > 0xffff ? 2 : 1;
  }
  return index;
}

/** @param {string} text */
export function countCodePoints(text) {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * Return the text up to `codePoints`, then `addition`.
 *
 * @param {string} text
 * @param {number} codePoints
 * @param {string} addition
 */
export function spliceText(text, codePoints, addition) {
  return text.slice(0, unitIndex(text, codePoints)) + addition;
}

/**
 * Return the part of `bytes` (which begin at `offset`) that lies beyond the `total` already here.
 *
 * @param {Uint8Array} bytes
 * @param {number} offset
 * @param {number} total
 */
export function trimToNew(bytes, offset, total) {
  return bytes.subarray(Math.max(0, total - offset));
}

export class Arrival {
  text = "";
  textLength = 0;
  totalBytes = 0;
  /**
   * Whether speech was announced and its buffer did not come along. Colab's widget manager has lost them
   * (googlecolab/colab-cdn-widget-manager#8, #33); asking again would bring no more.
   */
  lacksSound = false;

  get isEmpty() {
    return this.textLength === 0 && this.totalBytes === 0;
  }

  /**
   * Take a delta in; gives the bytes that are new, or null when something before it is missing.
   *
   * @param {DeltaMessage} delta
   * @param {Uint8Array} bytes
   * @returns {Uint8Array | null}
   */
  take(delta, bytes) {
    if (delta.text_offset > this.textLength || delta.pcm_offset > this.totalBytes) return null;
    // Mostly it goes on where it was: then nothing is counted.
    const isNext = delta.text_offset === this.textLength;
    this.text = isNext ? this.text + delta.text : spliceText(this.text, delta.text_offset, delta.text);
    this.textLength = delta.text_offset + countCodePoints(delta.text);
    const fresh = trimToNew(bytes, delta.pcm_offset, this.totalBytes);
    this.totalBytes += fresh.byteLength;
    if (bytes.byteLength < delta.pcm_bytes) {
      this.lacksSound = true;
      this.totalBytes = Math.max(this.totalBytes, delta.pcm_offset + delta.pcm_bytes);
    }
    return fresh;
  }

  /**
   * Tell whether everything is here that the end message speaks of.
   *
   * @param {{text_length: number, total_bytes: number}} end
   */
  isComplete(end) {
    return this.textLength === end.text_length && this.totalBytes >= end.total_bytes;
  }
}
