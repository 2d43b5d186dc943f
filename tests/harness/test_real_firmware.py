"""The harness against real firmwares, on this computer and on an emulated Cortex-M4."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.errors import (
    BuildError,
    DeviceError,
    ProjectError,
    TooLargeError,
    TransportClosedError,
)
from microtvm_boards.harness import Harness, load_inputs, save_outputs
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.conftest import DATA
from tests.end_to_end.firmware import Arrays, assert_equal, need_tools, read_family

pytestmark = pytest.mark.tools

MakeProject = Callable[..., Project]
BOARDS = ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)]


def built(project: Project) -> Project:
    need_tools(project)
    get_platform(project.platform).build(project)
    return project


def patch(project: Project, old: str, new: str) -> Project:
    """Changes the app, as someone who works on the firmware would."""
    source = project.directory / "src" / "app" / "c_harness.c"
    text = source.read_text()
    assert old in text
    source.write_text(text.replace(old, new))
    return project


def samples_file(path: Path, inputs: list[Arrays]) -> Path:
    np.savez(path, **{name: np.stack([s[name] for s in inputs]) for name in inputs[0]})
    return path


@pytest.mark.parametrize("board", BOARDS)
def test_the_firmware_and_the_project_agree_on_every_tensor(
    make_project: MakeProject, board: str
) -> None:
    project = built(make_project("two_modules_c", board=board))
    with get_platform(project.platform).transport(project) as transport:
        harness = Harness(project, transport)
        harness.start()
        found = harness.tensors()
    expected = [
        (number, is_input, index, t.name, t.dtype, t.size_bytes, t.shape)
        for number, model in enumerate(project.models)
        for is_input, side in ((True, model.inputs), (False, model.outputs))
        for index, t in enumerate(side)
    ]
    assert expected == [
        (t.model, t.is_input, t.index, t.name, t.dtype, t.size_bytes, t.shape) for t in found
    ]


@pytest.mark.parametrize("board", BOARDS)
def test_baked_samples_from_a_file_are_run_at_start(
    make_project: MakeProject, board: str, tmp_path: Path
) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    path = samples_file(tmp_path / "samples.npz", inputs)
    project = built(make_project("foo_c", board=board, sample_inputs=str(path)))
    with get_platform(project.platform).transport(project) as transport:
        harness = Harness(project, transport)
        harness.start()
        again = [harness.run(s) for s in load_inputs(path, project.models[0])]
    for results in (harness.samples, again):
        for result, want in zip(results, expected, strict=True):
            assert_equal(result, want)
    save_outputs(tmp_path / "outputs.npz", harness.samples)
    with np.load(tmp_path / "outputs.npz") as archive:
        assert archive.files == [t.name for t in project.models[0].outputs]


@pytest.mark.qemu
def test_ticks_of_the_emulator_repeat_and_the_stack_is_measured(make_project: MakeProject) -> None:
    inputs, _ = read_family(DATA / "foo.npz")
    project = built(make_project("foo_c", board="mps2_an386"))
    counts = set()
    for _ in range(2):
        with get_platform(project.platform).transport(project) as transport:
            harness = Harness(project, transport)
            harness.start()
            results = [harness.run(inputs[0]) for _ in range(3)]
        counts |= {result.ticks for result in results}
        assert all(0 < result.stack_bytes < 4096 for result in results)
    assert max(counts) - min(counts) <= 1


@pytest.mark.qemu
def test_a_fault_of_the_processor_is_told_with_its_place(make_project: MakeProject) -> None:
    inputs, _ = read_family(DATA / "foo.npz")
    fault = '__asm__ volatile("udf #0");'
    project = make_project("foo_c", board="mps2_an386")
    built(patch(project, 'put_text(" ticks=");', fault))
    with get_platform(project.platform).transport(project) as transport:
        harness = Harness(project, transport)
        harness.start()
        with pytest.raises(
            DeviceError, match=r"(?s)processor faulted at 0x.*addr2line -f -e .*elf"
        ):
            harness.run(inputs[0])


def test_a_program_that_crashes_is_told_with_its_signal(make_project: MakeProject) -> None:
    inputs, _ = read_family(DATA / "foo.npz")
    project = make_project("foo_c", board="host")
    built(patch(project, 'put_text(" ticks=");', "__builtin_trap();"))
    with get_platform(project.platform).transport(project) as transport:
        harness = Harness(project, transport)
        harness.start()
        with pytest.raises(TransportClosedError, match=r"went away while a result .*SIG(ILL|TRAP)"):
            harness.run(inputs[0])


@pytest.mark.parametrize("board", BOARDS)
def test_a_mistake_in_the_sources_stops_at_the_build(make_project: MakeProject, board: str) -> None:
    project = built(make_project("foo_c", board=board))
    patch(project, 'put_text(" ticks=");', 'put_txt(" ticks=");')
    platform = get_platform(project.platform)
    with pytest.raises(BuildError, match=r"src/app/c_harness\.c:\d+: .*put_txt") as caught:
        platform.build(project)
    assert caught.value.log is not None
    for use in (platform.flash, platform.transport, platform.memory_use):
        with pytest.raises(ProjectError, match=r"last build .* failed"):
            use(project)


@pytest.mark.qemu
def test_a_memory_that_overflows_is_named_with_what_helps(make_project: MakeProject) -> None:
    project = make_project("foo_c", board="mps2_an386")
    need_tools(project)
    script = next(project.directory.rglob("link.ld"))
    script.write_text(script.read_text().replace(f"LENGTH = {4 << 20}", "LENGTH = 2048"))
    with pytest.raises(TooLargeError, match=r"doesn't fit: .*RAM is \d+ bytes too small") as caught:
        get_platform(project.platform).build(project)
    assert "stack_size_bytes" in caught.value.hint
