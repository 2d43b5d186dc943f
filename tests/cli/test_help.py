"""Help is complete, and imports nothing that it doesn't show: that makes it quick."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import click
import pytest

from microtvm_boards import __version__
from microtvm_boards.cli import main
from microtvm_boards.cli.app import COMMANDS, PROGRAM, root
from microtvm_boards.cli.commands.boards import boards
from microtvm_boards.cli.exit_codes import EXIT_CODES
from microtvm_boards.cli.lazy import LazyGroup
from microtvm_boards.project.options.known import known_options
from tests.cli.conftest import cli

HEAVY = ("numpy", "rich", "jinja2", "yaml", "jsonschema", "elftools", "tvm")


def imported_after(args: list[str]) -> set[str]:
    """Top-level names in sys.modules after the program ran."""
    code = (
        "import sys\n"
        "from microtvm_boards.cli.app import run\n"
        f"run({args!r})\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("args", [["--help"], ["boards", "--help"], ["template-dir"], ["bild"]])
def test_nothing_heavy_is_imported_for(args: list[str]) -> None:
    names = imported_after(args)
    assert not names & set(HEAVY)
    assert "microtvm_boards.cli.commands.run" not in names


def test_help_imports_few_modules_of_ours() -> None:
    names = {name for name in imported_after(["--help"]) if name.startswith("microtvm_boards.")}
    ours = "errors cli cli.app cli.exit_codes cli.lazy cli.output".split()
    assert names == {f"microtvm_boards.{name}" for name in ours}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    assert not imported_after([command, "--help"]) & set(HEAVY)


def test_no_arguments_mean_help() -> None:
    assert cli().out == cli("--help").out


def test_help_lists_every_command_and_exit_code() -> None:
    text = cli("--help").out
    for name, command in COMMANDS.items():
        assert f"  {name} " in text and command.help in text
    for code, meaning in EXIT_CODES.items():
        assert f"{code:<4} {meaning}" in text


@pytest.mark.parametrize("group", [root, boards])
def test_the_line_of_a_command_begins_its_own_help(group: click.Command) -> None:
    assert isinstance(group, LazyGroup)
    for name, lazy in group.lazy.items():
        command = group.get_command(click.Context(group), name)
        assert command is not None and command.help is not None
        assert command.name == name
        assert command.help.startswith(lazy.help.rstrip("."))


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [[c] for c in COMMANDS if c != "tvmc"] + [["boards", "list"], ["boards", "show"], []],
)
def test_every_command_has_json_and_verbose(command: list[str]) -> None:
    text = cli(*command, "--help").out
    assert "--json " in text
    assert "-v, --verbose" in text


def test_the_help_of_create_lists_every_option_once_as_declared() -> None:
    text = " ".join(cli("create", "--help").out.split())
    for spec in known_options().taken_by("generate_project"):
        flag = f"--{spec.name.replace('_', '-')} "
        listed = flag if spec.flag else f"-o {spec.name}= "
        assert text.count(listed) == 1
        assert " ".join(spec.help.split()) in text


def test_version_is_the_packages() -> None:
    assert cli("--version").out == f"{PROGRAM}, version {__version__}\n"


def test_the_console_script_is_main() -> None:
    (script,) = entry_points(group="console_scripts", name=PROGRAM)
    assert script.load() is main


def test_shells_can_complete_commands() -> None:
    answer = cli(
        env={
            "_MICROTVM_BOARDS_COMPLETE": "bash_complete",
            "COMP_WORDS": f"{PROGRAM} bo",
            "COMP_CWORD": "1",
        }
    )
    assert answer.out == "plain,boards\n"
