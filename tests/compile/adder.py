"""A compiler of another package, to be found by its entry point: it knows no TVM.

Its models are files with one number; a model adds that to four int8 values, which wrap around. One
of its recipes is wrong, one needs more memory than the others, one can't be compiled by C, one not
by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microtvm_boards.boards import Board
from microtvm_boards.compile.samples import ModelInput
from microtvm_boards.errors import ModelError, ToolNotFoundError, UsageError
from tests.mlf.builder import Spec, mlf, tar

_KERNEL = """\
#include <stdint.h>
#include <tvm/runtime/c_runtime_api.h>
TVM_DLL int32_t tvmgen_{name}___tvm_main__(void* x, void* output) {{
  int8_t *from = x, *to = output;
  for (int i = 0; i < 4; ++i) to[i] = (int8_t)({expression});
  return 0;
}}
"""


@dataclass(frozen=True)
class Recipe:
    name: str
    expression: str
    workspace: int = 0

    def describe(self) -> dict[str, Any]:
        return {"expression": self.expression}


RECIPES = (
    Recipe("large", "from[i] + ({number})", workspace=64),
    Recipe("saturates", "from[i] + ({number}) > 127 ? 127 : from[i] + ({number})"),
    Recipe("small", "from[i] + ({number})", workspace=16),
    Recipe("no C", "nothing[i]"),
    Recipe("refused", ""),
)


@dataclass(frozen=True)
class Model:
    number: int
    tuned: int  # files of a tuning
    inputs: tuple[ModelInput, ...] = (ModelInput("x", (1, 4), "int8"),)

    def reference(self, samples: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
        return [[sample["x"] + np.int8(self.number)] for sample in samples]

    def recipes(self, board: Board) -> tuple[Recipe, ...]:
        return RECIPES

    def build(self, recipe: Recipe, mlf_path: Path, *, name: str, entrypoint: str) -> list[str]:
        if not recipe.expression:
            raise ModelError("The adder is tired.")
        files = mlf(Spec("c", name=name, workspace=recipe.workspace))
        code = _KERNEL.format(name=name, expression=recipe.expression.format(number=self.number))
        files[f"./codegen/host/src/{name}_lib1.c"] = code.encode()
        mlf_path.write_bytes(tar(files))
        return [f"added for {entrypoint}"]

    def notes(self, board: Board) -> tuple[str, ...]:
        return (f"{self.tuned} tunings.",)


class Adder:
    name = "adder"
    title = "the adder"
    by_hand = "add by hand"

    def read(self, model: Any, tuning: Sequence[Path] = ()) -> Model:
        if model.suffix == ".missing":
            raise ToolNotFoundError("There are no fingers.", hint="grow some")
        if model.suffix != ".number":
            raise UsageError(f"{model} is no number.")
        return Model(int(model.read_text()), len(tuning))
