"""The magics in a shell of their own: what is asked, what is said, and what Tab offers."""

from __future__ import annotations

import inspect
import re
import textwrap
import types
import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure
from PIL import Image
from traitlets.config import Config

import omni_nb as omni
from omni_nb.errors import MediaError, OmniError, RequestError, ServiceError
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns import connection
from omni_nb.turns.connection import Connection
from omni_nb.views.magics.completion import complete
from omni_nb.views.magics.magic import OmniMagics
from omni_nb.views.magics.names import Names
from omni_nb.views.magics.options import OPTIONS, read_line
from omni_nb.views.magics.template import Field, read_prose
from omni_nb.wire.client import Endpoint, Secret
from tests.shown import html_of

KEY = "sk-nobody-may-see-this"


class Cells:
    """A shell with the magics: it runs cells as a notebook does."""

    def __init__(self, standin) -> None:
        self.standin = standin
        quick = Config({"HistoryManager": {"enabled": False}, "Completer": {"use_jedi": False}})
        self.shell = InteractiveShell(config=quick, user_module=types.ModuleType("a_notebook"))
        self.variables = self.shell.user_ns

    def clear(self) -> None:
        """Begin a new notebook; starting a shell for each test would take most of the time."""
        self.shell.reset()
        self.standin.activity.requests.clear()
        self.run("%load_ext omni_nb")

    @property
    def bodies(self):
        return self.standin.requests

    def run(self, source: str) -> None:
        """Run a cell; an error goes on to the test."""
        result = self.shell.run_cell(textwrap.dedent(source).strip("\n") + "\n")
        if result.error_before_exec or result.error_in_exec:
            raise result.error_before_exec or result.error_in_exec
        assert result.result is None or "%" not in source

    def refused(self, source: str, kind: type[Exception] = UsageError) -> str:
        """Run a cell that is refused before anything is sent, and return what is said."""
        before = len(self.bodies)
        with pytest.raises(kind) as error:
            self.run(source)
        assert len(self.bodies) == before
        return str(error.value)

    def tab(self, source: str) -> list[str]:
        """Return what Tab offers at the end of a cell."""
        with provisionalcompleter():
            return [one.text for one in self.shell.Completer.completions(source, len(source))]


@pytest.fixture(scope="module")
def standin():
    with start(Behaviour(pace=0), api_key=KEY, remember=1000) as running:
        yield running


@pytest.fixture(scope="module")
def shell(standin):
    return Cells(standin)


@pytest.fixture
def cells(shell, standin, monkeypatch, tmp_path):
    here = Connection(Endpoint(standin.base_url, Secret(KEY)), is_stand_in=True)
    monkeypatch.setattr(connection, "_current", here)
    monkeypatch.chdir(tmp_path)
    shell.clear()
    return shell


@dataclass
class Clip:
    seconds: float
    summary: str


def weather(city: str) -> str:
    "The weather now."
    return f"{city}: 21 °C"


def picture(width: int = 60, height: int = 40) -> Image.Image:
    return Image.new("RGB", (width, height), "green")


