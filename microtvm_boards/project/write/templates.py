"""Templates of template_project, and what they write C and CMake with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microtvm_boards import resources
from microtvm_boards.model import DTYPE_BYTES

if TYPE_CHECKING:
    from jinja2 import Environment

# C type and mtvm_type_t of a dtype; a float16 is stored as its bits.
C_TYPES = {
    "bool": ("uint8_t", "MTVM_BOOL"),
    "float16": ("uint16_t", "MTVM_FLOAT"),
    "float32": ("float", "MTVM_FLOAT"),
    "float64": ("double", "MTVM_FLOAT"),
    **{f"int{n}": (f"int{n}_t", "MTVM_INT") for n in (8, 16, 32, 64)},
    **{f"uint{n}": (f"uint{n}_t", "MTVM_UINT") for n in (8, 16, 32, 64)},
}
# DLDataTypeCode of a dtype; TVM passes bool as a one-bit unsigned integer.
DL_CODES = {"MTVM_INT": "kDLInt", "MTVM_UINT": "kDLUInt", "MTVM_BOOL": "kDLUInt"}
TYPE_CODE_DLTENSOR = 7  # kTVMDLTensorHandle


def render_source(
    source: str, context: Mapping[str, Any], roots: tuple[Path, ...] | None = None
) -> bytes:
    """The template <source> with a context of the caller's; `roots`: where templates are looked
    for, template_project/ when unset."""
    roots = roots or (resources.template_project(),)
    return template_environment(roots).get_template(source).render(context).encode()


@lru_cache(maxsize=4)
def template_environment(roots: tuple[Path, ...]) -> Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(roots),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(
        c_type=lambda dtype: C_TYPES[dtype][0],
        mtvm_type=lambda dtype: C_TYPES[dtype][1],
        dl_code=lambda dtype: DL_CODES.get(C_TYPES[dtype][1], "kDLFloat"),
        dl_bits=lambda dtype: 1 if dtype == "bool" else 8 * DTYPE_BYTES[dtype],
        bits=lambda dtype: 8 * DTYPE_BYTES[dtype],
        elements=lambda tensor: tensor.size_bytes // DTYPE_BYTES[tensor.dtype],
        c_string=_c_string,
        c_float=lambda value: (
            f"{value!r}f" if "." in repr(value) or "e" in repr(value) else f"{value}.f"
        ),
        c_bytes=c_bytes,
        minus=lambda number: f"- {number}" if number >= 0 else f"+ {-number}",
        cmake=_cmake_string,
        local=lambda name: f"in_{name}",
        local_out=lambda name: f"out_{name}",
        comment=lambda text: text.replace("*/", "* /").replace("/*", "/ *"),
        type_code=lambda _: TYPE_CODE_DLTENSOR,
        most_arguments=lambda calls: (
            [TYPE_CODE_DLTENSOR] * max((len(call.arguments) for call in calls), default=1)
        ),
        by_name=lambda params: {param.name: param for param in params},
    )
    environment.tests["object"] = lambda source: source.endswith(".o")
    environment.globals["field"] = lambda m, t: (
        f"mtvm_keyword_{t.tvm_field}" if t.tvm_field in m.keywords else t.tvm_field
    )
    return environment


def _c_string(text: str) -> str:
    """`text` as a C string literal; octal escapes, because a hex escape would eat what follows."""
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode()
    )
    return f'"{escaped}"'


def _cmake_string(text: str) -> str:
    """`text` as a quoted CMake argument."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def c_bytes(data: bytes) -> str:
    """`data` as the inside of an array initializer, 16 bytes a line."""
    lines = (data[i : i + 16] for i in range(0, len(data), 16))
    return "\n".join("    " + " ".join(f"0x{byte:02x}," for byte in line) for line in lines)
