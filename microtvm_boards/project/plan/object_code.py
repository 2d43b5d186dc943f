"""Kernels that are object files: which processor they are for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from microtvm_boards.boards import Board
from microtvm_boards.elf import Elf, ElfError
from microtvm_boards.errors import ModelError
from microtvm_boards.model import Model
from microtvm_boards.project.plan.facts import ARM, Processor

# e_machine of ELF (pyelftools' names) -> what it is called here, and by facts.Processor.
_MACHINES = {
    "EM_ARM": ARM,
    "EM_X86_64": "x86-64",
    "EM_386": "x86",
    "EM_AARCH64": "AArch64",
    "EM_RISCV": "RISC-V",
    "EM_XTENSA": "Xtensa",
}
# Tag_CPU_arch of the Arm ABI's build attributes (addenda32, section 3.3.7.2) of cores with the
# profile M, and the cores that run such code.
_V6M, _V7M, _V7EM, _V8BASE, _V8MAIN, _V81 = "v6-M", "v7-M", "v7E-M", "v8-M base", "v8-M", "v8.1-M"
_TAGS = {10: _V7M, 11: _V6M, 12: _V6M, 13: _V7EM, 16: _V8BASE, 17: _V8MAIN, 21: _V81}
_HARD_ABI, _EITHER_ABI = 1, 3  # Tag_ABI_VFP_args
_RUNS = {
    **dict.fromkeys(("cortex-m0", "cortex-m0plus", "cortex-m1"), (_V6M,)),
    "cortex-m3": (_V6M, _V7M),
    **dict.fromkeys(("cortex-m4", "cortex-m7"), (_V6M, _V7M, _V7EM)),
    "cortex-m23": (_V6M, _V8BASE),
    **dict.fromkeys(("cortex-m33", "cortex-m35p"), (_V6M, _V7M, _V7EM, _V8BASE, _V8MAIN)),
    **dict.fromkeys(
        ("cortex-m52", "cortex-m55", "cortex-m85"), (_V6M, _V7M, _V7EM, _V8BASE, _V8MAIN, _V81)
    ),
}


@dataclass(frozen=True)
class Code:
    """`machine`: one of _MACHINES or ELF's own name; `version`: of Arm's architecture or "".

    `hard_float`: whether floats are passed in registers of the FPU; None: no float is, or unknown.
    """

    machine: str
    version: str = ""
    hard_float: bool | None = None

    def __str__(self) -> str:
        return f"{self.machine} {self.version}".rstrip()


def refuse_foreign_objects(models: Iterable[Model], board: Board, processor: Processor) -> None:
    """Raises ModelError that names an object file whose code isn't for the board's processor.

    Nothing is refused where the board's processor isn't known.
    """
    if processor.machine is None:
        return
    for model in models:
        for source in (s for module in model.modules for s in module.sources):
            if source.endswith(".o"):
                reason = _mismatch(code_of(model.files[source]), board, processor)
                if reason:
                    raise ModelError(
                        f"{model.path}: {source} {reason}.", hint=_hint(board, processor)
                    )


def _mismatch(code: Code, board: Board, processor: Processor) -> str:
    runs = _RUNS.get(processor.core)
    if code.machine != processor.machine or (code.version and runs and code.version not in runs):
        return f"holds code for {code}; board {board.name} has {processor}"
    hard = _hard_float(board)
    if None in (hard, code.hard_float) or hard == code.hard_float:
        return ""
    abi = {True: "in registers of the FPU (hard-float ABI)", False: "in general registers"}
    return (
        f"passes floats {abi[not hard]}; code for board {board.name} passes them {abi[bool(hard)]}"
    )


def _hard_float(board: Board) -> bool | None:
    """None where the board's file doesn't say."""
    given = [flag for flag in board.cpu.flags if flag.startswith("-mfloat-abi=")]
    return given[-1].endswith("=hard") if given else None


def code_of(data: bytes) -> Code:
    """What the object file `data` is for. Raises nothing that scan_object hasn't refused."""
    elf = Elf(data)
    name = _MACHINES.get(elf.machine, elf.machine.removeprefix("EM_"))
    if name != ARM:
        return Code(name)
    tags = _arm_attributes(elf)
    hard: bool | None = None
    # What ld goes by: an object that says how it represents floats says how it passes them, too.
    if tags.get("TAG_ABI_FP_NUMBER_MODEL") and tags.get("TAG_ABI_VFP_ARGS") != _EITHER_ABI:
        hard = tags.get("TAG_ABI_VFP_ARGS") == _HARD_ABI
    return Code(name, _TAGS.get(tags.get("TAG_CPU_ARCH", -1), ""), hard)


def _arm_attributes(elf: Elf) -> dict[str, int]:
    """None where there are none that can be read."""
    try:
        return elf.arm_attributes()
    except ElfError:
        return {}


def _hint(board: Board, processor: Processor) -> str:
    core = processor.core
    if processor.machine == ARM and core:
        floats = {None: "", True: " -mfloat-abi=hard", False: " -mfloat-abi=soft"}
        return (
            f"compile the model with -mcpu={core}{floats[_hard_float(board)]} and an Arm triple, "
            "or for the target c"
        )
    return "compile the model for the board's processor, or for the target c"
