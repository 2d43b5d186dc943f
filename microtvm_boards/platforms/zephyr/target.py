"""What planning asks of Zephyr: most of a firmware is Zephyr's own, and is only configured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board
from microtvm_boards.platforms.tools import ARM_GCC, host_compiler, version
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.platforms.zephyr.board.tree import PINNED, look_for_zephyr, modules
from microtvm_boards.platforms.zephyr.malloc import malloc_bytes
from microtvm_boards.platforms.zephyr.memories import main_stack_bytes, memory_overlay
from microtvm_boards.platforms.zephyr.options import ZephyrOptions
from microtvm_boards.platforms.zephyr.size import ZephyrBase, base_of, on_zephyr, zephyr_cpu
from microtvm_boards.project.needs.code_size import CodeEstimate
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.needs.stack_estimate import estimate_stack
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.options.values import existing_file
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.facts import ARM, Processor, Reserve, TargetFacts
from microtvm_boards.project.plan.parts.planned import of_bytes
from microtvm_boards.project.plan.parts.port import Port
from microtvm_boards.project.plan.types import PlannedFile, StackPlan
from microtvm_boards.project.target import TargetPlan

_MACHINES = {"arm": ARM, "arm64": "AArch64", "riscv": "RISC-V", "xtensa": "Xtensa"}
_RING = 64  # of the port, entry point c: RING_BYTES
_SPARE = 64  # what a model adds to what was measured: libm's errno, workspace, alignment
_POSIX_HEAP_BYTES = 16 << 20
# The MPU's settings forbid to execute RAM.
_EXECUTE_RAM = "CONFIG_ARM_MPU=n"
_NOT_KNOWN = (
    "the memories of board {board} are not known: no Zephyr was found.",
    "zephyr_base=PATH of a Zephyr tree, in which the board's devicetree is",
)


class ZephyrTarget(TargetPlan):
    name = "zephyr"
    port = Port(
        files=(
            *("libm/math.h", "port.c", "project/Kconfig", "project/prj.conf.j2"),
            *("project/testcase.yaml.j2", "project/west.yml.j2"),
        ),
        sections=True,
        changes_baud=True,
    )

    def facts(self, board: Board) -> TargetFacts:
        """Zephyr's name of a core ends in f where it has an FPU. A processor that nobody names may
        be a Cortex-M where the architecture doesn't say otherwise."""
        facts = super().facts(board)
        zephyr = board.section(ZephyrSection)
        if zephyr is None:
            return facts
        posix = zephyr.posix
        processor, by_arch = facts.processor, _MACHINES.get(zephyr.arch or "")
        if board.cpu.name:
            processor = replace(processor, machine=processor.machine or by_arch)
        else:
            core = zephyr.cpu.removesuffix("f").partition("+")[0]
            cortex_m = core.startswith("cortex-m")
            maybe = cortex_m if zephyr.cpu else zephyr.arch in (None, "arm")
            processor = Processor(ARM if cortex_m else by_arch, core, maybe)
        return replace(
            facts,
            processor=processor,
            arch=zephyr.arch or "unknown",
            reserve=Reserve(8, 4 << 10, 32 << 10),
            unknown_heap_bytes=_POSIX_HEAP_BYTES if posix else facts.unknown_heap_bytes,
            no_memories=facts.no_memories if posix else _NOT_KNOWN,
        )

    def resolved(self, options: ProjectOptions) -> ProjectOptions:
        own = options.of(ZephyrOptions)
        if own.zephyr_base is None:
            return options
        base = Path(own.zephyr_base).expanduser().resolve()
        return options.with_group(replace(own, zephyr_base=str(base)))

    def read(self, board: Board, options: ProjectOptions) -> Mapping[str, bytes]:
        own = options.of(ZephyrOptions)
        named = {"zephyr_conf": own.zephyr_conf, "zephyr_overlay": own.zephyr_overlay}
        return {
            name: existing_file(path, name).read_bytes()
            for name, path in named.items()
            if path is not None
        }

    def cmsis_trees(self, board: Board, options: ProjectOptions) -> list[Path]:
        tree = look_for_zephyr(options.of(ZephyrOptions).zephyr_base, Path.cwd())
        found = {} if tree is None else modules(tree)
        return [path for name, path in sorted(found.items()) if "cmsis" in name and path.is_dir()]

    def stack(self, draft: Draft) -> StackPlan:
        base, zephyr = _base(draft), draft.board.section(ZephyrSection)
        if base is None or zephyr is None:
            return super().stack(draft)
        options = draft.options
        worst = estimate_stack(
            draft.modules_with_files,
            zephyr_cpu(zephyr),
            platform="baremetal",
            kind=options.kind,
            optimization=options.optimization,
            libm=bool(draft.libm),
        )
        models = [library.model for library in draft.libraries]
        return StackPlan(align_up(main_stack_bytes(base, worst, models), 8), estimated=True)

    def code(self, draft: Draft) -> CodeEstimate | None:
        base = _base(draft)
        return super().code(draft) if base is None else on_zephyr(draft, base)

    def ring_bytes(self, draft: Draft) -> int:
        """A program of this computer has a UART without interrupts."""
        base = _base(draft)
        if base is not None and base.hosted:
            return 0
        if draft.rpc is not None:
            return draft.rpc.ring_bytes
        return 0 if base is None else _RING

    def base(self, draft: Draft) -> MemoryNeed:
        base = _base(draft)
        if base is None:
            return super().base(draft)
        ram, size = draft.memory_name("ram"), align_up(base.ram + _SPARE, draft.alignment)
        what = f"Zephyr: kernel, drivers, libc{base.source}"
        return MemoryNeed(ram, what, size, NeedKind.BASE, base.estimated)

    def files(self, draft: Draft) -> Iterator[PlannedFile]:
        yield from super().files(draft)
        overlay = memory_overlay(draft.board, draft.buffers).encode()
        chosen = draft.attachments.of_platform.get("zephyr_overlay")
        if overlay or chosen is not None:
            reason = "options zephyr_overlay and pools"
            yield of_bytes("app.overlay", overlay + (chosen or b""), reason)

    def context(self, draft: Draft) -> Mapping[str, Any]:
        models = [library.model for library in draft.libraries]
        zephyr = draft.board.section(ZephyrSection)
        conf = draft.attachments.of_platform.get("zephyr_conf", b"")
        return {
            "libm_calls": draft.libm,
            "malloc_bytes": malloc_bytes(models, draft.attachments.extra),
            "zephyr_release": (zephyr and zephyr.release) or PINNED,
            "zephyr_config": draft.options.of(ZephyrOptions).zephyr_config,
            "zephyr_conf": conf.decode(errors="replace").strip(),
        }

    def for_kernels(self, options: ProjectOptions) -> ProjectOptions:
        own = options.of(ZephyrOptions)
        config = (*own.zephyr_config, _EXECUTE_RAM)
        return options.with_group(replace(own, zephyr_config=config))

    def builders(self, board: Board, options: ProjectOptions) -> list[tuple[str, str]]:
        tree = look_for_zephyr(options.of(ZephyrOptions).zephyr_base)
        return [version(host_compiler()), version(ARM_GCC), ("tree", str(tree))]


def _base(draft: Draft) -> ZephyrBase | None:
    return base_of(draft.board, draft.options)
