"""Dividers, multipliers and wait states for a wanted clock of an STM32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError
from microtvm_boards.platforms.stm32cube.family import Family, Line, Pll, load_family
from microtvm_boards.platforms.stm32cube.section import Stm32

_DIVIDERS = (1, 2, 4, 8, 16, 64, 128, 256, 512)  # of the buses, the same in all families


@dataclass(frozen=True)
class PllSetting:
    """sysclk_hz = source / m * n / p"""

    m: int
    n: int
    p: int
    sysclk_hz: int


@dataclass(frozen=True)
class ClockPlan:
    """One way to clock the processor, from the oscillator `source`, with the HAL's own names."""

    source: str  # "hse" or "hsi"
    sysclk_hz: int
    hclk_hz: int
    pll: Mapping[str, str]  # fields of RCC_PLLInitTypeDef
    buses: Mapping[str, str]  # fields of RCC_ClkInitTypeDef
    latency: int  # wait states of the flash
    overdrive: bool


def clock_plans(board: Board) -> tuple[ClockPlan, ...]:
    """What to try, in this order: the external oscillator, if the board has one, the internal one.

    Each as near to the board's clock as it gets and never above it. Raises BoardError when the
    external oscillator can't drive the PLL at all.
    """
    stm32 = board.section(Stm32)
    if stm32 is None or board.clock_hz is None:
        raise BoardError(f"{board.source} has no section stm32, or no clock_hz.")
    family = load_family(stm32.family)
    line = family.line(stm32.part)
    if line is None:
        raise BoardError(f"There is no clock tree for {stm32.part}.")
    sources = {"hse": stm32.hse_hz, "hsi": family.hsi_pll_hz}
    plans = []
    for source, hz in sources.items():
        if hz is None:
            continue
        setting = solve(line.pll, hz, board.clock_hz)
        if setting is None:
            raise BoardError(
                f"{board.source}: no setting of the PLL of {stm32.part} makes {board.clock_hz} Hz "
                f"or less from {hz} Hz ({source.upper()}).",
                hint="check stm32.hse_hz and clock_hz",
            )
        plans.append(_plan(family, line, source, setting))
    return tuple(plans)


def solve(pll: Pll, source_hz: int, wanted_hz: int) -> PllSetting | None:
    """The setting nearest to `wanted_hz` from below, exact where there is one.

    Of several that are equally near: a whole input of the PLL in Hz (the HAL computes with whole
    numbers), then the highest (least jitter), then the lowest VCO (least current). None when
    `source_hz` fits no setting.
    """
    best: tuple[tuple[Fraction, bool, Fraction, Fraction], PllSetting] | None = None
    for m in range(pll.m.low, pll.m.high + 1):
        into = Fraction(source_hz, m)
        if into not in pll.input:
            continue
        for p in pll.p:
            n = min(wanted_hz * p * m // source_hz, pll.n.high)
            vco = into * n
            if n < pll.n.low or vco not in pll.vco:
                continue
            sysclk = vco / p
            rank = (wanted_hz - sysclk, into.denominator > 1, -into, vco)
            if best is None or rank < best[0]:
                best = rank, PllSetting(m, n, p, int(sysclk))
    return None if best is None else best[1]


def _plan(family: Family, line: Line, source: str, setting: PllSetting) -> ClockPlan:
    clocks = {"sysclk": setting.sysclk_hz}
    buses = {}
    for bus in family.buses:
        clock = clocks[bus.of]
        divider = next(d for d in _DIVIDERS if clock / d <= line.max_hz[bus.max])
        buses[bus.field] = f"{bus.macro}{divider}"
        clocks[bus.max] = clock // divider
    hclk = clocks["hclk"]
    overdrive = line.overdrive_above_hz
    return ClockPlan(
        source=source,
        sysclk_hz=setting.sysclk_hz,
        hclk_hz=hclk,
        pll={
            name: value.format(m=setting.m, n=setting.n, p=setting.p)
            for name, value in line.pll_fields.items()
        },
        buses=buses,
        latency=next(i for i, limit in enumerate(line.latency_hz) if hclk <= limit),
        overdrive=overdrive is not None and setting.sysclk_hz > overdrive,
    )
