"""What differs from one STM32 family to the next: board_configs/stm32/<family>.yaml, as types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from microtvm_boards import resources


@dataclass(frozen=True)
class Range:
    low: int
    high: int

    def __contains__(self, value: Fraction) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Pll:
    """vco = source / m * n, system clock = vco / p; frequencies in Hz."""

    input: Range  # source / m
    vco: Range
    m: Range
    n: Range
    p: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """Parts of a family with the same clock tree."""

    parts: tuple[str, ...]  # what their names start with
    max_hz: Mapping[str, int]  # sysclk, hclk, pclk1, pclk2
    pll: Pll
    latency_hz: tuple[int, ...]  # the highest hclk with 0, 1, 2, ... wait states of the flash
    pll_fields: Mapping[str, str]
    power: tuple[str, ...]
    overdrive_above_hz: int | None


@dataclass(frozen=True)
class Bus:
    """A divider of RCC_ClkInitTypeDef: `field` is set to `macro` and its value."""

    field: str
    macro: str  # RCC_HCLK_DIV
    of: str  # what it divides: sysclk or hclk
    max: str  # key of Line.max_hz


@dataclass(frozen=True)
class Family:
    """Calls and values are C of the family's HAL, as it is spelled there."""

    name: str  # F4
    hal: str  # STM32F4xx: directories of the package; files begin with it in small letters
    modules: tuple[str, ...]  # HAL_<MODULE>_MODULE_ENABLED, in the order of their headers
    conf: Mapping[str, int]  # further macros of <hal>_hal_conf.h
    hse_hz: int  # HSE_VALUE where a board has no oscillator: only a default
    hsi_pll_hz: int  # what the PLL gets from the internal oscillator
    receive: str  # data register of a UART
    transmit: str
    rx_mode: str  # GPIO mode of the pin that receives
    alternate: bool  # pins have numbered alternate functions
    port_power: Mapping[str, str]  # GPIO port -> call that gives it its supply
    pll_source: Mapping[str, str]  # "hse", "hsi" -> value of PLLSource
    oscillator: Mapping[str, str]  # further fields of RCC_OscInitTypeDef
    buses: tuple[Bus, ...]
    clock_types: tuple[str, ...]  # RCC_CLOCKTYPE_<type>
    overdrive: str  # call that returns a HAL_StatusTypeDef; "": there is none
    caches: tuple[str, ...]  # calls
    lines: tuple[Line, ...]

    @property
    def files(self) -> str:
        """What the HAL's file names begin with."""
        return self.hal.lower()

    def line(self, part: str) -> Line | None:
        """The line of a part; None when this version knows no clock tree for it."""
        return next((line for line in self.lines if part.startswith(line.parts)), None)


def family_names() -> tuple[str, ...]:
    """The families that this version knows, sorted."""
    folder = resources.board_configs() / "stm32"
    return tuple(sorted(path.stem.upper() for path in folder.glob("*.yaml")))


@lru_cache(maxsize=8)
def load_family(name: str) -> Family:
    """The family of that name, one of `family_names()`."""
    from microtvm_boards.boards.yaml_tree import parse_yaml

    path = resources.board_configs() / "stm32" / f"{name.lower()}.yaml"
    raw: Any = parse_yaml(path.read_text("utf-8")).value
    uart = raw["uart"]
    return Family(
        name=name,
        hal=raw["hal"],
        modules=tuple(raw["modules"]),
        conf=raw["conf"],
        hse_hz=raw["hse_hz"],
        hsi_pll_hz=raw["hsi_pll_hz"],
        receive=uart["receive"],
        transmit=uart["transmit"],
        rx_mode=uart["rx_mode"],
        alternate=uart["alternate"],
        port_power=raw.get("port_power", {}),
        pll_source=raw["pll_source"],
        oscillator=raw.get("oscillator", {}),
        buses=tuple(Bus(**bus) for bus in raw["buses"]),
        clock_types=tuple(raw["clock_types"]),
        overdrive=raw.get("overdrive", ""),
        caches=tuple(raw.get("caches", [])),
        lines=tuple(_line(line, raw) for line in raw["lines"]),
    )


def _line(raw: dict[str, Any], family: dict[str, Any]) -> Line:
    """A line's own values win over the family's."""
    pll = raw["pll"]
    return Line(
        parts=tuple(raw["parts"]),
        max_hz=raw["max_hz"],
        pll=Pll(
            input=Range(*pll["input"]),
            vco=Range(*pll["vco"]),
            m=Range(*pll["m"]),
            n=Range(*pll["n"]),
            p=tuple(pll["p"]),
        ),
        latency_hz=tuple(raw["latency_hz"]),
        pll_fields=raw.get("pll_fields") or family["pll_fields"],
        power=tuple(raw.get("power") or family.get("power", [])),
        overdrive_above_hz=raw.get("overdrive_above_hz"),
    )
