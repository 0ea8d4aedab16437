/** @file The words of the composer. */

const ENGLISH = {
  question: "Your question",
  ask: "Ask something…",
  askWith: "Ask something, or drop {} here…",
  kinds: { image: "pictures", audio: "sound", video: "video" },
  list: ", ",
  lastOfList: " or ",
  composer: "Ask",
  attachments: "Attachments",
  attach: "Attach {}",
  drop: "Drop to attach",
  talk: "Hold to talk, or click to start and stop",
  camera: "Take a picture with the camera",
  notTaken: "{} takes text only",
  noSound: "{} takes no sound",
  noPictures: "{} takes no pictures",
  thisModel: "This model",
  send: "Send",
  sendNext: "Send: it waits for its turn",
  sendLater: "Will be sent when the files are there; click to keep it back",
  waitsForFiles: "Waits for files…",
  isBackByUpload: "Not sent: a file could not be attached.",
  isBack: "Not sent. Your words are still here.",
  stop: "Stop",
  settings: "Settings",
  settingsOf: "Settings: {}",
  context: "{} of the context",
  weigh: "What it will weigh and cost",
  remove: "Remove {}",
  shrink: "Shrink",
  shrinkOf: "Shrink {}",
  shrinking: "Shrinking…",
  uploading: "Uploading {}",
  waiting: "waits",
  looking: "looking at it…",
  isStalled: "no answer; trying again",
  unreadable: "The browser cannot read it (is it a folder, or was it moved?). Attach it again.",
  isAttached: "{} is attached.",
  isRemoved: "{} was removed.",
  isRefused: "{} cannot be sent: {}",
  recording: "recording",
  snapshot: "snapshot",
  recorder: "Recording",
  opening: "Opening the microphone…",
  listening: "Listening…",
  ofMost: "{} of {}",
  cancel: "Cancel",
  done: "Done",
  isFull: "The longest recording that the model takes is reached; it is attached.",
  isUnplugged: "The microphone went away; what was recorded is attached.",
  holdAgain: "The microphone is ready now: hold the button while you talk.",
  microphone: {
    denied: "The microphone is not allowed here. Allow it by the sign in the address bar, then try again; or attach a sound file.",
    "no-device": "No microphone was found. Plug one in, or attach a sound file.",
    busy: "Another program uses the microphone. Close it and try again, or attach a sound file.",
    insecure: "The browser gives the microphone only to https and to localhost. Open the notebook by such an address, or attach a sound file.",
    unsupported: "This browser gives the page no microphone. Open the notebook in another one, or attach a sound file.",
    silent: "Nothing but silence arrived. Is the microphone muted, or another one chosen? Or attach a sound file.",
    failed: "The recording failed. Try again, or attach a sound file.",
  },
  viewfinder: "Camera",
  openingCamera: "Opening the camera…",
  snap: "Take the picture",
  cameraErrors: {
    denied: "The camera is not allowed here. Allow it by the sign in the address bar, then try again; or attach a picture.",
    "no-device": "No camera was found. Plug one in, or attach a picture.",
    busy: "Another program uses the camera. Close it and try again, or attach a picture.",
    insecure: "The browser gives the camera only to https and to localhost. Open the notebook by such an address, or attach a picture.",
    unsupported: "This browser gives the page no camera. Open the notebook in another one, or attach a picture.",
    silent: "No picture came from the camera. Is it covered or switched off? Or attach a picture.",
    failed: "The picture failed. Try again, or attach one.",
  },
  key: "API key for {}",
  useKey: "Use it",
  keyIsSafe: "It goes to the kernel once and is saved nowhere: not in the notebook, not in this page.",
  keyIsBack: "The kernel did not take the key. Enter it again when the kernel is there.",
  dismiss: "Dismiss",
};

/** @typedef {typeof ENGLISH} Words */

