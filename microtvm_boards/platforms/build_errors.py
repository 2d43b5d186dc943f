"""What went wrong in a build, from what CMake, Ninja, Make, GCC, Clang and GNU ld print."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.boards import Board

_LAST_LINES = 20
_LINE_LIMIT = 200  # characters; a compiler's command line has thousands


@dataclass(frozen=True)
class Failure:
    """The first error of a build. `file` is relative to the project when it lies inside."""

    message: str
    file: str | None = None
    line: int | None = None
    hint: str = ""

    @property
    def place(self) -> str:
        """ "file:line: ", as much of it as is known."""
        if self.file is None:
            return ""
        return f"{self.file}:{self.line}: " if self.line is not None else f"{self.file}: "


_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_COMPILER = re.compile(r"(?P<file>[^\s:][^:]*):(?P<line>\d+):(?:\d+:)? (?:fatal )?[eE]rror: (?P<text>.+)")
_UNDEFINED = re.compile(r"undefined (?:reference to|symbol:?) [`'\"]?(?P<symbol>[^'`\"]+)")
_OVERFLOW = re.compile(r"region [`'](?P<region>\w+)' overflowed by (?P<bytes>\d+) bytes?")
_MULTIPLE = re.compile(r"multiple definition of [`'](?P<symbol>[^']+)'")
_CMAKE_AT = re.compile(r"CMake Error at (?P<file>.+?):(?P<line>\d+) ?\(.*\):$")
_CMAKE = re.compile(r"CMake Error: (?P<text>.+)")
_LINKER_LINE = re.compile(r"(?:\S*/)?(?:[\w-]+-)?ld(?:\.\w+)?: (?P<rest>.+)")
_LINKER_PLACE = re.compile(r"(?:.*: in function .*:)?(?P<file>[^\s:(]+):(?P<line>\d+): ")
_TOOL = re.compile(
    r"(?:\S*/)?(?P<tool>[\w.+-]*(?:gcc|cc|clang|g\+\+|cc1|as|ninja)(?:-\d+)?): "
    r"(?:fatal )?error: (?P<text>.+)"
)
_MAKE = re.compile(r"g?make(?:\[\d+\])?: \*\*\* (?P<text>.+)")
_MISSING_HEADER = re.compile(
    r"(?P<header>\S+): No such file or directory|'(?P<quoted>[^']+)' file not found"
)
_C_LIBRARY = re.compile(r"(?:std\w+|string|math|assert|errno|limits|inttypes|time)\.h")


def explain(output: Sequence[str], project: Path, board: Board) -> Failure:
    """The first error in `output`, the lines of a build of `project` for `board` that failed.

    Never raises: output without a line that looks like an error gives a Failure that says so.
    """
    lines = [_ESCAPE.sub("", line) for line in output]
    overflow = _overflow(lines, board)
    for number, line in enumerate(lines):
        for parse in (_compiler, _cmake, _linker, _tool):
            failure = parse(lines, number)
            if failure is None:
                continue
            if overflow is not None and _LINKER_LINE.match(line):
                return overflow
            return _finished(failure, project)
    for line in lines:
        if match := _MAKE.match(line):
            return Failure(match["text"])
    return Failure("no line of the output names an error")


def last_lines(output: Sequence[str]) -> list[str]:
    """The last lines for the message, without the commands that led to them and cut to length."""
    shown: list[str] = []
    command = False
    for raw in output:
        line = _ESCAPE.sub("", raw).rstrip()
        if line and not command and not re.match(r"\[ *\d+(/\d+|%)\] ", line):
            shown.append(line if len(line) <= _LINE_LIMIT else line[:_LINE_LIMIT] + " ...")
        command = line.startswith("FAILED: ")  # Ninja: the command is the line that follows
    return shown[-_LAST_LINES:]


def _compiler(lines: Sequence[str], number: int) -> Failure | None:
    match = _COMPILER.match(lines[number])
    if match is None or _CMAKE_AT.match(lines[number]):
        return None
    return Failure(match["text"], match["file"], int(match["line"]))


def _cmake(lines: Sequence[str], number: int) -> Failure | None:
    if match := _CMAKE.match(lines[number]):
        return Failure(match["text"])
    match = _CMAKE_AT.match(lines[number])
    if match is None:
        return None
    text: list[str] = []
    for line in lines[number + 1 :]:
        if line.strip():
            if not line.startswith("  "):
                break
            text.append(line.strip())
        elif text:  # the first paragraph says it
            break
    return Failure(" ".join(text) or "error", match["file"], int(match["line"]))


def _linker(lines: Sequence[str], number: int) -> Failure | None:
    match = _LINKER_LINE.match(lines[number])
    rest = match["rest"] if match else lines[number]
    for pattern in (_UNDEFINED, _MULTIPLE):
        if found := pattern.search(rest):
            place = _LINKER_PLACE.match(rest)
            what = "undefined reference to" if pattern is _UNDEFINED else "multiple definition of"
            return Failure(
                f'{what} "{found["symbol"].strip()}"',
                place["file"] if place else None,
                int(place["line"]) if place else None,
            )
    if match is None or rest.startswith("warning:") or ": in function " in rest:
        return None
    return None if re.search(r"\bwarning: |: NOTE: ", rest) else Failure(rest)


def _tool(lines: Sequence[str], number: int) -> Failure | None:
    match = _TOOL.match(lines[number])
    if match is None or match["tool"].startswith("collect2"):
        return None
    return Failure(f"{match['tool']}: {match['text']}")


def _overflow(lines: Sequence[str], board: Board) -> Failure | None:
    """All memories that are too small, in one sentence: ld prints a line for each."""
    found = {m["region"]: int(m["bytes"]) for line in lines if (m := _OVERFLOW.search(line))}
    if not found:
        return None
    uses = {use for m in board.memories if m.name in found for use in m.use}
    advice = []
    if "ram" in uses:
        advice.append(
            "for RAM: a smaller stack_size_bytes, a model compiled with "
            "tir.usmp.algorithm=hill_climb, or a pool in another memory (pool.<name>=<region>)"
        )
    if "flash" in uses:
        advice.append("for flash: optimization=size, fewer baked samples, or a smaller model")
    advice.append("or a board with more memory")
    return Failure(
        "the firmware doesn't fit: "
        + ", ".join(f"{region} is {size} bytes too small" for region, size in found.items()),
        hint="; ".join(advice),
    )


def _finished(failure: Failure, project: Path) -> Failure:
    file = failure.file
    if file is not None and file.startswith(f"{project}/"):
        file = file[len(str(project)) + 1 :]
    return Failure(failure.message, file, failure.line, failure.hint or _hint(failure.message))


def _hint(message: str) -> str:
    if match := _MISSING_HEADER.search(message):
        return _header_hint(match["header"] or match["quoted"])
    if match := re.match(r'undefined reference to "(.+)"', message):
        return _symbol_hint(match[1])
    return ""


def _header_hint(header: str) -> str:
    rules: tuple[tuple[Callable[[str], object], str], ...] = (
        (
            lambda h: h.startswith(("tvm/", "dlpack/")),
            "create the project with runtime=standalone_crt, which has all headers of TVM's C "
            "runtime",
        ),
        (lambda h: h.startswith(("arm_", "cmsis")), "create the project with cmsis_path=PATH"),
        (
            _C_LIBRARY.fullmatch,
            "the C library's headers are missing: apt-get install libnewlib-arm-none-eabi "
            "(libc6-dev for the host)",
        ),
    )
    for fits, hint in rules:
        if fits(header):
            return hint
    return f"create the project with extra_files_tar=TAR, a tar that holds {header}"


def _symbol_hint(symbol: str) -> str:
    if symbol.startswith("TVM"):
        return (
            "the model calls a function of TVM's runtime that this project doesn't have: create it "
            "with runtime=standalone_crt"
        )
    if symbol.startswith("arm_"):
        return "create the project with cmsis_path=PATH: the model calls CMSIS"
    return f"create the project with extra_files_tar=TAR, a tar with a source that defines {symbol}"
