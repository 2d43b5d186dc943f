"""metadata.json of versions 5 to 7, as one type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from microtvm_boards.mlf.checks import (
    Malformed,
    as_count,
    as_dict,
    as_list,
    as_str,
    member,
    parse_json,
    shown,
)
from microtvm_boards.model import Executor, Operator, Style, Tensor

METADATA = "metadata.json"
OLDEST_VERSION = 5  # TVM 0.8
NEWEST_VERSION = 7  # TVM 0.9 to 0.18, the last with microTVM


class UnknownVersion(Malformed):
    """The MLF is of a version that isn't read here."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"its version is {version}")


@dataclass(frozen=True)
class IoTensor:
    """A tensor of memory.functions.main[].inputs or outputs (TVM 0.11 on): no shape."""

    name: str
    dtype: str
    size_bytes: int


@dataclass(frozen=True)
class ModuleMetadata:
    name: str
    executor: Executor | None
    targets: tuple[str, ...]
    tvm_version: str | None
    # In alphabetic order, because TVM writes the JSON with sorted keys; None before TVM 0.11.
    inputs: tuple[IoTensor, ...] | None
    outputs: tuple[IoTensor, ...] | None
    workspace_bytes: int
    constants_bytes: int
    operators: tuple[Operator, ...]


@dataclass(frozen=True)
class Metadata:
    version: int
    style: Style
    modules: tuple[ModuleMetadata, ...]


def parse_metadata(data: bytes) -> Metadata:
    """Reads metadata.json (layout: tvm.micro.model_library_format of 0.8 to 0.18).

    Raises UnknownVersion when it is well-formed, but of another version, and Malformed otherwise.
    """
    root = as_dict(parse_json(data), "the document")
    version = member(root, "version", "the document")
    if isinstance(version, bool) or not isinstance(version, int):
        raise Malformed(f'"version" must be a whole number, found {shown(version)}')
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        raise UnknownVersion(version)
    if "modules" in root:
        named = as_dict(root["modules"], '"modules"')
        if not named:
            raise Malformed('"modules" is empty')
        modules = [
            (as_str(name, "a module's name"), as_dict(m, f'module "{name}"'))
            for name, m in named.items()
        ]
    else:  # versions 5 and 6, and operator style in version 7
        modules = [(as_str(member(root, "model_name", "the document"), '"model_name"'), root)]
    styles = {_style(module, name) for name, module in modules}
    if len(styles) > 1 or (len(modules) > 1 and Style.OPERATOR in styles):
        raise Malformed("only modules of full-model style can share a document")
    style = styles.pop()
    return Metadata(version, style, tuple(_module(name, m, style) for name, m in modules))


def _style(module: dict[str, Any], name: str) -> Style:
    value = as_str(member(module, "style", f'module "{name}"'), f'"style" of module "{name}"')
    try:
        return Style(value)
    except ValueError:
        raise Malformed(
            f'"style" of module "{name}" must be "full-model" or "operator", found {shown(value)}'
        ) from None


def _module(name: str, module: dict[str, Any], style: Style) -> ModuleMetadata:
    where = f'module "{name}"'
    # Later steps look files up by the key; TVM writes the same name in both places.
    if as_str(module.get("model_name", name), f'"model_name" of {where}') != name:
        raise Malformed(f'"model_name" of {where} is {shown(module["model_name"])}')
    memory = as_dict(member(module, "memory", where), f'"memory" of {where}')
    common: dict[str, Any] = {
        "name": name,
        "targets": _targets(member(module, "target", where), where),
        "tvm_version": _tvm_version(module.get("external_dependencies", []), where),
    }
    if style is Style.OPERATOR:
        return ModuleMetadata(
            executor=None,
            inputs=None,
            outputs=None,
            workspace_bytes=0,
            constants_bytes=0,
            operators=_kernels(memory),
            **common,
        )
    functions = as_dict(member(memory, "functions", f'"memory" of {where}'), '"functions"')
    mains = as_list(member(functions, "main", '"functions"'), '"functions.main"')
    mains = [as_dict(entry, '"functions.main[]"') for entry in mains]
    return ModuleMetadata(
        executor=_executor(member(module, "executors", where), where),
        inputs=_io(mains, "inputs"),
        outputs=_io(mains, "outputs"),
        workspace_bytes=_sum(mains, "workspace_size_bytes"),
        constants_bytes=_sum(mains, "constants_size_bytes"),
        operators=_operators(functions.get("operator_functions", [])),
        **common,
    )


