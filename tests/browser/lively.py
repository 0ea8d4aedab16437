"""Conversations that show all that a panel can show; run in the kernel, where it is importable.

A cell says ``from tests.browser.lively import lively`` after `panel.SETUP`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tests.media_files import speechlike

if TYPE_CHECKING:
    from omni_nb.views.notebook import Chat

ANSWERS = {
    "en": """## A harbour at dusk

The picture shows **three boats** on calm water. In short:

| Thing | Count | Share of the picture |
|:------|------:|---------------------:|
| sky | 1 | $\\tfrac{1}{2}$ |
| boats | 3 | $\\approx 0.08$ |
| water | 1 | the rest |

The light falls off with the distance: $$E = \\frac{I}{r^2} \\cos\\theta$$ and in Python that is:

```python
from math import cos, radians

def light(intensity: float, distance: float, angle: float = 0) -> float:
    \"\"\"Return what arrives, in lux.\"\"\"
    return intensity / distance**2 * cos(radians(angle))  # the law of Lambert
```

1. Look at the *left* boat first.
2. Then read `light(800, 4)` aloud: it gives 50 lux.

> What is far away is dim. See [the article](https://example.com/lambert "Lambert") and
> ![a chart](https://example.com/chart.png).""",
    "zh": """## 傍晚的港口

画面中平静的水面上有**三条小船**。概括如下：

| 事物 | 数量 | 占画面的比例 |
|:------|------:|---------------------:|
| 天空 | 1 | $\\tfrac{1}{2}$ |
| 小船 | 3 | $\\approx 0.08$ |
| 水面 | 1 | 其余部分 |

光随距离减弱：$$E = \\frac{I}{r^2} \\cos\\theta$$ 用 Python 写就是：

```python
from math import cos, radians

def light(intensity: float, distance: float, angle: float = 0) -> float:
    \"\"\"返回到达的照度，单位为勒克斯。\"\"\"
    return intensity / distance**2 * cos(radians(angle))  # 朗伯定律
```

1. 先看*左边*的小船。
2. 再读出 `light(800, 4)` 的结果：50 勒克斯。

> 远处的东西更暗。参见[这篇文章](https://example.com/lambert "朗伯")和
> ![图表](https://example.com/chart.png)。""",
}
THOUGHTS = {
    "en": "There are three dark shapes on the water; their masts say that they are boats.",
    "zh": "水面上有三个深色的形状；从桅杆看，它们是船。",
}
QUESTIONS = {
    "en": {
        "picture": "What can you see here? Answer with a table, and show me the formula in Python.",
        "sound": "Who is speaking, and what about?",
        "first": "Say it in one sentence.",
        "other": "Say it in one short sentence, for a child of six.",
        "long": "Please speak for 60 seconds.",
        "live": "And what would you ask me? Speak for 60 seconds.",
        "waiting": "Then read me the sign above the door.",
    },
    "zh": {
        "picture": "你在图中看到了什么？请用表格回答，并用 Python 写出公式。",
        "sound": "是谁在说话？说了什么？",
        "first": "请用一句话概括。",
        "other": "请用一句短话概括，让六岁的孩子也能听懂。",
        "long": "请讲 60 秒。",
        "live": "那么你想问我什么？请讲 60 秒。",
        "waiting": "然后请读出门上的牌子。",
    },
}


def lively(chat: Chat, language: str) -> None:
    """Ask about a picture and a sound, interrupt an answer, and take a second branch."""
    words = QUESTIONS[language]
    reply = chat.ask(words["picture"], image=harbour(), show=False)
    reply.rounds[-1].fill(text=ANSWERS[language], reasoning=THOUGHTS[language], pcm=reply.pcm)
    chat.ask(words["sound"], audio=speechlike("Good morning, this is the harbour."), show=False)
    chat.ask(words["first"], show=False)
    chat.edit(2, words["other"], in_place=True, show=False)
    interrupted(chat, words["long"])


def interrupted(chat: Chat, question: str, events: int = 30) -> None:
    """Ask, and stop after so many events."""
    with chat.stream(question) as stream:
        for number, _ in enumerate(stream):
            if number == events:
                break


def harbour() -> bytes:
    """Return a small painting as a PNG."""
    from PIL import Image, ImageDraw

    painting = Image.new("RGB", (640, 400), "#f2b880")
    brush = ImageDraw.Draw(painting)
    for row in range(200):
        brush.line([(0, row), (640, row)], fill=(242 - row // 2, 184 - row // 3, 128 + row // 4))
    brush.rectangle([0, 200, 640, 400], fill="#2f5d7c")
    brush.ellipse([450, 110, 530, 190], fill="#ffe9b0")
    for left, size in ((60, 1.0), (230, 1.4), (430, 0.8)):
        low = 250 + 40 * size
        hull = [(left, low), (left + 120 * size, low), (left + 95 * size, low + 28 * size)]
        brush.polygon([*hull, (left + 20 * size, low + 28 * size)], fill="#3b2a2a")
        brush.line([(left + 55 * size, low), (left + 55 * size, low - 110 * size)], "#3b2a2a", 4)
        sail = [(left + 60 * size, low - 105 * size), (left + 60 * size, low - 12)]
        brush.polygon([*sail, (left + 110 * size, low - 12)], fill="#f7f2e8")
    target = io.BytesIO()
    painting.save(target, "PNG")
    return target.getvalue()
