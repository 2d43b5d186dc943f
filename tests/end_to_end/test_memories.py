"""Where buffers are, by the ELF's own symbols, and that models which share memory don't disturb
each other."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from microtvm_boards.boards import load_board
from microtvm_boards.harness import Harness
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.run import connect
from tests.conftest import DATA
from tests.end_to_end.firmware import (
    Arrays,
    assert_equal,
    assert_predicted,
    build_and_run,
    need_tools,
    read_family,
)
from tests.project.tars import renamed

pytestmark = pytest.mark.tools

MakeProject = Callable[..., Project]
M4 = "mps2_an386"


def symbols(project: Project) -> list[tuple[str, int, int]]:
    """(name, address, bytes) of every object in the firmware."""
    with get_platform(project.platform).firmware(project).open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return [
            (s.name, s["st_value"], s["st_size"])
            for s in table.iter_symbols()
            if s["st_info"]["type"] == "STT_OBJECT"
        ]


def addresses(project: Project, name: str) -> list[int]:
    return [address for symbol, address, _ in symbols(project) if symbol == name]


def memory_of(project: Project, name: str) -> str:
    (address,) = addresses(project, name)
    return next(m.name for m in project.board.memories if m.origin <= address < m.origin + m.size)


def run_in_turn(project: Project, runs: Sequence[tuple[int, Arrays]]) -> list[Arrays]:
    need_tools(project)
    platform_ = get_platform(project.platform)
    platform_.build(project)
    with platform_.transport(project) as transport:
        harness = Harness(project, transport, timeout=120)
        harness.start()
        results = [harness.run(sample, model) for model, sample in runs]
    assert all(result.status_name == "MTVM_OK" for result in results)
    return [result.outputs for result in results]


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("name", "pool", "symbol", "alignment"),
    [
        ("pools_c", "slow_memory", "pool_slow_memory", 16),
        ("foo_c", "global_workspace", "global_workspace", 16),
        ("foo_c_nousmp", "arena", "arena", 16),
        ("foo_graph", "storage", "storage_3", 16),
    ],
)
def test_a_pool_lies_in_the_second_memory_and_the_model_runs(
    make_project: MakeProject, name: str, pool: str, symbol: str, alignment: int
) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    options = {f"pool.{pool}": "PSRAM", "warning_as_error": True}
    project = make_project(name, board=M4, **options)
    results = build_and_run(project, inputs[:2])
    for result, want in zip(results, expected, strict=False):
        assert_equal(result, want)
    assert memory_of(project, symbol) == "PSRAM"
    assert addresses(project, symbol)[0] % alignment == 0
    use = {m.memory: m.used_bytes for m in get_platform("baremetal").memory_use(project)}
    predicted = sum(n.size_bytes for n in project.manifest.memory if n.memory == "PSRAM")
    assert 0 <= predicted - use["PSRAM"] <= 64


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("name", "pool", "symbol"),
    [
        ("pools_constants_c", "flash", "pool_flash"),
        ("foo_graph", "constants", "mtvm_foo_param_0"),
    ],
)
def test_constants_lie_in_flash_and_can_go_to_another_one(
    make_project: MakeProject, tmp_path: Path, name: str, pool: str, symbol: str
) -> None:
    """The second flash is the upper half of the machine's only one."""
    text = load_board(M4).source.read_text()
    text = text.replace(
        "{name: FLASH, origin: 0x00000000, size: 4M, use: flash}",
        "{name: FLASH, origin: 0x00000000, size: 2M, use: flash}\n"
        "  - {name: QSPI, origin: 0x00200000, size: 2M, use: flash}",
    )
    board = tmp_path / "two_flashes.yaml"
    board.write_text(text)
    inputs, expected = read_family(DATA / "foo.npz")
    for memory in ("FLASH", "QSPI"):
        project = make_project(name, board=str(board), pools=f"{pool}:{memory}")
        assert_equal(build_and_run(project, inputs[:1])[0], expected[0])
        assert memory_of(project, symbol) == memory


@pytest.mark.qemu
def test_the_tensor_heap_can_leave_the_main_memory(make_project: MakeProject) -> None:
    project = make_project(
        "foo_c", board=M4, model_entrypoint_api="packed", pools="tensor_heap:PSRAM"
    )
    need_tools(project)
    get_platform(project.platform).build(project)
    heap = project.rpc.tensor_heap_bytes if project.rpc else 0
    (address,) = [at for name, at, size in symbols(project) if name == "memory" and size == heap]
    psram = next(m for m in project.board.memories if m.name == "PSRAM")
    assert psram.origin <= address < psram.origin + psram.size


def two_modules() -> tuple[list[list[Arrays]], list[list[Arrays]]]:
    """Samples and answers of the models `first` and `second`."""
    inputs, expected = read_family(DATA / "two_modules.npz")
    words = ("first", "second")

    def split(samples: list[Arrays]) -> list[list[Arrays]]:
        return [
            [{k: v for k, v in s.items() if k.startswith(word)} for s in samples] for word in words
        ]

    return split(inputs), split(expected)


