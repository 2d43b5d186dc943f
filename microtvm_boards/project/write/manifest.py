"""project.json: what a later step, in another process on another day, needs to know."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board, load_board
from microtvm_boards.errors import ProjectError
from microtvm_boards.model import Quantization, Tensor

MANIFEST = "project.json"
MODEL_TAR = "model.tar"
BOARD_FILE = "board.yaml"
FORMAT = 1
CXX_SUFFIXES = (".cc", ".cpp")


@dataclass(frozen=True)
class ProjectModel:
    """One model of a project: its tensors in the order of its entry function."""

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    c_name: str = ""  # mtvm_<c_name>_run
    library: str = MODEL_TAR  # the tar that it is of, in the project
    library_sha256: str = ""
    workspace_bytes: int = 0  # as TVM counts them


@dataclass(frozen=True)
class RpcSettings:
    """How the firmware of a `packed` project speaks RPC; bytes."""

    packet_bytes: int  # of the packet buffer
    tensor_heap_bytes: int
    ring_bytes: int  # of the receive ring
    codec: str  # how arguments are encoded
    server: str = "own"  # whose RPC server it is: option runtime


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
                models=tuple(_read_model(m) for m in data["models"]),
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


def _read_model(data: dict[str, Any]) -> ProjectModel:
    return ProjectModel(
        name=data["name"],
        inputs=tuple(_read_tensor(t) for t in data["inputs"]),
        outputs=tuple(_read_tensor(t) for t in data["outputs"]),
        c_name=data["c_name"],
        library=data.get("library", MODEL_TAR),
        library_sha256=data.get("library_sha256", ""),
        workspace_bytes=data["workspace_bytes"],
    )


def _read_tensor(data: dict[str, Any]) -> Tensor:
    q = data["quantization"]
    return Tensor(
        name=data["name"],
        dtype=data["dtype"],
        shape=None if data["shape"] is None else tuple(data["shape"]),
        size_bytes=data["size_bytes"],
        quantization=None if q is None else Quantization(q["scale"], q["zero_point"]),
        quantized_axis=data.get("quantized_axis"),
    )


def tensor_to_json(tensor: Tensor) -> dict[str, Any]:
    """The inverse of what `Project.open` reads."""
    q = tensor.quantization
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": None if tensor.shape is None else list(tensor.shape),
        "size_bytes": tensor.size_bytes,
        "quantization": None if q is None else {"scale": q.scale, "zero_point": q.zero_point},
        "quantized_axis": tensor.quantized_axis,
    }
