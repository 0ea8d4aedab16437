# ruff: noqa: E501 - a sentence is judged best on one line
"""The words of the stand-in, in both languages and both registers.

Spoken answers are colloquial, with filler words and an invitation to go on; written ones are
formal, as the documentation describes the two output modalities.
"""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["zh", "en"]
Register = Literal["spoken", "written"]

PHRASES: Final[dict[tuple[Language, Register], dict[str, str]]] = {
    ("zh", "spoken"): {
        "intro": "你好呀，我是离线替身，背后没有模型哦。",
        "again": "嗯，还是我，离线替身。",
        "echo": "你说的是“{quote}”，一共{count}个字。",
        "silent": "咦，你好像什么都没写呢。",
        "turn": "这是我们的第{turn}轮，上一轮你问的是“{previous}”。",
        "turn_silent": "这是我们的第{turn}轮，上一轮你只发了图片。",
        "who": "我是谁呢？我就是omni_nb里的替身服务，跑在你自己的电脑上，声音也是现场合成的。",
        "help": "我会量图片的大小、明暗和颜色，会数字数，还会算简单的算术呢。",
        "thanks": "不客气呀。",
        "sum": "嗯，{sum}等于{result}。",
        "repeat": "好呀，我跟着念：{words}。",
        "picture": "{which}宽{width}像素，高{height}像素，{orientation}，算{tokens}个token。",
        "look": "看起来{light}，主要是{colors}{brightest}。",
        "unseen": "{which}在网址上，我这边离线，没有去取，所以不知道里面是什么，token也按零算。",
        "more": "另外{count}张我也量过了，就不一张张念啦。",
        "close": "接下来想试点什么呢？",
        "long": "好呀，那我就慢慢说，大概说{seconds}秒。",
    },
    ("zh", "written"): {
        "intro": "您好，这里是离线替身服务，未使用任何模型。",
        "again": "以下仍由离线替身服务作答。",
        "echo": "您的问题是“{quote}”，共{count}个字。",
        "silent": "您的消息中没有可读的文字。",
        "turn": "这是本次对话的第{turn}轮；上一轮的问题是“{previous}”。",
        "turn_silent": "这是本次对话的第{turn}轮；上一轮仅有图片。",
        "who": "我是 omni_nb 自带的替身服务，运行在您自己的计算机上，用于在没有密钥时练习与测试。",
        "help": "本服务可以测量图片的尺寸、明暗与颜色，统计字数，并计算简单的算术。",
        "thanks": "不必客气。",
        "sum": "{sum} 的结果为 {result}。",
        "repeat": "原文如下：{words}。",
        "picture": "{which}宽 {width} 像素、高 {height} 像素，{orientation}，计 {tokens} 个 Token。",
        "look": "画面{light}，主要颜色为{colors}{brightest}。",
        "unseen": "{which}以网址给出；本服务处于离线状态，未获取该图片，无法描述其内容，其 Token 按 0 计。",
        "more": "其余 {count} 张图片亦已测量，此处从略。",
        "close": "以上内容均来自规则与测量，而非模型推断。",
        "long": "以下是一段约 {seconds} 秒的文字。",
    },
    ("en", "spoken"): {
        "intro": "Hi there, I'm the offline stand-in, so no model is talking.",
        "again": "Okay, it's still me, the stand-in.",
        "echo": 'You said "{quote}", that makes {count} words.',
        "silent": "Hmm, I see no words in your message.",
        "turn": 'This is our turn number {turn}, and before that you asked "{previous}".',
        "turn_silent": "This is our turn number {turn}, and before that you only showed me a picture.",
        "who": "Who am I? Well, I'm the little service inside omni_nb, I run on your own computer, and my voice is made right here.",
        "help": "I can measure pictures, count your words, and do simple sums.",
        "thanks": "You're very welcome.",
        "sum": "Hmm, {sum} makes {result}.",
        "repeat": "Sure, here you go: {words}.",
        "picture": "{which} is {width} by {height} pixels, {orientation}, and costs {tokens} tokens.",
        "look": "It looks {light}, mostly {colors}{brightest}.",
        "unseen": "{which} is at a web address, and I'm offline, so I didn't fetch it and can't tell what it shows; I count zero tokens for it.",
        "more": "I measured the other {count} too, but I'll spare you the list.",
        "close": "So, what shall we try next?",
        "long": "Okay, then let me talk for about {seconds} seconds.",
    },
    ("en", "written"): {
        "intro": "This is the offline stand-in service; no model is involved.",
        "again": "This is still the offline stand-in service.",
        "echo": 'Your question was "{quote}" ({count} words).',
        "silent": "Your message contains no words.",
        "turn": 'This is turn {turn} of the conversation; the previous question was "{previous}".',
        "turn_silent": "This is turn {turn} of the conversation; the previous one held images only.",
        "who": "I am the stand-in service of omni_nb. I run on your own computer, so that one can practise and test without a key.",
        "help": "The service measures images, counts words and does simple sums.",
        "thanks": "You are welcome.",
        "sum": "{sum} equals {result}.",
        "repeat": "The text reads: {words}.",
        "picture": "{which} measures {width} × {height} pixels ({orientation}) and counts as {tokens} tokens.",
        "look": "It is {light}; the main colours are {colors}{brightest}.",
        "unseen": "{which} was given as a URL. The service is offline and did not fetch it, so its content cannot be described; it counts as 0 tokens.",
        "more": "The other {count} images were measured as well.",
        "close": "All of this comes from rules and measurements, not from a model.",
        "long": "The following text takes about {seconds} seconds to speak.",
    },
}

