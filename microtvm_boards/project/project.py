"""A project on disk: its directory, what its manifest says, its board."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board, load_board
from microtvm_boards.errors import ProjectError
from microtvm_boards.project.manifest import (
    BOARD_FILE,
    CXX_SUFFIXES,
    FORMAT,
    MANIFEST,
    MODEL_TAR,
    ProjectModel,
    RpcSettings,
    read_model,
)


@dataclass(frozen=True)
class Project:
    """A generated project, read back from its directory."""

    directory: Path
    platform: str
    entrypoint: str  # "c" or "packed"
    models: tuple[ProjectModel, ...]
    board: Board
    app: str
    sample_count: int  # samples baked into the firmware
    manifest: dict[str, Any]
    stack_bytes: int = 0  # 0: the platform's own
    stack_least_bytes: int | None = None  # what a build may make of it; None: it stays
    rpc: RpcSettings | None = None  # entry point packed

    @property
    def build_dir(self) -> Path:
        return self.directory / "build"

    @property
    def options(self) -> dict[str, Any]:
        """Those that were given when the project was made, and later ones (`with_options`)."""
        options: dict[str, Any] = self.manifest["options"]
        return options

    def with_options(self, **later: str | None) -> Project:
        """With options of a later step, which win; None: unset."""
        given = {name: value for name, value in later.items() if value is not None}
        return replace(self, manifest={**self.manifest, "options": {**self.options, **given}})

    @property
    def trial(self) -> bool:
        """Whether it is a trial of tuning: a kernel without a firmware of its own."""
        return bool(self.manifest.get("trial", False))

    @property
    def has_cxx(self) -> bool:
        """Whether some of its sources are C++."""
        return any(path.endswith(CXX_SUFFIXES) for path in self.manifest.get("files", {}))

    @property
    def mlf(self) -> Path:
        """The first model library."""
        return self.directory / MODEL_TAR

    def place_in_library(self, model: int) -> int:
        """Which module of its own library model number `model` is."""
        library = self.models[model].library
        return sum(other.library == library for other in self.models[:model])

    @classmethod
    def open(cls, directory: Path) -> Project:
        """Reads `directory`/project.json and board.yaml.

        Raises ProjectError when `directory` isn't a project of ours or its manifest is damaged.
        """
        directory = directory.expanduser().resolve()
        path = directory / MANIFEST
        if not path.is_file():
            raise ProjectError(
                f"{directory} is not a project: there is no {MANIFEST} in it.",
                hint=f"microtvm-boards create MODEL.tar {directory} --board BOARD",
            )
        try:
            data = json.loads(path.read_text())
            if data["format"] != FORMAT:
                raise ProjectError(
                    f"{path} has format {data['format']}; this version reads format {FORMAT}.",
                    hint="create the project again from its model.tar",
                )
            return cls(
                directory=directory,
                platform=data["platform"],
                entrypoint=data["entrypoint"],
                models=tuple(read_model(m) for m in data["models"]),
                board=load_board(str(directory / BOARD_FILE)),
                app=data["app"],
                sample_count=data["sample_count"],
                manifest=data,
                stack_bytes=data["stack_bytes"],
                stack_least_bytes=data.get("stack_least_bytes"),
                rpc=None if data.get("rpc") is None else RpcSettings(**data["rpc"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ProjectError(
                f"{path} is damaged: {error!r}.", hint="create the project again"
            ) from error
