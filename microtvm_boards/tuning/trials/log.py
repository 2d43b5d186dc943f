"""The log of a tuning: JSON lines, one a trial. Survives a kill at any point, and can go on."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from microtvm_boards.errors import UsageError
from microtvm_boards.tuning.trials.candidate import candidate_key
from microtvm_boards.tuning.trials.measure import Measurement

VERSION = 1
_NAME = "microtvm-boards tuning"  # how a log is told from another file
_HEADER = f'{{"log":"{_NAME}"'.encode()  # how its first line begins

# What a trial goes through, in this order.
PHASES = ("build", "link", "preflight", "load", "run", "check")


@dataclass(frozen=True)
class Trial:
    """What became of one candidate.

    phase: the last one that was reached, of PHASES.
    cause: "" for a good one; otherwise one of trials.CAUSES, and `message` has the words.
    checked: whether its outputs were compared with the untuned kernel's.
    seconds: by phase, as far as it came; "wait" is what it spent between phases.
    config: None for the untuned kernel.
    device: which of the boards; flash_writes: how often that board was flashed so far, where known.
    """

    operator: str
    config: Mapping[str, Any] | None
    phase: str
    cause: str = ""
    message: str = ""
    checked: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    measurement: Measurement | None = None
    board: str = ""
    device: str = ""
    firmware_sha256: str = ""
    kernel_sha256: str = ""
    kernel_bytes: int | None = None
    flash_writes: int | None = None
    at: str = ""  # ISO 8601, UTC
    replayed: bool = field(default=False, compare=False)  # it is from the log; not in the file

    @property
    def key(self) -> str:
        return candidate_key(self.operator, self.config)

    @property
    def good(self) -> bool:
        """Measured, and not known to be wrong."""
        return not self.cause and self.measurement is not None

    def to_json(self) -> dict[str, Any]:
        document = asdict(self)
        del document["replayed"]
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Trial:
        """Raises KeyError, TypeError or ValueError for what is no trial."""
        known = {f.name for f in fields(cls)} - {"replayed"}
        values = {name: value for name, value in document.items() if name in known}
        if values["phase"] not in PHASES or not isinstance(values["operator"], str):
            raise ValueError("no phase of a trial")
        measured = values.get("measurement")
        if measured is not None:
            values["measurement"] = Measurement.from_json(measured)
        return cls(**values, replayed=True)


class TrialLog:
    """An open log: what is in it, and where new trials go. One process at a time.

    A trial is in the file, on the disk, when `append` returns. A line that a kill tore off is
    dropped when the log is opened again: its trial didn't count, and runs again.
    """

    def __init__(
        self, path: Path, file: IO[bytes], about: Mapping[str, Any], trials: dict[str, Trial]
    ) -> None:
        self.path = path
        self.about = dict(about)
        self._file = file
        self._trials = trials

    @classmethod
    def open(cls, path: Path, about: Mapping[str, Any], *, resume: bool = False) -> TrialLog:
        """`about`: what a log is of (board, model, ...), JSON; written into a new one.

        With `resume` an existing log of the same is gone on with; without, there must be none.
        Raises UsageError when there is one, when it is of something else, when another process has
        it, when it is damaged elsewhere than at its end, or can't be written.
        """
        about = json.loads(json.dumps(about))
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is no file.", hint="a name for a new log")
        try:
            file = path.open("a+b", buffering=0)
        except OSError as error:
            raise UsageError(f"{path} can't be written: {error.strerror}.") from error
        try:
            _lock(file, path)
            header, trials, whole = _read(file, path)
            if header is None:
                file.truncate(0)
                _append(file, {"log": _NAME, "version": VERSION, "about": about})
            elif not resume:
                raise _there(path, trials.values())
            else:
                _require_same(path, header, about)
                file.truncate(whole)
        except OSError as error:
            file.close()
            raise UsageError(f"{path} can't be written: {error.strerror}.") from error
        except BaseException:
            file.close()
            raise
        return cls(path, file, about, trials)

    def append(self, trial: Trial) -> None:
        """Raises UsageError when the disk is full or gone, ValueError for a trial that is in."""
        if trial.key in self._trials:
            raise ValueError(f"{trial.key} is in {self.path} already")
        start = self._file.seek(0, os.SEEK_END)
        try:
            _append(self._file, trial.to_json())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(start)
            raise UsageError(
                f"{self.path} can't be written: {error.strerror}.",
                hint="make room, then the same command with --resume",
            ) from error
        self._trials[trial.key] = replace(trial, replayed=True)

    def find(self, operator: str, config: Mapping[str, Any] | None) -> Trial | None:
        """The trial of that candidate; None: it hasn't run."""
        return self._trials.get(candidate_key(operator, config))

    def trials(self, operator: str | None = None) -> list[Trial]:
        """Those of an operator, or all, without the untuned kernels', in the order of the file."""
        return [
            trial
            for trial in self._trials.values()
            if trial.config is not None and operator in (None, trial.operator)
        ]

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> TrialLog:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def check_place(path: Path, *, resume: bool) -> None:
    """Whether a log can be at `path`, before long work that it is for: changes nothing.

    Raises UsageError as TrialLog.open, as far as can be seen from outside.
    """
    if not path.absolute().parent.is_dir():
        raise UsageError(f"There is no directory {path.absolute().parent} for {path.name}.")
    if path.exists() and (not path.is_file() or path.stat().st_size):
        _, trials = read_log(path)
        if not resume:
            raise _there(path, trials)


