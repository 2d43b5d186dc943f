"""A host drives the operators of a graph that isn't of the project's first model library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from microtvm_boards.mlf import load
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.rpc import ModelInfo, RemoteError
from microtvm_boards.rpc.codecs.classic.arguments import TypeCode
from microtvm_boards.rpc.remote import RemoteHandle
from microtvm_boards.rpc.remote_model import RemoteModel
from microtvm_boards.rpc.values import Handle, HandleKind
from microtvm_boards.run import connect
from tests.conftest import DATA
from tests.end_to_end.firmware import read_family

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("first", ["shapes_packed", "foo_graph"])
def test_a_graph_of_a_further_library_is_driven_operator_by_operator(
    make_project: Callable[..., Project], first: str
) -> None:
    """Under its names in the firmware: with another first model they are TVM's own."""
    project = make_project(
        first, model_entrypoint_api="packed", more_models=[str(DATA / "foo_graph.tar")]
    )
    model = project.models[1]
    module = load(DATA / "foo_graph.tar").modules[0]
    assert module.graph is not None
    nodes = tuple(
        replace(node, function=node.function.replace("tvmgen_foo_", f"tvmgen_{model.name}_"))
        for node in module.graph.nodes
    )
    info = ModelInfo(
        model.name, model.inputs, model.outputs, replace(module.graph, nodes=nodes), module.params
    )
    get_platform(project.platform).build(project)
    inputs, outputs = read_family(DATA / "foo.npz")
    # See registry.h: kind, module and index of what the firmware hands out.
    no_kernel = Handle(TypeCode.FUNCTION << 28 | 4 << 16 | 99, HandleKind.FUNCTION)
    with connect(project) as device:
        remote = RemoteModel(device, info)
        for sample, expected in zip(inputs[:2], outputs, strict=False):
            for got, want in zip(remote.run(sample).values(), expected.values(), strict=True):
                np.testing.assert_array_equal(got, want)
        assert remote.time()[0] > 0
        with pytest.raises(RemoteError, match="HANDLE"):
            device.call(RemoteHandle(no_kernel, device.session.generation))
