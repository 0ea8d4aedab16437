"""Journal: the file of a run's answers, a line each, which outlives the process.

A row is finished when its sound lies under its final name and one whole line is written and on
disk. A line ``{"sent": ...}`` goes before each request. The last line of a key counts; a line
that was cut, or is none of ours, is passed over, and what is there is never rewritten.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import threading
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, Literal

from filelock import FileLock, Timeout

from omni_nb.errors import RequestError, brief
from omni_nb.media.clip import SPEECH_SAMPLE_RATE, AudioClip
from omni_nb.media.folder import replacing
from omni_nb.media.paths import open_regular, why
from omni_nb.media.samples import write_wav
from omni_nb.media.text import well_formed
from omni_nb.rules.counts import count_of
from omni_nb.rules.money import EXACT
from omni_nb.rules.pricing import Cost, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO, TypeAlias

    from typing_extensions import Self

    from omni_nb.media.clip import Storage

ROWS_FILE: Final = "rows.jsonl"
AUDIO_FOLDER: Final = "audio"
VERSION: Final = 1
MOST_LINE_BYTES: Final = 32 * 2**20
"""A longer line is none of ours."""

_FILE = re.compile(r"rows(-[A-Za-z0-9._-]{1,200})?\.jsonl")
_KEY = re.compile(r"[0-9a-f]{64}")
_AUDIO = re.compile(r"audio/[0-9a-f]{16}\.(wav|mp3|opus)")
_MOST_TEXT = 4_000
State: TypeAlias = Literal["done", "failed", "stopped"]
_STATES: Final = ("done", "failed", "stopped")


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the line of a finished row is, and what of it is needed without reading it."""

    run: str
    state: State
    place: int
    name: str
    file: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Line:
    """What a finished row's line says.

    Attributes
    ----------
    key, run
        The hash of the row's request, and that of the run's question.
    place, name
        The row's place in the input, and its name.
    state
        How it ended.
    audio, audio_bytes
        The file of the speech, relative to the folder, and its size.
    usage, cost
        Of all attempts.
    """

    key: str
    run: str
    place: int
    name: str
    state: State
    text: str = ""
    audio: str | None = None
    audio_bytes: int | None = None
    seconds: float | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    finish_reason: str | None = None
    error: str | None = None
    code: str | None = None
    attempts: int = 0
    request_id: str | None = None
    sent_at: float | None = None
    seconds_taken: float | None = None

    def record(self) -> dict[str, Any]:
        """Return the line as JSON holds it."""
        usage, cost = self.usage, self.cost
        return {
            "v": VERSION,
            "key": self.key,
            "run": self.run,
            "row": self.place,
            "id": self.name,
            "status": self.state,
            "text": self.text,
            "audio": self.audio,
            "audio_bytes": self.audio_bytes,
            "seconds": self.seconds,
            "usage": usage and usage.record(),
            "cost": cost and {name: f"{amount:f}" for name, amount in cost.amounts.items()},
            "currency": cost and cost.currency,
            "finish_reason": self.finish_reason,
            "error": self.error,
            "code": self.code,
            "attempts": self.attempts,
            "request_id": self.request_id,
            "sent_at": self.sent_at,
            "seconds_taken": self.seconds_taken,
        }

    @classmethod
    def read(cls, record: Any) -> Line | None:
        """Return what a record says, each value of its type; None where it is no such line."""
        if not isinstance(record, dict) or record.get("status") not in _STATES:
            return None
        key, place = record.get("key"), count_of(record.get("row"))
        if not isinstance(key, str) or not _KEY.fullmatch(key) or place is None:
            return None
        audio, usage = record.get("audio"), record.get("usage")
        is_ours = isinstance(audio, str) and _AUDIO.fullmatch(audio)
        return cls(
            key=key,
            run=_text(record.get("run")) or "",
            place=place,
            name=_text(record.get("id")) or f"row {place + 1}",
            state=record["status"],
            text=well_formed(record["text"]) if isinstance(record.get("text"), str) else "",
            audio=audio if is_ours else None,
            audio_bytes=count_of(record.get("audio_bytes")),
            seconds=_number(record.get("seconds")),
            usage=Usage.from_record(usage) if isinstance(usage, dict) else None,
            cost=_cost(record.get("cost"), record.get("currency")),
            finish_reason=_text(record.get("finish_reason")),
            error=_text(record.get("error")),
            code=_text(record.get("code")),
            attempts=count_of(record.get("attempts")) or 0,
            request_id=_text(record.get("request_id")),
            sent_at=_number(record.get("sent_at")),
            seconds_taken=_number(record.get("seconds_taken")),
        )