def _there(path: Path, trials: Iterable[Trial]) -> UsageError:
    count = sum(trial.config is not None for trial in trials)
    return UsageError(
        f"{path} is a log of {count} trials already.",
        hint="--resume to go on with it, or another name",
    )


def best_of(trials: Iterable[Trial]) -> Trial | None:
    """The cheapest of those whose outputs were right."""
    best: Trial | None = None
    for trial in trials:
        if trial.checked and trial.good and beats(trial, best):
            best = trial
    return best


def beats(trial: Trial, best: Trial | None) -> bool:
    """Whether `trial` costs less; anything that was measured beats None."""
    if trial.measurement is None:
        return False
    if best is None or best.measurement is None:
        return True
    return trial.measurement.cost < best.measurement.cost


def read_log(path: Path) -> tuple[dict[str, Any], list[Trial]]:
    """What a log is of, and its trials, untuned kernels too; changes nothing.

    Raises UsageError for a file that isn't there or is no log of ours.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file.")
    try:
        with path.open("rb") as file:
            header, trials, _ = _read(file, path)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from error
    if header is None:
        raise UsageError(f"{path} is empty: no log of a tuning.")
    return header, list(trials.values())


def _read(file: IO[bytes], path: Path) -> tuple[dict[str, Any] | None, dict[str, Trial], int]:
    """(what it is of, trials by key, bytes that are whole). None: nothing whole is in it.

    A kill leaves a part of the last line; a computer that lost its power may leave anything behind
    the last line that reached the disk.
    """
    file.seek(0)
    header: dict[str, Any] | None = None
    trials: dict[str, Trial] = {}
    whole = at = 0
    damage: UsageError | None = None
    for number, line in enumerate(_lines(file.read()), 1):
        at += len(line)
        try:
            document = _parse(line)
            if header is None:
                header = _header(document)
            else:
                trial = Trial.from_json(document)
                trials.setdefault(trial.key, trial)
        except (ValueError, KeyError, TypeError) as error:
            if header is None and (
                line.endswith(b"\n") or not _HEADER.startswith(line[: len(_HEADER)])
            ):
                raise _damaged(path, number, "doesn't begin a log of a tuning", error) from None
            damage = damage or _damaged(path, number, "is no trial", error)
        else:
            if damage is not None:
                raise damage
            whole = at
    return header, trials, whole


def _damaged(path: Path, number: int, what: str, error: Exception) -> UsageError:
    return UsageError(
        f"Line {number} of {path} {what}: {error}.",
        hint="another name for the log, or remove that line",
    )


def _lines(data: bytes) -> list[bytes]:
    """With their ends; what has none comes last."""
    *lines, rest = data.split(b"\n")
    return [line + b"\n" for line in lines] + ([rest] if rest else [])


def _parse(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise ValueError("it has no end")
    document = json.loads(line)
    if not isinstance(document, dict):
        raise ValueError("no JSON object")
    return document


def _header(document: Mapping[str, Any]) -> dict[str, Any]:
    if document.get("log") != _NAME or not isinstance(document.get("about"), dict):
        raise ValueError(f'it has no "log": "{_NAME}"')
    if document.get("version") != VERSION:
        raise ValueError(f"version {document.get('version')}, this is {VERSION}")
    return dict(document["about"])


def _require_same(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    differing = [n for n in {**found, **wanted} if found.get(n) != wanted.get(n)]
    if differing:
        raise UsageError(
            f"{path} is the log of another tuning.",
            details=[f"{n}: {found.get(n)} there, {wanted.get(n)} here" for n in differing],
            hint="another name for the log",
        )


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"Another tuning is writing {path}.", hint="wait for it, or take another name"
        ) from None


def _append(file: IO[bytes], document: Mapping[str, Any]) -> None:
    """One line, on the disk when this returns."""
    rest = json.dumps(document, allow_nan=False, separators=(",", ":")).encode() + b"\n"
    while rest:
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())