COLORS: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "black": "黑色",
        "white": "白色",
        "gray": "灰色",
        "red": "红色",
        "orange": "橙色",
        "brown": "棕色",
        "yellow": "黄色",
        "green": "绿色",
        "cyan": "青色",
        "blue": "蓝色",
        "purple": "紫色",
        "pink": "粉色",
    },
    "en": {"gray": "grey"},
}

PLACES: Final[dict[Language, tuple[tuple[str, str, str], ...]]] = {
    "zh": (("左上角", "上方", "右上角"), ("左侧", "正中间", "右侧"), ("左下角", "下方", "右下角")),
    "en": (
        ("top left", "top", "top right"),
        ("left", "middle", "right"),
        ("bottom left", "bottom", "bottom right"),
    ),
}

# What a long answer is filled with: true of this service and of the one it stands in for.
LESSONS: Final[dict[Language, tuple[str, ...]]] = {
    "zh": (
        "声音是一小块一小块送来的，每秒有两万四千个采样点。",
        "每个采样点占两个字节，所以一秒钟的声音是四万八千字节。",
        "这些字节先变成文本编码，再放进一条一条的消息里。",
        "文字和声音交替到达，文字总是稍微早一点。",
        "播放的时候要先攒一点声音，网络抖动才不会听出来。",
        "图片按像素计费，先缩放，再切成小方块来数。",
        "声音按时长计费，不足一秒的按一秒算。",
        "最后一条消息里会写明这次一共用了多少。",
        "如果中途停下来，已经收到的内容都会留着。",
        "我没有模型，只会按规则说话，不过练习已经够用了。",
    ),
    "en": (
        "Sound travels in small pieces, with twenty-four thousand samples in every second.",
        "Each sample takes two bytes, so one second of speech is forty-eight thousand bytes.",
        "These bytes are written as plain text and put into one message after another.",
        "Words and sound arrive in turns, and the words are always a little ahead.",
        "A player collects a bit of sound first, so that nobody hears the network hesitate.",
        "Pictures are counted by their pixels, scaled first and then cut into small squares.",
        "Sound is counted by its length, and less than a second counts as a whole one.",
        "The very last message says how much was used, for each kind of content.",
        "If you stop halfway, everything that has arrived so far is kept.",
        "I have no model inside and only follow rules, but that is enough to practise with.",
    ),
}
