"""docs/cli.md says what the program does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from microtvm_boards import errors
from microtvm_boards.cli.app import COMMANDS, root
from microtvm_boards.cli.exit_codes import EXIT_CODES

REPOSITORY = Path(__file__).parent.parent.parent
TEXT = (REPOSITORY / "docs" / "cli.md").read_text()


def examples(page: str) -> list[tuple[str, list[str]]]:
    """The commands of docs/<page>, and the lines that it shows for each."""
    return [
        (command, output.splitlines())
        for block in re.findall(
            r"```console\n(.*?)```", (REPOSITORY / "docs" / page).read_text(), re.DOTALL
        )
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ]


EXAMPLES = examples("cli.md")


def command_line(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that `words` name, and the rest of them."""
    command: click.Command = root
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, words
        command, words = found, words[1:]
    return command, words


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    typed = "\n".join(command for command, _ in EXAMPLES)
    calls = re.findall(r"microtvm-boards (\w[^|)\n]*)", typed)
    shown = [command_line(call.split()) for call in calls]
    names = {command.name for command, _ in shown}
    assert names == {*COMMANDS, "list", "show", "detect"} - {"boards"}
    for command, words in shown:
        known = {name for parameter in command.params for name in parameter.opts}
        if command.name in ("tvmc", "rpc-server"):  # other options are TVM's
            continue
        assert {word for word in words if word.startswith("--")} <= known


def test_every_command_is_described() -> None:
    for name in {*COMMANDS, "boards list", "boards show", "boards detect"} - {"boards"}:
        assert re.search(rf"^\|.*`{name}\b", TEXT, re.MULTILINE)


def test_every_documented_exit_code_is_the_one_of_errors_py() -> None:
    documented = {int(c): m for c, m in re.findall(r"^\| (\d+) \| (.*?) \|$", TEXT, re.MULTILINE)}
    assert documented.keys() == EXIT_CODES.keys()
    for code, meaning in EXIT_CODES.items():
        assert documented[code].startswith(meaning)
    for cls, word in {
        errors.UsageError: "option",
        errors.ModelError: "model",
        errors.BoardError: "board",
        errors.ProjectError: "project",
        errors.ToolNotFoundError: "tool",
        errors.BuildError: "build",
        errors.FlashError: "onto the board",
        errors.TransportError: "connection",
        errors.DeviceError: "firmware",
    }.items():
        assert word in documented[cls.exit_code]


def masked(line: str) -> str:
    """Without numbers and column widths, which may change with compiler and machine."""
    return " ".join(re.sub(r"\d[\d,.]*", "#", line).split())


@pytest.mark.qemu
@pytest.mark.parametrize("page", ["cli.md", "inspect.md", "memory.md"])
def test_the_session_goes_as_it_is_shown(page: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    tool = tmp_path / "bin" / "microtvm-boards"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m microtvm_boards.cli "$@"\n')
    tool.chmod(0o755)
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    for command, shown in examples(page):
        # TVM's own pages are run in tests/relay and tests/compile.
        if re.search(r"\b(tvmc|compile|tune|rpc-server) ", command):
            continue
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        lines = done.stdout.replace(str(tmp_path), "/home/you").splitlines()
        if "..." in shown:
            shown, lines = shown[:-1], lines[: len(shown) - 1]
        assert [masked(line) for line in lines] == [masked(line) for line in shown]
