"""Syntax: lines of ``%omni`` end with a question mark, which to IPython asks for help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core.inputtransformer2 import EscapedCommand

if TYPE_CHECKING:
    from typing_extensions import Self

_ASKS = re.compile(r"%omni[ \t]+\S")


class QuestionLine(EscapedCommand):
    """A line such as ``%omni Who are you?``, found before IPython's help on ``you`` is."""

    priority = 1

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> Self | None:
        """Return the first of these lines; in a string or a comment there is none."""
        for line in tokens_by_line:
            token = next((token for token in line if token.string.strip()), None)
            if token is not None and _ASKS.match(token.line[token.start[1] :]):
                return cls(token.start)
        return None


def install(shell: Any) -> None:
    """Let questions of ``%omni`` end with a question mark; ``%omni?`` still asks for help."""
    uninstall(shell)
    shell.input_transformer_manager.token_transformers.append(QuestionLine)


def uninstall(shell: Any) -> None:
    """Undo `install`."""
    known = shell.input_transformer_manager.token_transformers
    known[:] = [one for one in known if one.__name__ != QuestionLine.__name__]
