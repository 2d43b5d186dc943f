"""Builds Model Library Format tars of any version, honest or hostile, without TVM.

The text of the members follows what TVM writes: python/tvm/micro/model_library_format.py,
src/target/source/{source_module,interface_c}.cc of 0.8 (version 5) and 0.16 (version 7).
"""

from __future__ import annotations

import io
import json
import math
import struct
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

BYTES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4, "float64": 8}
CODES = {"int": 0, "uint": 1, "float": 2}
TARGET = "c -keys=cpu "


@dataclass(frozen=True)
class T:
    """A tensor of a model to build."""

    name: str
    dtype: str = "int8"
    shape: tuple[int, ...] = (1, 4)

    @property
    def size(self) -> int:
        return math.prod(self.shape) * BYTES[self.dtype]

    @property
    def relay(self) -> str:
        if not self.shape:
            return self.dtype
        return f"Tensor[({', '.join(map(str, self.shape))}), {self.dtype}]"

    @property
    def field(self) -> str:
        return "".join(c if c.isalnum() and c.isascii() else "_" for c in self.name)


@dataclass(frozen=True)
class Spec:
    """A model to build. `kind`: c, packed, pu (packed interface, unpacked kernels) or graph."""

    kind: str = "c"
    version: int = 7
    name: str = "default"
    inputs: tuple[T, ...] = (T("x"),)
    outputs: tuple[T, ...] = (T("output"),)
    weights: tuple[T, ...] = ()
    sizes: bool = True  # metadata.json lists inputs and outputs, as TVM does from 0.11 on
    output_names: bool = True  # the relay text has output_tensor_names
    result_types: bool = True  # the relay text was type-checked
    relay: bool = True
    workspace: int = 96
    static: bool = True  # USMP put the workspace into the code
    body: str = ""  # of one more kernel
    pools: tuple[tuple[str, int], ...] = ()
    devices: tuple[str, ...] = ()


def tar(
    members: Mapping[str, bytes] | Iterable[tuple[str | tarfile.TarInfo, bytes]],
    fmt: int = tarfile.PAX_FORMAT,
) -> bytes:
    """A tar of these members, in order. A TarInfo is taken as it is, but for its size."""
    pairs = members.items() if isinstance(members, Mapping) else members
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=fmt) as out:
        for name, data in pairs:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def mlf(*specs: Spec) -> dict[str, bytes]:
    """The members of an MLF with these modules (several from version 7 on)."""
    files: dict[str, bytes] = {}
    for spec in specs:
        files |= {f"./{name}": text.encode() for name, text in _text_files(spec).items()}
        files[f"./parameters/{spec.name}.params"] = params(
            spec.weights if spec.kind == "graph" else ()
        )
    version = specs[0].version
    if version < 7:
        metadata: dict[str, Any] = _module_metadata(specs[0]) | {"version": version}
    else:
        modules = {spec.name: _module_metadata(spec) for spec in specs}
        metadata = {"version": version, "modules": modules}
    files["./metadata.json"] = json.dumps(metadata, indent=2, sort_keys=True).encode()
    return files


def _module_metadata(spec: Spec) -> dict[str, Any]:
    main: dict[str, Any] = {
        "device": 1,
        "workspace_size_bytes": spec.workspace,
        "constants_size_bytes": 16,
        "io_size_bytes": 0,
    }
    if spec.sizes:
        for key, tensors in (("inputs", spec.inputs), ("outputs", spec.outputs)):
            main[key] = {t.name: {"dtype": t.dtype, "size": t.size} for t in tensors}
    return {
        "model_name": spec.name,
        "export_datetime": "2021-11-30 00:00:00Z",
        "memory": {
            "functions": {
                "main": [main],
                "operator_functions": [
                    {
                        "function_name": f"tvmgen_{spec.name}_fused_nn_relu",
                        "workspace": [{"device": 1, "workspace_size_bytes": 32}],
                    }
                ],
            }
        },
        "target": {"1": TARGET} if spec.version == 5 else [TARGET],
        "executors": ["graph" if spec.kind == "graph" else "aot"],
        "style": "full-model",
    }


def _text_files(spec: Spec) -> dict[str, str]:
    old = spec.version < 7
    files = {f"codegen/host/src/{spec.name}_lib1.c": kernels(spec)}
    if spec.kind != "graph":
        files[f"codegen/host/src/{spec.name}_lib0.c"] = entry(spec)
    if spec.kind == "c":
        files[f"codegen/host/include/tvmgen_{spec.name}.h"] = header(spec)
    if spec.kind in ("packed", "pu") and not old:
        files[f"codegen/host/src/{spec.name}_lib2.c"] = tables(spec)
    if spec.kind == "graph":
        graph = "graph.json" if old else f"{spec.name}.graph"
        files[f"executor-config/graph/{graph}"] = json.dumps(graph_json(spec))
    if spec.relay:
        files["src/relay.txt" if old else f"src/{spec.name}.relay"] = relay(spec)
    return files


