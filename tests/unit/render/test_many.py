"""A run of many questions: what is said and shown of it, while it goes on and afterwards."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from omni_nb.many.batch import Told
from omni_nb.many.run import RunEstimate
from omni_nb.render.many import (
    FOLDED_ROWS,
    SHOWN_ROWS,
    aside_html,
    bar_html,
    duration_text,
    line_text,
    numbers_text,
    progress_html,
    run_html,
    run_text,
    said_text,
)
from tests.runs import SPENT, Now, Run, cny, row
from tests.shown import html_of, text_of

EVIL = '<img src=x onerror="alert(1)">\x1b[2J\r</table><script>'


def test_the_line_says_how_far_a_run_is_how_fast_and_what_it_costs():
    run = Run(Now(failed=3, rate=57.6, seconds_left=5000))
    assert line_text(run, run.progress) == (
        "41 % · 120 of 300 answered · 3 failed · 8 on the way · 58 a minute · 1 h 24 min left"
        " · spent 0.0123 CNY · about 0.031 CNY in all"
    )


def test_a_run_speaks_the_language_of_its_question():
    run = Run(Now(state="stopped", on_way=0), question="说了什么？", language="zh")
    for shown in (run_html(run), run_text(run)):
        assert "已回答 120 / 300" in shown
        assert "剩余 180" in shown
        assert "已停止。" in shown
        assert "¥0.0123" in shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3541, "1 h 0 min"), (86_400, "1 d 0 h")],
)
def test_a_time_has_two_units_at_most(seconds, said):
    assert duration_text(seconds, "en") == said


def test_an_unknown_price_is_said_and_none_is_made_up():
    run = Run(Now(spent=None, expected=None))
    assert numbers_text(run, run.progress).endswith("cost unknown")


def test_what_the_stand_in_answers_is_free():
    run = Run(Now(state="done", done=300, left=0))
    run.is_stand_in = True
    assert "free; a model would cost 0.0123 CNY" in numbers_text(run, run.progress)
    assert "no model answered" in run_html(run)
    assert "spent" not in run_html(run)


def test_what_batch_saves_is_said():
    run = Run(Now(state="done", saved=SPENT))
    assert "0.0123 CNY saved by Batch" in run_html(run)
    assert "saved" not in run_html(Run(Now(state="done", saved=cny("0"))))


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "in progress, 1,200 of 3,000 answered"), ("zh", "处理中，已完成 1,200/3,000")],
)
def test_how_far_a_batch_is_at_the_service_is_said(language, said):
    told = Told("in_progress", 3000, 1200, trouble="<b>no answer</b>")
    run = Run(Now(batch=told), language=language)
    assert said in run_text(run)
    assert said in run_html(run)
    assert "<b>no" not in run_html(run)
    strange = run_html(Run(Now(batch=Told("<i>odd</i>"))))
    assert "<i>" not in strange
    assert said not in run_text(Run(Now(state="stopped", batch=told), language=language))


def test_a_shared_pause_is_said_while_it_lasts():
    run = Run(Now(paused_seconds=11.2))
    assert "The service asks to wait: 12 s" in line_text(run, run.progress)
    assert "asks to wait" not in run_text(Run(Now(state="stopped", paused_seconds=11.2)))


def test_the_bar_has_its_values_for_a_screen_reader():
    made = bar_html(Now(failed=6, stopped=3), "en")
    assert 'role="progressbar"' in made
    assert 'aria-valuenow="129"' in made
    assert 'aria-valuemax="300"' in made
    assert re.findall(r"width:([\d.]+)%", made) == ["40.00", "2.00", "1.00"]


def test_the_bar_of_a_generator_has_no_end_yet():
    made = bar_html(Now(total=None, left=None), "en")
    assert "aria-valuenow" not in made
    assert "aria-valuemax" not in made
    assert "120 answered so far" in made


def test_a_screen_reader_hears_tenths_and_the_end():
    assert {said_text(Now(done=done), "en") for done in range(120, 150)} == {"40 %"}
    over = Now(state="failed", problem="401: no such key", left=0)
    assert said_text(over, "en").endswith("The run stopped: 401: no such key")
    assert said_text(Now(total=0, done=0), "en") == ""


def test_failures_are_grouped_by_their_words():
    failures = (("Too long.", 12, tuple(range(10))), ("Damaged.", 1, (77,)))
    run = Run(Now(state="done", failed=15, failures=failures))
    for shown in (run_html(run), run_text(run)):
        assert "12 × Too long. (rows 0, 1, 2, 3, 4, 5, 6, 7 …)" in shown
        assert "1 × Damaged. (row 77)" in shown
    assert "and 2 more failures of other kinds" in run_html(run)


def test_rows_that_may_have_been_billed_are_named():
    run = Run(Now(on_way_lost=(4, 9)))
    said = "2 questions had been sent when the last run ended, and may have been billed: rows 4, 9"
    assert said in run_html(run)
    assert said in aside_html(run, run.progress)


def test_the_note_of_a_folder_whose_answers_do_not_fit_is_shown():
    run = Run(Now(state="ready", done=0), rows=(row(0, state="waiting", text="", cost=None),))
    run.note = "0 of 5,000 answers in this folder fit this question."
    made = run_html(run)
    assert run.note in made
    assert "run.start()" in made
    assert "<table" not in made


def test_the_first_rows_are_shown_the_next_folded_and_the_rest_said():
    made = run_html(Run(Now(state="done", done=300, left=0)))
    shown, folded = made.split("<details>")
    assert shown.count("<tr") == SHOWN_ROWS + 1
    assert folded.count("<tr") == FOLDED_ROWS + 1
    assert f"{300 - SHOWN_ROWS - FOLDED_ROWS} more: run.table()" in folded
    assert len(made) < 30_000


def test_a_short_run_is_shown_whole():
    made = run_html(Run(Now(state="done", total=3, done=3, left=0), rows=tuple(map(row, range(3)))))
    assert "<details" not in made
    assert "more:" not in made
    assert made.count("A dog barks.") == 3


def test_a_row_shows_its_data_its_speech_s_file_or_its_error():
    rows = (
        row(0, parsed={"speakers": 2}),
        row(1, audio=Path("/home/me/answers/audio/ab12.wav"), seconds=6.6),
        row(2, state="failed", text="", error="The audio is damaged.", usage=None, cost=None),
    )
    made = run_html(Run(Now(state="done", total=3, done=2, failed=1, left=0), rows=rows))
    assert "{&quot;speakers&quot;: 2}" in made
    assert "6.6 s: audio/ab12.wav" in made
    assert "The audio is damaged." in made
    assert "/home/me" not in made


def test_a_folder_is_named_without_its_place_on_this_machine():
    run = Run(Now(state="done"))
    run.folder = Path("/home/me/work/calls/answers")
    assert "calls/answers" in run_html(run)
    assert "/home/me" not in run_html(run) + run_text(run)


def test_hostile_words_are_words():
    evil = row(0, text=EVIL, parsed=None, audio=Path(f"audio/{EVIL}"))
    evil = replace(evil, name=EVIL)
    failed = replace(evil, state="failed", error=EVIL)
    now = Now(latest=(evil, failed), failures=((EVIL, 2, (0, 1)),), failed=2, problem=EVIL)
    run = Run(now, rows=(evil, failed), question=EVIL)
    run.note = run.model = EVIL
    run.folder = Path("answers") / EVIL
    over = Run(replace(now, state="failed"), rows=run.rows, question=EVIL)
    for made in (progress_html(run, now), run_html(run), run_html(over)):
        assert "<img" not in made
        assert "<script" not in made
        assert made.count("<table") == made.count("</table>")
    for text in (line_text(run, now), run_text(over)):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text)


def test_long_words_are_shortened():
    run = Run(Now(state="done"), rows=(row(0, text="long " * 10_000, error="x" * 100_000),))
    assert len(run_html(run)) < 4000


def test_nothing_but_the_static_form_is_needed_to_read_a_run():
    made = run_html(Run(Now(state="done")))
    assert not re.search(r"<(script|style|link|button|input|audio|iframe)", made)
    assert "var(--jp-" in made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_estimate_is_a_table_that_says_what_is_not_known(language, monkeypatch):
    monkeypatch.setenv("OMNI_NB_LANGUAGE", language)
    made = RunEstimate(rows=5000, reused=20, tokens=7500, cost=cny("1.5"), seconds=5000)
    english = ["rows to ask", "5,000", "1.5 CNY", "1 h 24 min", "the questions alone"]
    chinese = ["待提问的行", "5,000", "¥1.5", "1 小时 24 分钟", "只是问题的费用"]
    for shown in (html_of(made), text_of(made)):
        assert [
            word for word in (english if language == "en" else chinese) if word not in shown
        ] == []
    unknown = replace(made, rows=None, cost=None, seconds=None, answer_tokens=31.4)
    assert text_of(unknown).count("unknown" if language == "en" else "未知") == 3
    assert "31" in text_of(unknown)
