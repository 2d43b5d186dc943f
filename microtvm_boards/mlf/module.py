"""One module of an MLF, from all members that say something about it."""

from __future__ import annotations

import re
from dataclasses import replace

from microtvm_boards.mlf.c.header import CHeader, parse_header
from microtvm_boards.mlf.c.source import scan_c
from microtvm_boards.mlf.c.text import decode
from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.mlf.code import ModuleCode, merge
from microtvm_boards.mlf.graph import parse_graph
from microtvm_boards.mlf.members import Members
from microtvm_boards.mlf.metadata import ModuleMetadata
from microtvm_boards.mlf.objects import scan_object
from microtvm_boards.mlf.params import parse_params
from microtvm_boards.mlf.relay.text import RelayMain, parse_relay
from microtvm_boards.mlf.tensors import Sources, Tensors, merge_tensors, sanitized
from microtvm_boards.model import (
    EntryPoint,
    Executor,
    Graph,
    Interface,
    Module,
    Param,
    Style,
)

_ALLOC = "TVMBackendAllocWorkspace"


def read_module(
    members: Members, metadata: ModuleMetadata, style: Style, sources: tuple[str, ...]
) -> tuple[Module, ModuleCode]:
    """The module and what its code says; `sources` are its members. Raises ModelError."""
    name = metadata.name
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise members.error(
            f'the module is called "{name}", and TVM puts that unchanged into names of C '
            "functions, so its code can't compile",
            hint="build the model with another mod_name, of letters, digits and _",
        )
    header_name = members.first(f"codegen/host/include/tvmgen_{name.lower()}.h")
    code = merge(_scan(members, source, name, header_name is not None) for source in sources)
    common = Module(
        name=name,
        executor=metadata.executor,
        entry=None,
        inputs=(),
        outputs=(),
        workspace_bytes=metadata.workspace_bytes,
        kernel_workspace_bytes=max((o.workspace_bytes for o in metadata.operators), default=0),
        constants_bytes=metadata.constants_bytes,
        calls_workspace_alloc=_ALLOC in code.runtime_calls,
        pools=(),
        devices=(),
        operators=metadata.operators,
        targets=metadata.targets,
        sources=sources,
        header=header_name,
        static_buffers=code.static_buffers,
        code_constants_bytes=code.constants_bytes,
        alignment=max(code.alignment, _target_alignment(metadata.targets)),
    )
    if style is Style.OPERATOR:
        # metadata.json has no workspace here; the code's own calls bound it.
        silent = common.calls_workspace_alloc and not code.allocated_bytes
        notes = ("The MLF doesn't say how much workspace its functions take.",) if silent else ()
        return replace(common, kernel_workspace_bytes=code.allocated_bytes, notes=notes), code
    params = _params(members, name)
    relay = _relay(members, name)
    base = Sources(metadata, relay=relay, param_names=frozenset(p.name for p in params))
    if metadata.executor is Executor.GRAPH:
        graph, inputs = _graph(members, name, params, sources)
        tensors = _merge(members, replace(base, graph=graph, graph_inputs=inputs))
        module = replace(common, graph=graph, params=params)
    else:
        header = None if header_name is None else _header(members, header_name, name)
        entry = _entry(members, name, code, header)
        _check_aot(members, metadata, sources, code, header)
        aot = replace(base, header=header, tables=code.tables, entry_args=code.main_args)
        tensors = _merge(members, aot)
        _check_arguments(members, name, code, tensors)
        module = replace(
            common,
            entry=entry,
            pools=header.pools if header else (),
            devices=header.devices if header else (),
        )
    return replace(
        module, inputs=tensors.inputs, outputs=tensors.outputs, notes=tuple(tensors.notes)
    ), code


def _target_alignment(targets: tuple[str, ...]) -> int:
    """What the target asks for (TVM 0.8 has these as attributes of the target)."""
    found = re.findall(
        r"(?:workspace|constants)-byte-alignment[\"']?[=:] ?(\d{1,4})\b", " ".join(targets)
    )
    return max(map(int, found), default=1)


def _scan(members: Members, source: str, name: str, has_header: bool) -> ModuleCode:
    if source.endswith(".o"):
        return members.parse(source, lambda data: scan_object(data, name, has_header))
    return members.parse(source, lambda data: scan_c(decode(data), name))


