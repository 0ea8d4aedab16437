#!/usr/bin/env python3
"""Refuse the subject of a commit that is longer than 72 characters.

Git's hook ``commit-msg`` calls it with the file of the message (``make hooks``, or pre-commit).
With ``-`` each line of the standard input is a subject, as ``git log --format=%s`` prints them.
"""

from __future__ import annotations

import re
import sys
from itertools import takewhile
from pathlib import Path

LONGEST = 72
"""What ``git log --oneline`` and GitHub's lists show of a subject without cutting it."""

SCISSORS = "# ------------------------ >8 ------------------------"
FOR_A_REBASE = re.compile(r"^((fixup|squash|amend)! )+")
"""Words of ``git commit --fixup`` and its like: the rebase that they are for takes them away."""


def subject_of(message: str) -> str:
    """Return what git takes as the subject: the first paragraph as one line, without comments."""
    written = takewhile(lambda line: line != SCISSORS, message.splitlines())
    lines = (line.strip() for line in written if not line.startswith("#"))
    paragraph = re.split(r"\n{2,}", "\n".join(lines).strip("\n"))[0]
    return " ".join(paragraph.split("\n"))


def refusal(subject: str) -> str:
    """Return what is wrong with a subject; nothing when it is short enough."""
    length = len(FOR_A_REBASE.sub("", subject))
    if length <= LONGEST:
        return ""
    return (
        f"The subject has {length} characters, {LONGEST} are allowed; "
        f"the rest belongs into the body, below an empty line:\n  {subject}"
    )


def main(source: str) -> int:
    """Look at one message or at many subjects; return the exit code."""
    if source == "-":
        subjects = [line.rstrip("\n") for line in sys.stdin]
    else:
        subjects = [subject_of(Path(source).read_text(encoding="utf-8", errors="replace"))]
    refusals = [*filter(None, map(refusal, subjects))]
    if refusals:
        print("\n".join(refusals), file=sys.stderr)
    return bool(refusals)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
