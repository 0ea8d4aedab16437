/**
 * @file Read the samples of a live stream as they come, and send them to no loudspeaker.
 *
 * Straight from the track where the browser can do that: an audio context runs by the clock of the
 * loudspeaker, and on a busy machine pieces get lost between that clock and the microphone's.
 */
import { DeviceError } from "./device.js";

/** On a page that is busy for so many pieces (of 10 ms) nothing is lost. */
const MOST_WAITING_PIECES = 1000;

const COLLECTOR = `
registerProcessor("omni-collector", class extends AudioWorkletProcessor {
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
});`;

/**
 * @typedef {(samples: Float32Array, sampleRate: number) => void} OnSamples
 *
 * @typedef {object} AudioPiece what there is of an AudioData
 * @property {number} sampleRate
 * @property {number} numberOfFrames
 * @property {number} numberOfChannels
 * @property {(samples: Float32Array, options: {planeIndex: number, format: "f32-planar"}) => void} copyTo
 * @property {() => void} close
 *
 * @typedef {new (options: {track: MediaStreamTrack, maxBufferSize: number}) => {readable: ReadableStream<AudioPiece>}} TrackProcessor
 */

/**
 * Give the samples to `onSamples` until `signal` ends it (also while it opens).
 *
 * @param {MediaStream} stream
 * @param {object} options
 * @param {number} options.sampleRate wished; the samples come with the one they have
 * @param {OnSamples} options.onSamples
 * @param {AbortSignal} options.signal
 */
export async function openCapture(stream, { sampleRate, onSamples, signal }) {
  const reader = trackReader(stream);
  if (reader) void readTrack(reader, onSamples, signal);
  else await openContext(stream, { sampleRate, onSamples, signal });
}

/** @param {MediaStream} stream */
function trackReader(stream) {
  const { MediaStreamTrackProcessor } = /** @type {{MediaStreamTrackProcessor?: TrackProcessor}} */ (globalThis);
  if (!MediaStreamTrackProcessor) return null;
  const [track] = stream.getTracks();
  try {
    return new MediaStreamTrackProcessor({ track, maxBufferSize: MOST_WAITING_PIECES }).readable.getReader();
  } catch {
    return null; // Safari has track processors for video only
  }
}

/**
 * @param {ReadableStreamDefaultReader<AudioPiece>} reader
 * @param {OnSamples} onSamples
 * @param {AbortSignal} signal
 */
async function readTrack(reader, onSamples, signal) {
  signal.addEventListener("abort", () => void reader.cancel(), { once: true });
  for (let { value } = await reader.read(); value; { value } = await reader.read()) {
    if (!signal.aborted) onSamples(mono(value), value.sampleRate);
    value.close();
  }
}

/**
 * Return the mean of the channels.
 *
 * @param {AudioPiece} piece
 */
function mono(piece) {
  const { numberOfFrames, numberOfChannels } = piece;
  const mean = new Float32Array(numberOfFrames);
  const samples = new Float32Array(numberOfFrames);
  for (let planeIndex = 0; planeIndex < numberOfChannels; planeIndex++) {
    piece.copyTo(samples, { planeIndex, format: "f32-planar" });
    samples.forEach((sample, i) => (mean[i] += sample / numberOfChannels));
  }
  return mean;
}

/**
 * @param {MediaStream} stream
 * @param {{sampleRate: number, onSamples: OnSamples, signal: AbortSignal}} options
 */
async function openContext(stream, { sampleRate, onSamples, signal }) {
  const { context, source } = connectStream(stream, sampleRate);
  const close = () => {
    source.disconnect();
    if (context.state !== "closed") void context.close();
  };
  signal.addEventListener("abort", close, { once: true });
  const collect = (/** @type {Float32Array} */ samples) => signal.aborted || onSamples(samples, context.sampleRate);
  try {
    const collector = await makeWorklet(context, collect);
    if (signal.aborted) return;
    source.connect(collector);
    // So that the collector runs; the loudspeaker stays silent.
    collector.connect(context.createMediaStreamDestination());
    void context.resume();
  } catch (error) {
    if (signal.aborted) return;
    close();
    // Such as a strict content security policy, which takes no code from a blob.
    throw new DeviceError("unsupported", error);
  }
}

/**
 * Connect a stream to a context; Firefox refuses one of another rate, so the device's own has to do then.
 *
 * @param {MediaStream} stream
 * @param {number} sampleRate
 */
function connectStream(stream, sampleRate) {
  try {
    return connectContext(new AudioContext({ sampleRate }), stream);
  } catch {
    return connectContext(new AudioContext(), stream);
  }
}

/**
 * @param {AudioContext} context
 * @param {MediaStream} stream
 */
function connectContext(context, stream) {
  try {
    return { context, source: context.createMediaStreamSource(stream) };
  } catch (error) {
    void context.close();
    throw error;
  }
}

/**
 * @param {AudioContext} context
 * @param {(samples: Float32Array) => void} onSamples
 */
async function makeWorklet(context, onSamples) {
  const url = URL.createObjectURL(new Blob([COLLECTOR], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
  } finally {
    URL.revokeObjectURL(url);
  }
  const worklet = new AudioWorkletNode(context, "omni-collector", { channelCount: 1, channelCountMode: "explicit" });
  worklet.port.onmessage = ({ data }) => onSamples(data);
  return worklet;
}
