"""The section `stm32` of a board file, and what it has to say beyond its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from microtvm_boards.boards.board import Board
from microtvm_boards.boards.check import main_parts_missing
from microtvm_boards.boards.source import Mistakes, PlatformBoards
from microtvm_boards.platforms.stm32cube.family import family_names, load_family
from microtvm_boards.platforms.stm32cube.section import Stm32, Stm32Uart


class Stm32Boards(PlatformBoards):
    section = "stm32"

    def read(self, raw: Mapping[str, Any]) -> Stm32 | None:
        if self.section not in raw:
            return None
        stm32 = raw[self.section]
        uart = stm32["uart"]
        return Stm32(
            part=stm32["part"],
            device=stm32["device"],
            hse_hz=stm32.get("hse_hz"),
            hse_bypass=stm32.get("hse_bypass", False),
            uart=Stm32Uart(uart["instance"], uart["tx"], uart["rx"], uart.get("af")),
        )

    def describe(self, board: Board) -> str:
        stm32 = board.section(Stm32)
        if stm32 is None:
            return ""
        pins = f"{stm32.uart.instance} on {stm32.uart.tx} (TX) and {stm32.uart.rx} (RX)"
        hse = f"HSE {stm32.hse_hz / 1e6:g} MHz" if stm32.hse_hz else "no HSE"
        return f"{stm32.part} ({stm32.device}), {hse}, {pins}"

    def mistakes(self, board: Board) -> Mistakes:
        yield from main_parts_missing("stm32cube", board, "baud")
        stm32 = board.section(Stm32)
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
                f"this version knows no clock tree for {stm32.part}, only for parts that start "
                f"with {known}.",
            )
        elif board.clock_hz is None:
            yield (
                ("clock_hz",),
                "platform stm32cube needs the processor's clock; found no such key.",
            )
        elif board.clock_hz > line.max_hz["sysclk"]:
            yield (
                ("clock_hz",),
                f"{stm32.part} runs at {line.max_hz['sysclk']} Hz at most; found {board.clock_hz}.",
            )