def asked(body) -> tuple[list[str], str]:
    """The kinds and the words of a request's question."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return [], content
    kinds = [part["type"] for part in content if part["type"] != "text"]
    return kinds, "".join(part.get("text", "") for part in content)


# -- asking ------------------------------------------------------------------------------------


def test_a_cell_asks_and_keeps_the_answer_in_variables(cells, capsys):
    cells.run("""
        %%omni --to answer
        Who are you?
    """)
    reply = cells.variables["answer"]
    assert cells.variables["_omni"] is reply
    assert (reply.finish_reason, reply.audio) == ("stop", None)
    assert reply.text in capsys.readouterr().out
    assert asked(cells.bodies[0]) == ([], "Who are you?")


def test_a_voice_is_heard_and_a_later_cell_goes_on_with_it_until_it_is_told_otherwise(cells):
    cells.run("%omni --voice Ethan What's this?")
    cells.run("%omni And that?")
    cells.run("%omni -m qwen3-omni-flash Now you.")
    cells.run("%omni --text -- -1 in words?")
    voices = [body.get("audio", {}).get("voice") for body in cells.bodies]
    assert voices == ["Ethan", "Ethan", "Ethan", None]
    assert [body["model"] for body in cells.bodies][1:] == [
        "qwen-omni-turbo",
        "qwen3-omni-flash",
        "qwen3-omni-flash",
    ]
    assert [len(body["messages"]) for body in cells.bodies] == [1, 3, 5, 7]
    assert [asked(body)[1] for body in cells.bodies] == [
        "What's this?",
        "And that?",
        "Now you.",
        "-1 in words?",
    ]
    assert cells.variables["_omni"].audio is None


def test_conversations_are_variables_and_chats_of_ones_own_can_be_asked(cells):
    mine = omni.Chat("qwen3-omni-flash", system="You are a cat.")
    cells.variables["mine"] = mine
    cells.run("%omni --chat mine Who are you?")
    cells.run("%omni --chat other Who are you?")
    cells.run("%omni Who are you?")
    assert [len(body["messages"]) for body in cells.bodies] == [2, 1, 1]
    assert [len(cells.variables[name].replies) for name in ("mine", "other", "_omni_chat")] == [
        1,
        1,
        1,
    ]
    assert mine.replies[0] is not cells.variables["_omni"]


def test_the_magics_may_be_loaded_twice_and_taken_away_and_the_conversation_stays(cells):
    cells.run("%omni Who are you?")
    cells.run("%load_ext omni_nb")
    cells.run("%reload_ext omni_nb")
    cells.run("%omni And why?")
    assert len(cells.bodies[-1]["messages"]) == 3
    assert cells.tab("%%omni --vo") == ["--voice"]
    cells.run("%unload_ext omni_nb")
    with pytest.raises(UsageError, match="not found"):
        cells.run("%omni Who are you.")
    assert cells.tab("%%omni --vo") == []


def test_it_works_in_cells_that_await_and_in_functions(cells):
    cells.run("""
        import asyncio
        await asyncio.sleep(0)
        %omni --to first Who are you?
        def ask(name):
            own = type(_omni_chat)()
            %omni --chat own Who is {name}?
        ask("Ada")
    """)
    assert "own" not in cells.variables
    assert [asked(body)[1] for body in cells.bodies] == ["Who are you?", "Who is Ada?"]
    assert cells.variables["first"].finish_reason == "stop"


# -- what is filled in and attached --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Is {price} much?", "Is 4.5 much?"),
        ("Is {price:.2f} or {2 * price} much?", "Is 4.50 or 9.0 much?"),
        ('Is {days["a b"]} {{here}}, {{{price}}}?', "Is Monday {here}, {4.5}?"),
        ("{','.join(f'{d}' for d in days)}", "a b"),
        ('What is {"price": {"a": [1, {}]}}?', 'What is {"price": {"a": [1, {}]}}?'),
        ("{'price': price}, {price, days}, {1, 2}, { price }, {}", None),
        ("for (const x of { price: 1 }) { show(price) }", None),
        ("if (x) {\n  price\n}\n}} {{", "if (x) {\n  price\n}\n}} {"),
        (r"\frac{price}{days} + x_{price} + e^{price}", None),
        ("print(f'{price}', rf\"{days}\") {price}", "print(f'{price}', rf\"{days}\") 4.5"),
        ("`a ${price}` and ${price}", "`a ${price}` and $4.5"),
        ("```\n{price} {{x}}\n{code}\n```\n{price}", "```\n{price} {{x}}\nx = {price}\n```\n4.5"),
        ("{price", None),
    ],
)
def test_expressions_are_filled_in_and_braces_of_code_stay(text, said):
    names = Names({"price": 4.5, "days": {"a b": "Monday"}, "code": "x = {price}"})
    assert names.filled(read_prose(text)) == (text if said is None else said)


def test_a_long_line_of_braces_is_read_at_once():
    text = '{"a": [' + "{" * 3000 + "}" * 3000 + ", {'b': 1}" * 2000 + "]}"
    assert read_prose(text) == [text]
    objects = "[" + '{"b": 1},{c: "x"},' * 2000 + "]"
    assert read_prose(objects) == [objects]
    assert read_prose("{x " * 3000) == ["{x " * 3000]


def test_pictures_figures_and_clips_are_attached_where_they_are_named(cells):
    clip = omni.AudioClip(bytes(48_000), 24_000)
    cells.variables |= {"fig": Figure(), "photo": picture(), "clip": clip, "x": 1}
    cells.run("%omni --chat a What is odd in {fig}, and {x}?")
    cells.run("%omni --chat b What is odd in fig, or fig.png? x")
    cells.run("%%omni --chat c photo {fig}\nWhat is odd in clip?")
    cells.run("%omni --chat d 这个clip里有什么?")
    assert [asked(body) for body in cells.bodies] == [
        (["image_url"], "What is odd in fig, and 1?"),
        (["image_url"], "What is odd in fig, or fig.png? x"),
        (["image_url", "image_url"], "What is odd in clip?"),
        (["input_audio"], "这个clip里有什么?"),
    ]


def test_what_the_conversation_has_already_is_not_sent_again_by_its_name(cells):
    cells.variables["photo"] = picture()
    cells.run("%omni What is photo?")
    cells.run("%omni And what else is in photo?")
    cells.run("%omni Look at {photo} again.")
    cells.variables["photo"] = picture(70)
    cells.run("%omni And photo now?")
    cells.run("%omni --image {photo} Is this photo or another image?")
    assert [len(asked(body)[0]) for body in cells.bodies] == [1, 0, 1, 1, 1]


def test_media_are_variables_paths_patterns_and_expressions(cells, tmp_path):
    (tmp_path / "my plots").mkdir()
    for name in ("my dog.png", "my plots/2.png", "my plots/10.png", "photo"):
        picture(60 if "2" in name else 70).save(tmp_path / name, format="PNG")
    cells.variables |= {
        "grid": np.zeros((30, 40), "uint8"),
        "several": [picture(), picture()],
        "number": 2,
        "folder": tmp_path,
        "noise": (np.zeros(24_000), 24_000),
    }
    lines = {
        '--image "my dog.png" --image=grid': 2,
        "--image './my dog.png' --image ./photo --image several": 4,
        '--image "my plots/{number}.png"': 1,
        "--image 'my plots/*.png'": 2,
        "--image {folder / 'my dog.png'} --image {[grid, grid]}": 3,
        "--frames 'my plots/*.png' several --": 1,
        "--frames 'my plots/*.png' several --text": 1,
        "--audio noise": 1,
    }
    for line, count in lines.items():
        cells.run(f"%omni --chat new {line} What is this?")
        assert len(asked(cells.bodies[-1])[0]) == count, line
        del cells.variables["new"]
    cells.run("%omni --image 'my plots/*.png' Which?")
    widths = [part.width for part in cells.variables["_omni"].question[:2]]
    assert widths == [60, 70], "2 comes before 10"
    cells.run("%omni --voice Ethan Say yes.")
    cells.run("%omni --audio _omni.audio --text What did you say?")
    assert asked(cells.bodies[-1])[0] == ["input_audio"]


@pytest.mark.parametrize("given", ["several[0]", "several[0].copy()", "make(several)"])
def test_an_expression_without_its_braces_is_told_of_them(cells, given):
    cells.variables |= {"several": [picture(), picture()], "make": list}
    with pytest.raises(
        UsageError, match=re.escape(f"stands in braces, as in --image {{{given}}}.")
    ):
        cells.run(f"%omni --image {given!r} What is this?")
    assert not cells.bodies


def test_a_file_whose_name_looks_like_an_expression_is_a_file(cells, tmp_path):
    cells.variables["several"] = [picture()]
    for name in ("several[0]", "several0"):
        picture(70).save(tmp_path / name, format="PNG")
        cells.run("%omni --image several[0] What is this?")
        (tmp_path / name).unlink()
    assert [len(asked(body)[0]) for body in cells.bodies] == [1, 1]


def test_an_answer_is_data_in_the_cell_that_asks_for_it_and_words_in_the_next(cells):
    cells.variables |= {"Clip": Clip, "sound": omni.AudioClip(bytes(48_000), 24_000)}
    cells.run("%%omni -m qwen3.5-omni-plus --format Clip --to clip sound\nDescribe it.")
    assert isinstance(cells.variables["_omni"].parsed, Clip)
    assert cells.variables["clip"].parsed.seconds == 1
    assert cells.bodies[-1]["response_format"] == {"type": "json_object"}
    cells.run("%omni --format list[Clip] Again.")
    assert isinstance(cells.variables["_omni"].parsed, list)
    cells.run("%omni And in words?")
    assert cells.variables["_omni"].parsed is None
    assert "response_format" not in cells.bodies[-1]


def test_tools_are_called_and_stay_for_the_next_cells_until_others_are_named(cells):
    cells.variables |= {"weather": weather, "more": {"twice": [weather, partial(len, "abc")]}}
    cells.run("%omni -m qwen3-omni-flash --tool weather How warm is it in Hangzhou?")
    assert [call.result for call in cells.variables["_omni"].tool_calls] == ["Hangzhou: 21 °C"]
    cells.run("%omni --tool-choice weather And in Beijing?")
    assert cells.variables["_omni"].tool_calls[0].name == "weather"
    cells.run("%omni --tool {more['twice'][0]} --tool-choice none Who are you?")
    assert cells.variables["_omni"].tool_calls == ()
    cells.run("_omni_chat.use(tools=[], tool_choice=None)")
    cells.run("%omni Who are you?")
    assert "tools" not in cells.bodies[-1]


def test_a_function_may_be_named_where_it_is_defined(cells):
    cells.run(
        """
        def here():
            def weather(city: str) -> str:
                "The weather now."
                return city * 2
            %omni -m qwen3-omni-flash --tool weather How warm is it in Rome?
        here()
        """
    )
    assert cells.variables["_omni"].tool_calls


def test_an_answer_that_does_not_have_its_form_is_in_a_variable_with_its_error(cells):
    broken = omni.stand_in(fault="json_unfit_always", pace=0)
    talk = omni.Chat("qwen3.5-omni-plus", connection=broken)
    cells.variables |= {"Clip": Clip, "talk": talk}
    with pytest.raises(omni.AnswerError):
        cells.run("%omni --chat talk --format Clip --to kept Describe a clip.")
    assert cells.variables["_omni"] is cells.variables["kept"]
    assert cells.variables["kept"].problems


def test_a_dry_run_shows_the_tools_and_the_form(cells, capsys):
    cells.variables |= {"weather": weather, "Clip": Clip}
    sent = len(cells.bodies)
    cells.run("%omni -m qwen3.5-omni-plus --tool weather --format Clip --dry-run Who are you?")
    shown = capsys.readouterr().out
    assert '"name": "weather"' in shown
    assert '"json_object"' in shown
    assert len(cells.bodies) == sent
    assert "_omni_chat" not in cells.variables


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--vioce Cherry Hi", "no option --vioce. Did you mean --voice?"),
        ("--xyz Hi", "There are -m, --model, --voice"),
        ("--voice", "--voice needs a value: --voice VOICE"),
        ("--voice --text Hi", "--voice needs a value"),
        ("--voice Cherry --text Hi", "give one of them"),
        ("--voice Cherry --voice Ethan Hi", "--voice is given twice"),
        ("--text=1 Hi", "takes no value"),
        ('--image "a b Hi', "quote of"),
        ("--to 1x Hi", "--to takes the name of a variable"),
        ("--to class Hi", "--to takes the name of a variable"),
        ("--chat a-b Hi", "--chat takes the name of a variable"),
        ("--chat number Hi", "this variable is of type int"),
        ("--frames a.png b.png What happens?", "put -- between"),
        ("--image fgi Hi", "neither a variable nor a file of this name. Did you mean 'fig'?"),
        ("--image both Hi", "{both} for the variable, ./both for the file"),
        ("What is {fgi}?", "{fgi}: there is no 'fgi' in this notebook. Did you mean 'fig'?"),
        ("What is {1 / zero}?", "ZeroDivisionError: division by zero"),
        ("What is {zero:.1x}?", "cannot be written"),
        ("--voice {nobody} Hi", "{nobody}: there is no 'nobody'"),
        (
            "--tool wether Hi",
            "--tool 'wether': there is no 'wether' in this notebook. Did you mean",
        ),
        ("--format list[Clp] Hi", "there is no 'Clp' in this notebook. Did you mean 'Clip'?"),
        ("--format 1/zero Hi", "ZeroDivisionError"),
        ("--format a-b! Hi", "SyntaxError"),
        ("--format Clip --format Clip Hi", "--format is given twice"),
        ("--format Clip --voice Cherry Hi", "leave out --voice"),
        ("--tool", "--tool needs a value: --tool NAME"),
        ("", "There is no question"),
    ],
)
def test_a_wrong_line_is_refused_in_one_line(cells, tmp_path, line, words):
    picture().save(tmp_path / "both", format="PNG")
    cells.variables |= {"number": 1, "zero": 0, "fig": Figure(), "both": picture()}
    cells.variables |= {"weather": weather, "Clip": Clip}
    said = cells.refused(f"%omni {line}")
    assert words in said
    assert "\n" not in said
    assert "_omni_chat" not in cells.variables


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("--voice Bob", RequestError, "has no voice 'Bob'; its voices are Cherry"),
        ("-m qwen3.8-omni-flash --voice Tina", RequestError, "does not answer with modalities"),
        ("--image no.png", MediaError, "There is no image file 'no.png'"),
        ("--image fig --audio clip", RequestError, "Ask in two turns: image, then audio."),
        ("--image number", MediaError, "An image cannot be made of int"),
        ("fgi", UsageError, "neither an option nor the name of a picture, figure or clip. Did"),
        ("number", UsageError, "'number' on this line"),
        ("--tool number", RequestError, "A tool is a function that the model may call, not 1"),
        ("--tool weather", RequestError, "qwen-omni-turbo calls no tools; of the models known"),
        ("--format number", RequestError, "response_format"),
        ("--format None", RequestError, "response_format"),
        ("--format Clip", UsageError, "this conversation speaks (Ethan): add --text"),
        ("-m qwen3-omni-flash --format Clip", UsageError, "this conversation speaks (Ethan)"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_changes_nothing(cells, line, kind, words):
    clip = omni.AudioClip(bytes(48_000), 24_000)
    cells.variables |= {"fig": Figure(), "clip": clip, "number": 1}
    cells.variables |= {"weather": weather, "Clip": Clip}
    cells.run("%omni --voice Ethan Hello.")
    said = cells.refused(f"%%omni {line}\nWhat is this?", kind)
    assert words in said
    chat = cells.variables["_omni_chat"]
    assert (chat.model, chat.voice, len(chat.replies)) == ("qwen-omni-turbo", "Ethan", 1)


def test_a_model_that_the_service_does_not_have_is_not_asked_by_the_next_cell(cells, capsys):
    with pytest.raises(ServiceError, match="no-such-model"):
        cells.run("%omni -m no-such-model Who are you?")
    assert cells.variables["_omni"].error is not None
    assert "Traceback" not in capsys.readouterr().out
    cells.run("%omni Who are you?")
    assert cells.bodies[-1]["model"] == "qwen-omni-turbo"


def test_a_usage_error_is_shown_without_a_traceback(cells, capsys):
    cells.shell.run_cell("%omni --vioce Cherry Hi")
    shown = capsys.readouterr()
    assert shown.err.startswith("UsageError: There is no option --vioce.")
    assert len((shown.out + shown.err).strip().splitlines()) == 1


def test_a_warning_names_the_magic_and_not_a_line_of_ipython(cells):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        cells.run("%omni -m qwen3.5-omni-flash --voice Tinna Hello.")
    ours = [one for one in seen if "Tinna" in str(one.message)]
    assert [one.filename for one in ours] == ["%%omni"]


# -- dry run, and the conversation -----------------------------------------------------------------


def test_a_dry_run_shows_the_estimate_and_the_request_and_sends_and_changes_nothing(cells, capsys):
    cells.run("%omni Who are you?")
    cells.variables["photo"] = picture(560, 420)
    sent = len(cells.bodies)
    capsys.readouterr()
    cells.run("%%omni --voice Cherry --image photo --dry-run --to never\nIs <this> a dog?")
    shown = capsys.readouterr().out
    assert len(cells.bodies) == sent
    assert "nothing was sent" in shown
    assert "image in" in shown
    assert '"voice": "Cherry"' in shown
    assert "POST http://127.0.0.1" in shown
    assert re.search(r"data:image/png;base64,… \([\d,]+ bytes of PIL image 560×420\)", shown)
    assert KEY not in shown
    assert "Who are you?" in shown, "the conversation is sent with it"
    chat = cells.variables["_omni_chat"]
    assert (chat.voice, len(chat.replies)) == (None, 1)
    assert "never" not in cells.variables


def test_a_dry_run_is_safe_html(cells, monkeypatch):
    shown = []
    monkeypatch.setattr("omni_nb.views.magics.magic.display", shown.append)
    cells.run("%omni --dry-run 这是 <script>alert(1)</script> 吗?")
    html = html_of(shown[0])
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "尚未发送" in html
    assert "_omni_chat" not in cells.variables


def test_a_conversation_is_shown_saved_and_forgotten(cells, capsys, tmp_path):
    cells.run("%omni_chat reset")
    cells.run("%omni --voice Ethan --chat talk Who are you?")
    cells.run("%omni --chat talk And why?")
    capsys.readouterr()
    cells.run("%omni_chat show talk")
    shown = capsys.readouterr().out
    assert shown.index("Who are you?") < shown.index("And why?")
    cells.run('%omni_chat save "my talk.json" talk')
    cells.run("%omni_chat save talk.html talk")
    assert len(omni.Chat.load(tmp_path / "my talk.json").replies) == 2
    assert "<html" in (tmp_path / "talk.html").read_text(encoding="utf-8")
    talk = cells.variables["talk"]
    cells.run("%omni_chat reset talk")
    assert capsys.readouterr().out.endswith("Forgot 2 turns; qwen-omni-turbo goes on.\n")
    cells.run("%omni --chat talk Who are you?")
    assert cells.variables["talk"] is talk
    assert len(cells.bodies[-1]["messages"]) == 1
    assert cells.bodies[-1]["audio"]["voice"] == "Ethan"


@pytest.mark.parametrize("line", ["", "shwo", "save", "save a.json", "show a b", "reset 1x"])
def test_a_wrong_line_of_omni_chat_says_what_is_accepted(cells, line):
    said = cells.refused(f"%omni_chat {line}")
    assert "save PATH" in said or "no conversation" in said or "name of a variable" in said


def test_an_error_is_never_the_key(cells, capsys, monkeypatch):
    wrong = Connection(Endpoint(cells.standin.base_url, Secret("sk-secret-and-wrong")))
    monkeypatch.setattr(connection, "_current", wrong)
    with pytest.raises(OmniError):
        cells.run("%omni Who are you?")
    cells.run("%omni --dry-run Who are you?")
    shown = capsys.readouterr()
    assert "sk-secret" not in shown.out + shown.err
    assert "Authorization: Bearer …" in shown.out


# -- help and completion ---------------------------------------------------------------------------


def examples(text: str) -> list[str]:
    """The blocks of code in a docstring, except the table of options."""
    blocks = re.findall(r"(?:^ {4}(?:.*\n?))+", inspect.cleandoc(text), re.M)
    dedented = [textwrap.dedent(block) for block in blocks]
    return [block for block in dedented if not re.match(r"-m,|%omni_chat show \[", block)]


def test_the_help_names_every_option_and_its_examples_run(cells):
    help_of = {name: getattr(OmniMagics, name).__doc__ for name in ("omni", "omni_chat")}
    shown = cells.shell.object_inspect_mime("%%omni")["text/plain"]
    assert all(option.flag in shown for option in OPTIONS)
    found = [*examples(help_of["omni"]), *examples(help_of["omni_chat"])]
    assert len(found) >= 6
    for example in found:
        for cell in re.split(r"\n\n", example):
            cells.run(cell)
    assert asked(cells.bodies[2])[1] == "Is 4.17 a fair mean of [3, 5, 4.5]?"
    assert asked(cells.bodies[3])[0] == ["image_url"]
    assert cells.variables["answer"].finish_reason == "stop"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("%%omni --vo", ["--voice"]),
        ("%%omni --to", ["--tool", "--to", "--top-p", "--top-k", "--tool-choice"]),
        ("%%omni --v", ["--voice", "--video", "--vl-high-resolution-images"]),
        ("%%omni --temp", ["--temperature"]),
        ("%%omni --max_t", []),
        ("%%omni --voice Cherry --vi", ["--video"]),
        ("x = 1\n%omni --image a.png --im", ["--image"]),
        ("%%omni -m qwen2", ["qwen2.5-omni-7b"]),
        ("%%omni --voice ", ["Cherry", "Serena", "Ethan", "Chelsie"]),
        ("%%omni --voice=E", ["Ethan"]),
        ("%%omni --chat talk --voice Tin", ["Tina"]),
        ("%%omni -m qwen3.5-omni-flash --voice Tin", ["Tina"]),
        ("%%omni --chat ta", ["talk"]),
        ("%%omni --image fi", ["fig"]),
        ("%%omni --image ph", ["photos/"]),
        ("%%omni --image photos/", ["photos/dog.png"]),
        ("%%omni --image photos/ --image 'my", ["my dog.png"]),
        ("%%omni --image my", ['"my dog.png"']),
        ('%%omni --image "my d', ["my dog.png"]),
        ("%%omni --frames a.png fi", ["fig"]),
        ("%%omni --audio cl", ["clip"]),
        ("%%omni --format ", ["Clip", "schema", "table"]),
        ("%%omni --tool we", ["weather"]),
        ("%%omni --tool weather --tool ", ["half", "weather"]),
        ("%%omni fi", ["fig"]),
        ("%%omni --text\nWhat is {fi", ["fig"]),
        ("%omni Is {ta", ["table", "talk"]),
        ("%omni_chat re", ["reset"]),
        ("%omni_chat show ta", ["talk"]),
        ("%omni_chat save phot", ["photos/"]),
    ],
)
def test_tab_offers_options_models_voices_names_and_paths(cells, tmp_path, typed, offered):
    (tmp_path / "photos").mkdir()
    for name in ("photos/dog.png", "photos/notes.txt", "my dog.png"):
        (tmp_path / name).write_bytes(b"")
    cells.variables |= {
        "fig": Figure(),
        "clip": omni.AudioClip(bytes(2), 24_000),
        "talk": omni.Chat("qwen3.5-omni-plus"),
    }
    cells.variables |= {"Clip": Clip, "schema": {"type": "object"}, "table": list[Clip]}
    cells.variables |= {"weather": weather, "half": partial(weather, "Rome"), "sizes": {"a": 1}}
    assert cells.tab(typed) == offered


def test_tab_at_the_beginning_offers_everything(cells):
    cells.variables["fig"] = Figure()
    assert cells.tab("%%omni ") == [
        *("--model", "-m", "--voice", "--text", "--image", "--audio", "--video", "--frames"),
        *("--format", "--tool", "--chat", "--to", "--dry-run", "fig"),
    ]
    assert complete("%omni Who is ", cells.variables).words == ()
    assert complete("%%omni --audio fi", cells.variables).words == ()


def test_completion_leaves_other_code_alone(cells):
    cells.variables["number"] = 1
    assert "number" in cells.tab("numb")
    assert cells.tab("%%omn") == ["%%omni"]


def test_a_field_is_told_from_its_format():
    assert read_prose("{a[1:2]}") == [Field("a[1:2]")]
    assert read_prose("{x:>8}{x:,}{x:03}") == [Field("x", ">8"), Field("x", ","), Field("x", "03")]
    assert read_prose("{x:1}{x: int}") == ["{x:1}{x: int}"]


def test_a_question_in_quotes_is_asked_without_them(cells):
    cells.run('%omni "Who are you?"')
    cells.run("%omni 'Who' said \"why\"?")
    assert [asked(body)[1] for body in cells.bodies] == ["Who are you?", "'Who' said \"why\"?"]
    assert read_line("'tis so?").rest == "'tis so?"
