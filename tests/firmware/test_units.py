"""The C of the template on the host, under address and undefined-behaviour sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.project import Project
from microtvm_boards.resources import template_project

pytestmark = pytest.mark.tools

HERE = Path(__file__).parent
SRC = template_project() / "src"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]
SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
CONFIG = """
#define MTVM_ALIGNMENT 16
#define MTVM_ALIGNED __attribute__((aligned(MTVM_ALIGNMENT)))
#define MTVM_NOINIT __attribute__((section(".bss.noinit.mtvm")))
#define MTVM_NOINIT_ARENA MTVM_NOINIT
#define MTVM_NOINIT_HEAP MTVM_NOINIT
#define MTVM_CHECKS 1
#define MTVM_WORKSPACE_BYTES 256
"""
ARM = [
    ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"],
    ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"],
    ["arm-none-eabi-gcc", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard", "-mfpu=auto"],
    [
        "clang",
        "--target=arm-none-eabi",
        "-mcpu=cortex-m4",
        "-mthumb",
        "-isystem/usr/include/newlib",
    ],
]


def includes(config: Path) -> list[str]:
    folders = [
        config,
        SRC / "model",
        SRC / "abi",
        SRC / "runtime",
        SRC / "port",
        SRC / "port" / "baremetal",
    ]
    return [f"-I{folder}" for folder in folders]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    ("unit", "sources"),
    [
        ("unit_workspace.c", ["runtime/mtvm_workspace.c"]),
        ("unit_check.c", ["model/mtvm_check.c", "model/mtvm_status.c"]),
    ],
)
def test_unit(tmp_path: Path, compiler: str, unit: str, sources: list[str]) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    (tmp_path / "mtvm_config.h").write_text(CONFIG)
    program = tmp_path / "unit"
    files = [str(HERE / unit), *(str(SRC / source) for source in sources)]
    command = [compiler, *STRICT, *SANITIZED, *includes(tmp_path), *files, "-o", str(program)]
    subprocess.run(command, check=True)
    result = subprocess.run([program], capture_output=True, text=True, timeout=20, check=False)
    assert result.stdout == "passed\n", result.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize("name", ["foo_c", "foo_c_nousmp", "foo_packed", "foo_pu", "foo_graph"])
def test_entry_of_a_generated_model(
    make_project: Callable[..., Project], tmp_path: Path, name: str, checks: bool, compiler: str
) -> None:
    """Ours and TVM's code together, sanitized."""
    run_unit("unit_entry.c", make_project(name, checks=checks), tmp_path, compiler)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_memory_of_the_callers(
    make_project: Callable[..., Project], tmp_path: Path, compiler: str
) -> None:
    """Contexts, buffers and pools that the application owns."""
    run_unit("unit_context.c", make_project("pools_c"), tmp_path, compiler)


def run_unit(unit: str, project: Project, tmp_path: Path, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    src = project.directory / "src"
    sources = [*(src / "model").glob("*.c"), *(src / "runtime").glob("*.c")]
    sources += (project.directory / "model" / "codegen").rglob("*.c")
    folders = [
        src / "model",
        src / "abi",
        src / "runtime",
        project.directory / "model/codegen/host/include",
    ]
    program = tmp_path / "unit"
    command = [compiler, "-std=gnu99", "-w", "-g", "-ffunction-sections", "-Wl,--gc-sections"]
    command += [*SANITIZED, *(f"-I{folder}" for folder in folders), str(HERE / unit)]
    command += [*map(str, sources), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    result = subprocess.run([program], capture_output=True, text=True, timeout=20, check=False)
    assert result.stdout == "passed\n", result.stderr


@pytest.mark.qemu
@pytest.mark.parametrize("compiler", ARM, ids=["gcc-m0", "gcc-m4", "gcc-m55", "clang-m4"])
def test_every_file_is_clean_for_arm(
    make_project: Callable[..., Project], tmp_path: Path, compiler: list[str]
) -> None:
    """All of ours, rendered files too, with all warnings as errors."""
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"{compiler[0]} is not installed")
    for name in (
        "foo_c_nousmp",
        "foo_packed",
        "foo_graph",
        "keywords_c",
        "shapes_graph",
        "pools_c",
    ):
        project = make_project(name, board="mps2_an386")
        folders = [
            project.directory / folder
            for folder in (
                "src/model",
                "src/port",
                "src/port/baremetal",
                "src/app",
                "src/abi",
                "src/runtime",
                "model/codegen/host/include",
            )
        ]
        sources = sorted((project.directory / "src").rglob("*.c"))
        assert sources
        for source in sources:
            command = [*compiler, *STRICT, "-Os", "-c", str(source), "-o", str(tmp_path / "o.o")]
            command += [f"-I{folder}" for folder in folders]
            subprocess.run(command, check=True)
