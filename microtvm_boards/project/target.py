"""What planning asks of a platform: each brings a class of its own, which its plug-in names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError, UsageError, nearest
from microtvm_boards.plugins import PLATFORMS, platform_part, plugin_of
from microtvm_boards.project.needs.base import base_need
from microtvm_boards.project.needs.code import code_estimate
from microtvm_boards.project.needs.code_size import CodeEstimate
from microtvm_boards.project.needs.need import MemoryNeed
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.facts import ARM, Processor, TargetFacts
from microtvm_boards.project.plan.parts.port import Port, port_files
from microtvm_boards.project.plan.stack import estimated_stack
from microtvm_boards.project.plan.types import PlannedFile, StackPlan
from microtvm_boards.resources import template_project


class TargetPlan:
    """Stateless. As it is here: a Cortex-M that nothing was measured on.

    base_ram: bytes of static data of start-up code, port and libc beside the stack.
    """

    name: ClassVar[str]
    port: ClassVar[Port]  # what is in template_project/src/port/<name>
    base_ram: ClassVar[int] = 256
    loads_libraries: ClassVar[bool] = False  # kernels of tuning may come as shared libraries

    def facts(self, board: Board) -> TargetFacts:
        core = board.cpu.name.partition("+")[0]
        cortex_m = core.startswith("cortex-m")
        processor = Processor(ARM if cortex_m else None, core, cortex_m)
        return TargetFacts(processor, places_buffers=self.port.places_buffers)

    def resolved(self, options: ProjectOptions) -> ProjectOptions:
        """As later steps want them, which run elsewhere: paths are whole."""
        return options

    def read(self, board: Board, options: ProjectOptions) -> Mapping[str, bytes]:
        """The files that the platform's own options name, by option.

        Raises UsageError for one that is missing or isn't what it should be.
        """
        return {}

    def cmsis_trees(self, board: Board, options: ProjectOptions) -> list[Path]:
        """Where CMSIS is that the platform brings."""
        return []

    def check(self, draft: Draft) -> None:
        """Raises BoardError or UsageError for what the platform can't make a firmware of."""
        uart, drivers = draft.board.uart, sorted(self.port.uarts)
        if uart is not None and drivers and uart.driver not in drivers:
            raise BoardError(
                f'{draft.board.source}: platform "{self.name}" has no UART driver '
                f'"{uart.driver}".{nearest(uart.driver or "", drivers)}',
                hint="uart.driver is one of " + ", ".join(drivers),
            )

    def stack(self, draft: Draft) -> StackPlan:
        """Of firmware with models, where no option says how large it is."""
        return estimated_stack(draft)

    def code(self, draft: Draft) -> CodeEstimate | None:
        """Machine code, estimated. None where nothing was measured."""
        return code_estimate(draft)

    def ring_bytes(self, draft: Draft) -> int:
        """RAM of the port's receive ring."""
        return 0 if draft.rpc is None else draft.rpc.ring_bytes

    def base(self, draft: Draft) -> MemoryNeed:
        """RAM that a firmware takes whatever its model is."""
        return base_need(draft, self.base_ram)

    def files(self, draft: Draft) -> Iterator[PlannedFile]:
        return port_files(draft, self.port)

    def context(self, draft: Draft) -> Mapping[str, Any]:
        """What the platform's own templates know beside the others."""
        return {}

    def runs_from_ram(self, board: Board) -> bool:
        """Whether kernels that come while the firmware runs can be executed in its RAM."""
        return self.facts(board).arch == "arm"

    def for_kernels(self, options: ProjectOptions) -> ProjectOptions:
        """`options` for firmware that executes what comes into its RAM."""
        return options

    def builders(self, board: Board, options: ProjectOptions) -> list[tuple[str, str]]:
        """What builds the firmware, with versions: other builders make other firmware."""
        return []


def target_of(platform: str) -> TargetPlan:
    """Raises UsageError for a platform that isn't here, PluginError for a broken one."""
    made = platform_part(platform, "target")
    if not (isinstance(made, type) and issubclass(made, TargetPlan)):
        raise PLATFORMS.broken(platform, f"{made!r} is no class TargetPlan")
    return made()


def template_roots(platform: str) -> tuple[Path, ...]:
    """Folders in which files of the template are looked for, in this order: the platform's own
    where it has one, ours."""
    own = plugin_of(platform).templates
    ours = template_project()
    return (ours,) if own is None else (own, ours)


def choose_target(board: Board, options: ProjectOptions) -> TargetPlan:
    """The platform that the options say, else the board's first.

    Raises UsageError for one that the board doesn't list or that isn't here.
    """
    platform = board.platforms[0] if options.platform is None else options.platform
    if platform not in board.platforms:
        raise UsageError(
            f'Board "{board.name}" has no platform "{platform}".'
            f"{nearest(platform, board.platforms)}",
            hint="its platforms are " + ", ".join(board.platforms),
        )
    if platform not in PLATFORMS:
        raise UsageError(
            f'Board "{board.name}" wants platform "{platform}", which this version doesn\'t have.',
            hint=f"another of its platforms: {', '.join(board.platforms)}",
        )
    return target_of(platform)