class Tally:
    """What the lines of one question have used and cost.

    Attributes
    ----------
    lines
        How many rows were sent.
    """

    def __init__(self) -> None:
        self.lines = 0
        self._sides: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._totals = [0, 0, 0]
        self._amounts: dict[str, Decimal] = {}
        self._currency: str | None = None
        self._is_known = True

    def add(self, line: Line) -> None:
        """Count a line; a row that was never sent has cost nothing."""
        if not line.attempts:
            return
        self.lines += 1
        if (usage := line.usage) is not None:
            self._sides[0].update(usage.input)
            self._sides[1].update(usage.output)
            for n, count in enumerate((usage.input_total, usage.output_total, usage.reasoning)):
                self._totals[n] += count
        if (cost := line.cost) is None or self._currency not in (None, cost.currency):
            self._is_known = False
            return
        self._currency = cost.currency
        for name, amount in cost.amounts.items():
            self._amounts[name] = EXACT.add(self._amounts.get(name, Decimal(0)), amount)

    @property
    def usage(self) -> Usage:
        """All tokens that the service counted."""
        asked, answered, reasoning = self._totals
        return Usage(
            dict(self._sides[0]),
            dict(self._sides[1]),
            input_total=asked,
            output_total=answered,
            reasoning=reasoning,
        )

    @property
    def cost(self) -> Cost | None:
        """What all cost; None where one is not known, or none was sent."""
        is_known = self._is_known and self._currency is not None
        return Cost(self._amounts, self._currency) if is_known and self._currency else None


