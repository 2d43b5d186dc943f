"""Takes out of a Model Library Format tar what differs from one export to the next.

TVM (0.16, the wheel hhb-tvm 3.2.3) walks maps that are keyed by addresses, so with address space
randomization the order of some lists changes from process to process; beside that there are the
date and the tar's own times and owners. Nothing that has a meaning is changed.
"""

from __future__ import annotations

import importlib
import io
import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path

EXPORT_DATETIME = "1970-01-01 00:00:00Z"

Members = Mapping[str, "bytes | None"]  # contents by name; None is a directory

# One buffer of the static memory plan: `void* sid_6_let = (&(global_workspace_1_var[128]));`
# or, where the pool comes as an argument, `(&(((uint8_t*)global_workspace_1_var_1)[128]))`.
_PLANNED = re.compile(
    rb"^ *void\* \w+_let = \(&\((?:\(\(uint8_t\*\))?\w+_var(?:_\d+)?\)?"
    rb"\[\d+\]\)\);$"
)


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
    runtime = importlib.import_module("tvm.runtime")
    params = runtime.load_param_dict(content)
    return bytes(runtime.save_param_dict({name: params[name] for name in sorted(params)}))


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


def _numbers_by_value(line: bytes) -> list[tuple[int, bytes]]:
    parts = re.split(rb"(\d+)", line)
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