def kernels(spec: Spec) -> str:
    text = '#define TVM_EXPORTS\n#include "tvm/runtime/c_runtime_api.h"\n'
    signature = f"TVM_DLL int32_t tvmgen_{spec.name}_fused_nn_relu(float* p0, float* T_relu)"
    text += f"{signature};\n{signature} {{\n{spec.body}  return 0;\n}}\n"
    if spec.kind == "packed":
        main = "run_model" if spec.version == 5 else "__tvm_main__"
        text += f"TVM_DLL int32_t tvmgen_{spec.name}_{main}(void* args, void* arg_type_ids) {{\n"
        for index in range(len(spec.inputs) + len(spec.outputs)):
            text += f"  void* arg{index} = (((TVMValue*)args)[{index}].v_handle);\n"
        text += "  return 0;\n}\n"
    return text


_PACKED = "TVMValue* args, int* type_code, int num_args, TVMValue* out_value, int* out_type_code"


def entry(spec: Spec) -> str:
    """<mod>_lib0.c of an AOT model."""
    symbol = f"tvmgen_{spec.name}"
    main = "run_model" if spec.version == 5 else "__tvm_main__"
    count = len(spec.inputs) + len(spec.outputs)
    text = '#include "tvm/runtime/c_runtime_api.h"\n'
    if spec.static and spec.workspace and spec.version == 7:
        text += '__attribute__((section(".bss.noinit.tvm"), aligned(16)))\n'
        text += f"static uint8_t global_workspace[{spec.workspace}];\n"
    if spec.kind == "c":
        structs = f"struct {symbol}_inputs* inputs,struct {symbol}_outputs* outputs"
        fields = [f"inputs->{t.field}" for t in spec.inputs]
        fields += [f"outputs->{t.field}" for t in spec.outputs]
        text += f"#include <{symbol}.h>\nint32_t {symbol}_run({structs}) "
        return text + f"{{return {symbol}_{main}({','.join(fields)});\n}}\n"
    text += f"TVM_DLL int32_t {symbol}_{main}({_PACKED});\n"
    text += f"int32_t {symbol}_run({_PACKED}, void* resource_handle) {{\n"
    if spec.kind == "pu":
        values = [f"((DLTensor*)(((TVMValue*)args)[{i}].v_handle))[0].data" for i in range(count)]
        return text + f"return {symbol}_{main}({','.join(values)});\n}}\n"
    if spec.version == 7:
        text += f"TVMValue tensors[{count}];\n"
        text += "".join(f"tensors[{i}] = ((TVMValue*)args)[{i}];\n" for i in range(count))
    return text + f"return {symbol}_{main}(args, type_code, num_args, out_value);\n}}\n"


def header(spec: Spec) -> str:
    symbol = f"tvmgen_{spec.name}"
    text = f"#ifndef {symbol.upper()}_H_\n#include <stdint.h>\n"
    if spec.sizes:
        for t in sorted((*spec.inputs, *spec.outputs), key=lambda t: t.name):
            text += f'/*!\n * \\brief {t.name} size for TVM module "{spec.name}" \n */\n'
            text += f"#define {symbol.upper()}_{t.field.upper()}_SIZE {t.size}\n"
    structs = {
        "inputs": [t.field for t in spec.inputs],
        "outputs": [t.field for t in spec.outputs],
        "devices": list(spec.devices),
        "workspace_pools": [name for name, _ in spec.pools],
    }
    present = {n: fields for n, fields in structs.items() if fields or n.endswith("puts")}
    for name, fields in present.items():
        body = "".join(f"  void* {field};\n" for field in fields)
        text += f"struct {symbol}_{name} {{\n{body}}};\n\n"
    args = ",\n".join(f"  struct {symbol}_{name}* {name}" for name in present)
    text += f"int32_t {symbol}_run(\n{args}\n);\n"
    for pool, size in spec.pools:
        text += f"#define {symbol.upper()}_{pool.upper()}_WORKSPACE_POOL_SIZE {size}\n"
    return text + "#endif\n"


