"""Classic TVM as one of the compilers that room compile chooses among."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board
from microtvm_boards.compile.compiler import Inputs, Outputs
from microtvm_boards.compile.samples import ModelInput
from microtvm_boards.errors import MicroTvmBoardsError, ModelError
from microtvm_boards.relay.export import build_module, write_mlf
from microtvm_boards.relay.importers import import_model
from microtvm_boards.relay.ir import convert_kernels, infer_types, model_inputs, operators
from microtvm_boards.relay.native import compile_reference
from microtvm_boards.relay.recipes import Recipe, Tuning, knows_cpu, recipes, tuned_recipes
from microtvm_boards.relay.setup.enable import enable_micro
from microtvm_boards.relay.setup.quiet import captured_stderr
from microtvm_boards.relay.tuning.tuned import applied, read_tuning


class RelayCompiler:
    name = "relay"
    title = "TVM"
    by_hand = "microtvm_boards.tvm.export_mlf compiles with options of your choice"

    def read(
        self, model: Path | tuple[Any, Mapping[str, Any]], tuning: Sequence[Path] = ()
    ) -> RelayModel:
        """`model`: a .tflite or .onnx file, or relay: an IRModule and its parameters by name.
        `tuning`: what `read_tuning` takes."""
        tunings = tuple(read_tuning(path) for path in tuning)
        with captured_stderr():
            mod, params = import_model(model) if isinstance(model, Path) else model
            enable_micro()
            mod = infer_types(mod)
        notes = _tuning_notes(model, tunings) if isinstance(model, Path) else ()
        return RelayModel(mod, params, tunings, notes)


@dataclass(frozen=True)
class RelayModel:
    """mod: an IRModule with the type of every expression. tuning_notes: which of `tunings` are
    of another model."""

    mod: Any
    params: Mapping[str, Any]
    tunings: tuple[Tuning, ...] = ()
    tuning_notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[ModelInput, ...]:
        return model_inputs(self.mod, self.params)

    def reference(self, samples: Sequence[Inputs]) -> list[Outputs]:
        try:
            with captured_stderr():
                run = compile_reference(self.mod, self.params)
                return [run(sample) for sample in samples]
        except MicroTvmBoardsError:
            raise
        except Exception as error:  # TVM raises whatever comes
            raise ModelError(
                f"TVM can't compile the model for this computer: {type(error).__name__}.",
                details=str(error).splitlines()[-5:],
            ) from error

    def recipes(self, board: Board) -> tuple[Recipe, ...]:
        found = recipes(board.cpu.name, operators(self.mod))
        tuned = (own for one in self.tunings for own in tuned_recipes(found, one, board))
        return (*found, *tuned)

    def build(self, recipe: Recipe, mlf: Path, *, name: str, entrypoint: str) -> list[str]:
        try:
            with captured_stderr() as noise:
                self._build(recipe, mlf, name, packed=entrypoint == "packed")
        except Exception as error:  # TVM raises whatever comes
            words = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise ModelError(words[-1] if words else type(error).__name__) from error
        return noise

    def _build(self, recipe: Recipe, mlf: Path, name: str, *, packed: bool) -> None:
        context: AbstractContextManager[Mapping[str, Any]] = nullcontext({})
        if recipe.tuning is not None:
            context = applied(recipe.tuning)
        with context as pass_config:
            mod, params = self.mod, self.params
            if recipe.kernel_layout is not None:
                mod, params = convert_kernels(mod, params, recipe.kernel_layout)
            built = build_module(
                mod,
                params,
                name=name,
                interface="packed" if packed else "c",
                unpacked=not packed,
                system_lib=packed,
                target=recipe.target,
                usmp=True,
                usmp_algorithm=recipe.usmp_algorithm,
                pass_config=pass_config,
                disabled_pass=recipe.disabled_pass,
            )
            write_mlf([built], mlf)

    def notes(self, board: Board) -> tuple[str, ...]:
        cpu = board.cpu.name
        unknown = cpu and not knows_cpu(cpu)
        first = (f"TVM has no -mcpu for {cpu}: c keys alone were tried.",) if unknown else ()
        return (*first, *self.tuning_notes)


def _tuning_notes(model: Path, tunings: Sequence[Tuning]) -> tuple[str, ...]:
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    return tuple(
        f"{tuning.path} is of another model: it helps operators that are the same."
        for tuning in tunings
        if tuning.model_sha256 not in ("", digest)
    )
