/** @file Join, convert and resample audio, as plain arrays of samples. */

/**
 * @param {Float32Array[]} pieces
 * @returns {Float32Array<ArrayBuffer>}
 */
export function concatenated(pieces) {
  const whole = new Float32Array(pieces.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/**
 * Convert floats to 16 bit samples; what is too loud is clipped.
 *
 * @param {Float32Array} samples
 * @returns {Int16Array<ArrayBuffer>}
 */
export function float32ToPcm16(samples) {
  return Int16Array.from(samples, (sample) => Math.max(-32768, Math.min(32767, Math.round(sample * 32768))));
}

/** Of the sinc on each side: the more, the sharper its edge. */
const ZERO_CROSSINGS = 32;
/** The edge lies a little below half the lower rate, so that nothing above it is heard mirrored. */
const EDGE = 0.94;

/**
 * Resample audio to another rate, by a windowed sinc. (An OfflineAudioContext would do so, too, but
 * Chromium's only draws straight lines between samples: what is above the new band comes back as noise.)
 *
 * @param {Float32Array<ArrayBuffer>} samples
 * @param {number} fromRate
 * @param {number} toRate
 * @returns {Float32Array<ArrayBuffer>}
 */
export function resampled(samples, fromRate, toRate) {
  if (fromRate === toRate) return samples;
  const band = EDGE * Math.min(1, toRate / fromRate);
  const reach = Math.ceil(ZERO_CROSSINGS / band);
  /** @type {Map<number, Float64Array>} they come round again: 48 000 to 16 000 has only one */
  const kernels = new Map();
  return new Float32Array(Math.round((samples.length * toRate) / fromRate)).map((_, i) => {
    const whole = Math.floor((i * fromRate) / toRate);
    const phase = (i * fromRate) % toRate;
    let kernel = kernels.get(phase);
    if (!kernel) kernels.set(phase, (kernel = sincKernel(phase / toRate, band, reach)));
    const first = whole - reach + 1;
    const last = Math.min(samples.length - 1, first + kernel.length - 1);
    let sum = 0;
    for (let j = Math.max(0, first); j <= last; j++) sum += samples[j] * kernel[j - first];
    return sum;
  });
}

/**
 * Return the weights of the samples from `reach - 1` before a place to `reach` after it.
 *
 * @param {number} place between two samples, from 0 to 1
 * @param {number} band what passes, as a share of half the rate
 * @param {number} reach
 */
function sincKernel(place, band, reach) {
  const weights = Float64Array.from({ length: 2 * reach }, (_, i) => {
    const distance = i - reach + 1 - place;
    const angle = Math.PI * band * distance;
    const hann = 0.5 + 0.5 * Math.cos((Math.PI * distance) / reach);
    return (distance === 0 ? 1 : Math.sin(angle) / angle) * hann;
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
