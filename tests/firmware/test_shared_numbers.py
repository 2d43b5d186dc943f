"""What C and Python both have to know: each side says it once, and they say the same."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path

import pytest

from microtvm_boards.analysis import tracing
from microtvm_boards.harness.protocol import _VERSION as HARNESS_GREETING
from microtvm_boards.project.plan.rpc import FRAME_BYTES
from microtvm_boards.project.write.templates import C_TYPES, TYPE_CODE_DLTENSOR
from microtvm_boards.resources import template_project
from microtvm_boards.rpc import messages
from microtvm_boards.rpc.codecs.classic.arguments import TypeCode
from microtvm_boards.rpc.codecs.classic.packets import Code
from microtvm_boards.tuning.host import window

SRC = template_project() / "src"
CODES = {  # of packets: Python's names are TVM's
    Code.SHUTDOWN: "RPC_SHUTDOWN",
    Code.INIT_SERVER: "RPC_INIT_SERVER",
    Code.CALL_FUNC: "RPC_CALL_FUNCTION",
    Code.RETURN: "RPC_RETURN",
    Code.EXCEPTION: "RPC_EXCEPTION",
    Code.COPY_FROM_REMOTE: "RPC_COPY_FROM_DEVICE",
    Code.COPY_TO_REMOTE: "RPC_COPY_TO_DEVICE",
    Code.COPY_ACK: "RPC_COPY_ACK",
    Code.GET_GLOBAL_FUNC: "RPC_GET_GLOBAL_FUNCTION",
    Code.FREE_HANDLE: "RPC_FREE_HANDLE",
    Code.DEV_ALLOC_DATA: "RPC_ALLOCATE",
    Code.DEV_FREE_DATA: "RPC_FREE",
    Code.DEV_STREAM_SYNC: "RPC_SYNCHRONIZE",
}
TYPES = {
    TypeCode.INT: "kTVMArgInt",
    TypeCode.FLOAT: "kTVMArgFloat",
    TypeCode.HANDLE: "kTVMOpaqueHandle",
    TypeCode.NULL: "kTVMNullptr",
    TypeCode.DTYPE: "kTVMDataType",
    TypeCode.DEVICE: "kDLDevice",
    TypeCode.TENSOR: "kTVMDLTensorHandle",
    TypeCode.OBJECT: "kTVMObjectHandle",
    TypeCode.MODULE: "kTVMModuleHandle",
    TypeCode.FUNCTION: "kTVMPackedFuncHandle",
    TypeCode.STR: "kTVMStr",
    TypeCode.BYTES: "kTVMBytes",
    TypeCode.NDARRAY: "kTVMNDArrayHandle",
}
MESSAGES = {
    messages.Kind.START_INIT: "INIT",
    messages.Kind.START_REPLY: "REPLY",
    messages.Kind.TERMINATE: "TERMINATE",
    messages.Kind.LOG: "LOG",
    messages.Kind.NORMAL: "NORMAL",
}
# The status of an error starts its text.
_STATUS = re.compile(r'(?:mtvm_fail(?:_\w+)?|report_damage)\(\s*"([A-Z]+)[: ]')


def number(file: str, name: str) -> int:
    """Of `name = number` or `#define name number` in template_project/src/`file`."""
    text = (SRC / file).read_text()
    found = re.findall(rf"\b{name}(?: =)? (0x[0-9A-Fa-f]+|\d+)U?\b", text)
    assert len(found) == 1, f"{name} in {file}"
    return int(found[0], 0)


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("rpc/codec/rpc_codes.h", CODES),
        ("abi/tvm/runtime/c_runtime_api.h", TYPES),
        ("rpc/link/session.c", MESSAGES),
    ],
)
def test_enumerations_are_the_same(file: str, names: dict[IntEnum, str]) -> None:
    assert {name: number(file, name) for name in names.values()} == {
        name: int(code) for code, name in names.items()
    }


def test_numbers_are_the_same() -> None:
    assert number("rpc/codec/rpc_codes.h", "CODE_UINT") == TypeCode.UINT
    assert number("abi/tvm/runtime/c_runtime_api.h", "kTVMDLTensorHandle") == TYPE_CODE_DLTENSOR
    assert number("rpc/link/session.c", "VERSION") == messages.VERSION
    assert number("trace/mtvm_trace.h", "MTVM_TRACE_REPEAT") == tracing.REPEAT
    assert number("rpc/kernels/kernel_window.c", "MAGIC") == window.MAGIC


def test_a_frame_is_as_long_as_planned() -> None:
    """mtvm_config.h has the number; session.c doesn't compile with another one."""
    assert len(messages.Message(1, messages.Kind.NORMAL).frame()) == FRAME_BYTES
    around = number("rpc/link/link.h", "MTVM_LINK_BYTES")
    assert around + number("rpc/link/session.h", "MTVM_SESSION_HEADER") == FRAME_BYTES


def test_types_of_tensors_are_the_same() -> None:
    for _, name in C_TYPES.values():
        assert number("model/mtvm_model.h", name) >= 0


def test_the_harness_greets_in_its_protocol() -> None:
    greeting = re.search(r'"(mtvm \d+ models=)"', (SRC / "app/c_harness.c").read_text())
    assert greeting is not None
    assert HARNESS_GREETING.fullmatch(f"{greeting[1]}1 samples=0")


def statuses(sources: list[Path]) -> set[str]:
    return {f"MTVM_RPC_E_{name}" for path in sources for name in _STATUS.findall(path.read_text())}


def test_every_status_of_rpc_is_in_its_list() -> None:
    sources = [*SRC.glob("rpc/**/*.c"), *SRC.glob("rpc/**/*.j2"), *SRC.glob("trace/*.c")]
    listed = re.findall(r"MTVM_RPC_E_[A-Z]+\b", (SRC / "rpc/calls/error.h").read_text())
    assert statuses(sources) == set(listed) - {"MTVM_RPC_E_"}
    assert set(messages._LEFT_OUT) <= set(listed)
