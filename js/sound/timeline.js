/**
 * @file Keep what has been handed to the sound card, and when it sounds: say what has been heard of the
 * speech, and take back what has not.
 *
 * Two clocks: frames of the sound card, and frames of the speech (`marks`). They differ where the speech
 * was stretched, and by the gaps.
 *
 * @typedef {import("./speech.js").Piece} Piece
 *
 * @typedef {object} Entry
 * @property {Piece} piece
 * @property {AudioBufferSourceNode} source
 * @property {number} startFrame
 * @property {number} frames it sounds, less than the piece has when its end was taken back
 */

export class Timeline {
  /** @type {number | null} where the scheduled sound ends; null before the first */
  nextFrame = null;
  /** Up to where the speech is scheduled. */
  speechFrame = 0;
  /** @type {Entry[]} in order */
  #entries = [];
  /** What had been heard at the end of the entries that are forgotten. */
  #heardFrame = 0;

  /**
   * Set where the speech begins, before anything is scheduled.
   *
   * @param {number} frame
   */
  begin(frame) {
    this.speechFrame = this.#heardFrame = frame;
  }

  /**
   * @param {Piece} piece
   * @param {AudioBufferSourceNode} source
   * @param {number} startFrame
   */
  add(piece, source, startFrame) {
    const frames = piece.samples.length;
    this.#entries.push({ piece, source, startFrame, frames });
    this.nextFrame = startFrame + frames;
    this.speechFrame = piece.marks[piece.marks.length - 1];
  }

  /**
   * Return how far in the speech the sound card is.
   *
   * @param {number} nowFrame
   */
  heardFrame(nowFrame) {
    let heard = this.#heardFrame;
    for (const { piece, startFrame, frames } of this.#entries) {
      if (nowFrame <= startFrame) break;
      heard = speechFrameAt(piece, Math.min(frames, nowFrame - startFrame));
    }
    return heard;
  }

  /**
   * Forget what has sounded.
   *
   * @param {number} nowFrame
   */
  forget(nowFrame) {
    this.#heardFrame = this.heardFrame(nowFrame);
    this.#entries = this.#entries.filter(({ startFrame, frames }) => startFrame + frames > nowFrame);
  }

  /**
   * Take back what would sound from about `fromFrame` on; `nextFrame` and `speechFrame` say from where
   * exactly.
   *
   * @param {number} fromFrame
   * @param {number} sampleRate
   */
  takeBack(fromFrame, sampleRate) {
    if (this.nextFrame === null || this.nextFrame <= fromFrame) return;
    for (const entry of this.#entries) {
      const sounding = Math.max(0, fromFrame - entry.startFrame);
      const kept = Math.min(entry.frames, entry.piece.isExact ? sounding : nextMark(entry.piece, sounding));
      if (kept === entry.frames) continue;
      if (kept === 0) entry.source.disconnect();
      // Half a frame early, as browsers round up: the frame itself belongs to what comes next.
      else entry.source.stop((entry.startFrame + kept - 0.5) / sampleRate);
      entry.frames = kept;
    }
    this.#entries = this.#entries.filter(({ frames }) => frames > 0);
    const last = this.#entries.at(-1);
    this.nextFrame = last ? last.startFrame + last.frames : fromFrame;
    this.speechFrame = last ? speechFrameAt(last.piece, last.frames) : this.#heardFrame;
  }

  /** @param {number} time in the context's seconds */
  stop(time) {
    for (const { source } of this.#entries) source.stop(time);
  }
}

/**
 * Return where in the speech a piece is after so many frames of its sound.
 *
 * @param {Piece} piece
 * @param {number} frames
 */
function speechFrameAt({ samples, marks, hopFrames }, frames) {
  const hop = Math.min(Math.floor(frames / hopFrames), marks.length - 2);
  const from = hop * hopFrames;
  const to = hop === marks.length - 2 ? samples.length : from + hopFrames;
  return Math.round(marks[hop] + ((marks[hop + 1] - marks[hop]) * (frames - from)) / (to - from));
}

/**
 * Return the first place at or after `frames` where a piece may be cut.
 *
 * @param {Piece} piece
 * @param {number} frames
 */
function nextMark({ samples, marks, hopFrames }, frames) {
  const hop = Math.ceil(frames / hopFrames);
  return hop < marks.length - 1 ? hop * hopFrames : samples.length;
}