class Journal:
    """The journal of a folder; reads all of its files, and appends to one.

    Attributes
    ----------
    folder
        Where the files are.
    headers
        The headers by the hash of their question.
    """

    def __init__(self, folder: Path, file: str = ROWS_FILE) -> None:
        self.folder = folder
        self.headers: dict[str, dict[str, Any]] = {}
        self._own = file
        self._entries: dict[str, Entry] = {}
        self._sent: dict[str, int] = {}  # place by key: no end of it was read
        self._tallies: dict[str, Tally] = {}
        self._read_to: dict[str, int] = {}
        self._writing = threading.Lock()
        self._reading, self._refreshing = threading.Lock(), threading.Lock()
        self._counting = threading.Lock()
        self._number: int | None = None
        self._size = 0
        self._lock: FileLock | None = None

    # -- reading -----------------------------------------------------------------------------

    def refresh(self) -> Self:
        """Read what has come to the files since.

        Raises
        ------
        RequestError
            A file cannot be read.
        """
        try:
            with self._refreshing:
                for name in sorted(n for n in os.listdir(self.folder) if _FILE.fullmatch(n)):
                    for start, record, length in self._new_lines(name):
                        self._take(name, start, length, record)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise RequestError(
                f"The answers in {brief(str(self.folder))} cannot be read: {why(error)}."
            ) from error
        return self

    def _new_lines(self, name: str) -> Iterator[tuple[int, Any, int]]:
        with open_regular(self.folder / name) as file:
            at = self._read_to.get(name, 0)
            if os.fstat(file.fileno()).st_size == at:
                return
            file.seek(at)
            for written, length in _lines(file):
                yield at, _json(written), length
                at += length
                self._read_to[name] = at

    def _take(self, name: str, start: int, length: int, record: Any) -> None:
        if not isinstance(record, dict):
            return
        sent, unsent, moved = (record.get(name) for name in ("sent", "unsent", "moved"))
        if isinstance(sent, str) and _KEY.fullmatch(sent):
            self._sent[sent] = count_of(record.get("row")) or 0
        elif isinstance(unsent, str):
            self._sent.pop(unsent, None)
        elif isinstance(moved, str) and moved in self._entries:
            place = count_of(record.get("row"))
            if place is not None:
                name = _text(record.get("id")) or f"row {place + 1}"
                self._entries[moved] = replace(self._entries[moved], place=place, name=name)
        elif isinstance(record.get("question"), str) and isinstance(record.get("run"), str):
            self.headers[record["run"]] = record
        elif (line := Line.read(record)) is not None:
            self._note(line, name, start, length)

    def _note(self, line: Line, file: str, start: int, length: int) -> None:
        run = sys.intern(line.run)
        entry = Entry(run, line.state, line.place, line.name, file, start, length)
        self._entries[line.key] = entry
        self._sent.pop(line.key, None)
        with self._counting:
            self.tally(line.run).add(line)

    def tally(self, run: str) -> Tally:
        """Return what all lines of a question cost, also those that were asked anew."""
        return self._tallies.setdefault(run, Tally())

    @property
    def lost(self) -> dict[str, int]:
        """The places, by key, of the rows that were sent and never ended."""
        return dict(self._sent)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Where the line of each finished row is."""
        return self._entries

    def find(self, key: str) -> Line | None:
        """Return the last line of a row; None where there is none, or it cannot be read."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        try:
            with self._reading, open_regular(self.folder / entry.file) as file:
                file.seek(entry.start)
                return Line.read(_json(file.read(entry.length)))
        except OSError:
            return None

    def answer(self, key: str) -> Line | None:
        """Return the line of a row that is done, with its sound whole; else None."""
        entry = self._entries.get(key)
        if entry is None or entry.state != "done":
            return None
        line = self.find(key)
        if line is None or line.state != "done":
            return None
        if line.audio is not None:
            try:
                size = (self.folder / line.audio).stat().st_size
            except OSError:
                return None
            if size != line.audio_bytes:
                return None
        return line

    # -- writing -----------------------------------------------------------------------------

    def open(self, *, lock: bool = True) -> None:
        """Take the folder, and make its file ready to be appended to.

        Raises
        ------
        RequestError
            Another run has the folder, or it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if lock:
                self._take_lock()
            number = os.open(self.folder / self._own, os.O_RDWR | os.O_CREAT | _BINARY, 0o644)
            self._number, self._size = number, _whole(number)
            os.ftruncate(number, self._size)  # a line that a dying process did not finish
        except OSError as error:
            self.close()
            raise RequestError(
                f"The folder {brief(str(self.folder))} cannot be written: {why(error)}. Nothing "
                "was sent. Choose another with into=."
            ) from error

    def _take_lock(self) -> None:
        held = FileLock(self.folder / ".lock", timeout=0, thread_local=False)
        holder = self.folder / ".holder"
        try:
            held.acquire()
        except Timeout:
            raise RequestError(
                f"Another run has the folder {brief(str(self.folder))}: {_held_by(holder)}. Stop "
                "it, wait for it, or choose another folder with into=. Nothing was sent."
            ) from None
        self._lock = held
        with replacing(holder) as file:
            words = {"pid": os.getpid(), "host": socket.gethostname()}
            file.write(json.dumps(words).encode())

    def append(self, record: Mapping[str, Any], *, is_final: bool = True) -> tuple[int, int]:
        """Append a line; return where it begins, and its length.

        Parameters
        ----------
        record
            What it says.
        is_final
            Whether it has to be on disk before this returns.

        Raises
        ------
        OSError
            The line could not be written; then nothing of it is in the file.
        """
        written = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        data = written.encode("utf-8", "replace") + b"\n"
        with self._writing:
            if self._number is None:
                raise OSError("the journal is closed")
            start = self._size
            try:
                os.lseek(self._number, start, os.SEEK_SET)
                if os.write(self._number, data) != len(data):
                    raise OSError(28, "No space left on device")
            except OSError:
                os.ftruncate(self._number, start)
                raise
            self._size = start + len(data)
            if self._read_to.get(self._own, 0) == start:
                self._read_to[self._own] = self._size  # who wrote it need not read it
            number = self._number
        if is_final:
            os.fsync(number)
        return start, len(data)

    def begin(self, header: Mapping[str, Any]) -> None:
        """Append a header, unless the file has it.

        Raises
        ------
        OSError
            It could not be written.
        """
        if header["run"] not in self.headers:
            self.append(header)
            self.headers[header["run"]] = dict(header)

    def send(self, key: str, place: int, at: float) -> None:
        """Note that a row is about to be sent.

        Raises
        ------
        OSError
            It could not be written: then the row must not be sent.
        """
        self.append({"sent": key, "row": place, "at": at}, is_final=False)

    def unsend(self, key: str) -> None:
        """Note that a row that was sent was refused, and waits: nothing of it was billed.

        Raises
        ------
        OSError
            It could not be written.
        """
        self.append({"unsent": key}, is_final=False)

    def move(self, key: str, place: int, name: str) -> None:
        """Note the new place and name of a row that is answered already, where they changed.

        Raises
        ------
        OSError
            It could not be written.
        """
        entry = self._entries[key]
        if (entry.place, entry.name) != (place, name):
            self.append({"moved": key, "row": place, "id": name}, is_final=False)
            self._entries[key] = replace(entry, place=place, name=name)

    def finish(self, line: Line) -> None:
        """Append what came of a row; it is on disk when this returns.

        Raises
        ------
        OSError
            It could not be written.
        """
        # What was never sent can be found out again: it need not be on disk at once.
        start, length = self.append(line.record(), is_final=line.attempts > 0)
        self._note(line, self._own, start, length)

    def keep(self, line: Line, pcm: bytes | bytearray, storage: Storage) -> Line:
        """Write a row's speech to its file, then its line; return that.

        Raises
        ------
        OSError
            One of the two could not be written.
        """
        if pcm:
            data = b""
            if storage != "wav":
                try:
                    data = AudioClip(bytes(pcm), SPEECH_SAMPLE_RATE).to_file(storage)
                except Exception:  # what is paid for is kept, in the form that nothing can prevent
                    storage = "wav"
            name, size = save_sound(self.folder, line.key, data or pcm, storage)
            seconds = len(pcm) / 2 / SPEECH_SAMPLE_RATE
            line = replace(line, audio=name, audio_bytes=size, seconds=seconds)
        self.finish(line)
        return line

    def close(self) -> None:
        """Give the folder back; a second call does nothing."""
        with self._writing:
            number, self._number = self._number, None
            held, self._lock = self._lock, None
        if number is not None:
            os.close(number)
            self._read_to[self._own] = self._size
        if held is not None:
            held.release()

    @property
    def is_open(self) -> bool:
        """Whether lines can be appended."""
        return self._number is not None


def save_sound(
    folder: Path, key: str, data: bytes | bytearray, storage: Storage
) -> tuple[str, int]:
    """Write a row's sound under its final name; return that and its size.

    ``data`` is a file, but for WAV the samples alone: of those no copy is made.

    Raises
    ------
    OSError
        The file could not be written.
    """
    name = f"{AUDIO_FOLDER}/{key[:16]}.{storage}"
    target = folder / name
    target.parent.mkdir(exist_ok=True)
    with replacing(target, tidies=False) as file:
        if storage == "wav":
            write_wav(file, data, SPEECH_SAMPLE_RATE)
        else:
            file.write(data)
        size = file.tell()
    return name, size


_BINARY: Final = getattr(os, "O_BINARY", 0)


def _lines(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield whole lines with their length; of one that is longer than any of ours nothing else.

    What follows the last newline is torn, or still being written.
    """
    while line := file.readline(MOST_LINE_BYTES):
        length = len(line)
        while not line.endswith(b"\n"):
            line = file.readline(MOST_LINE_BYTES)
            length += len(line)
            if not line:
                return
        yield (line if length == len(line) else b""), length


