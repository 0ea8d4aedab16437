"""Complete ``voice="`` and ``model="`` in calls of ours, in JupyterLab and in a terminal.

The module is imported with the package wherever IPython runs: the catalog is read at the first
Tab.
"""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

IDENTIFIER: Final = "omni_nb.values"

_TYPED: Final = r"""(?P<quote>["'])(?P<typed>[^"'\n]*)\Z"""
_VALUE: Final = re.compile(r"\b(?P<name>voice|model)\s*=\s*" + _TYPED)
_FIRST: Final = re.compile(r"(?<=\bChat\()\s*" + _TYPED)
_CALLEE: Final = re.compile(r"(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*)\.?\s*\Z")
_MODEL: Final = re.compile(r"""(?:\bmodel\s*=\s*|\bChat\(\s*)["'](?P<model>[^"']+)["']""")


def values(code: str, namespace: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return what was typed of a voice or a model, and what it may be.

    Parameters
    ----------
    code
        A cell up to the cursor.
    namespace
        The notebook's variables: whether a call is one of ours is looked up there.

    Examples
    --------
    >>> import omni_nb
    >>> values('omni.ask("Who?", voice="Ch', {"omni": omni_nb})
    ('Ch', ('Cherry', 'Chelsie'))
    >>> values('other.ask("Who?", voice="Ch', {"omni": omni_nb})
    ('', ())
    """
    found = _VALUE.search(code) or _FIRST.search(code)
    if found is None:
        return "", ()
    before = code[: found.start()]
    call = before if before.endswith(".") else _open_call(code[: found.start("quote")])
    path = _CALLEE.search(call)
    if path is None:
        return "", ()
    owner, called = _named(path["path"], namespace)
    if not _is_ours(called):
        return "", ()
    typed = found["typed"]
    is_model = found.groupdict().get("name", "model") == "model"
    names = _models() if is_model else _voices(_model_of(code, path.start(), owner))
    return typed, tuple(name for name in names if name.startswith(typed))


def install(shell: Any) -> None:
    """Let a shell complete voices and models; IPython before 8.6 cannot."""
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:
        return

    def matches(context: Any) -> dict[str, Any]:
        lines = context.full_text.split("\n")[: context.cursor_line]
        code = "\n".join([*lines, context.text_until_cursor])
        typed, names = values(code, shell.user_ns)
        return {
            "completions": [SimpleCompletion(text=name, type="value") for name in names],
            "matched_fragment": typed,
            "suppress": bool(names),
            "ordered": True,
        }

    matchers = shell.Completer.custom_matchers
    matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != IDENTIFIER]
    matchers.append(context_matcher(identifier=IDENTIFIER)(matches))


def install_here() -> None:
    """Install the completion in the IPython that runs this process, if any."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if hasattr(shell, "Completer"):
        install(shell)


def _open_call(code: str) -> str:
    """Return the code before the parenthesis that is open last; "" where none is."""
    depth = 0
    for place in range(len(code) - 1, -1, -1):
        if code[place] in ")]}":
            depth += 1
        elif code[place] in "([{":
            if depth == 0:
                return code[:place] if code[place] == "(" else ""
            depth -= 1
    return ""


def _named(path: str, namespace: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the variable that a dotted name begins with, and what it is of."""
    first, *rest = path.split(".")
    owner = found = namespace.get(first)
    for name in rest:
        if name not in dir(found):
            return None, None
        # Of a value only the class is asked: no property of other people's code is run.
        found = getattr(found if isinstance(found, ModuleType) else type(found), name)
    return owner, found


def _is_ours(found: Any) -> bool:
    module = getattr(found, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] == "omni_nb"


def _model_of(code: str, start: int, owner: Any) -> str:
    """Return the model whose voices are asked for: the one in the call, or the chat's own."""
    from omni_nb.wire.request import DEFAULT_MODEL

    said = _MODEL.search(code, start)
    if said is not None:
        return said["model"]
    own = getattr(owner, "model", None) if _is_ours(type(owner)) else None
    return own if isinstance(own, str) else DEFAULT_MODEL


def _models() -> list[str]:
    from omni_nb.rules.catalog import known_models

    return [facts.name for facts in known_models()]


def _voices(model: str) -> tuple[str, ...]:
    from omni_nb.rules.catalog import find_model

    facts = find_model(model)
    return facts.voices.names if facts else ()
