"""project.json: what a later step, in another process on another day, needs to know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ProjectError
from microtvm_boards.model import DTYPE_BYTES, Executor, Interface, Tensor
from microtvm_boards.model.redirect import Renames
from microtvm_boards.project.needs.need import MemoryNeed
from microtvm_boards.project.options.recorded import read_options
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.records import OMITTED, from_json, read_by, to_json

MANIFEST = "project.json"
MODEL_TAR = "model.tar"
BOARD_FILE = "board.yaml"
FORMAT = 1
CXX_SUFFIXES = (".cc", ".cpp")
_ENTRYPOINTS = ("c", "packed")


@dataclass(frozen=True)
class ToolVersion:
    """What made the project."""

    name: str
    version: str


@dataclass(frozen=True)
class LibraryIdentity:
    """The first model library."""

    sha256: str
    version: int  # of the Model Library Format
    tvm_version: str | None


@dataclass(frozen=True, kw_only=True)
class ProjectModel:
    """One model of a project: its tensors in the order of its entry function."""

    name: str
    c_name: str  # mtvm_<c_name>_run
    executor: Executor | None
    interface: Interface | None  # of `entry`
    entry: str | None  # symbol of the generated entry function
    targets: tuple[str, ...]
    library: str = MODEL_TAR  # the tar that it is of, in the project
    library_sha256: str = ""
    workspace_bytes: int  # as TVM counts them
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    notes: tuple[str, ...]  # what the model library leaves open, in words
    renames: Renames | None = None  # None: not noted, in manifests of earlier versions


@dataclass(frozen=True)
class RpcSettings:
    """How the firmware of a `packed` project speaks RPC; bytes."""

    packet_bytes: int  # of the packet buffer
    tensor_heap_bytes: int
    ring_bytes: int  # of the receive ring
    codec: str  # how arguments are encoded
    server: str = "own"  # whose RPC server it is: option runtime


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that project.json says, in its order."""

    format: int
    tool: ToolVersion
    model_library_format: LibraryIdentity
    board: str  # its name
    platform: str
    entrypoint: str  # "c" or "packed"
    # A trial of tuning: a kernel without a firmware of its own.
    trial: bool = field(default=False, metadata=OMITTED)
    app: str
    options: ProjectOptions = field(metadata=read_by(read_options))  # that it was made with
    models: tuple[ProjectModel, ...]
    alignment: int  # bytes; of every tensor and pool
    arena_bytes: int
    stack_bytes: int  # 0: the platform's own
    stack_least_bytes: int | None = None  # what a build may make of it; None: it stays
    sample_count: int  # samples baked into the firmware
    rpc: RpcSettings | None = None  # entry point packed
    memory: tuple[MemoryNeed, ...]
    warnings: tuple[str, ...]
    files: Mapping[str, str]  # path -> why it is there

    def to_json(self) -> dict[str, Any]:
        """The document; options that are at their defaults are left out of it."""
        return {**to_json(self), "options": self.options.to_json()}

    @classmethod
    def from_json(cls, document: object) -> Manifest:
        """The inverse of `to_json`.

        Raises ValueError for what isn't the document of a manifest, in words.
        """
        found = from_json(cls, document)
        if found.entrypoint not in _ENTRYPOINTS:
            raise ValueError(f"entrypoint needs c or packed, found {found.entrypoint!r}")
        for tensor in (t for m in found.models for t in m.inputs + m.outputs):
            if tensor.dtype not in DTYPE_BYTES:
                raise ValueError(f"tensor {tensor.name} has the unknown dtype {tensor.dtype!r}")
        return found

    def dumps(self) -> bytes:
        """The bytes of project.json."""
        return (json.dumps(self.to_json(), indent=2) + "\n").encode()


def read_manifest(directory: Path) -> Manifest:
    """`directory`/project.json.

    Raises ProjectError when there is none, when it is damaged, or of another format.
    """
    path = directory / MANIFEST
    if not path.is_file():
        raise ProjectError(
            f"{directory} is not a project: there is no {MANIFEST} in it.",
            hint=f"microtvm-boards create MODEL.tar {directory} --board BOARD",
        )
    try:
        document = json.loads(path.read_bytes())
        version = document.get("format") if isinstance(document, dict) else None
        if type(version) is int and version != FORMAT:
            raise ProjectError(
                f"{path} has format {version}; this version reads format {FORMAT}.",
                hint="create the project again from its model.tar",
            )
        return Manifest.from_json(document)
    # json raises RecursionError for what is nested too deep.
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectError(
            f"{path} is damaged: {error}.", hint="create the project again"
        ) from error
