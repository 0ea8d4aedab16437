"""The magics ``%%omni``, ``%omni`` and ``%omni_chat``."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from IPython.display import display

from omni_nb.errors import ReplyError, noted_warnings
from omni_nb.media.text import plain
from omni_nb.render.transcript import transcript_bundle, transcript_text
from omni_nb.views.magics import completion, syntax
from omni_nb.views.magics.conversations import (
    USUAL,
    change,
    check_is_text,
    checked_name,
    find_chat,
    sent_parts,
    unless_refused,
)
from omni_nb.views.magics.dry_run import dry_run
from omni_nb.views.magics.names import Names
from omni_nb.views.magics.options import read_line, words_of
from omni_nb.views.magics.question import (
    cell_question,
    format_given,
    line_question,
    request_options,
    tools_given,
)
from omni_nb.views.magics.template import read_value
from omni_nb.views.notebook import Chat
from omni_nb.views.session import session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omni_nb.media.parts import Part
    from omni_nb.rules.formats import AnswerFormat
    from omni_nb.views.magics.options import Given, Kind

VERBS = ("reset", "show", "save")


@magics_class
class OmniMagics(Magics):
    """Ask omni models in cells of their own."""

    if TYPE_CHECKING:
        shell: Any

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def omni(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> None:
        """Ask an omni model; the answer streams into the cell, and is heard with --voice.

        The question is below the line of a cell, or in one line after %omni:

            %%omni --voice Cherry
            What is a notebook good for?

            %omni Say it in five words.

        A cell goes on with the conversation of the cells before it, and a cell that is run again
        asks again; `%omni_chat reset` begins anew. The magic returns nothing: the answer is in
        `_omni`, and in VAR if you name one.

        Options

            -m, --model MODEL    who answers, such as -m qwen3-omni-flash
            --voice VOICE        speak, with this voice
            --text               write only
            --image IMAGE        attach an image; may be given again for more
            --audio AUDIO        attach audio
            --video VIDEO        attach a video
            --frames IMAGE...    attach a video as its frames, or drawn from a video file
            --format NAME        answer as data, in the form of this type or JSON schema
            --tool NAME          let the model call this function; may be given again for more
            --chat NAME          ask this conversation: a variable with an omni_nb.Chat in it,
                                 or a new one
            --to VAR             put the answer into this variable, too
            --dry-run            show the estimate and the request; send nothing

        and the options of omni_nb.ask: --temperature 0.2, --top-p, --top-k, --seed 7, --stop END,
        --presence-penalty, --frequency-penalty, --repetition-penalty, --max-tokens 200,
        --max-completion-tokens, --enable-thinking, --thinking-budget, --reasoning-effort low,
        --enable-search, --search-options, --vl-high-resolution-images, --use-multichannel,
        --tool-choice TOOL, --parallel-tool-calls.

        Model, voice, tools and options stay for the next cells; --format is for this one. IMAGE,
        AUDIO and VIDEO are a variable, a path (in quotes where it has blanks; `*` stands for
        several files), a URL or an {expression}. For a file with the name of a variable write
        ./name. With %omni, -- ends the options.

        What is in your notebook

        {expression} is filled in, also in the values of options; an image, figure or clip is
        attached. {price:.2f} formats as in an f-string:

            prices = [3, 5, 4.5]
            %omni Is {sum(prices) / len(prices):.2f} a fair mean of {prices}?

        Names of images, figures and clips on the line are attached, and so are those that
        the question mentions, if nothing else is attached and the conversation does not have
        them yet:

            from matplotlib import pyplot as plt
            fig, ax = plt.subplots()
            ax.plot(prices);

            %%omni --chat plots --to answer
            What is odd in fig?

            %%omni --dry-run fig
            What would it cost to ask about it?

        Answers as data, and your own functions

        NAME after --format is a dataclass, a pydantic model, another type, or a JSON schema. The
        value is in `_omni.parsed`:

            from dataclasses import dataclass

            @dataclass
            class Plot:
                kind: str
                is_rising: bool

            %%omni -m qwen3.5-omni-plus --text --format Plot fig
            What is in this plot?

            _omni.parsed

        NAME after --tool is a function of yours. It runs without asking; `_omni.tool_calls` has
        what was called, and `_omni_chat.tools = []` takes the functions away:

            def weather(city: str) -> str:
                "The weather now."
                return f"{city}: 21 °C"

            %omni -m qwen3-omni-flash --tool weather How warm is it in Hangzhou?

        Braces of code, JSON and formulas stay as they are, and so does all within a ``` fence
        but a line that is one {expression}. {{ and }} are braces.
        """
        names = Names(self.shell.user_ns, local_ns)
        given = read_line(line)
        name = self._text(given, "chat", names) or USUAL
        target = self._text(given, "to", names)
        if target:
            checked_name(target, "--to")
        known = find_chat(name, names)
        question = self._question(given, cell, names, sent_parts(known))
        wanted = format_given(given, names)
        with _said_here():
            chat = known or Chat()
            if given.has("dry"):
                chat = chat.fork()
                self._change(chat, given, names)
                if wanted is not None:
                    chat.response_format = wanted
                display(dry_run(chat, question))  # type: ignore[no-untyped-call]
                return
            with unless_refused(chat):
                self._change(chat, given, names)
                if known is None:
                    self.shell.user_ns[name] = chat
                self._ask(chat, question, wanted, target)

    @no_var_expand
    @line_magic
    def omni_chat(self, line: str) -> None:
        """Forget, show or save a conversation of %%omni.

            %omni_chat show [NAME]         the turns so far
            %omni_chat save PATH [NAME]    as talk.json, to go on with omni_nb.Chat.load(...);
                                           as talk.html or talk.ipynb, to give away
            %omni_chat reset [NAME]        begin anew; model and voice stay

        NAME is that of --chat; without it, the conversation is the one that %%omni asks when
        none is named. It is in the variable `_omni_chat`: `_omni_chat.panel()` shows it as a
        panel.

            %omni --text Who are you?
            %omni_chat show
            %omni_chat save talk.json
            %omni_chat reset
        """
        verb, *values = [word.text for word in words_of(line)] or [""]
        count = 1 if verb == "save" else 0
        if verb not in VERBS or not count <= len(values) <= count + 1:
            raise UsageError(
                "%omni_chat takes reset, show or save PATH, and then the NAME of a conversation "
                "if it has one: %omni_chat save talk.json lesson."
            )
        names = Names(self.shell.user_ns)
        values = [names.filled(read_value(value)) for value in values]
        name = values[count] if len(values) > count else USUAL
        chat = find_chat(name, names)
        if chat is None or not chat.replies:
            said = f"There is no conversation{'' if name == USUAL else f' {name!r}'} yet."
            if verb == "save":
                raise UsageError(said)
            _say(said)  # a notebook may begin with a reset, and be run as a whole
        elif verb == "show":
            _show(chat)
        elif verb == "save":
            _say(f"Saved {_counted(chat)} to {_save(chat, values[0])}.")
        else:
            _say(f"Forgot {_counted(chat)}; {chat.model} goes on.")
            chat.undo(len(chat.replies))

    def _question(
        self, given: Given, cell: str | None, names: Names, sent: Any
    ) -> tuple[Part, ...]:
        if cell is None:
            return line_question(given, names, sent)
        return cell_question(given, cell, names, sent)

    def _change(self, chat: Chat, given: Given, names: Names) -> None:
        change(
            chat,
            model=self._text(given, "model", names),
            voice=self._text(given, "voice", names),
            is_text=given.has("text"),
            tools=tools_given(given, names),
            options=request_options(given, names),
        )
        if given.has("format"):
            check_is_text(chat, "--format")

    def _text(self, given: Given, kind: Kind, names: Names) -> str | None:
        """Return the value of an option that is words."""
        value = given.one(kind)
        return None if value is None else names.filled(read_value(value))

    def _ask(
        self,
        chat: Chat,
        question: tuple[Part, ...],
        wanted: AnswerFormat | None,
        target: str | None,
    ) -> None:
        reply = None
        try:
            reply = chat.ask(*question, response_format=wanted)
        except ReplyError as error:
            reply = error.reply
            raise
        finally:
            if reply is not None:
                self.shell.user_ns.update({"_omni": reply, **({target: reply} if target else {})})


def load(shell: Any) -> None:
    """Give a shell the magics, their completion and their syntax; twice does no harm."""
    shell.register_magics(OmniMagics)
    completion.install(shell)
    syntax.install(shell)


def unload(shell: Any) -> None:
    """Take the magics away; conversations stay, they are variables."""
    for table, names in (("line", ("omni", "omni_chat")), ("cell", ("omni",))):
        for name in names:
            shell.magics_manager.magics[table].pop(name, None)
    completion.uninstall(shell)
    syntax.uninstall(shell)


@contextmanager
def _said_here() -> Iterator[None]:
    """Let our warnings name the magic: their line would be one of IPython's own."""
    with noted_warnings() as said:
        try:
            yield
        finally:
            for words in said:
                warnings.warn_explicit(words, UserWarning, "%%omni", 1)


def _show(chat: Chat) -> None:
    if session().shell is None:
        _say(transcript_text(chat.replies))
    else:
        session().show(transcript_bundle(chat.replies))


def _save(chat: Chat, path: str) -> Path:
    is_export = Path(path).suffix.lower() in (".html", ".ipynb")
    return chat.export(path) if is_export else chat.save(path)


def _counted(chat: Chat) -> str:
    return f"{len(chat.replies)} turn{'s' * (len(chat.replies) != 1)}"


def _say(words: str) -> None:
    print(plain(words))  # noqa: T201 - a command says what it did
