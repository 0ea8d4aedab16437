"""Run the command ``omni-nb`` with its commands lab, serve and doctor."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from omni_nb.cli import doctor, lab, serve
from omni_nb.cli.terminal import fail, prepare
from omni_nb.errors import OmniError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABOUT = "Ask omni models in a notebook: tutorials, a stand-in service, and a check of the machine."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    prepare()
    own, further = _split(sys.argv[1:] if arguments is None else arguments)
    options = _parse(own, further)
    try:
        code: int = options.run(options)
    except OmniError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return fail("stopped.") + 129  # what a shell calls an end by Ctrl+C
    except BrokenPipeError:
        # Whoever read has gone (`omni-nb doctor | head -3`); Python would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the arguments at ``--``: those behind it are for another program."""
    place = arguments.index("--") if "--" in arguments else len(arguments)
    return list(arguments[:place]), list(arguments[place + 1 :])


def _parse(own: list[str], further: list[str]) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(own)
    if further and options.run is not lab.run:
        parser.error(f"only lab takes arguments after '--', not: {' '.join(further)}")
    options.further = further
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="omni-nb", description=_ABOUT)
    parser.add_argument("--version", action="version", version=f"omni-nb {_version()}")
    parser.set_defaults(run=lambda _: _show(parser))
    commands = parser.add_subparsers(metavar="command")
    for command in (lab, serve, doctor):
        command.add_to(commands)
    return parser


def _show(parser: argparse.ArgumentParser) -> int:
    """Print the help where no command is named; return the exit code."""
    parser.print_help()
    return 2


def _version() -> str:
    try:
        return version("omni-nb")
    except PackageNotFoundError:
        return "(not installed)"
