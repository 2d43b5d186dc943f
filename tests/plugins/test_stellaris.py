"""The example package (stellaris/) as somebody else's: pip installs it, the real CLI uses it, and a
model runs in QEMU on its platform, its board and its flasher, with no change in ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import DATA

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).with_name("stellaris")
ROOT = Path(__file__).parents[2]
BOARD = "lm3s6965evb"
NOTE = "number 17, made on a Monday"


@dataclass(frozen=True)
class Computer:
    """One on which the package is installed."""

    site: Path
    home: Path

    def run(self, *arguments: object, code: int = 0) -> str:
        environment = {name: v for name, v in os.environ.items() if name != "ZEPHYR_BASE"}
        path = [str(self.site), str(ROOT), environment.get("PYTHONPATH", "")]
        done = subprocess.run(
            [sys.executable, "-m", "microtvm_boards.cli", *map(str, arguments)],
            cwd=self.home,
            capture_output=True,
            text=True,
            env={
                **environment,
                "HOME": str(self.home),
                "PYTHONPATH": os.pathsep.join(path),
            },
        )
        assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def json(self, *arguments: object) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def create(self, name: str, entry_point: str) -> Path:
        directory = self.home / name
        self.run(
            *("create", DATA / "foo_c.tar", directory, "--board", BOARD),
            *("--model-entrypoint-api", entry_point, "-o", f"stellaris_note={NOTE}"),
        )
        return directory

    def answers(self, project: Path) -> None:
        """The model's outputs are TVM's."""
        inputs, outputs = self.home / "inputs.npz", self.home / "outputs.npz"
        with np.load(DATA / "foo.npz") as kept:
            np.savez(inputs, zeta=kept["in_zeta"], alpha=kept["in_alpha"])
            expected = {name: kept[f"out_{name}"] for name in ("scores", "features")}
        said = self.run("run", project, "--inputs", inputs, "--outputs", outputs)
        assert said.startswith(f"Ran 4 samples of foo on {BOARD} in ")
        with np.load(outputs) as got:
            for name, array in expected.items():
                np.testing.assert_array_equal(got[name], array)


@pytest.fixture(scope="module")
def computer(tmp_path_factory: pytest.TempPathFactory) -> Computer:
    site, home = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("home")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(PACKAGE)], check=True)
    return Computer(site, home)


@pytest.fixture(scope="module")
def project(computer: Computer) -> Path:
    return computer.create("project", "c")


def test_its_names_are_known_everywhere(computer: Computer) -> None:
    listed = {board["name"]: board for board in computer.json("boards", "list")["boards"]}
    assert listed[BOARD]["platforms"] == ["stellaris"]
    shown = computer.run("boards", "show", BOARD)
    assert "stellaris  LM3S6965" in shown
    assert "A text that the firmware carries" in computer.run("create", "--help")
    findings = computer.json("doctor")["findings"]
    plugins = {f["subject"]: f for f in findings if f["area"] == "Plug-ins"}
    assert plugins.keys() == {"platform stellaris", "source of boards stellaris", "flasher copy"}
    assert {finding["state"] for finding in plugins.values()} == {"ok"}
    assert (
        plugins["platform stellaris"]["found"] == "TI's Stellaris LM3S without an operating system"
    )


def test_its_section_of_a_board_file_is_checked(computer: Computer) -> None:
    text = (PACKAGE / "microtvm_stellaris/board_files/lm3s6965evb.yaml").read_text()
    wrong = computer.home / "wrong.yaml"
    wrong.write_text(text.replace("part: LM3S6965", "part: STM32"))
    said = computer.run("boards", "show", wrong, code=4)
    assert 'stellaris.part: expected a part, e.g. LM3S6965; found "STM32".' in said
    wrong.write_text(text.replace("  base: 0x4000C000\n", ""))
    said = computer.run("boards", "show", wrong, code=4)
    assert "uart.base: expected the address of the first register" in said


def test_a_project_holds_its_files_and_ours(project: Path) -> None:
    assert NOTE in (project / "src/port/stellaris/port.c").read_text()
    manifest = json.loads((project / "project.json").read_text())
    assert manifest["platform"] == "stellaris"
    assert manifest["options"]["stellaris_note"] == NOTE
    assert {
        "cmake/stellaris.cmake",
        "cmake/arm_gcc.cmake",
        "src/port/common/mtvm_stack.h",
        "src/port/stellaris/startup.c",
    } <= manifest["files"].keys()


def test_an_option_of_another_platform_is_none_of_its_boards(computer: Computer) -> None:
    said = computer.run(
        *("create", DATA / "foo_c.tar", computer.home / "none", "--board", BOARD),
        *("--model-entrypoint-api", "c", "-o", "stellaris_not=x"),
        code=2,
    )
    assert 'There is no option "stellaris_not"' in said
    assert 'Did you mean "stellaris_note"?' in said


@pytest.mark.qemu
def test_a_model_is_built_sized_flashed_and_run(computer: Computer, project: Path) -> None:
    built = computer.json("build", project)
    firmware = Path(built["firmware"])
    assert NOTE.encode() in firmware.read_bytes()
    stack = next(m for m in computer.json("size", project)["memory"] if m["memory"] == "RAM")
    assert 0 < stack["used_bytes"] < 65536

    said = computer.run("flash", project, "--flasher", "copy")
    assert said.startswith(f"Flashed {BOARD}: ")
    assert (project / "copied.elf").read_bytes() == firmware.read_bytes()

    computer.answers(project)


@pytest.mark.qemu
def test_python_drives_the_model_over_rpc(computer: Computer) -> None:
    project = computer.create("packed", "packed")
    computer.run("build", project)
    computer.answers(project)
