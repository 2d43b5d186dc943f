"""Takes out of a Model Library Format tar what differs from one export to the next.

TVM (0.16, the wheel hhb-tvm 3.2.3) walks maps that are keyed by addresses, so with address space
randomization the order of some lists changes from process to process; beside that there are the
date and the tar's own times and owners. Nothing that has a meaning is changed.

Not covered: object files (an LLVM target's system library lists functions in TVM's order), and
pools of constants that the caller owns (TVM fills their gaps with uninitialized memory).
"""

from __future__ import annotations

import io
import json
import re
import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path

EXPORT_DATETIME = "1970-01-01 00:00:00Z"

Members = Mapping[str, "bytes | None"]  # contents by name; None is a directory

# One buffer of the static memory plan: `void* sid_6_let = (&(global_workspace_1_var[128]));`
# or, where the pool comes as an argument, `(&(((uint8_t*)global_workspace_1_var_1)[128]))`.
_PLANNED = re.compile(
    rb"^ *void\* \w+_let = \(&\((?:\(\(uint8_t\*\))?\w+_var(?:_\d+)?\)?\[\d+\]\)\);$"
)

# One macro of the C interface's header with its comment, and a run of them.
_MACRO = re.compile(rb"/\*!\n \* \\brief [^\n]*\n \*/\n#define \w+ \d+\n")
_MACROS = re.compile(rb"(?:" + _MACRO.pattern + rb")+")


def normalize(members: Members) -> dict[str, bytes | None]:
    """The same members with every order fixed and the date of export set to EXPORT_DATETIME."""
    return {name: content and _normalized(name, content) for name, content in members.items()}


def _normalized(name: str, content: bytes) -> bytes:
    if name.removeprefix("./") == "metadata.json":
        return _normalize_metadata(content)
    if name.endswith(".params"):
        return _normalize_params(content)
    if name.endswith((".c", ".cc")):
        return _normalize_source(content)
    if name.endswith(".h"):
        return _normalize_header(content)
    return content


def _normalize_metadata(content: bytes) -> bytes:
    document = json.loads(content)
    # Full models keep the date in each module, operator style at the top (MLF version 7).
    for entry in [document, *document.get("modules", {}).values()]:
        if "export_datetime" in entry:
            entry["export_datetime"] = EXPORT_DATETIME
        functions = entry.get("memory", {}).get("functions", {})
        if "operator_functions" in functions:
            functions["operator_functions"].sort(key=lambda function: function["function_name"])
    return json.dumps(document, indent=2, sort_keys=True).encode()


def _normalize_params(content: bytes) -> bytes:
    """Sorts the parameters by name; TVM's own save_param_dict keeps no order that is given.

    Layout (TVM v0.16 src/runtime/file_utils.cc, ndarray.h SaveDLTensor), little-endian: magic u64,
    reserved u64, count u64, per name (length u64, bytes), count u64, then the arrays.
    """
    (count,) = struct.unpack_from("<Q", content, 16)
    at = 24
    names = []
    for _ in range(count):
        (length,) = struct.unpack_from("<Q", content, at)
        names.append(content[at : at + 8 + length])
        at += 8 + length
    head, between = content[:24], content[at : at + 8]
    at += 8
    arrays = []
    for _ in range(count):
        end = _end_of_array(content, at)
        arrays.append(content[at:end])
        at = end
    pairs = sorted(zip(names, arrays, strict=True), key=lambda pair: pair[0][8:])
    return b"".join([head, *(n for n, _ in pairs), between, *(a for _, a in pairs)])


def _end_of_array(content: bytes, at: int) -> int:
    """Magic u64, reserved u64, device 2*i32, ndim i32, dtype 4 bytes, shape i64[], size i64."""
    ndim: int = struct.unpack_from("<i", content, at + 24)[0]
    size_at = at + 32 + 8 * ndim
    size: int = struct.unpack_from("<q", content, size_at)[0]
    return size_at + 8 + size


def _normalize_source(content: bytes) -> bytes:
    """Sorts each run of lines that give names to places in a memory pool.

    They depend on the pool alone and not on each other, so any order is the same program.
    """
    lines = content.split(b"\n")
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and _PLANNED.match(lines[end]):
            end += 1
        lines[start:end] = sorted(lines[start:end], key=_numbers_by_value)
        start = end + 1
    return b"\n".join(lines)


def _normalize_header(content: bytes) -> bytes:
    """Sorts the macros with the sizes of tensors and pools."""

    def in_order(run: re.Match[bytes]) -> bytes:
        macros: list[bytes] = sorted(_MACRO.findall(run[0]), key=_numbers_by_value)
        return b"".join(macros)

    return _MACROS.sub(in_order, content)


def _numbers_by_value(text: bytes) -> list[tuple[int, bytes]]:
    parts = re.split(rb"(\d+)", text)
    return [(int(part), b"") if part.isdigit() else (-1, part) for part in parts]


def read_members(path: Path) -> dict[str, bytes | None]:
    members: dict[str, bytes | None] = {}
    with tarfile.open(path) as tar:
        for member in tar:
            file = tar.extractfile(member)
            members[member.name] = None if file is None else file.read()
    return members


def write_tar(path: Path, members: Members) -> None:
    """Members in order of name, all of them root's and from 1970."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in sorted(members.items()):
            info = tarfile.TarInfo(name)  # mtime 0, uid and gid 0
            info.uname = info.gname = "root"
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
            else:
                info.size, info.mode = len(content), 0o644
                tar.addfile(info, io.BytesIO(content))
