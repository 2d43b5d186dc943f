"""The model library of a kernel host: no model, and an operator that does nothing."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from microtvm_boards.tuning.host.system_library import tables

FOLDER = "codegen/host/src"
# Places for the sources of a kernel in mode rebuild; TVM writes one for code and one for tables.
SLOTS = tuple(f"kernel{number}.c" for number in range(4))
EMPTY = b"/* Nothing here. */\nextern int mtvm_nothing_here;\n"
_FUNCTION = "mtvm_no_kernel"
PLACEHOLDER = f"""\
/* Stands in for a kernel. Its compiler's command is the one for kernels. */
#include <tvm/runtime/crt/module.h>

TVM_DLL int32_t {_FUNCTION}(void *args, int *codes, int count, void *value, int *code,
                               void *resource) {{
  return 0;
}}
{tables(_FUNCTION)}""".encode()
_METADATA = {
    "executors": [],
    "export_datetime": "1970-01-01 00:00:00Z",
    "memory": {_FUNCTION: []},
    "model_name": "kernel_host",
    "style": "operator",
    "target": ["c -keys=cpu"],
    "version": 7,
}


def write_host_library(path: Path) -> None:
    """Writes the tar; the same bytes every time."""
    files: Mapping[str, bytes] = {
        "metadata.json": json.dumps(_METADATA, indent=2).encode(),
        **{f"{FOLDER}/{slot}": EMPTY for slot in SLOTS},
        f"{FOLDER}/{SLOTS[0]}": PLACEHOLDER,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with tarfile.open(temporary, "w") as tar:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    temporary.replace(path)
