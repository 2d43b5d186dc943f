"""project.json: what a later step, in another process on another day, needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


def read_model(data: dict[str, Any]) -> ProjectModel:
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
