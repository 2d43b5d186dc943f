"""Checks the values of a board file, against board.schema.json and beyond it, and makes a Board."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from microtvm_boards import resources
from microtvm_boards.boards.board import (
    Board,
    Cpu,
    Emulator,
    FlasherChoice,
    Memory,
    Uart,
    UsbId,
)
from microtvm_boards.boards.of_platforms import parts_of
from microtvm_boards.boards.source import Keys, Mistakes, PlatformBoards
from microtvm_boards.boards.yaml_tree import Tree, dotted
from microtvm_boards.errors import BoardError, nearest

ADDRESS_SPACE = 1 << 32  # bytes
MAX_SHOWN = 60  # characters of a wrong value
MAX_MISTAKES = 10
Schema = dict[str, Any]
_SUFFIXES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def board_from_tree(tree: Tree, source: Path) -> Board:
    """Raises BoardError that names file, line and key of every mistake."""
    value: Any = tree.value
    parts = parts_of(value.get("platforms") if isinstance(value, dict) else None)
    _stop_at(_schema_mistakes(value, parts), tree, source)
    board = _build(value, parts, source)
    board = replace(board, hosted=parts[0].hosted(board))
    _stop_at(_meaning_mistakes(board, parts), tree, source)
    return board


def _stop_at(mistakes: Mistakes, tree: Tree, source: Path) -> None:
    found = sorted((tree.line(keys), dotted(keys), text) for keys, text in mistakes)
    if not found:
        return
    lines = [f"{source}:{line}: {key + ': ' if key else ''}{text}" for line, key, text in found]
    if len(lines) > MAX_MISTAKES:
        lines[MAX_MISTAKES:] = [f"and {len(lines) - MAX_MISTAKES} more"]
    raise BoardError(lines[0], details=lines[1:])


# What the schema says


@cache
def _schema() -> Schema:
    path = resources.board_configs() / "board.schema.json"
    schema: Schema = json.loads(path.read_text("utf-8"))
    return schema


def _schema_with(parts: Sequence[PlatformBoards]) -> Schema:
    """Ours, with the sections of the platforms `parts`."""
    more = {part.section: part.schema for part in parts if part.schema is not None}
    return {**_schema(), "properties": {**_schema()["properties"], **more}}


def _schema_mistakes(value: Any, parts: Sequence[PlatformBoards]) -> Mistakes:
    """One for each wrong part: what else the schema finds there follows from the first."""
    seen: set[Keys] = set()
    schema = _schema_with(parts)
    for error in Draft202012Validator(schema).iter_errors(value):
        for keys, text in _explain(error, schema):
            if keys not in seen:
                seen.add(keys)
                yield keys, text


def _explain(error: ValidationError, whole: Schema) -> Mistakes:
    keys = tuple(error.absolute_path)
    schema: Any = error.schema
    value: Any = error.instance
    if error.validator == "additionalProperties":
        known = schema["properties"]
        for key in value.keys() - known.keys():
            yield (*keys, key), f"there is no such key.{nearest(key, known)}"
    elif error.validator == "required":
        for key in schema["required"]:
            if key not in value:
                expected = _description(schema["properties"][key])
                yield (*keys, key), f"expected {expected}; found no such key."
    else:
        yield keys, f"expected {_expected(error, whole)}; found {_shown(value)}."


def _expected(error: ValidationError, whole: Schema) -> str:
    """What the schema says about the part: the path leads to its keyword, past no $ref."""
    schema: Any = whole
    for step in list(error.absolute_schema_path)[:-1]:
        schema = schema[step]
    return _description(schema)


def _description(schema: Schema) -> str:
    """Its own description, or the one behind its $ref (of which all are leaves)."""
    if "description" not in schema and "$ref" in schema:
        schema = _schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    return str(schema.get("description", schema))


def missing(key: str, of: str = "") -> str:
    """What is wrong where `key` is missing, in the section `of` where one is named."""
    properties = _schema()["properties"]
    schema = properties[of]["properties"][key] if of else properties[key]
    return f"expected {_description(schema)}; found no such key."


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


# From plain values to types


def _build(raw: dict[str, Any], parts: Sequence[PlatformBoards], source: Path) -> Board:
    cpu = raw.get("cpu")
    uart = raw.get("uart")
    emulator = raw.get("emulator")
    return Board(
        name=raw["name"],
        description=raw["description"],
        platforms=tuple(raw["platforms"]),
        cpu=Cpu(cpu["name"], tuple(cpu["flags"])) if cpu else Cpu("", ()),
        memories=tuple(_memory(memory) for memory in raw.get("memories", [])),
        uart=_uart(uart) if uart else None,
        emulator=Emulator(
            emulator["program"],
            emulator["machine"],
            tuple(emulator.get("args", [])),
            emulator.get("icount"),
            emulator.get("clock_hz"),
            emulator.get("counter_hz"),
        )
        if emulator
        else None,
        flashers=tuple(_flasher(flasher) for flasher in raw.get("flashers", [])),
        usb_ids=tuple(UsbId(usb["vid"], usb["pid"]) for usb in raw.get("usb_ids", [])),
        clock_hz=raw.get("clock_hz"),
        source=source,
        sections={part.section: read for part in parts if (read := part.read(raw)) is not None},
    )


def _memory(raw: dict[str, Any]) -> Memory:
    use = raw["use"]
    return Memory(
        name=raw["name"],
        origin=_number(raw["origin"]),
        size=_number(raw["size"]),
        use=(use,) if isinstance(use, str) else tuple(use),
    )


def _flasher(raw: str | dict[str, Any]) -> FlasherChoice:
    if isinstance(raw, str):
        return FlasherChoice(raw)
    return FlasherChoice(raw["name"], {key: raw[key] for key in raw if key != "name"})


def _uart(raw: dict[str, Any]) -> Uart:
    return Uart(
        driver=raw.get("driver"),
        base=_number(raw["base"]) if "base" in raw else None,
        irq=raw.get("irq"),
        baud=raw["baud"],
    )


def _number(raw: int | str) -> int:
    """4096, "0x1000" or "4K", in the form that the schema has checked."""
    if isinstance(raw, int):
        return raw
    if raw[-1] in _SUFFIXES:
        return int(raw[:-1]) * _SUFFIXES[raw[-1]]
    return int(raw, 0)


# What no schema can say


def _meaning_mistakes(board: Board, parts: Sequence[PlatformBoards]) -> Mistakes:
    yield from _memory_mistakes(board.memories)
    yield from _flasher_mistakes(board.flashers)
    if board.uart and (board.uart.base or 0) >= ADDRESS_SPACE:
        yield ("uart", "base"), "expected an address of 32 bits."
    for part in parts:
        yield from part.mistakes(board)


def _flasher_mistakes(flashers: tuple[FlasherChoice, ...]) -> Mistakes:
    names: set[str] = set()
    for i, flasher in enumerate(flashers):
        if flasher.name in names:
            yield ("flashers", i), f'the flasher "{flasher.name}" is named twice.'
        names.add(flasher.name)


def _memory_mistakes(memories: tuple[Memory, ...]) -> Mistakes:
    first: dict[str, int] = {}
    for i, memory in enumerate(memories):
        if first.setdefault(memory.name, i) != i:
            yield ("memories", i, "name"), f'"{memory.name}" is already the name of another memory.'
        if memory.size == 0:
            yield ("memories", i, "size"), "expected at least 1 byte; found 0."
        if memory.origin + memory.size > ADDRESS_SPACE:
            yield (
                ("memories", i, "size"),
                f"the memory ends at {memory.origin + memory.size:#x}, beyond 32 bits.",
            )
    by_address = sorted(enumerate(memories), key=lambda item: item[1].origin)
    for (_, low), (i, high) in pairwise(by_address):
        if low.origin + low.size > high.origin:
            yield (
                ("memories", i, "origin"),
                f"{high.name} starts at {high.origin:#x}, but {low.name} lies at "
                f"{low.origin:#x} to {low.origin + low.size - 1:#x}.",
            )


def main_parts_missing(platform: str, board: Board, uart: str) -> Mistakes:
    """What `board` lacks of a core, a UART and memories, which `platform` needs; `uart`: which keys
    of the UART."""
    if not board.cpu.name:
        yield ("cpu",), f"platform {platform} needs the core: cpu with name and flags."
    if board.uart is None:
        yield ("uart",), f"platform {platform} needs a uart with {uart}."
    for use in ("flash", "ram"):
        if board.memory_for(use) is None:
            yield ("memories",), f'platform {platform} needs a memory with "use: {use}".'