def tables(spec: Spec) -> str:
    """The C file with kTvmgenMetadata."""
    text = "#include <tvm/runtime/metadata_types.h>\n"
    outputs = tuple(T(f"output{i}", t.dtype, t.shape) for i, t in enumerate(spec.outputs))
    pools = (T("global_workspace_0_var", "uint8", (spec.workspace,)),) if spec.workspace else ()
    for kind, tensors in (
        ("inputs", spec.inputs),
        ("outputs", outputs),
        ("workspace_pools", pools if spec.static else ()),
    ):
        array = f"kTvmgenMetadata_{kind}"
        for i, t in enumerate(tensors):
            dims = ", \n".join(f"{d}L" for d in t.shape)
            text += f"static const int64_t {array}_{i}_shape[{len(t.shape)}] = {{\n{dims}}};\n"
        rows = []
        for i, t in enumerate(tensors):
            base = t.dtype.rstrip("0123456789")
            dtype = f"{{{CODES[base]}, {t.dtype[len(base) :]}, 1}} /* dtype*/"
            rows.append(
                f'{{\n"{t.field}" /* name*/, \n{array}_{i}_shape, \n'
                f"{len(t.shape)}L /* num_shape*/, \n{dtype}}}"
            )
        if rows:
            body = "\n, \n".join(rows)
            text += f"static const struct TVMTensorInfo {array}[{len(rows)}] = {{\n{body}\n}};\n"
    text += "static const struct TVMConstantInfo kTvmgenMetadata_constant_pools[1] = {\n"
    text += '{\n"constant_let", \n0UL, \n3, \n"\\x3f{};\\""}\n};\n'
    return text + "static const struct TVMMetadata kTvmgenMetadata[1] = {\n{\n1L}\n};\n"


def relay(spec: Spec) -> str:
    """@main of a model that makes every output from all parameters by operators nobody knows."""
    params = [
        f"%{t.name if t.name[:1].isalpha() else 'v' + t.name}: {t.relay} /* ty={t.relay} */"
        for t in (*spec.inputs, *spec.weights)
    ]
    if spec.output_names:
        names = ", ".join(f'"{t.name}"' for t in spec.outputs)
        params.append(f"output_tensor_names=[{names}]")
    types = [t.relay for t in spec.outputs]
    result = types[0] if len(types) == 1 else f"({', '.join(types)})"
    arrow = f" -> {result}" if spec.result_types else ""
    lines = [f"  %{i} = mystery(%x) /* span=a:1:1 */;" for i in range(len(types))]
    last = (
        "mystery(%0)" if len(types) == 1 else f"({', '.join(f'%{i}' for i in range(len(types)))})"
    )
    body = "\n".join([*lines, f"  {last} /* span=b,c:0:0 */"])
    return f"def @main({', '.join(params)}){arrow} {{\n{body}\n}}\n\n"


def graph_json(spec: Spec) -> dict[str, Any]:
    """One operator that takes all inputs and weights and makes all outputs."""
    arguments = (*spec.inputs, *spec.weights)
    count, made = len(arguments), len(spec.outputs)
    nodes: list[dict[str, Any]] = [{"op": "null", "name": t.name, "inputs": []} for t in arguments]
    function = f"tvmgen_{spec.name}_fused_nn_relu"
    nodes.append(
        {
            "op": "tvm_op",
            "name": function,
            "attrs": {
                "func_name": function,
                "num_inputs": str(count),
                "num_outputs": str(made),
                "flatten_data": "0",
            },
            "inputs": [[i, 0, 0] for i in range(count)],
        }
    )
    tensors = (*arguments, *spec.outputs)
    return {
        "nodes": nodes,
        "arg_nodes": list(range(count)),
        "heads": [[count, i, 0] for i in range(made)],
        "attrs": {
            "dltype": ["list_str", [t.dtype for t in tensors]],
            "shape": ["list_shape", [list(t.shape) for t in tensors]],
            "storage_id": ["list_int", list(range(len(tensors)))],
        },
        "node_row_ptr": [*range(count + 1), count + made],
    }


def params(tensors: Iterable[T]) -> bytes:
    """A .params file; every byte of tensor i is i."""
    listed = list(tensors)
    data = struct.pack("<QQQ", 0xF7E58D4F05049CB7, 0, len(listed))
    for t in listed:
        data += struct.pack("<Q", len(t.name.encode())) + t.name.encode()
    data += struct.pack("<Q", len(listed))
    for i, t in enumerate(listed):
        base = t.dtype.rstrip("0123456789")
        bits = int(t.dtype[len(base) :])
        data += struct.pack("<QQiiI", 0xDD5E40F096B4A13F, 0, 1, 0, len(t.shape))
        data += struct.pack(f"<BBH{len(t.shape)}qQ", CODES[base], bits, 1, *t.shape, t.size)
        data += bytes([i]) * t.size
    return data
