"""The lists of files of each part name what is in template_project: nothing more, nothing less."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from microtvm_boards.platforms.stm32cube.into_cubemx import TEMPLATES
from microtvm_boards.plugins import OWN_PLATFORMS
from microtvm_boards.project.plan.parts import app, model, port, project, rpc, runtime, trace
from microtvm_boards.project.target import target_of
from microtvm_boards.resources import template_project

TARGETS = [target_of(plugin.name) for plugin in OWN_PLATFORMS]
PARTS = {
    app.FOLDER: (app.SERVER, app.CRT_SERVER, app.MINIMAL, *app.HARNESS),
    model.FOLDER: (
        *(model.CONFIG, model.API, model.STATUS, *model.CONTEXT, *model.CHECK, model.MODELS),
        *(model.HEADER, model.GRAPH, model.GRAPH_CONSTANTS, model.PACKED, model.UNPACKED),
        *(model.KEYWORDS, model.SECTIONS, model.SYMBOLS, model.SYMBOLS_OF_OBJECTS),
        *model.INCLUDED,
    ),
    rpc.FOLDER: (
        *(*rpc.SERVER, rpc.FEATURES, *rpc.BAUD, *rpc.EXECUTOR, *rpc.KERNELS, *rpc.SYSTEM_FUNCTIONS),
        *(*rpc.NAMED_KERNELS, *rpc.GRAPH_KERNELS, rpc.GRAPH_TABLE, *rpc.OPERATORS),
        *(*rpc.KERNEL_HOST, *rpc.KERNELS_IN_RAM, *rpc.KERNEL_LIBRARIES),
        *(name for codec in rpc.CODECS.values() for name in codec),
    ),
    runtime.ABI_FOLDER: (*runtime.ABI, runtime.PACKED),
    runtime.FOLDER: (
        *(runtime.WORKSPACE, runtime.OWN_WORKSPACE, runtime.CRT_WORKSPACE),
        *(runtime.LAST_ERROR, runtime.CRT_LIMITS, *runtime.CRT_PLATFORM),
    ),
    trace.FOLDER: trace.trace_files("packed"),
    f"{port.FOLDER}/common": port.CORTEX_M,
    **{f"{port.FOLDER}/{target.name}": target.port.everything for target in TARGETS},
}


def _files(folder: Path) -> Iterable[str]:
    return (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("part", PARTS)
def test_a_part_lists_every_file_of_its_folder(part: str) -> None:
    assert sorted(PARTS[part]) == sorted(_files(template_project() / part))


def test_every_folder_is_of_a_part() -> None:
    listed = {f"{part}/{name}" for part, names in PARTS.items() for name in names}
    listed |= {f"{port.FOLDER}/{name}" for name in (*port.INTERFACE, *port.INCLUDED)}
    listed |= {*project.FILES, project.MORE_MODELS, "cmake/arm_gcc.cmake"}
    listed |= {f"cmake/{platform}.cmake" for platform in (target.name for target in TARGETS)}
    listed |= set(TEMPLATES)
    assert sorted(listed) == sorted(_files(template_project()))
