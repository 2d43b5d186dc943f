"""Opens what a build made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from microtvm_boards.elf import Elf, ElfError
from microtvm_boards.errors import ProjectError


@contextmanager
def open_built(path: Path) -> Iterator[Elf]:
    """The ELF file at `path`. Raises ProjectError when it is none, or is damaged where it is read
    inside the `with`."""
    try:
        yield Elf.open(path)
    except (ElfError, OSError) as error:
        raise ProjectError(
            f"{path} can't be read as an ELF: {error}.", hint="build the project again"
        ) from error
