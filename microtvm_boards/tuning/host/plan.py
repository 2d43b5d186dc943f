"""What a kernel host is: how kernels get onto its board, how much RAM they have, its identity."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from microtvm_boards.errors import UsageError
from microtvm_boards.mlf import load
from microtvm_boards.project.generate import choose_board, plan_on
from microtvm_boards.project.inputs.attachments import KernelHostPlan
from microtvm_boards.project.options.declare import Reach
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.target import target_of
from microtvm_boards.project.write.render import Contents
from microtvm_boards.tuning.host.library import FOLDER, SLOTS

Mode: TypeAlias = Literal["window", "rebuild"]

DIGITS = 16  # of an identity
# What TVM's kernels for DSP instructions include (v0.8 to v0.13, topi/arm_cpu/mprofile/dsp); newer
# ones need the compiler's arm_acle.h alone.
CMSIS_HEADERS = b"#include <arm_math.h>\n#include <arm_nnsupportfunctions.h>\n"
LEAST_WINDOW = 8 << 10  # a kernel with libm's functions takes some KiB
LARGEST_WINDOW = 256 << 10
WINDOW_STEP = 64
# They change what a build makes, and no file of the project says so.
_ENVIRONMENT = ("CC", "CFLAGS", "LDFLAGS", "ZEPHYR_TOOLCHAIN_VARIANT", "ZEPHYR_SDK_INSTALL_DIR")


def host_options(options: ProjectOptions) -> ProjectOptions:
    """Those that make a difference to the firmware.

    Raises UsageError for options that only firmware with a model has.
    """
    for name in options.given(Reach.MODEL):
        raise UsageError(
            f"{name} is for firmware with a model; kernels are tuned without one.",
            hint=f"leave {name} out",
        )
    return options.only(Reach.KERNELS, Reach.FIRMWARE)


def plan_host(library: Path, options: ProjectOptions) -> tuple[Mode, Plan]:
    """How kernels get onto the board of `options`, and the project of its firmware; `library` is
    what `write_host_library` wrote.

    Raises as `generate.prepare`.
    """
    board, base = choose_board(host_options(options))
    model = load(library)
    if base.cmsis_path:
        model = replace(model, files={**model.files, f"{FOLDER}/{SLOTS[1]}": CMSIS_HEADERS})
    planned = plan_on(model, board, base)
    if base.stack_size_bytes is None and planned.stack_bytes:
        # A firmware without kernels needs little: its stack isn't made smaller for that.
        base = replace(base, stack_size_bytes=planned.stack_bytes)
    mode = _mode(planned, options)
    if mode != "window":
        return mode, plan_on(model, board, base)
    base = target_of(planned.platform).for_kernels(base)
    host = KernelHostPlan("0" * DIGITS, _window_bytes(planned, options))
    planned = plan_on(model, board, base, host)
    host = replace(host, identity=identity(planned))
    return mode, replace(planned, attachments=replace(planned.attachments, kernel_host=host))


def _mode(planned: Plan, options: ProjectOptions) -> Mode:
    board = planned.board
    target = target_of(planned.platform)
    possible = target.runs_from_ram(board)
    if options.tuning_load == "rebuild":
        return "rebuild"
    if options.tuning_load == "window":
        if not possible:
            raise UsageError(
                f"tuning_load=window needs the platform host or an Arm processor; board "
                f"{board.name} is {target.facts(board).arch} on platform "
                f"{planned.platform}.",
                hint="tuning_load=rebuild",
            )
        return "window"
    # A Cortex-M7 may have RAM that it doesn't execute (DTCM); emulators don't mind.
    doubtful = board.cpu.name == "cortex-m7" and board.emulator is None
    if not possible or doubtful:
        return "rebuild"
    return "window" if target.loads_libraries or _room(planned) >= LEAST_WINDOW else "rebuild"


def _room(planned: Plan) -> int:
    """A quarter of the RAM that is left: the rest is for tensors."""
    left = planned.rpc.tensor_heap_bytes if planned.rpc else 0
    return min(left // 4, LARGEST_WINDOW) // WINDOW_STEP * WINDOW_STEP


def _window_bytes(planned: Plan, options: ProjectOptions) -> int:
    if target_of(planned.platform).loads_libraries:
        return 0
    wanted = options.tuning_window_bytes
    return _room(planned) if wanted is None else wanted // WINDOW_STEP * WINDOW_STEP


def identity(planned: Plan) -> str:
    """The same for the same firmware: of all files of its project and of what builds it."""
    digest = hashlib.sha256()
    contents = Contents(planned)
    for file in planned.files:
        digest.update(f"\0{file.path}\0".encode() + contents.of(file))
    builders = target_of(planned.platform).builders(planned.board, planned.options)
    builders += [(name, os.environ.get(name, "")) for name in _ENVIRONMENT]
    digest.update(repr(builders).encode())
    return digest.hexdigest()[:DIGITS]
