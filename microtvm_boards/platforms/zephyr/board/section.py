"""The section `zephyr` of a board file, as a type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ZephyrSection:
    """What Zephyr calls the board, with revision and qualifiers where it has some."""

    board: str  # nrf5340dk@0.9.0/nrf5340/cpuapp
    release: str | None  # of Zephyr, when the project was made: 3.3.0-rc3
    arch: str | None  # arm, posix, riscv, ...; None: not known yet
    cpu: str = ""  # cortex-m4f: the f says that it has an FPU; "": not known, or not Arm's
    soc: str = ""  # the folder of its SoC's devicetree: st/f7
    plain_memories: tuple[str, ...] = ()  # labels of those that an overlay makes regions

    @property
    def posix(self) -> bool:
        """Whether firmware is a program of this computer."""
        return self.arch == "posix"