def _executor(value: object, where: str) -> Executor:
    executors = as_list(value, f'"executors" of {where}')
    known = [Executor(e) for e in ("graph", "aot") if e in executors]
    if len(executors) != 1 or len(known) != 1:
        raise Malformed(
            f'"executors" of {where} must be ["graph"] or ["aot"], found {shown(value)}'
        )
    return known[0]


def _targets(value: object, where: str) -> tuple[str, ...]:
    """A list; in version 5 an object from device type to target."""
    if isinstance(value, dict):
        value = list(value.values())
    return tuple(as_str(t, "a target").strip() for t in as_list(value, f'"target" of {where}'))


def _tvm_version(value: object, where: str) -> str | None:
    for entry in as_list(value, f'"external_dependencies" of {where}'):
        dependency = as_dict(entry, '"external_dependencies[]"')
        if dependency.get("short_name") == "tvm_standalone_crt":
            return as_str(dependency.get("version_spec", ""), '"version_spec"') or None
    return None


def _sum(mains: list[dict[str, Any]], key: str) -> int:
    """Over the devices: each has an entry, with the memory that the model takes there."""
    return sum(as_count(entry.get(key, 0), f'"functions.main[].{key}"') for entry in mains)


def _io(mains: list[dict[str, Any]], key: str) -> tuple[IoTensor, ...] | None:
    """The tensors of all devices; those that list any list the same, the whole model's."""
    found: dict[str, IoTensor] = {}
    known = False
    for entry in mains:
        if key not in entry:
            continue
        known = True
        for name, value in as_dict(entry[key], f'"functions.main[].{key}"').items():
            what = f'tensor "{as_str(name, "a name")}" of "functions.main[].{key}"'
            fields = as_dict(value, what)
            tensor = IoTensor(
                name,
                as_str(member(fields, "dtype", what), f"the dtype of {what}"),
                as_count(member(fields, "size", what), f"the size of {what}"),
            )
            if found.setdefault(name, tensor) != tensor:
                raise Malformed(f"{what} differs between devices")
    return tuple(found.values()) if known else None


def _operators(value: object) -> tuple[Operator, ...]:
    operators = []
    for entry in as_list(value, '"operator_functions"'):
        function = as_dict(entry, '"operator_functions[]"')
        what = '"operator_functions[]"'
        name = as_str(member(function, "function_name", what), '"function_name"')
        workspace = as_list(member(function, "workspace", what), f'"workspace" of "{name}"')
        sizes = [
            as_count(
                member(as_dict(w, '"workspace[]"'), "workspace_size_bytes", '"workspace[]"'),
                f'"workspace_size_bytes" of "{name}"',
            )
            for w in workspace
        ]
        operators.append(Operator(name, max(sizes, default=0)))
    return tuple(sorted(operators, key=lambda o: o.name))


def _kernels(memory: Mapping[str, object]) -> tuple[Operator, ...]:
    """Operator style: "memory" maps each function to its buffers, in the order of arguments."""
    return tuple(
        Operator(
            as_str(name, "a function's name"),
            0,
            tuple(
                _buffer(as_dict(b, f'a buffer of "{name}"'), f"arg{index}")
                for index, b in enumerate(as_list(buffers, f'"memory.{name}"'))
            ),
        )
        for name, buffers in memory.items()
    )


def _buffer(buffer: dict[str, Any], default_name: str) -> Tensor:
    what = '"memory" entry'
    shape = as_list(member(buffer, "shape", what), '"shape"')
    return Tensor(
        # TVM 0.16 writes null where 0.8 wrote the name.
        name=as_str(buffer.get("input_binding") or default_name, '"input_binding"'),
        dtype=as_str(member(buffer, "dtype", what), '"dtype"'),
        shape=tuple(as_count(d, '"shape[]"') for d in shape),
        size_bytes=as_count(member(buffer, "size_bytes", what), '"size_bytes"'),
    )
