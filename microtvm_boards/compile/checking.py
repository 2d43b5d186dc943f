"""Runs a compiled model as firmware, on this computer or an emulator, against the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microtvm_boards.boards import Board, board_names, load_board
from microtvm_boards.compile.samples import Sample, by_name
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.model import Model
from microtvm_boards.platforms import PLATFORMS, get_platform, qemu, tools
from microtvm_boards.project import create, parse_options

if TYPE_CHECKING:
    import numpy.typing as npt

    from microtvm_boards.harness import RunResult

_SECONDS = 300.0  # for one inference, with emulation
_RELATIVE, _ABSOLUTE = 1e-4, 1e-5  # floats; the second of the largest value, or of 1
_HOST = "host"  # the board that is this computer
# Any core with DSP instructions runs these kernels when they are compiled for it.
_DSP_STAND_IN = "mps2_an386"


@dataclass(frozen=True)
class Place:
    """Where firmware can run here. `board`: a name or a file, as option board takes it."""

    board: str
    platform: str
    hosted: bool = False  # on this computer, without an emulator

    @property
    def optimization(self) -> str:
        """The quickest: an emulator has much to run, this computer little."""
        return "debug" if self.hosted else "speed"

    @property
    def label(self) -> str:
        return "this computer" if self.hosted else Path(self.board).stem


@dataclass(frozen=True)
class Checked:
    """`difference`: "" when all outputs are the reference's."""

    difference: str
    instructions: int | None = None  # the most of all samples, at -O2


def is_emulated(board: Board) -> bool:
    """Whether tools alone build firmware for the board and emulate it."""
    return board.emulator is not None and _platform_here(board) is not None


def _platform_here(board: Board) -> str | None:
    """The board's first platform whose firmware runs on this computer, with tools alone."""
    known = [name for name in board.platforms if name in PLATFORMS]
    return next((n for n in known if get_platform(n).tools_to_run(board) is not None), None)


def counts_instructions(board: Board) -> bool:
    return is_emulated(board) and qemu.instructions(1, board) is not None


def needed_tools(board: Board) -> Sequence[tools.Tool]:
    """What building and running firmware for the board takes: an emulated one, or the host."""
    if not is_emulated(board):
        board = load_board(_HOST)
    platform = _platform_here(board)
    return (platform and get_platform(platform).tools_to_run(board)) or ()


def find_place(name: str, board: Board, model: Model) -> Place | str:
    """Where to check `model`, which is compiled for `board` (option value `name`).

    The board's own emulator; else this computer, when the code is plain C; else another emulated
    board with the same core. Where none of them can be: what is missing, in words.
    """
    if is_emulated(board):
        return _place(name, board)
    if not _is_for_arm(model):
        return _place(_HOST, load_board(_HOST))
    stand_in = _same_core(board.cpu.name) or load_board(_DSP_STAND_IN)
    return _place(stand_in.name, stand_in)


def _place(name: str, board: Board) -> Place | str:
    missing = [tool.programs[0] for tool in needed_tools(board) if tools.find(tool) is None]
    platform = _platform_here(board) or board.platforms[0]
    return f"needs {', '.join(missing)}" if missing else Place(name, platform, board.hosted)


def _is_for_arm(model: Model) -> bool:
    """Kernels with DSP instructions take them from Arm's C language extensions."""
    return any(b"arm_acle.h" in content for content in model.files.values())


def _same_core(cpu: str) -> Board | None:
    """Of the emulated boards with this core the one with the most RAM."""
    boards = [load_board(name) for name in board_names()]
    same = [board for board in boards if is_emulated(board) and board.cpu.name == cpu]
    return max(same, key=_ram_bytes, default=None)


def _ram_bytes(board: Board) -> int:
    ram = board.memory_for("ram")
    return 0 if ram is None else ram.size


def check(
    mlf: Path,
    place: Place,
    directory: Path,
    samples: Sequence[Sample],
    expected: Sequence[Sequence[npt.NDArray[Any]]],
    *,
    stack_bytes: int,
) -> Checked:
    """Builds the model library as a project with entry point c in `directory` and runs `samples`.

    `expected`: for each sample the reference's outputs in the model's order. A firmware that faults
    or stays silent differs. Stops at the first difference.
    Raises ModelError, ProjectError or BuildError when no firmware can be made.
    """
    from microtvm_boards.run import running

    options: dict[str, object] = {
        "board": place.board,
        "platform": place.platform,
        "model_entrypoint_api": "c",
        "optimization": place.optimization,
        "stack_size_bytes": stack_bytes,
    }
    project = create(mlf, directory, parse_options(options, "generate_project"))
    get_platform(place.platform).build(project)
    names = [tensor.name for tensor in project.models[0].inputs]
    most: int | None = None
    label = samples[0].label
    try:
        with running(project, timeout=_SECONDS) as firmware:
            for sample, want in zip(samples, expected, strict=True):
                label = sample.label
                result = firmware.run(by_name(names, sample.arrays))
                difference = _difference(result, want)
                if difference:
                    return Checked(f"{difference}, {label}", most)
                count = qemu.instructions(result.ticks, project.board)
                most = None if count is None else max(most or 0, round(count))
    except MicroTvmBoardsError as error:
        return Checked(f"no answer to {label}: {error.cause}")
    return Checked("", most)


def _difference(result: RunResult, expected: Sequence[npt.NDArray[Any]]) -> str:
    """The first output that isn't as expected, in words; "" when all are. Integers exactly."""
    import numpy as np

    if result.status != 0:
        return f"the model failed with {result.status_name}"
    if len(result.outputs) != len(expected):
        return f"{len(result.outputs)} outputs instead of {len(expected)}"
    for (name, got), want in zip(result.outputs.items(), expected, strict=True):
        if got.dtype != want.dtype or got.size != want.size:
            return f"{name} is {got.dtype}[{got.size}] instead of {want.dtype}[{want.size}]"
        flat, right = got.reshape(-1), want.reshape(-1)
        if want.dtype.kind == "f":
            largest = float(np.nanmax(np.abs(right), initial=1.0))
            same = np.isclose(flat, right, _RELATIVE, _ABSOLUTE * largest, equal_nan=True)
        else:
            same = flat == right
        wrong = int(np.count_nonzero(~same))
        if wrong:
            return f"{wrong} of {want.size} values of {name} differ"
    return ""