/** @type {Words} */
const CHINESE = {
  question: "你的问题",
  ask: "问点什么…",
  askWith: "问点什么，也可以把{}拖到这里…",
  kinds: { image: "图片", audio: "音频", video: "视频" },
  list: "、",
  lastOfList: "或",
  composer: "提问",
  attachments: "附件",
  attach: "添加{}",
  drop: "松开即可添加",
  talk: "按住说话，或单击开始、再单击结束",
  camera: "用摄像头拍照",
  notTaken: "{}只接受文字",
  noSound: "{}不接受音频",
  noPictures: "{}不接受图片",
  thisModel: "该模型",
  send: "发送",
  sendNext: "发送：排队等待回答",
  sendLater: "文件传完后自动发送；再次点击可取消",
  waitsForFiles: "等待文件…",
  isBackByUpload: "未发送：有文件未能添加。",
  isBack: "未发送。你写的内容还在。",
  stop: "停止",
  settings: "设置",
  settingsOf: "设置：{}",
  context: "上下文的 {}",
  weigh: "预计用量与费用",
  remove: "移除 {}",
  shrink: "压缩",
  shrinkOf: "压缩 {}",
  shrinking: "正在压缩…",
  uploading: "正在上传 {}",
  waiting: "排队中",
  looking: "正在检查…",
  isStalled: "没有响应，正在重试",
  unreadable: "浏览器无法读取它（是文件夹，或已被移动？）。请重新添加。",
  isAttached: "已添加 {}。",
  isRemoved: "已移除 {}。",
  isRefused: "{} 无法发送：{}",
  recording: "录音",
  snapshot: "照片",
  recorder: "录音",
  opening: "正在打开麦克风…",
  listening: "正在听…",
  ofMost: "{} / {}",
  cancel: "取消",
  done: "完成",
  isFull: "已达到模型可接受的最长时长，录音已添加。",
  isUnplugged: "麦克风已断开，已录下的部分已添加。",
  holdAgain: "麦克风已就绪：请按住按钮说话。",
  microphone: {
    denied: "此页面未获准使用麦克风。请点击地址栏的图标允许后重试，或改为添加音频文件。",
    "no-device": "没有找到麦克风。请接上麦克风，或改为添加音频文件。",
    busy: "麦克风正被其他程序占用。请关闭该程序后重试，或改为添加音频文件。",
    insecure: "浏览器只在 https 或 localhost 页面开放麦克风。请用这样的地址打开笔记本，或改为添加音频文件。",
    unsupported: "此浏览器不向页面提供麦克风。请换一个浏览器打开，或改为添加音频文件。",
    silent: "录到的全是静音。麦克风是否被静音，或选错了设备？也可以改为添加音频文件。",
    failed: "录音失败。请重试，或改为添加音频文件。",
  },
  viewfinder: "摄像头",
  openingCamera: "正在打开摄像头…",
  snap: "拍照",
  cameraErrors: {
    denied: "此页面未获准使用摄像头。请点击地址栏的图标允许后重试，或改为添加图片。",
    "no-device": "没有找到摄像头。请接上摄像头，或改为添加图片。",
    busy: "摄像头正被其他程序占用。请关闭该程序后重试，或改为添加图片。",
    insecure: "浏览器只在 https 或 localhost 页面开放摄像头。请用这样的地址打开笔记本，或改为添加图片。",
    unsupported: "此浏览器不向页面提供摄像头。请换一个浏览器打开，或改为添加图片。",
    silent: "摄像头没有画面。是否被遮住或关闭？也可以改为添加图片。",
    failed: "拍照失败。请重试，或改为添加图片。",
  },
  key: "{} 的 API Key",
  useKey: "使用",
  keyIsSafe: "它只会发送给内核一次，不会保存在任何地方：既不在笔记本里，也不在此页面里。",
  keyIsBack: "内核没有收到 Key。请在内核恢复后重新输入。",
  dismiss: "关闭",
};

/**
 * @param {string} language
 * @returns {Words}
 */
export function wordsFor(language) {
  return language.toLowerCase().startsWith("zh") ? CHINESE : ENGLISH;
}

/**
 * Put values where the words have `{}`, one after the other.
 *
 * @param {string} words
 * @param {...string} values
 */
export function fill(words, ...values) {
  return values.reduce((filled, value) => filled.replace("{}", () => value), words);
}

/**
 * The kinds of media that the model takes, as a list in words: "" where it takes text only.
 *
 * @param {string[]} takes
 * @param {Words} words
 */
export function kindsText(takes, words) {
  const kinds = Object.entries(words.kinds).flatMap(([kind, word]) => (takes.includes(kind) ? [word] : []));
  if (kinds.length < 2) return kinds.join("");
  return kinds.slice(0, -1).join(words.list) + words.lastOfList + kinds[kinds.length - 1];
}
