from __future__ import annotations

import io
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from PIL import Image

from omni_nb.errors import ServiceError
from omni_nb.media.parts import AudioURLPart, ImageURLPart, TextPart, image
from omni_nb.render.palette import MODALITY_COLORS
from omni_nb.render.reply import (
    ending_of,
    meter_text,
    note_text,
    progress_html,
    progress_text,
    question_html,
    reply_bundle,
    reply_html,
    reply_text,
)
from omni_nb.render.transcript import transcript_html
from omni_nb.rules.pricing import Usage
from omni_nb.turns.estimate import forecast
from omni_nb.turns.reply import Reply
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UsageReport,
)
from omni_nb.wire.request import Message, Request
from omni_nb.words import language_of, words

EVIL = "<img src=x onerror=alert(1)>\"'&</div><script>alert(2)</script>"


class Page(HTMLParser):
    """The tags, attributes and words of some HTML; fails where tags do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.words, self._open = [], [], "", []
        self.typeset = ""  # where MathJax looks for formulas
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        is_ignored = tag == "code" or "mathjax_ignore" in dict(attrs).get("class", "")
        if tag not in {"img", "br"}:
            self._open.append((tag, is_ignored))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        self.words += data
        if not any(is_ignored for _, is_ignored in self._open):
            self.typeset += data


def picture(name="dog.png"):
    file = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(file, "PNG")
    file.name = name
    file.seek(0)
    return image(file)


def reply(
    text="I am Omni.", *, question=(TextPart("Who are you?"),), speech=True, **kwargs
) -> Reply:
    modalities = ("text", "audio") if speech else ("text",)
    made = Reply(
        Request("qwen-omni-turbo", (Message("user", question),), modalities, "Cherry"), **kwargs
    )
    made.feed(TextDelta(text), seconds=0.5)
    if speech:
        made.feed(AudioDelta(b"\1\0" * 24000), seconds=0.75)
    usage = Usage(input={"text": 5, "image": 1232}, output={"text": 3, "audio": 25})
    made.feed(UsageReport(usage), seconds=1)
    made.feed(Finished("stop"), seconds=1)
    made.finish(seconds=1)
    return made


def test_the_result_holds_question_text_player_usage_and_cost():
    page = Page(reply_html(reply(region="beijing")))
    words = " ".join(page.words.split())
    for expected in (
        "Who are you?",
        "I am Omni.",
        "text 5",
        "image 1,232",
        "audio 25",
        "CNY",
        "1.0 s of speech",
    ):
        assert expected in words
    assert page.tags.count("audio") == 1


@pytest.mark.parametrize("text", [EVIL, "</script><style>*{display:none}</style>", "a\0b\x1b[31m"])
def test_nothing_from_the_model_or_the_person_becomes_a_tag(text):
    made = reply(
        text, question=(TextPart(EVIL), picture(f"{EVIL}.png"), ImageURLPart(f"https://x/{EVIL}"))
    )
    made.error = ServiceError(EVIL, advice=EVIL)
    for html in (reply_html(made, hint=EVIL), progress_html(made)):
        page = Page(html)
        assert set(page.tags) <= {"div", "span", "p", "audio", "img", "details", "summary"}
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert EVIL in page.words
    assert text in Page(reply_html(made)).words.replace("\ufffd", "\0")


def test_the_static_form_has_no_widget_script_or_remote_address():
    bundle = reply_bundle(reply(question=(picture(), TextPart("?"))), tail_id="abc123")
    assert set(bundle) == {"text/html", "text/plain"}
    page = Page(bundle["text/html"])
    assert {"script", "style", "link", "iframe", "source"}.isdisjoint(page.tags)
    sources = [value for name, value in page.attributes if name in {"src", "href"}]
    assert len(sources) == 2
    assert all(source.startswith("data:") for source in sources)
    assert ("class", "omni-tail omni-tail-abc123") in page.attributes


@pytest.mark.parametrize(
    ("storage", "start"),
    [
        ("mp3", "data:audio/mpeg"),
        ("opus", "data:audio/ogg;base64,T2dnUw"),
        ("wav", "data:audio/wav;base64,UklGR"),
    ],
)
def test_the_storage_of_the_speech_can_be_chosen(storage, start):
    sources = [v for n, v in Page(reply_html(reply(), storage=storage)).attributes if n == "src"]
    assert sources[0].startswith(start)


def test_the_result_is_read_as_markdown_and_a_growing_answer_as_words():
    made = reply("It is **blue**:\n\n- sky\n- sea", speech=False)
    assert "<strong>blue</strong>" in reply_html(made)
    assert "<li>sky</li>" in reply_html(made)
    assert "**blue**" in progress_html(made)


def test_no_page_typesets_a_formula_of_the_model_that_would_act():
    evil = r"$\href{javascript:alert(1)}{x}$"
    made = reply(evil, question=(TextPart(evil), ImageURLPart(f"https://x/{evil}")))
    made.feed(ReasoningDelta(evil))
    made.error = ServiceError(evil)
    for html in (reply_html(made), progress_html(made)):
        page = Page(html)
        assert page.words.count(evil) >= 3
        assert evil not in page.typeset


def test_a_written_answer_has_no_player():
    assert "audio" not in Page(reply_html(reply(speech=False))).tags


def test_the_labels_follow_the_language_of_the_question():
    html = reply_html(reply("好", question=(TextPart("你是谁?"),), region="beijing"))
    for said in ("输入", "输出", "费用", "语音 1.0 秒", "图片 1,232"):
        assert said in html
    assert "tokens" not in html
    assert language_of([TextPart("naïve 🙂")]) == "en"


def test_every_modality_has_a_colour_and_a_word():
    assert len(set(MODALITY_COLORS.values())) == len(MODALITY_COLORS) == 4
    assert MODALITY_COLORS.keys() <= words("labels", "en").keys()


def test_a_picture_is_a_small_thumbnail_with_its_name():
    page = Page(question_html([picture("dog.png"), TextPart("?")], "en"))
    source = dict(page.attributes)["src"]
    assert source.startswith("data:image/jpeg;base64,")
    assert len(source) < 15_000
    assert ("alt", "dog.png") in page.attributes


def test_a_picture_behind_a_url_is_named_and_never_loaded():
    page = Page(question_html([ImageURLPart("https://example.com/dog.jpg")], "en"))
    assert "dog.jpg" in page.words
    assert "img" not in page.tags


def test_media_stand_in_their_order_named_in_the_language_of_the_question():
    asked = [ImageURLPart("https://x/a.jpg"), AudioURLPart("https://x/b.mp3", "mp3")]
    page = Page(question_html([*asked, TextPart("这是什么?")], "zh"))
    named = [value for name, value in page.attributes if name == "aria-label"]
    assert named == ["提问", "图片：https://x/a.jpg", "音频：https://x/b.mp3"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"stopped": "interrupted"}, "Interrupted"),
        ({"stopped": "timeout"}, "the timeout is reached"),
        ({"error": ServiceError("it broke", advice="wait")}, "broke off"),
    ],
)
def test_an_answer_that_did_not_end_says_so(state, words):
    made = reply()
    made.finish(**state)
    for shown in (reply_html(made), reply_text(made)):
        assert words in shown
    if "error" in state:
        assert "it broke\nwait" in reply_html(made)


def test_a_refusal_is_not_called_a_broken_answer():
    request = Request("qwen-omni-turbo", (Message("user", (TextPart("?"),)),))
    made = Reply(request)
    made.finish(error=ServiceError("no", status_code=400))
    assert "refused" in reply_html(made)
    assert "no token count" in reply_html(made)


REFUSED, FAILED = "The service refused the request.", "The service reported an error."
UNREACHABLE, UNANSWERED = "The connection failed.", "There is no answer."


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        ({"status_code": 400}, REFUSED),
        ({"status_code": 401, "code": "invalid_api_key"}, REFUSED),
        ({"status_code": 429, "hint": "network"}, REFUSED),
        ({"status_code": 500, "code": "internal_error"}, FAILED),
        ({"status_code": 503}, FAILED),
        ({"code": "data_inspection_failed"}, FAILED),
        ({"hint": "network"}, UNREACHABLE),
        ({"hint": "kept"}, UNANSWERED),
        ({"hint": "made again"}, UNANSWERED),
        ({"status_code": 200, "hint": "base url"}, UNANSWERED),
        ({}, UNANSWERED),
    ],
)
def test_the_title_of_a_failure_is_of_its_kind(facts, title):
    made = Reply(Request("qwen-omni-turbo", (Message("user", (TextPart("?"),)),)))
    made.finish(error=ServiceError("no", **facts))
    said = {REFUSED, FAILED, UNREACHABLE, UNANSWERED}
    for shown in (reply_html(made), reply_text(made)):
        assert title in shown
        assert not any(other in shown for other in said - {title})


@pytest.mark.parametrize("has_text", [True, False])
@pytest.mark.parametrize("speech", [True, False])
@pytest.mark.parametrize(
    ("question", "reason", "note"),
    [
        ("?", "content_filter", "The service's content filter cut the answer."),
        ("你好", "content_filter", "服务的内容过滤截断了回答。"),
        ("?", "length", "The answer reached the token limit and was cut off."),
        ("你好", "length", "回答达到 Token 上限，被截断。"),
    ],
)
def test_a_word_of_the_service_that_means_cut_has_a_note(question, reason, note, speech, has_text):
    modalities = ("text", "audio") if speech else ("text",)
    asked = (Message("user", (TextPart(question),)),)
    made = Reply(Request("qwen-omni-turbo", asked, modalities, "Cherry"))
    if has_text:
        made.feed(TextDelta("I am"))
    made.feed(Finished(reason))
    made.finish(seconds=1)
    assert ending_of(made) == reason
    notes = [reply_text(made).splitlines()[0], note_text(made, language_of(made.question))]
    assert notes == [note, note]
    for html in (reply_html(made), transcript_html([made])):
        assert note in Page(html).words


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "refused", "speech", "x", None])
def test_any_other_word_of_the_service_ends_an_answer_that_is_complete(reason):
    made = reply(speech=False)
    made.rounds[-1].finish_reason = reason
    assert ending_of(made) == "complete"
    assert (note_text(made, "en") == "") == (reason in ("stop", "tool_calls", None))


def test_the_ending_is_nothing_before_it_and_an_error_is_one():
    growing = Reply(reply().request)
    assert ending_of(growing) == ""
    growing.feed(Finished("length"))
    assert ending_of(growing) == "", "its tokens are still to come"
    growing.finish(error=ServiceError("no"))
    assert ending_of(growing) == "error"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.02, "0.02 s"), (0.0, ""), (0.3, "0.3 s"), (12.0, "12.0 s")]
)
def test_no_time_and_no_speech_is_called_nothing(seconds, said):
    made = Reply(
        Request(
            "qwen-omni-turbo", (Message("user", (TextPart("?"),)),), ("text", "audio"), "Cherry"
        )
    )
    made.feed(AudioDelta(bytes(int(seconds * 48_000))), seconds=seconds)
    made.finish(seconds=seconds)
    for shown in (reply_html(made), reply_text(made), progress_html(made), meter_text(made)):
        assert not re.search(r"(?<![\d.])0(\.0)? s\b", shown)
    assert f"{said} of speech" in reply_text(made) if said else "speech" in reply_text(made)


# -- long answers ----------------------------------------------------------------------------

LONG = {
    "paragraphs": "The *cat* sat on the `mat`, said https://example.com/a.\n\n",
    "a list": "- an item\n",
    "a table": "|1|2|\n",
    "one line": "word ",
    "one word": "x",
    "emphasis": "*a* ",
    "formulas": "$x^2$ and $y$\n\n",
    "money": "$5 ",
    "emoji": "😀",
    "quotes": "> so\n",
    "markup": "<b>&amp;</b> ",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LONG)
def test_a_long_answer_is_whole_in_few_tags(kind):
    head = "|a|b|\n|-|-|\n" if kind == "a table" else ""
    text = head + (LONG[kind] * (2_000_000 // len(LONG[kind])))
    made = reply(text, speech=False)
    html = reply_html(made)
    assert html.count("<") < 16_000
    rest = html[html.index('<details class="omni-rest') :]
    (count,) = re.findall(r"Show all: ([\d,]+) more characters</summary>", rest)
    kept = unescape("".join(re.findall(r"white-space:pre-wrap\">(.*?)</div>", rest, re.DOTALL)))
    assert kept == text[len(text) - int(count.replace(",", "")) :]
    assert len(text) - len(kept) <= 100_000
    assert reply_text(made).startswith(text)


def test_an_answer_that_is_just_not_long_is_markdown_to_its_end():
    text = ("So it is, and so it was.\n\n" * 4_000)[:100_000]
    assert "omni-rest" not in reply_html(reply(text, speech=False))
    assert "omni-rest" in reply_html(reply(f"{text}!", speech=False))


@pytest.mark.parametrize("length", [20_000, 20_001, 5_000_000])
@pytest.mark.parametrize("question", ["Who?", "你是谁？"])
def test_what_is_sent_while_an_answer_grows_is_bounded(length, question):
    made = Reply(Request("qwen-omni-turbo", (Message("user", (TextPart(question),)),)))
    text = "".join(f"{number}\n" for number in range(length // 2))[-length:]
    made.feed(ReasoningDelta(text))
    made.feed(TextDelta(text))
    html = progress_html(made)
    assert len(html) < 45_000
    assert html.count(text[-1000:]) == 2
    assert ("characters before" in html or "个字符" in html) == (length > 20_000)
    assert len(progress_text(made)) < 21_000


def test_a_long_question_is_whole_in_few_tags():
    text = "$5 and \\(x " * 100_000
    html = question_html([TextPart(text)], "en")
    assert html.count("<") < 15_000
    assert unescape(re.sub("<[^>]*>", "", html)) == text


def test_a_cut_answer_and_missing_speech_are_said():
    cut = reply()
    cut.feed(Finished("length"))
    assert "token limit" in reply_html(cut)
    silent = reply(speech=True)
    silent.pcm.clear()
    assert "no speech" in reply_html(silent)


def test_an_unknown_cost_is_unknown_and_a_stand_ins_is_hypothetical():
    assert "cost: unknown" in reply_html(reply())
    html = reply_html(reply(is_stand_in=True), hint="Set a key.")
    assert "free; qwen-omni-turbo would cost 0.0031 CNY" in html
    assert "Offline stand-in: no model answered. Set a key." in html


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"region": "beijing"}, "1.0 s of speech · 1,265 tokens · about 0.0031 CNY"),
        ({}, "1.0 s of speech · 1,265 tokens · cost unknown"),
        ({"speech": False}, "1,265 tokens · cost unknown"),
        (
            {"is_stand_in": True},
            "1.0 s of speech · 1,265 tokens · free; a model would cost 0.0031 CNY",
        ),
        (
            {"question": (TextPart("你是谁?"),), "region": "beijing"},
            "语音 1.0 秒 · 1,265 Token · 约 ¥0.0031",
        ),
    ],
)
def test_one_quiet_line_says_what_an_answer_took_and_the_rest_is_behind_it(given, line):
    html = reply_html(reply(**given))
    _, _, facts = html.partition("<details")
    summary, _, rest = facts.partition("</summary>")
    assert summary.endswith(f">{line}")
    assert "1,232</span>" in rest
    assert "qwen-omni-turbo" in rest


def test_totals_without_details_are_still_shown():
    made = reply(speech=False)
    made.rounds[-1].usage = Usage(input_total=12, output_total=34)
    assert "in 12 → out 34" in reply_html(made)
    assert "in 12; out 34" in reply_text(made)


def test_plain_text_says_the_same():
    lines = reply_text(reply(is_stand_in=True)).splitlines()
    assert lines[0] == "I am Omni."
    assert lines[1] == "[1.0 s of speech: reply.audio.save('answer.wav')]"
    assert "in text 5, image 1,232; out text 3, audio 25" in lines[2]
    assert "stand-in" in lines[3]


def test_while_it_streams_the_text_has_a_cursor_or_a_waiting_word():
    made = reply()
    assert "I am Omni. ▍" in progress_html(made)
    waiting = Reply(made.request)
    assert "Thinking…" in progress_html(waiting)


def test_thinking_is_shown_while_it_lasts_and_folded_away_afterwards():
    made = reply()
    made = Reply(made.request)
    made.feed(ReasoningDelta("Is <this> a cat?"))
    thinking = progress_html(made)
    assert "Thinking…" in thinking
    assert "Is &lt;this&gt; a cat?" in thinking
    made.feed(TextDelta("Yes."))
    for shown, folded in ((progress_html(made), 1), (reply_html(made), 2)):
        page = Page(shown)
        assert page.tags.count("details") == folded, "and the facts of what is over"
        assert "Is &lt;this&gt; a cat?</div></details>" in shown
    assert "cat" not in reply_text(made)


def estimated(made: Reply) -> Reply:
    made.estimate = forecast(made.request, region="beijing")
    return made


def test_while_it_streams_a_meter_says_what_it_has_used_so_far():
    request = Request("qwen-omni-turbo", (Message("user", (TextPart("Who?"),)),))
    made = estimated(Reply(request, region="beijing"))
    assert "so far" not in progress_html(made), "nothing has come"
    made.feed(TextDelta("I "))
    assert "so far: about 1 token · " in progress_html(made)
    made.feed(TextDelta("am Omni, a model. "))
    assert "so far: about 5 tokens · about 0.0000084 CNY" in progress_html(made)
    made = estimated(Reply(request))
    made.feed(TextDelta("I am Omni, a model. "))
    assert "so far: about 5 tokens</div>" in progress_html(made)


def test_the_meter_of_a_stand_in_says_that_it_is_free():
    request = Request("qwen-omni-turbo", (Message("user", (TextPart("你是谁?"),)),))
    made = estimated(Reply(request, is_stand_in=True))
    made.feed(TextDelta("我是"))
    assert "目前：约 2 Token · 免费；若用 qwen-omni-turbo 则为" in progress_html(made)


@pytest.mark.parametrize(
    ("question", "words", "cost"),
    [
        ("Who are you?", "the budget is spent", "cost: about 0.00125 CNY, by our count"),
        ("你是谁?", "预算已用完", "费用：约 ¥0.00125"),
    ],
)
def test_an_answer_that_passed_the_budget_says_so_with_the_cost_by_our_count(question, words, cost):
    made = estimated(reply(question=(TextPart(question),), region="beijing"))
    made.rounds[-1].usage = made.rounds[-1].finish_reason = None
    made.finish(stopped="budget")
    assert made.finish_reason == "budget"
    for shown in (reply_html(made), reply_text(made)):
        assert words in shown
        assert cost in shown


@pytest.mark.parametrize(
    ("question", "words"), [("May I?", "The model declined"), ("可以吗?", "模型拒绝了请求")]
)
def test_a_refusal_is_shown_as_the_answer_and_said_to_be_one(question, words):
    made = Reply(Request("a-model", (Message("user", (TextPart(question),)),)))
    made.feed(RefusalDelta("I cannot help "))
    made.feed(RefusalDelta("with <b>that</b>."))
    made.feed(Finished("stop"))
    made.finish()
    looks = reply_bundle(made)
    assert made.text == made.refusal == "I cannot help with <b>that</b>."
    for look in looks.values():
        assert words in look
        assert "I cannot help with" in look
    assert "<b>that" not in looks["text/html"]


@pytest.mark.parametrize("reason", ["abort", "sensitive", "<b>"])
def test_a_reason_that_is_not_usual_is_said(reason):
    made = Reply(Request("a-model", (Message("user", (TextPart("May I?"),)),)))
    made.feed(TextDelta("Well"))
    made.feed(Finished(reason))
    made.finish()
    looks = reply_bundle(made)
    assert f"with the reason: {reason}." in looks["text/plain"]
    assert (
        f"with the reason: {reason.replace('<', '&lt;').replace('>', '&gt;')}" in looks["text/html"]
    )


@pytest.mark.parametrize("reason", ["stop", "eos", "tool_calls", None])
def test_of_an_answer_that_is_whole_no_reason_is_said(reason):
    made = Reply(Request("a-model", (Message("user", (TextPart("May I?"),)),)))
    made.feed(TextDelta("Well"))
    if reason:
        made.feed(Finished(reason))
    made.finish()
    assert "reason" not in reply_bundle(made)["text/plain"]
