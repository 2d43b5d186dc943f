"""Which ways of compiling a model for a processor are worth trying. Pure: needs no TVM."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from microtvm_boards.boards import Board
from microtvm_boards.errors import UsageError

# Prefixes of the -mcpu values that TVM knows for Cortex-M; with others, arm_cpu keys mean
# Cortex-A (v0.16 src/target/parsers/mprofile.cc).
_MCPU = ("cortex-m0", "cortex-m3")
_MCPU_DSP = ("cortex-m4", "cortex-m7", "cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85")

GREEDY = "greedy_by_size"  # TVM's default
HILL_CLIMB = "hill_climb"

Tuner = Literal["autotvm", "meta-schedule"]


@dataclass(frozen=True)
class Recipe:
    """One way to compile: target, static memory planner, passes left out, layout of weights, and
    what a tuning found."""

    name: str
    target: str
    usmp_algorithm: str
    disabled_pass: tuple[str, ...] = ()
    kernel_layout: str | None = None  # of quantized convolutions; None: as the model has it
    tuning: Tuning | None = None

    def describe(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "usmp_algorithm": self.usmp_algorithm,
            "disabled_pass": list(self.disabled_pass),
            "kernel_layout": self.kernel_layout,
            "tuning": self.tuning and str(self.tuning.records),
        }


@dataclass(frozen=True)
class Tuning:
    """path: what was given. records: AutoTVM's log, or the directory of MetaSchedule's database.
    recipe: how the model was compiled that was tuned; None: the records don't say. model_sha256: ""
    where not known."""

    path: Path
    tuner: Tuner
    records: Path
    recipe: Recipe | None = None
    model_sha256: str = ""

    def applies_to(self, recipe: Recipe) -> bool:
        return self.recipe is None or replace(self.recipe, name=recipe.name) == recipe


def knows_cpu(cpu: str) -> bool:
    """Whether TVM's arm_cpu keys have an -mcpu for the processor `cpu` (GCC's name)."""
    return cpu.startswith(_MCPU + _MCPU_DSP)


def recipes(cpu: str, operators: Collection[str]) -> tuple[Recipe, ...]:
    """What to try for a model that has these relay `operators`; TVM's defaults come first.

    - QnnLegalize widens int8 weights and activations to int16: twice the flash, more RAM, and on
      some models fewer instructions.
    - AlterOpLayout copies weights into another order and pads. Some kernels need it: the int8
      depthwise convolution for DSP instructions computes something else without it.
    - Weights in the order HWOI get the convolution kernel with DSP instructions, which takes more
      stack. An importer leaves them in HWIO.
    """
    quantized = any(name.startswith("qnn.") for name in operators)
    convolves = bool({"nn.conv2d", "qnn.conv2d"} & set(operators))
    found = [
        Recipe(f"c keys, {GREEDY} (TVM's default)", "c", GREEDY),
        Recipe(f"c keys, {HILL_CLIMB}", "c", HILL_CLIMB),
    ]
    if quantized:
        name = f"c keys, {HILL_CLIMB}, without QnnLegalize"
        found.append(Recipe(name, "c", HILL_CLIMB, ("QnnLegalize",)))
    if not knows_cpu(cpu):
        return tuple(found)
    arm, name = f"c -keys=arm_cpu,cpu -mcpu={cpu}", f"arm_cpu keys, {HILL_CLIMB}"
    found.append(Recipe(name, arm, HILL_CLIMB))
    if convolves:
        without = ("AlterOpLayout",)
        found.append(Recipe(f"{name}, without AlterOpLayout", arm, HILL_CLIMB, without))
    if "qnn.conv2d" in operators and cpu.startswith(_MCPU_DSP):
        found.append(Recipe(f"{name}, HWOI weights", arm, HILL_CLIMB, kernel_layout="HWOI"))
    return tuple(found)


def tuned_recipes(found: Sequence[Recipe], tuning: Tuning, board: Board) -> tuple[Recipe, ...]:
    """Those of `found` that `tuning` is good for, with it.

    Raises UsageError when there are none.
    """
    tuned = tuple(
        replace(recipe, name=f"{recipe.name}, tuned by {tuning.path.name}", tuning=tuning)
        for recipe in found
        if tuning.applies_to(recipe)
    )
    if not tuned:
        name = tuning.recipe.name if tuning.recipe else ""
        raise UsageError(
            f"{tuning.path} is for {name}, which isn't tried for the board {board.name}.",
            hint=f"microtvm-boards tune ... --board {board.name}",
        )
    return tuned
