/** @file The words of the player. */

const ENGLISH = {
  thinking: "Thinking…",
  answering: "Answering…",
  buffering: "Buffering…",
  blocked: "Click anywhere to hear",
  queued: "Waiting to speak",
  speaking: "Speaking",
  done: "Done",
  stopped: "Stopped",
  mute: "Mute",
  stop: "Stop",
  seconds: "{} s of speech so far",
  cost: "about {}",
  wouldCost: "free; would cost {}",
  controls: "Speech",
};

/** @typedef {typeof ENGLISH} Labels */

/** @type {Labels} */
const CHINESE = {
  thinking: "思考中…",
  answering: "正在回答…",
  buffering: "缓冲中…",
  blocked: "点击页面任意处即可播放",
  queued: "等待上一条播放完",
  speaking: "正在朗读",
  done: "已完成",
  stopped: "已停止",
  mute: "静音",
  stop: "停止",
  seconds: "目前语音 {} 秒",
  cost: "约 {}",
  wouldCost: "免费，若用模型约 {}",
  controls: "朗读",
};

/**
 * @param {string} language
 * @returns {Labels}
 */
export function labelsFor(language) {
  return language.toLowerCase().startsWith("zh") ? CHINESE : ENGLISH;
}
