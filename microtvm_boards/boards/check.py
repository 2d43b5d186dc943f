"""Checks the values of a board file, against board.schema.json and beyond it, and makes a Board."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
    Stm32,
    Stm32Uart,
    Uart,
    UsbId,
    ZephyrTarget,
)
from microtvm_boards.boards.stm32 import stm32_mistakes
from microtvm_boards.boards.yaml_tree import Keys, Tree, dotted
from microtvm_boards.errors import BoardError, nearest

ADDRESS_SPACE = 1 << 32  # bytes
MAX_SHOWN = 60  # characters of a wrong value
MAX_MISTAKES = 10
_SUFFIXES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

Mistakes = Iterator[tuple[Keys, str]]  # which part of the file, and what is wrong with it


def board_from_tree(tree: Tree, source: Path) -> Board:
    """Raises BoardError that names file, line and key of every mistake."""
    value: Any = tree.value
    _stop_at(_schema_mistakes(value), tree, source)
    board = _build(value, source)
    _stop_at(_meaning_mistakes(board), tree, source)
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
def _schema() -> dict[str, Any]:
    path = resources.board_configs() / "board.schema.json"
    schema: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


def _schema_mistakes(value: Any) -> Mistakes:
    """One for each wrong part: what else the schema finds there follows from the first."""
    seen: set[Keys] = set()
    for error in Draft202012Validator(_schema()).iter_errors(value):
        for keys, text in _explain(error):
            if keys not in seen:
                seen.add(keys)
                yield keys, text


def _explain(error: ValidationError) -> Mistakes:
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
        yield keys, f"expected {_expected(error)}; found {_shown(value)}."


def _expected(error: ValidationError) -> str:
    """What the schema says about the part: the path leads to its keyword, past no $ref."""
    schema: Any = _schema()
    for step in list(error.absolute_schema_path)[:-1]:
        schema = schema[step]
    return _description(schema)


def _description(schema: dict[str, Any]) -> str:
    """Its own description, or the one behind its $ref (of which all are leaves)."""
    if "description" not in schema:
        schema = _schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    return str(schema["description"])


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


# From plain values to types


def _build(raw: dict[str, Any], source: Path) -> Board:
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
        stm32=_stm32(raw["stm32"]) if "stm32" in raw else None,
        zephyr=_zephyr(raw) if "zephyr" in raw["platforms"] else None,
        source=source,
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


def _stm32(raw: dict[str, Any]) -> Stm32:
    uart = raw["uart"]
    return Stm32(
        part=raw["part"],
        device=raw["device"],
        hse_hz=raw.get("hse_hz"),
        hse_bypass=raw.get("hse_bypass", False),
        uart=Stm32Uart(uart["instance"], uart["tx"], uart["rx"], uart.get("af")),
    )


def _zephyr(raw: dict[str, Any]) -> ZephyrTarget:
    """A board that Zephyr calls as we do needs no words about it."""
    zephyr = raw.get("zephyr", {})
    return ZephyrTarget(
        zephyr.get("board", raw["name"]),
        zephyr.get("release"),
        zephyr.get("arch"),
        zephyr.get("cpu", ""),
        zephyr.get("soc", ""),
        tuple(zephyr.get("plain_memories", [])),
    )


def _number(raw: int | str) -> int:
    """4096, "0x1000" or "4K", in the form that the schema has checked."""
    if isinstance(raw, int):
        return raw
    if raw[-1] in _SUFFIXES:
        return int(raw[:-1]) * _SUFFIXES[raw[-1]]
    return int(raw, 0)


# What no schema can say


def _meaning_mistakes(board: Board) -> Mistakes:
    yield from _memory_mistakes(board.memories)
    yield from _flasher_mistakes(board.flashers)
    if board.uart and (board.uart.base or 0) >= ADDRESS_SPACE:
        yield ("uart", "base"), "expected an address of 32 bits."
    if "baremetal" in board.platforms:
        yield from _main_parts("baremetal", board)
        for key in ("driver", "base"):
            if board.uart is not None and getattr(board.uart, key) is None:
                expected = _description(_schema()["properties"]["uart"]["properties"][key])
                yield ("uart", key), f"expected {expected}; found no such key."
    if "stm32cube" in board.platforms:
        yield from _main_parts("stm32cube", board)
        yield from stm32_mistakes(board)


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


def _main_parts(platform: str, board: Board) -> Mistakes:
    if not board.cpu.name:
        yield ("cpu",), f"platform {platform} needs the core: cpu with name and flags."
    if board.uart is None:
        keys = "driver, base and baud" if platform == "baremetal" else "baud"
        yield ("uart",), f"platform {platform} needs a uart with {keys}."
    for use in ("flash", "ram"):
        if board.memory_for(use) is None:
            yield ("memories",), f'platform {platform} needs a memory with "use: {use}".'
