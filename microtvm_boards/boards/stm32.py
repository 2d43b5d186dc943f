"""What the section `stm32` of a board file has to say beyond its schema."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.boards.board import Board
from microtvm_boards.boards.stm32_family import family_names, load_family
from microtvm_boards.boards.yaml_tree import Keys


def stm32_mistakes(board: Board) -> Iterator[tuple[Keys, str]]:
    """Which part of the file, and what is wrong with it."""
    stm32 = board.stm32
    if stm32 is None:
        yield ("stm32",), "platform stm32cube needs the section stm32: part, device and uart."
        return
    if stm32.family not in family_names():
        yield (
            ("stm32", "part"),
            f"family {stm32.family} of {stm32.part} is none that this version knows: "
            f"{', '.join(family_names())}.",
        )
        return
    family = load_family(stm32.family)
    if stm32.device[:7] != stm32.part[:7]:
        yield (
            ("stm32", "device"),
            f"{stm32.device} is of another family than the part {stm32.part}.",
        )
    if family.alternate and stm32.uart.af is None:
        yield (
            ("stm32", "uart", "af"),
            "expected the number of the pins' alternate function; found no such key.",
        )
    line = family.line(stm32.part)
    if line is None:
        known = ", ".join(part for line in family.lines for part in line.parts)
        yield (
            ("stm32", "part"),
            f"this version knows no clock tree for {stm32.part}, only for parts that start with "
            f"{known}.",
        )
    elif board.clock_hz is None:
        yield ("clock_hz",), "platform stm32cube needs the processor's clock; found no such key."
    elif board.clock_hz > line.max_hz["sysclk"]:
        yield (
            ("clock_hz",),
            f"{stm32.part} runs at {line.max_hz['sysclk']} Hz at most; found {board.clock_hz}.",
        )
