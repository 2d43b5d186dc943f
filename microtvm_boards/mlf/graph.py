"""executor-config/graph/<mod>.graph: the graph executor's JSON, checked and resolved.

Format: src/runtime/graph_executor/graph_executor.h, the same from TVM 0.8 to 0.18.
"""

from __future__ import annotations

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
from microtvm_boards.model import Graph, GraphEntry, GraphNode

_MAX_RANK = 32


def parse_graph(data: bytes) -> tuple[Graph, tuple[int, ...]]:
    """The graph, and the nodes that are inputs or parameters, in order (arg_nodes).

    Raises Malformed when something is missing or an index points nowhere.
    """
    root = as_dict(parse_json(data), "the graph")
    raw_nodes = [as_dict(n, "a node") for n in as_list(member(root, "nodes", "the graph"), "nodes")]
    rows = _rows(as_list(member(root, "node_row_ptr", "the graph"), "node_row_ptr"), len(raw_nodes))
    entries = _entries(as_dict(member(root, "attrs", "the graph"), "attrs"), rows)
    nodes: list[GraphNode] = []
    for raw in raw_nodes:
        nodes.append(_node(raw, len(nodes), rows))
    arg_nodes = tuple(
        as_count(n, "an index in arg_nodes")
        for n in as_list(member(root, "arg_nodes", "the graph"), "arg_nodes")
    )
    nulls = [i for i, node in enumerate(nodes) if node.op == "null"]
    if list(arg_nodes) != nulls:
        raise Malformed('arg_nodes doesn\'t list the nodes whose op is "null", in order')
    if len({nodes[i].name for i in nulls}) != len(nulls):
        raise Malformed("two inputs or parameters have the same name")
    heads = as_list(member(root, "heads", "the graph"), "heads")
    if not heads:
        raise Malformed("it has no outputs (heads)")
    outputs = tuple(_entry_id(head, rows, len(nodes), "heads") for head in heads)
    return Graph(tuple(nodes), entries, outputs), arg_nodes


def _rows(values: list[Any], nodes: int) -> list[int]:
    """node_row_ptr: where each node's entries begin, and their number at the end."""
    rows = [as_count(value, "node_row_ptr[]") for value in values]
    if len(rows) != nodes + 1 or rows[0] != 0 or rows != sorted(rows):
        raise Malformed(f"node_row_ptr doesn't give the entries of {nodes} nodes")
    return rows


def _entries(attrs: dict[str, Any], rows: list[int]) -> tuple[GraphEntry, ...]:
    count = rows[-1]
    dtypes = _attribute(attrs, "dltype", "list_str", count)
    shapes = _attribute(attrs, "shape", "list_shape", count)
    storage = _attribute(attrs, "storage_id", "list_int", count)
    entries = []
    for node in range(len(rows) - 1):
        for index, at in enumerate(range(rows[node], rows[node + 1])):
            dims = as_list(shapes[at], "a shape")
            if len(dims) > _MAX_RANK:
                raise Malformed(f"a shape has {len(dims)} dimensions")
            entries.append(
                GraphEntry(
                    node=node,
                    index=index,
                    dtype=as_str(dtypes[at], "a dltype"),
                    shape=tuple(as_count(d, "a dimension") for d in dims),
                    storage_id=as_count(storage[at], "a storage_id"),
                )
            )
    return tuple(entries)


def _attribute(attrs: dict[str, Any], name: str, kind: str, count: int) -> list[Any]:
    """attrs holds pairs like ["list_int", [...]], one value for each entry."""
    pair = as_list(member(attrs, name, "attrs"), f"attrs.{name}")
    if len(pair) != 2 or pair[0] != kind:
        raise Malformed(f'attrs.{name} must be ["{kind}", [...]], found {shown(pair)}')
    values = as_list(pair[1], f"attrs.{name}[1]")
    if len(values) != count:
        raise Malformed(f"attrs.{name} has {len(values)} values for {count} entries")
    return values


def _node(raw: dict[str, Any], index: int, rows: list[int]) -> GraphNode:
    what = f"node {index}"
    name = as_str(member(raw, "name", what), f"the name of {what}")
    op = as_str(member(raw, "op", what), f"the op of {what}")
    outputs = tuple(range(rows[index], rows[index + 1]))
    inputs = tuple(
        # Only earlier nodes: they are listed in the order of execution.
        _entry_id(pair, rows, index, f"the inputs of {what}")
        for pair in as_list(raw.get("inputs", []), f"the inputs of {what}")
    )
    if op == "null":
        if inputs or len(outputs) != 1:
            raise Malformed(f"{what} is an input or parameter, but not of one tensor")
        return GraphNode(name, op, "", inputs, outputs)
    if op != "tvm_op":
        raise Malformed(f'{what} has the op {shown(op)}; "null" or "tvm_op" was expected')
    attrs = as_dict(member(raw, "attrs", what), f"the attrs of {what}")
    for key, count in (("num_inputs", len(inputs)), ("num_outputs", len(outputs))):
        if as_str(member(attrs, key, what), f"{key} of {what}") != str(count):
            raise Malformed(f"{what} has {key} {shown(attrs[key])}, but {count} of them")
    function = as_str(member(attrs, "func_name", what), f"func_name of {what}")
    flatten = as_str(attrs.get("flatten_data", "0"), f"flatten_data of {what}") == "1"
    return GraphNode(name, op, function, inputs, outputs, flatten)


def _entry_id(pair: object, rows: list[int], nodes: int, what: str) -> int:
    """[node, index of its output, version] as an index into the entries."""
    fields = as_list(pair, what)
    if len(fields) < 2:
        raise Malformed(f"{what} must be [node, index, version], found {shown(pair)}")
    node, index = (as_count(field, what) for field in fields[:2])
    if node >= nodes or index >= rows[node + 1] - rows[node]:
        raise Malformed(f"{what} refers to output {index} of node {node}, which isn't before it")
    return rows[node] + index
