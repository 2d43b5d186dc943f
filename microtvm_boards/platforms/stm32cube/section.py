"""The section `stm32` of a board file, as types."""

from __future__ import annotations

from dataclasses import dataclass

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError


@dataclass(frozen=True)
class Stm32Uart:
    """Names of ST's manuals. `af`: number of the alternate function of both pins; None on F1."""

    instance: str  # USART1
    tx: str  # PA9
    rx: str
    af: int | None


@dataclass(frozen=True)
class Stm32:
    """What platform stm32cube needs to know beside what is data of the whole family."""

    part: str  # the order code up to the flash size, as STM32CubeMX starts it: STM32F405RG
    device: str  # the macro of the device pack's header: STM32F405xx
    hse_hz: int | None  # crystal or external clock; None: there is none
    hse_bypass: bool  # an external clock instead of a crystal
    uart: Stm32Uart

    @property
    def family(self) -> str:
        """As in the names of ST's packages: F4."""
        return self.part[5:7]


def stm32_of(board: Board) -> Stm32:
    """Raises BoardError when the board has no such section."""
    stm32 = board.section(Stm32)
    if stm32 is None:
        raise BoardError(f"{board.source} has no section stm32.")
    return stm32
