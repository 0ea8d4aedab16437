/** @file Write PCM as a WAV file: 16 bit, one channel. */

const HEADER_BYTES = 44;
const BYTES_PER_SAMPLE = 2;

/**
 * @param {number} totalBytes of PCM
 * @param {number} sampleRate
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function wavHeader(totalBytes, sampleRate) {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  writeText(header, 0, "RIFF");
  header.setUint32(4, HEADER_BYTES - 8 + totalBytes, true);
  writeText(header, 8, "WAVEfmt ");
  header.setUint32(16, 16, true); // bytes of this chunk
  header.setUint16(20, 1, true); // PCM
  header.setUint16(22, 1, true); // channels
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * BYTES_PER_SAMPLE, true);
  header.setUint16(32, BYTES_PER_SAMPLE, true);
  header.setUint16(34, 8 * BYTES_PER_SAMPLE, true);
  writeText(header, 36, "data");
  header.setUint32(40, totalBytes, true);
  return new Uint8Array(header.buffer);
}

/**
 * @param {Uint8Array<ArrayBuffer>[]} pcmPieces little-endian, together whole samples
 * @param {number} sampleRate
 */
export function wavBlob(pcmPieces, sampleRate) {
  const totalBytes = pcmPieces.reduce((total, { byteLength }) => total + byteLength, 0);
  return new Blob([wavHeader(totalBytes, sampleRate), ...pcmPieces], { type: "audio/wav" });
}

/**
 * @param {DataView} view
 * @param {number} offset
 * @param {string} text ASCII
 */
function writeText(view, offset, text) {
  for (let i = 0; i < text.length; i++) view.setUint8(offset + i, text.charCodeAt(i));
}
