"""What the device says of its tensors is what project.json says: compared on the device."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from microtvm_boards.harness import Harness
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.end_to_end.firmware import need_tools

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("board", ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)])
@pytest.mark.parametrize("name", ["foo_c", "shapes_graph", "float_packed", "two_modules_c"])
def test_descriptors_agree_with_the_manifest(
    make_project: Callable[..., Project], name: str, board: str
) -> None:
    project = make_project(name, board=board)
    need_tools(project)
    platform = get_platform(project.platform)
    platform.build(project)
    with platform.transport(project) as transport:
        harness = Harness(project, transport)
        harness.start()
        found = harness.tensors()
    wanted = [t for m in project.models for t in (*m.inputs, *m.outputs)]
    assert len(found) == len(wanted)
    for info, tensor in zip(found, wanted, strict=True):
        assert info.name == tensor.name
        assert info.dtype == tensor.dtype
        assert info.size_bytes == tensor.size_bytes
        assert info.shape == tensor.shape
        q = tensor.quantization
        if q is None:
            assert info.scale is None
        else:
            assert info.scale == struct.unpack("<f", struct.pack("<f", q.scale))[0]
            assert info.zero_point == q.zero_point
