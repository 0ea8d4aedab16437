/** @file The samples of a live stream, as they come, through an audio context that is never heard. */

const COLLECTOR = `
registerProcessor("omni-collector", class extends AudioWorkletProcessor {
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
});`;

/** Of the older collector: large enough for a busy page. */
const SCRIPT_FRAMES = 2048;

/**
 * Gives the samples to `onSamples` until `signal` ends it (also while it opens).
 *
 * @param {MediaStream} stream
 * @param {object} options
 * @param {number} options.sampleRate wished; the result says which it is
 * @param {(samples: Float32Array) => void} options.onSamples
 * @param {AbortSignal} options.signal
 * @returns {Promise<{sampleRate: number}>}
 */
export async function openCapture(stream, { sampleRate, onSamples, signal }) {
  const { context, source } = connectStream(stream, sampleRate);
  const close = () => {
    source.disconnect();
    if (context.state !== "closed") void context.close();
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    const collector = await makeCollector(context, (samples) => signal.aborted || onSamples(samples));
    if (!signal.aborted) {
      source.connect(collector);
      // So that it runs; not to the loudspeaker.
      collector.connect(context.createMediaStreamDestination());
      void context.resume();
    }
  } catch (error) {
    close();
    throw error;
  }
  return { sampleRate: context.sampleRate };
}

/**
 * Firefox refuses to connect a stream to a context of another rate: then the device's own has to do.
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
 * @returns {Promise<AudioNode>}
 */
async function makeCollector(context, onSamples) {
  try {
    return await makeWorklet(context, onSamples);
  } catch {
    // A strict content security policy takes no code from a blob.
    return makeScriptProcessor(context, onSamples);
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

/**
 * @param {AudioContext} context
 * @param {(samples: Float32Array) => void} onSamples
 */
function makeScriptProcessor(context, onSamples) {
  const processor = context.createScriptProcessor(SCRIPT_FRAMES, 1, 1);
  processor.onaudioprocess = ({ inputBuffer }) => onSamples(inputBuffer.getChannelData(0).slice());
  return processor;
}
