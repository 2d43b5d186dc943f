"""What a compiler of models is to this room: it reads a model, and makes tars of it in several
ways. Which of them is kept is decided here, by running them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from microtvm_boards.compile.samples import ModelInput
from microtvm_boards.plugins import COMPILERS

if TYPE_CHECKING:
    import numpy.typing as npt

    from microtvm_boards.boards import Board

Inputs: TypeAlias = "Mapping[str, npt.NDArray[Any]]"
Outputs: TypeAlias = "Sequence[npt.NDArray[Any]]"


class Recipe(Protocol):
    """One way to compile a model."""

    @property
    def name(self) -> str:
        """For people; no two of a model have the same."""

    def describe(self) -> dict[str, Any]:
        """Its settings, for JSON."""


R = TypeVar("R", bound=Recipe)


class ReadModel(Protocol[R]):
    """A model as a compiler has read it."""

    @property
    def inputs(self) -> Sequence[ModelInput]: ...

    def reference(self, samples: Sequence[Inputs]) -> list[Outputs]:
        """What the unchanged model computes for each sample, run on this computer: its outputs in
        the model's order. Raises ModelError when it can't be run."""

    def recipes(self, board: Board) -> Sequence[R]:
        """What to try for the board's processor; the compiler's defaults come first.

        Raises UsageError when a tuning is for none of them.
        """

    def build(self, recipe: R, mlf: Path, *, name: str, entrypoint: str) -> Sequence[str]:
        """Writes the Model Library Format tar `mlf` with the one model `name`, for the projects
        that `entrypoint` (c or packed) stands for. Gives what the compiler had to say.

        The same call gives the same bytes. Raises ModelError when this recipe doesn't work.
        """

    def notes(self, board: Board) -> Sequence[str]:
        """What couldn't be tried for the board, and why."""


class Compiler(Protocol):
    """name: as `compiler_named` finds it. title: for messages. by_hand: what a user may do who is
    content with none of its recipes."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def by_hand(self) -> str: ...

    def read(self, model: Any, tuning: Sequence[Path] = ()) -> ReadModel[Any]:
        """`model`: a file, or what the compiler itself has in memory. `tuning`: what tuners wrote
        for it.

        Raises ToolNotFoundError, with what to install, where the compiler can't work; UsageError
        for what it can't read; ModelError for a model that is damaged or has no fixed shapes.
        """


def compiler_named(name: str) -> Compiler:
    """Ours, or that of an installed package (entry points microtvm_boards.compilers): classes
    without parameters. Raises UsageError for an unknown name, PluginError for one that can't be
    imported."""
    made: Compiler = COMPILERS.load(name)()
    return made
