"""A project on disk: its directory, what its manifest says, its board."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from microtvm_boards.boards import Board, load_board
from microtvm_boards.project.manifest import (
    BOARD_FILE,
    CXX_SUFFIXES,
    MODEL_TAR,
    Manifest,
    ProjectModel,
    RpcSettings,
    read_manifest,
)
from microtvm_boards.project.options.table import ProjectOptions


@dataclass(frozen=True)
class Project:
    """A generated project, read back from its directory."""

    directory: Path
    manifest: Manifest
    board: Board

    @property
    def platform(self) -> str:
        return self.manifest.platform

    @property
    def entrypoint(self) -> str:
        """ "c" or "packed"."""
        return self.manifest.entrypoint

    @property
    def app(self) -> str:
        return self.manifest.app

    @property
    def models(self) -> tuple[ProjectModel, ...]:
        return self.manifest.models

    @property
    def rpc(self) -> RpcSettings | None:
        """Of entry point packed."""
        return self.manifest.rpc

    @property
    def options(self) -> ProjectOptions:
        """Those of when the project was made, and later ones (`with_options`)."""
        return self.manifest.options

    @property
    def build_dir(self) -> Path:
        return self.directory / "build"

    @property
    def mlf(self) -> Path:
        """The first model library."""
        return self.directory / MODEL_TAR

    @property
    def has_cxx(self) -> bool:
        """Whether some of its sources are C++."""
        return any(path.endswith(CXX_SUFFIXES) for path in self.manifest.files)

    def with_options(self, later: ProjectOptions) -> Project:
        """With what platforms were told in a later step, which wins."""
        options = self.options.with_later(later)
        return replace(self, manifest=replace(self.manifest, options=options))

    def place_in_library(self, model: int) -> int:
        """Which module of its own library model number `model` is."""
        library = self.models[model].library
        return sum(other.library == library for other in self.models[:model])

    @classmethod
    def open(cls, directory: Path) -> Project:
        """Reads `directory`/project.json and board.yaml.

        Raises ProjectError when `directory` isn't a project of ours or its manifest is damaged,
        BoardError for its board.
        """
        directory = directory.expanduser().resolve()
        manifest = read_manifest(directory)
        return cls(directory, manifest, load_board(str(directory / BOARD_FILE)))