def _whole(number: int) -> int:
    """Return the size of a file without what follows its last newline."""
    size = os.lseek(number, 0, os.SEEK_END)
    end = size
    while end > 0:
        start = max(0, end - 2**16)
        os.lseek(number, start, os.SEEK_SET)
        found = os.read(number, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _held_by(holder: Path) -> str:
    try:
        with open_regular(holder) as file:
            said = json.loads(file.read(4096))
        pid, host = count_of(said["pid"]), str(said["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return "who it is cannot be read"
    if pid == os.getpid() and host == socket.gethostname():
        return "it goes on in this very process"
    return f"process {pid} on {brief(host)}"


def _json(written: bytes) -> Any:
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        return None


def _text(value: object) -> str | None:
    return well_formed(value)[:_MOST_TEXT] if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
        return None
    return float(value)


def _cost(value: object, currency: object) -> Cost | None:
    if not isinstance(value, dict) or not isinstance(currency, str) or not 0 < len(currency) < 9:
        return None
    amounts = {}
    for name, written in value.items():
        try:
            amount = Decimal(written) if isinstance(written, str) and len(written) < 80 else None
        except InvalidOperation:
            amount = None
        if amount is None or not amount.is_finite() or amount < 0 or abs(amount.adjusted()) > 30:
            return None
        amounts[str(name)[:20]] = amount
    return Cost(amounts, currency)
