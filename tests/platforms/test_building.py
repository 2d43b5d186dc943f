"""Building, with the real CMake, Ninja, Make and compilers."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.errors import BuildError, ProjectError, ToolNotFoundError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project.project import Project
from tests.conftest import PATIENCE
from tests.manifests import manifest
from tests.platforms.conftest import HOST_CMAKE, MakeProject

pytestmark = pytest.mark.tools

MAIN = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'
BROKEN = "int main(void) { return nothing; }\n"
HOST = get_platform("host")


def tools_without(tmp_path: Path, *missing: str) -> str:
    """A PATH with the usual programs except `missing`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("cc", "ld", "as", "cmake", "ninja", "make", "gmake", "sh", "ar", "ranlib"):
        found = shutil.which(program)
        if found is not None and program not in missing:
            (folder / program).symlink_to(found)
    return str(folder)


def state(project: Project) -> dict[str, object]:
    found: dict[str, object] = json.loads((project.build_dir / "build.json").read_text())
    return found


def test_a_build_gives_a_firmware_that_runs_its_sizes_and_its_log(toy: MakeProject) -> None:
    project = toy("host", main=MAIN)
    printed: list[str] = []
    result = HOST.build(project, progress=printed.append)

    assert subprocess.check_output([result.firmware]) == b"hello\n"
    assert HOST.firmware(project) == result.firmware == project.build_dir / "good" / "firmware.elf"
    assert result.memory == HOST.memory_use(project)
    assert [use.memory for use in result.memory] == ["text", "data", "bss"]
    log = result.log.read_text()
    assert log.startswith("$ cmake -S ")
    assert "src/main.c" in log
    assert [line for line in log.splitlines() if not line.startswith("$ ")] == printed
    assert state(project)["status"] == "ok"
    tools = state(project)["tools"]
    assert isinstance(tools, dict)
    assert {"cmake", "ninja"} < set(tools)
    assert tools["cmake"].startswith("cmake version ")
    assert "nothing to flash" in HOST.flash(project).lower()


def test_a_second_build_with_nothing_changed_does_nothing(toy: MakeProject) -> None:
    project = toy("host", main=MAIN)
    HOST.build(project)
    result = HOST.build(project)
    assert "no work to do" in result.log.read_text()
    assert "-c " in (project.build_dir / "build.1.log").read_text()


def test_only_what_changed_is_compiled_again(toy: MakeProject) -> None:
    project = toy("host", main=MAIN)
    HOST.build(project)
    (project.directory / "src" / "main.c").write_text(MAIN.replace("hello", "hi"))
    result = HOST.build(project)
    assert subprocess.check_output([result.firmware]) == b"hi\n"
    assert "main.c" in result.log.read_text()
    assert "other.c" not in result.log.read_text().replace("other.c.o", "")


def test_equal_builds_leave_equal_states_apart_from_their_duration(toy: MakeProject) -> None:
    project = toy("host", main=MAIN)
    states = []
    for _ in range(2):
        HOST.build(project)
        states.append({k: v for k, v in state(project).items() if k != "seconds"})
    assert states[0] == states[1]


def test_a_compiler_error_comes_with_its_place_the_last_lines_and_the_log(
    toy: MakeProject,
) -> None:
    project = toy("host", main=BROKEN)
    with pytest.raises(BuildError) as caught:
        HOST.build(project)
    assert caught.value.cause.startswith("The build failed: src/main.c:1: ")
    assert "nothing" in caught.value.cause
    assert 0 < len(caught.value.details) <= 20
    assert caught.value.log == project.build_dir / "build.log"
    assert "nothing" in caught.value.log.read_text()


def test_a_cmake_error_is_a_build_error_and_the_next_build_configures_afresh(
    toy: MakeProject,
) -> None:
    project = toy("host", main=MAIN, cmake=HOST_CMAKE + 'message(FATAL_ERROR "No UART.")\n')
    with pytest.raises(BuildError, match=r"CMakeLists.txt:4: No UART\."):
        HOST.build(project)
    (project.directory / "CMakeLists.txt").write_text(HOST_CMAKE)
    assert HOST.build(project).firmware.is_file()


def test_a_failed_build_keeps_the_last_good_firmware_and_refuses_to_use_it(
    toy: MakeProject,
) -> None:
    project = toy("host", main=MAIN)
    good = HOST.build(project).firmware
    (project.directory / "src" / "main.c").write_text(BROKEN)
    with pytest.raises(BuildError):
        HOST.build(project)

    assert subprocess.check_output([good]) == b"hello\n"
    for use in (HOST.firmware, HOST.flash, HOST.transport, HOST.memory_use):
        with pytest.raises(
            ProjectError, match=r"last build of .* failed: src/main\.c:1: "
        ) as caught:
            use(project)
        assert "microtvm-boards build" in caught.value.hint

    (project.directory / "src" / "main.c").write_text(MAIN)
    HOST.build(project)
    assert HOST.firmware(project) == good


def test_a_project_that_was_never_built_says_so(toy: MakeProject) -> None:
    project = toy("host", main=MAIN)
    with pytest.raises(ProjectError, match="is not built") as caught:
        HOST.flash(project)
    assert caught.value.hint == f"microtvm-boards build {project.directory}"


def test_a_firmware_that_another_command_linked_is_not_taken_for_the_last_build(
    toy: MakeProject,
) -> None:
    project = toy("host", main=MAIN)
    HOST.build(project)
    (project.directory / "src" / "main.c").write_text(MAIN.replace("hello", "hi"))
    subprocess.run(["cmake", "--build", project.build_dir], check=True, capture_output=True)
    with pytest.raises(ProjectError, match="linked again by another command"):
        HOST.firmware(project)
    assert subprocess.check_output([HOST.build(project).firmware]) == b"hi\n"


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"status": 1, "more": 2}'])
def test_a_damaged_state_counts_as_not_built(toy: MakeProject, damage: str) -> None:
    project = toy("host", main=MAIN)
    HOST.build(project)
    (project.build_dir / "build.json").write_text(damage)
    with pytest.raises(ProjectError):
        HOST.firmware(project)


