# ruff: noqa: E501 - a sentence is judged best on one line
"""The stand-in's phrases, in both languages and both registers.

Spoken answers are colloquial, with filler words and an invitation to go on; written ones are
formal, as the documentation describes the two output modalities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["zh", "en"]
Register = Literal["spoken", "written"]


class Amount(str):
    """A number in a phrase; ``{count:word}`` adds its English noun, singular or plural.

    Examples
    --------
    >>> "{0:word} and {1:word}, {2}".format(Amount(1), Amount("2.5"), Amount(1))
    '1 word and 2.5 words, 1'
    """

    __slots__ = ()

    def __format__(self, noun: str) -> str:
        """Return the number, and the noun if one is given."""
        return f"{self!s} {noun}{'' if self == '1' else 's'}" if noun else str(self)


def fill(phrase: str, facts: Mapping[str, object]) -> str:
    """Return a phrase with its facts filled in.

    Examples
    --------
    >>> fill("It lasts {seconds:second}.", {"seconds": 1})
    'It lasts 1 second.'
    """
    return phrase.format_map({name: Amount(fact) for name, fact in facts.items()})


PHRASES: Final[dict[tuple[Language, Register], dict[str, str]]] = {
    ("zh", "spoken"): {
        "intro": "你好呀，我是离线模拟服务，背后没有模型哦。",
        "again": "嗯，还是我，离线模拟服务。",
        "echo": "你说的是“{quote}”，一共{count}个字。",
        "silent": "咦，你好像什么都没写呢。",
        "turn": "这是我们的第{turn}轮，上一轮你问的是“{previous}”。",
        "turn_silent": "这是我们的第{turn}轮，上一轮你没写字。",
        "who": "我是谁呢？我就是omni_nb里的离线模拟服务，跑在你自己的电脑上，声音也是现场合成的。",
        "help": "我会量图片、声音和视频，会数字数，还会算简单的算术呢。",
        "thanks": "不客气呀。",
        "sum": "嗯，{sum}等于{result}。",
        "repeat": "好呀，我跟着念：{words}。",
        "image": "{which}宽{width}像素，高{height}像素，{orientation}，算{tokens}个token。",
        "look": "看起来{light}，主要是{colors}{brightest}。",
        "remote": "{which}在网址上，我这边离线，没有去取，所以不知道里面是什么，token也按零算。",
        "audio": "{which}长{seconds}秒，{level}，{kind}。",
        "audio_facts": "每秒{rate}个采样点，{channels}，算{tokens}个token。",
        "video": "{which}长{seconds}秒，宽{width}像素，高{height}像素，每秒{fps}帧，画面算{tokens}个token。",
        "video_look": "主要是{colors}，{motion}。",
        "colors_change": "开头主要是{first}，结尾主要是{last}。",
        "track": "它有声音，{level}，{kind}，声音另算{tokens}个token。",
        "no_track": "它没有声音。",
        "frames": "{which}有{count}张，{size}，一共算{tokens}个token，主要是{colors}{motion}。",
        "remote_frames": "{which}里有{count}张在网址上，我这边离线，没有去取，token也按零算。",
        "memory": "第{turn}轮你发过{what}。",
        "ignored": "对了，说话的时候系统消息是不算数的，我也没理它哦。",
        "searched": "你想让我上网搜，可是我离线，没有搜哦。",
        "thoughts": "让我想想。我没有模型，只会按规则说话。这一轮有{count}个字，{media}。那就把量到的说出来。",
        "more": "另外{count}我也量过了，就不一一念啦。",
        "close": "接下来想试点什么呢？",
        "calling": "我来问问{name}。",
        "returned": "{name}返回的是：{result}。",
        "failed": "哎呀，{name}出错了：{result}。",
        "nothing": "什么也没有",
        "more_results": "另外还有{count}个结果，就不念啦。",
        "long": "好呀，那我就慢慢说，大概说{seconds}秒。",
    },
    ("zh", "written"): {
        "intro": "您好，这里是离线模拟服务，未使用任何模型。",
        "again": "以下仍由离线模拟服务作答。",
        "echo": "您的问题是“{quote}”，共{count}个字。",
        "silent": "您的消息中没有可读的文字。",
        "turn": "这是本次对话的第{turn}轮；上一轮的问题是“{previous}”。",
        "turn_silent": "这是本次对话的第{turn}轮；上一轮没有文字。",
        "who": "我是 omni_nb 自带的离线模拟服务，运行在您自己的计算机上，用于在没有密钥时练习与测试。",
        "help": "本服务可以测量图片、声音与视频，统计字数，并计算简单的算术。",
        "thanks": "不必客气。",
        "sum": "{sum} 的结果为 {result}。",
        "repeat": "原文如下：{words}。",
        "image": "{which}宽 {width} 像素、高 {height} 像素，{orientation}，计 {tokens} 个 Token。",
        "look": "画面{light}，主要颜色为{colors}{brightest}。",
        "remote": "{which}以网址给出；本服务处于离线状态，未获取该文件，无法描述其内容，其 Token 按 0 计。",
        "audio": "{which}时长 {seconds} 秒，{level}（约 {decibels} dBFS），{kind}。",
        "audio_facts": "采样率 {rate} Hz，{channels}，计 {tokens} 个 Token。",
        "video": "{which}时长 {seconds} 秒，宽 {width} 像素、高 {height} 像素，每秒 {fps} 帧，画面计 {tokens} 个 Token。",
        "video_look": "主要颜色为{colors}；{motion}。",
        "colors_change": "开头以{first}为主，结尾以{last}为主。",
        "track": "其音轨{level}（约 {decibels} dBFS），{kind}；音频另计 {tokens} 个 Token。",
        "no_track": "其中没有音轨。",
        "frames": "{which}共 {count} 张，{size}，合计 {tokens} 个 Token，主要颜色为{colors}{motion}。",
        "remote_frames": "{which}中有 {count} 张以网址给出；本服务处于离线状态，未获取，其 Token 按 0 计。",
        "memory": "第 {turn} 轮中您发送了{what}。",
        "ignored": "按文档所述，输出语音时系统消息不生效，本服务亦未采用。",
        "searched": "您开启了联网搜索；本服务处于离线状态，未进行搜索。",
        "thoughts": "本服务没有模型，仅按规则作答。本轮消息共 {count} 个字，{media}。以下报告测量结果。",
        "more": "其余{count}亦已测量，此处从略。",
        "close": "以上内容均来自规则与测量，而非模型推断。",
        "calling": "调用工具 {name}。",
        "returned": "工具 {name} 返回：{result}。",
        "failed": "工具 {name} 出错：{result}。",
        "nothing": "没有内容",
        "more_results": "另有 {count} 个结果，此处从略。",
        "long": "以下是一段约 {seconds} 秒的文字。",
    },
    ("en", "spoken"): {
        "intro": "Hi there, I'm the offline stand-in, so no model is talking.",
        "again": "Okay, it's still me, the stand-in.",
        "echo": 'You said "{quote}", that makes {count:word}.',
        "silent": "Hmm, I see no words in your message.",
        "turn": 'This is our turn number {turn}, and before that you asked "{previous}".',
        "turn_silent": "This is our turn number {turn}, and before that you wrote no words.",
        "who": "Who am I? Well, I'm the little service inside omni_nb, I run on your own computer, and my voice is made right here.",
        "help": "I can measure pictures, sounds and videos, count your words, and do simple sums.",
        "thanks": "You're very welcome.",
        "sum": "Hmm, {sum} makes {result}.",
        "repeat": "Sure, here you go: {words}.",
        "image": "{which} is {width} by {height} pixels, {orientation}, and costs {tokens:token}.",
        "look": "It looks {light}, mostly {colors}{brightest}.",
        "remote": "{which} is at a web address, and I'm offline, so I didn't fetch it and can't tell what's in it; I count zero tokens for it.",
        "audio": "{which} is {seconds:second} long, {level}, and {kind}.",
        "audio_facts": "It has {rate} samples a second, {channels}, and costs {tokens:token}.",
        "video": "{which} is {seconds:second} long, {width} by {height} pixels at {fps:frame} a second, and its pictures cost {tokens:token}.",
        "video_look": "It's mostly {colors}, and {motion}.",
        "colors_change": "It begins mostly {first} and ends mostly {last}.",
        "track": "It has sound, {level}, and {kind}; that costs {tokens:token} on top.",
        "no_track": "It has no sound.",
        "frames": "{which} has {count:picture} of {size}, costs {tokens:token} in all, and is mostly {colors}{motion}.",
        "remote_frames": "{which} has {count:picture} out on the web, and I'm offline, so I fetched none; I count zero tokens for that.",
        "memory": "And in turn {turn} you sent {what}.",
        "ignored": "Oh, and a system message doesn't count when I speak, so I left it aside.",
        "searched": "You wanted a web search, but I'm offline and didn't search.",
        "thoughts": "Let me think. I have no model and only follow rules. This turn has {count:word} and {media}. So I'll say what I measured.",
        "more": "I measured {count} more, too, but I'll spare you the list.",
        "close": "So, what shall we try next?",
        "calling": "Let me ask {name}.",
        "returned": "Okay, {name} gave me {result}.",
        "failed": "Oh, {name} went wrong: {result}.",
        "nothing": "nothing",
        "more_results": "There are {count:result} more, but I'll spare you the list.",
        "long": "Okay, then let me talk for about {seconds:second}.",
    },
    ("en", "written"): {
        "intro": "This is the offline stand-in service; no model is involved.",
        "again": "This is still the offline stand-in service.",
        "echo": 'Your question was "{quote}" ({count:word}).',
        "silent": "Your message contains no words.",
        "turn": 'This is turn {turn} of the conversation; the previous question was "{previous}".',
        "turn_silent": "This is turn {turn} of the conversation; the previous one had no words.",
        "who": "I am the stand-in service of omni_nb. I run on your own computer, so that one can practise and test without a key.",
        "help": "The service measures images, sounds and videos, counts words and does simple sums.",
        "thanks": "You are welcome.",
        "sum": "{sum} equals {result}.",
        "repeat": "The text reads: {words}.",
        "image": "{which} measures {width} × {height} pixels ({orientation}) and counts as {tokens:token}.",
        "look": "It is {light}; the main colours are {colors}{brightest}.",
        "remote": "{which} was given as a URL. The service is offline and did not fetch it, so its content cannot be described; it counts as 0 tokens.",
        "audio": "{which} lasts {seconds:second} and is {level} (about {decibels} dBFS); {kind}.",
        "audio_facts": "Its sample rate is {rate} Hz, {channels}; it counts as {tokens:token}.",
        "video": "{which} lasts {seconds:second} and measures {width} × {height} pixels at {fps:frame} per second; its pictures count as {tokens:token}.",
        "video_look": "The main colours are {colors}; {motion}.",
        "colors_change": "It begins mostly {first} and ends mostly {last}.",
        "track": "Its sound track is {level} (about {decibels} dBFS); {kind}. The sound counts as {tokens} more tokens.",
        "no_track": "It has no sound track.",
        "frames": "{which} holds {count:picture} of {size} and counts as {tokens:token}; the main colours are {colors}{motion}.",
        "remote_frames": "{which} holds {count:picture} given by URL. The service is offline and fetched none; that counts as 0 tokens.",
        "memory": "In turn {turn} you sent {what}.",
        "ignored": "As documented, a system message has no effect on a spoken answer; it was not used.",
        "searched": "A web search was asked for; the service is offline and did not search.",
        "thoughts": "The service has no model and follows rules. This turn has {count:word} and {media}. What was measured is reported.",
        "more": "The service measured {count} more as well.",
        "close": "All of this comes from rules and measurements, not from a model.",
        "calling": "The tool {name} is called.",
        "returned": "The tool {name} returned: {result}.",
        "failed": "The tool {name} failed: {result}.",
        "nothing": "nothing",
        "more_results": "There are {count:result} more.",
        "long": "The following text takes about {seconds:second} to speak.",
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

UNKNOWN: Final[dict[Language, str]] = {"zh": "未知", "en": "unknown"}

PLACES: Final[dict[Language, tuple[tuple[str, str, str], ...]]] = {
    "zh": (("左上角", "上方", "右上角"), ("左侧", "正中间", "右侧"), ("左下角", "下方", "右下角")),
    "en": (
        ("top left", "top", "top right"),
        ("left", "middle", "right"),
        ("bottom left", "bottom", "bottom right"),
    ),
}

# Sentences of a long answer: true of this service and of the one it stands in for.
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

LEVELS: Final[dict[Language, tuple[str, ...]]] = {
    "zh": ("没有声响", "很轻", "偏轻", "音量适中", "很响"),
    "en": ("silent", "very quiet", "quiet", "moderately loud", "loud"),
}

AUDIO_KINDS: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "silent": "里面什么也听不到",
        "speech": "听起来像有人说话，不过听不懂说了什么",
        "tone": "是一个约{hertz}赫兹的稳定音",
        "other": "听起来不像有人说话",
    },
    "en": {
        "silent": "there is nothing to hear",
        "speech": "it sounds like speech, though the words cannot be made out here",
        "tone": "it is one steady tone of about {hertz} hertz",
        "other": "it does not sound like speech",
    },
}

CHANNELS: Final[dict[Language, dict[int, str]]] = {
    "zh": {1: "单声道", 2: "双声道"},
    "en": {1: "in mono", 2: "in stereo"},
}

MOTIONS: Final[dict[Language, tuple[str, str, str]]] = {
    "zh": ("画面没有动", "画面里有东西在动", "画面变化很大"),
    "en": ("nothing moves", "something moves in it", "much of the picture changes"),
}

NOUNS: Final[dict[Language, dict[str, str]]] = {
    "zh": {"image": "张图", "audio": "段声音", "video": "段视频", "frames": "组图"},
    "en": {"image": "picture", "audio": "sound", "video": "video", "frames": "list of pictures"},
}
