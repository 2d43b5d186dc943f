"""A platform from outside brings options: listed and parsed like ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.installed import install
from tests.plugins.test_names import say

CODE = """
from dataclasses import dataclass
from microtvm_boards.plugins import PlatformPlugin
from microtvm_boards.project.options.declare import OptionSpec, option

@dataclass(frozen=True)
class Options:
    tray: int = option(2, OptionSpec("Which tray.", optional=("generate_project", "build")))

GOOD = PlatformPlugin("oven", "bakes", "no_module:X", options="oven_one:Options")
BAD = PlatformPlugin("cold", "freezes", "no_module:X", options="oven_one:CODE")
CODE = 3
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    names = {"oven": "oven_one:GOOD", "cold": "oven_one:BAD", "gone": "no_module:X"}
    install(tmp_path, "oven_one", {"microtvm_boards.platforms": names}, CODE)
    return tmp_path


def test_they_are_listed_and_parsed_like_ours(site: Path) -> None:
    said = say(
        site,
        "from oven_one import Options\n"
        "from pathlib import Path\n"
        "from microtvm_boards.cli.app import run\n"
        "from microtvm_boards.project import parse_options\n"
        "from microtvm_boards.server.info import server_info\n"
        "given = {'board': 'host', 'platform': 'oven', 'tray': '3'}\n"
        "options = parse_options(given, 'generate_project')\n"
        "print(options.of(Options), options.to_json())\n"
        "listed = server_info(Path())['project_options']\n"
        "print([o['default'] for o in listed if o['name'] == 'tray'])\n"
        "run(['create', '--help'])\n",
    )
    parsed, listed, *text = said.splitlines()
    assert parsed == "Options(tray=3) {'board': 'host', 'platform': 'oven', 'tray': 3}"
    assert listed == "[2]"
    (line,) = (line for line in text if "tray=" in line)
    assert line.split() == "-o tray= Which tray. [default: 2]".split()


def test_broken_ones_fail_where_the_platform_is_asked_for(site: Path) -> None:
    said = say(
        site,
        "from microtvm_boards.errors import PluginError\n"
        "from microtvm_boards.project import parse_options\n"
        "for platform in ('host', 'cold', 'gone'):\n"
        "    given = {'board': 'host', 'platform': platform}\n"
        "    try: print(parse_options(given, 'generate_project').platform)\n"
        "    except PluginError as error: print(error.cause)\n",
    )
    host, cold, gone = said.splitlines()
    assert host == "host"
    assert cold == 'The platform "cold" of package oven_one is broken: 3 declares no options.'
    assert gone.startswith('The platform "gone" of package oven_one is broken: no_module:X can\'t')