def test_a_project_without_ninja_is_built_with_make(
    toy: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = toy("host", main=MAIN)
    HOST.build(project)  # with Ninja: the change of generator must not be an error
    monkeypatch.setenv("PATH", tools_without(tmp_path, "ninja"))
    HOST.build(project)
    result = HOST.build(project)
    assert (project.build_dir / "Makefile").is_file()
    assert subprocess.check_output([result.firmware]) == b"hello\n"


def test_a_project_that_was_moved_is_configured_again(toy: MakeProject, tmp_path: Path) -> None:
    project = toy("host", main=MAIN)
    HOST.build(project)
    moved = project.directory.rename(tmp_path / "moved")
    result = HOST.build(replace(project, directory=moved))
    assert subprocess.check_output([result.firmware]) == b"hello\n"


def test_missing_tools_are_named_with_their_packages_before_anything_is_done(
    toy: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = toy("mps2_an386", main=MAIN)
    monkeypatch.setenv("PATH", tools_without(tmp_path, "cmake", "ninja"))
    with pytest.raises(ToolNotFoundError) as caught:
        get_platform("baremetal").build(project)
    assert "arm-none-eabi-gcc, cmake are needed" in caught.value.cause
    assert caught.value.hint == ("apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi cmake")
    assert not project.build_dir.exists()


def test_a_project_with_cxx_needs_a_compiler_for_it(
    toy: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cxx = manifest(files={"src/more.cc": "mine"})
    monkeypatch.setenv("CXX", "no-such-c++")
    with pytest.raises(ToolNotFoundError, match=r"no-such-c\+\+ is needed") as caught:
        HOST.build(replace(toy("host", main=MAIN), manifest=cxx))
    assert caught.value.hint == "apt-get install g++"
    monkeypatch.setenv("PATH", tools_without(tmp_path))
    with pytest.raises(ToolNotFoundError, match=r"arm-none-eabi-g\+\+") as caught:
        project = toy("mps2_an386", main=MAIN, directory=tmp_path / "arm")
        get_platform("baremetal").build(replace(project, manifest=cxx))
    assert "libstdc++-arm-none-eabi-newlib" in caught.value.hint


def test_the_compiler_in_cc_is_the_one_that_is_needed(
    toy: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-cc -m32")
    with pytest.raises(ToolNotFoundError, match="no-such-cc is needed"):
        HOST.build(toy("host", main=MAIN))


def test_a_build_directory_that_cant_be_written_is_an_error_of_the_project(
    toy: MakeProject,
) -> None:
    project = toy("host", main=MAIN)
    project.build_dir.write_text("in the way")
    with pytest.raises(ProjectError, match="can't be built"):
        HOST.build(project)


def test_what_is_no_elf_does_not_take_the_place_of_the_last_good_firmware(
    toy: MakeProject,
) -> None:
    project = toy("host", main=MAIN)
    good = HOST.build(project).firmware
    (project.directory / "CMakeLists.txt").write_text(
        HOST_CMAKE + "add_custom_command(TARGET firmware.elf POST_BUILD "
        "COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/link.ld firmware.elf)\n"
    )
    with pytest.raises(ProjectError, match="can't be read as an ELF"):
        HOST.build(project)
    assert subprocess.check_output([good]) == b"hello\n"


SLOW_CMAKE = (
    HOST_CMAKE
    + """\
add_custom_target(slow ALL COMMAND sh ${CMAKE_SOURCE_DIR}/slow.sh)
"""
)

BUILD_SCRIPT = """\
import sys
from pathlib import Path
from tests.platforms.test_building import HOST, project_at
HOST.build(project_at(Path(sys.argv[1])))
"""


def project_at(directory: Path) -> Project:
    from microtvm_boards.boards import load_board

    return Project(directory, manifest(), load_board("host"))


def is_alive(pid: int) -> bool:
    """Whether it runs; a process that has ended may wait for init to notice (state Z)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_interrupted_build_leaves_no_process_and_no_usable_firmware(toy: MakeProject) -> None:
    project = toy("host", main=MAIN)
    HOST.build(project)
    (project.directory / "CMakeLists.txt").write_text(SLOW_CMAKE)
    (project.directory / "slow.sh").write_text("echo $$ > pid\nsleep 600\n")
    with subprocess.Popen(
        [sys.executable, "-c", BUILD_SCRIPT, str(project.directory)],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
        text=True,
    ) as build:
        # Ninja holds back what a step prints until it ends: the file tells that it runs.
        pid_file = project.build_dir / "pid"
        deadline = time.monotonic() + PATIENCE
        while not (pid_file.exists() and pid_file.read_text().strip()):
            assert time.monotonic() < deadline and build.poll() is None
            time.sleep(0.02)
        build.send_signal(signal.SIGINT)
        errors = build.communicate(timeout=20)[1]
    assert "KeyboardInterrupt" in errors
    while is_alive(int(pid_file.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert state(project)["status"] == "unfinished"
    with pytest.raises(ProjectError, match="didn't finish"):
        HOST.firmware(project)


def test_a_progress_that_raises_ends_the_build(toy: MakeProject) -> None:
    project = toy("host", main=MAIN)

    def progress(line: str) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError):
        HOST.build(project, progress=progress)
    assert state(project)["status"] == "unfinished"
    assert HOST.build(project).firmware.is_file()