@pytest.mark.parametrize("board", ["host", pytest.param(M4, marks=pytest.mark.qemu)])
@pytest.mark.parametrize("name", ["two_modules_c", "two_modules_pools_c"])
def test_models_that_run_in_turn_answer_as_each_alone(
    make_project: MakeProject, name: str, board: str
) -> None:
    inputs, expected = two_modules()
    project = make_project(name, board=board)
    order = [(0, 0), (1, 0), (0, 0), (1, 1), (0, 1), (1, 0)]
    answers = run_in_turn(project, [(model, inputs[model][i]) for model, i in order])
    for (model, i), answer in zip(order, answers, strict=True):
        for got, want in zip(answer.values(), expected[model][i].values(), strict=True):
            assert (got.reshape(want.shape) == want).all()


@pytest.mark.parametrize(
    ("board", "memory"), [("host", "bss"), pytest.param(M4, "RAM", marks=pytest.mark.qemu)]
)
def test_shared_activations_take_the_maximum_and_not_the_sum(
    make_project: MakeProject, board: str, memory: str
) -> None:
    used = {}
    for policy in ("shared", "separate"):
        project = make_project("two_modules_c", board=board, activations=policy)
        need_tools(project)
        result = get_platform(project.platform).build(project)
        assert_predicted(project)
        used[policy] = {m.memory: m.used_bytes for m in result.memory}[memory]
        first, second = sorted(addresses(project, "global_workspace"))
        sizes = sorted(size for name, _, size in symbols(project) if name == "global_workspace")
        assert sizes == [1168, 2512]
        assert (first == second) == (policy == "shared")
    assert used["separate"] - used["shared"] == 1168


@pytest.mark.parametrize("board", ["host", pytest.param(M4, marks=pytest.mark.qemu)])
@pytest.mark.parametrize(
    ("kind", "other"), [("c", "c"), ("packed", "graph"), ("graph", "packed"), ("c", "graph")]
)
def test_two_libraries_whose_models_have_one_name_run_in_turn(
    make_project: MakeProject, tmp_path: Path, kind: str, other: str, board: str
) -> None:
    """Every symbol collides: both are called `default`, and both may have a system library."""
    one = renamed(DATA / f"foo_{kind}.tar", "foo", "default", tmp_path / "one.tar")
    two = renamed(DATA / f"shapes_{other}.tar", "shapes", "default", tmp_path / "two.tar")
    project = make_project(one, board=board, more_models=[f"second:{two}"], warning_as_error=True)
    assert [model.name for model in project.models] == ["default", "second"]
    foo, foo_answers = read_family(DATA / "foo.npz")
    shapes, shapes_answers = read_family(DATA / "shapes.npz")
    runs = [(0, foo[0]), (1, shapes[0]), (0, foo[0]), (1, shapes[1])]
    wanted = [foo_answers[0], shapes_answers[0], foo_answers[0], shapes_answers[1]]
    for answer, want in zip(run_in_turn(project, runs), wanted, strict=True):
        for got, expected in zip(answer.values(), want.values(), strict=True):
            assert (got.reshape(expected.shape) == expected).all()


@pytest.mark.parametrize("board", ["host", pytest.param(M4, marks=pytest.mark.qemu)])
def test_they_run_in_turn_over_rpc_too(
    make_project: MakeProject, tmp_path: Path, board: str
) -> None:
    one = renamed(DATA / "foo_packed.tar", "foo", "default", tmp_path / "one.tar")
    two = renamed(DATA / "shapes_packed.tar", "shapes", "default", tmp_path / "two.tar")
    project = make_project(
        one, board=board, more_models=[f"second:{two}"], model_entrypoint_api="packed"
    )
    need_tools(project)
    get_platform(project.platform).build(project)
    first, second = addresses(project, "global_workspace")
    assert first == second
    families = [read_family(DATA / f"{name}.npz") for name in ("foo", "shapes")]
    with connect(project) as device:
        models = [device.model("default"), device.model("second")]
        for number, sample in ((0, 0), (1, 0), (0, 0), (1, 1)):
            inputs, answers = families[number]
            outputs = models[number].run(inputs[sample])
            for got, want in zip(outputs.values(), answers[sample].values(), strict=True):
                assert (got.reshape(want.shape) == want).all()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the objects are for x86-64")
def test_kernels_in_objects_get_names_of_their_own_too(make_project: MakeProject) -> None:
    """Twice the same library: two instances, each with its own code."""
    path = DATA / "objects_x86.tar"
    project = make_project(path, board="host", more_models=[str(path)])
    assert [model.name for model in project.models] == ["foo", "foo_2"]
    inputs, expected = read_family(DATA / "foo.npz")
    answers = run_in_turn(project, [(0, inputs[0]), (1, inputs[1]), (0, inputs[0])])
    for answer, want in zip(answers, (expected[0], expected[1], expected[0]), strict=True):
        for got, wanted in zip(answer.values(), want.values(), strict=True):
            assert (got.reshape(wanted.shape) == wanted).all()
