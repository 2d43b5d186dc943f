"""Access to the members of a tar, with errors that name the tar and the member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf.checks import Malformed

T = TypeVar("T")

EXPORT_AGAIN = (
    "export the model again: tvm.micro.export_model_library_format, "
    "or tvmc compile --output-format mlf"
)


class Members:
    def __init__(self, path: Path, files: Mapping[str, bytes]) -> None:
        self.path = path
        self.files = files

    def parse(self, name: str, parser: Callable[[bytes], T]) -> T:
        """`parser` of the member `name`, which is there."""
        try:
            return parser(self.files[name])
        except Malformed as error:
            raise self.error(f"{name} can't be used: {error}") from error

    def first(self, *names: str) -> str | None:
        """The first of `names` that is there."""
        return next((name for name in names if name in self.files), None)

    def error(self, problem: str, hint: str = EXPORT_AGAIN) -> ModelError:
        """`problem` is the part of a sentence behind the tar's name; it may quote hostile names."""
        problem = "".join(c if c.isprintable() else "?" for c in problem)
        return ModelError(f"{self.path}: {problem}.", hint=hint)
