// Init script: records every sample that any AudioContext of the page sends to the loudspeaker,
// without the widget's knowledge. Read it through `Tap` in tap.py.
//
// The recorder is an AudioWorklet, which loses nothing however busy the page is. Loading it takes a
// moment, so the sound reaches it through a delay line longer than that; the original path is untouched.
(() => {
  const DELAY_SECONDS = 1;
  const RECORDER = `
    registerProcessor("omni-tap", class extends AudioWorkletProcessor {
      #frame = currentFrame; // counted here: on a busy machine currentFrame itself may stand still for a few blocks
      process([[channel]]) {
        if (channel?.some((sample) => sample !== 0)) {
          this.port.postMessage({ frame: this.#frame, at: Date.now() / 1000, samples: channel.slice() });
        }
        this.#frame += 128;
        return true;
      }
    });`;
  const connect = AudioNode.prototype.connect;
  const taps = (window.__omniTaps = []);

  function makeTap(context) {
    const delay = new DelayNode(context, { delayTime: DELAY_SECONDS, maxDelayTime: DELAY_SECONDS + 1 });
    const silence = new GainNode(context, { gain: 0 });
    connect.call(delay, silence); // so that the delay line runs before the recorder is there
    connect.call(silence, context.destination);
    const tap = { context, delay, blocks: [], isReady: false };
    taps.push(tap);
    const url = URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" }));
    context.audioWorklet.addModule(url).then(() => {
      const recorder = new AudioWorkletNode(context, "omni-tap", { channelCount: 1, channelCountMode: "explicit" });
      recorder.port.onmessage = ({ data }) => tap.blocks.push(data);
      connect.call(delay, recorder);
      connect.call(recorder, silence);
      tap.isReady = true;
    });
    return tap;
  }

  AudioNode.prototype.connect = function (target, ...rest) {
    const { context } = this;
    if (target instanceof AudioDestinationNode && context instanceof AudioContext) {
      context.__omniTap ??= makeTap(context);
      connect.call(this, context.__omniTap.delay);
    }
    return connect.call(this, target, ...rest);
  };

  // How long ago (in the loudspeaker's time) the last sample was heard; null before any.
  window.__omniSilentSeconds = () => {
    const last = taps.flatMap(({ blocks }) => blocks.slice(-1).map(({ at }) => at)).sort().at(-1);
    return last === undefined ? null : Date.now() / 1000 - last;
  };

  function base64(floats) {
    const bytes = new Uint8Array(floats.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
  }

  window.__omniTapData = () =>
    taps.map(({ context, blocks }) => {
      const samples = new Float32Array(blocks.length * 128);
      blocks.forEach((block, i) => samples.set(block.samples, i * 128));
      return {
        sampleRate: context.sampleRate,
        frames: blocks.map(({ frame }) => frame),
        times: blocks.map(({ at }) => at - DELAY_SECONDS),
        samples: base64(samples),
      };
    });
})();
