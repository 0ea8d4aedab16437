/** @file For tests of sound: an AudioContext without a sound card, sounds to play, and measures of what was heard. */

export const RATE = 24000;

/** An AudioContext whose clock is turned by hand and which remembers what was scheduled. */
export class FakeContext {
  sampleRate = RATE;
  currentTime = 0;
  baseLatency = 0.005;
  get outputLatency() {
    throw new Error("Firefox may stand still when it is asked");
  }
  state = "running";
  destination = {};
  /** @type {{frame: number, samples: Float32Array, stoppedAt?: number, isDisconnected?: boolean}[]} */
  started = [];
  gain = {
    value: 1,
    ramps: /** @type {number[][]} */ ([]),
    cancelScheduledValues() {},
    setValueAtTime: (value) => (this.gain.value = value),
    linearRampToValueAtTime: (value, time) => { this.gain.ramps.push([value, time]); this.gain.value = value; },
  };

  createGain = () => ({ gain: this.gain, connect() {}, disconnect() {} });
  createBuffer = (_channels, length) => ({ length, copyToChannel(samples) { this.samples = samples.slice(); } });
  createBufferSource = () => {
    const source = {
      connect() {},
      disconnect: () => (source.entry.isDisconnected = true),
      start: (time) => this.started.push((source.entry = { frame: time * RATE, samples: source.buffer.samples })),
      stop: (time) => (source.entry.stoppedAt = time),
    };
    return source;
  };

  /** Everything that reaches the loudspeaker, mixed as the sound card does; from frame 0 on. */
  get heard() {
    const sounding = this.started.filter(({ isDisconnected }) => !isDisconnected).map(({ frame, samples, stoppedAt }) => {
      const start = Math.round(frame);
      const end = Math.min(start + samples.length, Math.ceil((stoppedAt ?? Infinity) * RATE));
      return { start, samples: samples.subarray(0, Math.max(0, end - start)) };
    });
    const heard = new Float32Array(Math.max(0, ...sounding.map(({ start, samples }) => start + samples.length)));
    for (const { start, samples } of sounding) samples.forEach((sample, i) => (heard[start + i] += sample));
    return heard;
  }
}

export function tone(hertz, seconds, rate = RATE) {
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / rate));
}

/** White noise of 16 bit samples none of which is zero; the same for the same seed. */
export function noise(seconds, seed = 1) {
  let state = seed;
  return Float32Array.from({ length: Math.round(seconds * RATE) }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (Math.floor(state / 65536) - 16384 || 1) / 32768;
  });
}

/** By its upward zero crossings. */
export function pitch(samples, rate = RATE) {
  const crossings = [];
  for (let i = 1; i < samples.length; i++) {
    if (samples[i - 1] < 0 && samples[i] >= 0) crossings.push(i - samples[i] / (samples[i] - samples[i - 1]));
  }
  return ((crossings.length - 1) * rate) / (crossings.at(-1) - crossings[0]);
}

/** The greatest step from one sample to the next: a click has a large one. */
export function steepest(samples) {
  let most = 0;
  for (let i = 1; i < samples.length; i++) most = Math.max(most, Math.abs(samples[i] - samples[i - 1]));
  return most;
}

/** When bursts of sound begin, in seconds: where the level rises after 20 ms of near silence. */
export function onsets(samples, rate = RATE) {
  const found = [];
  let quiet = Infinity;
  samples.forEach((sample, i) => {
    if (Math.abs(sample) > 0.02) {
      if (quiet > 0.02 * rate) found.push(i / rate);
      quiet = 0;
    } else quiet += 1;
  });
  return found;
}
