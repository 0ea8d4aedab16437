"""What a delta costs in a panel with 200 turns, as a ratio to one with a single turn.

The same written answer is asked for in both; counted are the seconds that the page's main thread
and the kernel are busy per delta while it streams.
"""

from __future__ import annotations

import json
import time
from statistics import median
from typing import TYPE_CHECKING

from tests.browser.panel import SETUP, Panel

from .first_sound import jupyterlab
from .table import Row

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

TURNS = 200
GOAL_RATIO = 1.5
REPEATS = 3
WATCHED_SECONDS = 6.0
QUESTION = "Tell me about sound, for 60 seconds."  # so long that it comes the whole time

CHAT = """
import copy, json, time
from omni_nb.views.panel.talk import Talk
deltas, send = [], Talk.send
def counted(self, content, buffers=None):
    if content.get("type") == "delta":
        deltas.append([time.time(), time.process_time()])
    send(self, content, buffers)
Talk.send = counted

chat = talk(voice=None, pace=2, max_tokens=2000)
chat.ask("Hello", show=False)
panel = chat.panel(language="en")
panel
"""
MANY = f"""
for _ in range({TURNS - 2}):
    chat._line.enter(copy.copy(chat.replies[0]))
chat.trim("turns", keep=1)
"""
READ = "print(json.dumps(deltas))"


def run() -> list[Row]:
    """Ask in a short panel and in a long one, by turns."""
    few, many = zip(*((_measure(0), _measure(TURNS)) for _ in range(REPEATS)), strict=True)
    page = [median(one[0] for one in rounds) for rounds in (many, few)]
    kernel = [median(one[1] for one in rounds) for rounds in (many, few)]
    return [
        Row(f"Page per delta at turn {TURNS} (turn 2)", *page, "ms", goal=GOAL_RATIO),
        Row(f"Kernel per delta at turn {TURNS} (turn 2)", *kernel, "ms", goal=GOAL_RATIO),
    ]


def _measure(turns: int) -> tuple[float, float]:
    """Milliseconds of the page and of the kernel for each delta."""
    with jupyterlab() as (lab, page):
        lab.write_notebook("panel.ipynb", [SETUP, CHAT, MANY if turns else "", READ])
        lab.open(page, "panel.ipynb")
        for cell in range(3):
            lab.run_cell(page, cell)
            lab.printed(page, cell)
        panel = Panel(page).wait_until_here()
        panel.wait_for_answers(max(1, turns - 1))
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        panel.ask(QUESTION)
        page.wait_for_selector(".omni-panel-turn[data-state=answering] .omni-panel-text p")
        time.sleep(1)  # until what the question itself costs is over
        begun, before = time.time(), _busy(session)
        time.sleep(WATCHED_SECONDS)
        after, ended = _busy(session), time.time()
        lab.run_cell(page, 3)
        deltas = [one for one in json.loads(lab.printed(page, 3)) if begun <= one[0] <= ended]
    kernel = (deltas[-1][1] - deltas[0][1]) / (len(deltas) - 1)
    return 1000 * (after - before) / len(deltas), 1000 * kernel


def _busy(session: CDPSession) -> float:
    """Seconds that the page's main thread has worked."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))