def _header(members: Members, header: str, name: str) -> CHeader:
    if name != name.lower():
        raise members.error(
            f'the module is called "{name}", and TVM\'s C interface writes capitals small in '
            f"{header}, but not in the code, so it can't compile",
            hint=f"build the model with mod_name={name.lower()!r}",
        )
    return members.parse(header, lambda data: parse_header(decode(data), name))


def _params(members: Members, name: str) -> tuple[Param, ...]:
    member = members.first(f"parameters/{name}.params")
    return () if member is None else members.parse(member, parse_params)


def _relay(members: Members, name: str) -> RelayMain | None:
    member = members.first(f"src/{name}.relay", "src/relay.txt")  # the latter up to version 6
    return None if member is None else parse_relay(decode(members.files[member]))


def _graph(
    members: Members, name: str, params: tuple[Param, ...], sources: tuple[str, ...]
) -> tuple[Graph, tuple[int, ...]]:
    """The graph, and its nodes that are inputs."""
    wanted = f"executor-config/graph/{name}.graph"
    member = members.first(wanted, "executor-config/graph/graph.json")  # the latter up to version 6
    if member is None:
        raise members.error(f"{wanted} is missing, which the graph executor needs")
    graph, arg_nodes = members.parse(member, parse_graph)
    places = {graph.nodes[i].name: i for i in arg_nodes}
    for param in params:
        node = places.pop(param.name, None)
        if node is None:
            raise members.error(
                f'parameters/{name}.params holds "{param.name}", which {member} doesn\'t have'
            )
        entry = graph.entries[graph.nodes[node].outputs[0]]
        if (entry.dtype, entry.shape) != (param.dtype, param.shape):
            raise members.error(
                f'parameter "{param.name}" is {param.dtype} {list(param.shape)} in '
                f"parameters/{name}.params, but {entry.dtype} {list(entry.shape)} in {member}"
            )
    if any(b"_lookup_linked_param(" in members.files[source] for source in sources):
        raise members.error(
            "its parameters are linked in the way of TVM 0.8, by _lookup_linked_param",
            hint="build the model without --link-params, or with a newer TVM",
        )
    return graph, tuple(places.values())


def _entry(members: Members, name: str, code: ModuleCode, header: CHeader | None) -> EntryPoint:
    symbol, interface = f"tvmgen_{name}_run", code.entry
    if interface is None:  # LLVM's AOT code has no such wrapper
        symbol, interface = f"tvmgen_{name}___tvm_main__", code.main
    if interface is None:
        raise members.error(
            f'none of the files of module "{name}" in codegen/host defines tvmgen_{name}_run'
        )
    if (interface is Interface.C) != (header is not None):
        raise members.error(
            f"{symbol} has the {interface.value} interface, but "
            f"codegen/host/include/tvmgen_{name}.h is {'there' if header else 'missing'}"
        )
    return EntryPoint(symbol, interface, io_in_pools=header is not None and header.io_in_pools)


def _check_aot(
    members: Members,
    metadata: ModuleMetadata,
    sources: tuple[str, ...],
    code: ModuleCode,
    header: CHeader | None,
) -> None:
    """Refuses what TVM exports without complaint, but what can't compile or run."""
    if header is None and code.tables and code.tables.workspace_pools > len(code.static_buffers):
        raise members.error(
            "it was built with workspace pools of the application's own, which TVM's packed "
            "interface doesn't pass on to the model",
            hint="build it with interface-api=c and unpacked-api, "
            "or without workspace_memory_pools",
        )
    for tensor in metadata.outputs or ():
        variable = f"{tensor.name}_buffer_var".encode()
        if tensor.name != sanitized(tensor.name) and any(
            variable in members.files[source] for source in sources
        ):
            raise members.error(
                f'an output is called "{tensor.name}", and TVM made that a variable of the C code, '
                "so it can't compile",
                hint="set the function attribute output_tensor_names to names in letters, digits "
                "and _ before the build",
            )


def _check_arguments(members: Members, name: str, code: ModuleCode, tensors: Tensors) -> None:
    count = len(tensors.inputs) + len(tensors.outputs)
    if code.main_args in (None, count):
        return
    raise members.error(
        f'the entry function of module "{name}" takes {code.main_args} arguments, but it has '
        f"{count} inputs and outputs; what is more are memory pools that nobody passes",
        hint="build it with tir.usmp.enable=False, or with C as the target's host",
    )


def _merge(members: Members, sources: Sources) -> Tensors:
    try:
        return merge_tensors(sources)
    except Malformed as error:
        raise members.error(f'module "{sources.metadata.name}" can\'t be used: {error}') from error
