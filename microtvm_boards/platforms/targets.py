"""What planning asks of the platforms host and baremetal."""

from __future__ import annotations

import platform

from microtvm_boards.boards import Board
from microtvm_boards.platforms.tools import ARM_GCC, host_compiler, version
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.facts import Processor, TargetFacts
from microtvm_boards.project.plan.parts.port import Port
from microtvm_boards.project.target import TargetPlan

# What Python calls processors of this computer, and object_code.
_HOSTS = {"x86_64": "x86-64", "AMD64": "x86-64", "aarch64": "AArch64", "arm64": "AArch64"}


class HostTarget(TargetPlan):
    name = "host"
    port = Port(files=("port.c",), sections=True)
    base_ram = 2 * 65536 + 1024  # buffers of 64 KiB for standard input and output
    loads_libraries = True

    def facts(self, board: Board) -> TargetFacts:
        processor = Processor(_HOSTS.get(platform.machine()), ours=True)
        return TargetFacts(processor, native=True, places_buffers=True)

    def runs_from_ram(self, board: Board) -> bool:
        return True

    def builders(self, board: Board, options: ProjectOptions) -> list[tuple[str, str]]:
        return [version(host_compiler())]


class BaremetalTarget(TargetPlan):
    name = "baremetal"
    port = Port(
        files=("link.ld.j2", "mtvm_startup.h", "mtvm_uart.h", "port.c", "startup.c"),
        uarts={"cmsdk": "uart_cmsdk.c", "nrf51": "uart_nrf51.c"},
        served=("receive_ring.c",),
        linker_script=True,
        cortex_m=True,
    )
    base_ram = 64  # measured with benchmarks/code_size.py, rounded up, as the others

    def builders(self, board: Board, options: ProjectOptions) -> list[tuple[str, str]]:
        return [version(ARM_GCC)]
