"""Speech of the stand-in's voice, and when each of its words begins, as espeak-ng itself says."""

from __future__ import annotations

from omni_nb.media.clip import AudioClip
from omni_nb.offline import voice
from omni_nb.offline.espeak import Timbre, load_espeak

ENGLISH = (
    "The quick brown fox jumps over the lazy dog near the river bank. ",
    "Nobody knows, however, whether it will ever come back again; perhaps tomorrow. ",
    "Photosynthesis converts light energy into chemical energy, which is stored in glucose. ",
    "Yes. ",
    "In our measurements, the temperature rose slowly at first, and then it suddenly increased. ",
    "Could you please tell me where the nearest station is?",
)
CHINESE = (
    "今天的天气非常好，我们一起去公园散步吧。",
    "人工智能正在改变世界，从医疗到教育，处处都能看到它的影响。",
    "是的。",
    "虽然下着雨，但是他还是坚持跑完了全程，大家都为他鼓掌。",
    "请问最近的地铁站怎么走？",
)


def spoken(sentences: tuple[str, ...], name: str) -> tuple[AudioClip, dict[int, float]]:
    """Return sentences as speech, and the seconds at which the word at each place begins."""
    espeak = load_espeak()
    assert espeak is not None
    timbre, pcm, starts, at = voice.timbre(name), b"", dict[int, float](), 0
    for sentence in sentences:
        seconds = len(pcm) / 2 / 24_000
        for language, text in voice.split_by_script(sentence):
            faster = voice._CMN_RATE if language == "cmn" else 1.0
            rate = round(timbre.rate * faster)
            chosen = Timbre(timbre.variant, timbre.pitch, timbre.range, rate)
            piece, words = espeak.speak_timed(text, language, chosen)
            for word in words:
                starts.setdefault(at + word.at, seconds + word.seconds)
            seconds += len(piece) / 2 / espeak.sample_rate
            at += len(text)
        pcm += voice.speak(sentence, name)
    return AudioClip(pcm), starts
