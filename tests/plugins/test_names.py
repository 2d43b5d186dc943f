"""Plug-ins by name: ours first, those of packages beside them, broken ones for their name only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.installed import install

COPIER = """
from microtvm_boards.flashers.base import Flasher
class Copier(Flasher):
    name = "copier"
    def flash(self, target, *, progress=None):
        return "copied"
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    flashers = {
        "copier": "good_one:Copier",
        "emulator": "good_one:Copier",
        "broken": "bad_one:Nothing",
        "liar": "good_one:Copier",
    }
    install(tmp_path, "good_one", {"microtvm_boards.flashers": flashers}, COPIER)
    (tmp_path / "bad_one.py").write_text("import no_such_module\n")
    install(
        tmp_path,
        "odd_one",
        {"microtvm_boards.platforms": {"odd": "odd_one:PLATFORM"}},
        "PLATFORM = 3\n",
    )
    return tmp_path


def say(site: Path, code: str) -> str:
    """What `code` prints in a process that has the packages of `site`."""
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_names_come_without_an_import_ours_first(site: Path) -> None:
    said = say(
        site,
        "import sys\n"
        "from microtvm_boards.plugins import FLASHERS, PLATFORMS\n"
        "print(*FLASHERS); print(*PLATFORMS)\n"
        "print('good_one' in sys.modules, 'bad_one' in sys.modules, 'odd_one' in sys.modules)\n",
    )
    flashers, platforms, imported = said.splitlines()
    assert flashers.endswith("gdb broken copier liar")
    assert flashers.split().count("emulator") == 1
    assert platforms == "host baremetal zephyr stm32cube odd"
    assert imported == "False False False"


def test_a_name_of_ours_stays_ours_and_a_new_one_is_made(site: Path) -> None:
    said = say(
        site,
        "from microtvm_boards.flashers import get_flasher\n"
        "print(type(get_flasher('emulator')).__name__, type(get_flasher('copier')).__name__)\n",
    )
    assert said == "EmulatorFlasher Copier\n"


def test_a_broken_one_is_an_error_for_its_own_name_only(site: Path) -> None:
    said = say(
        site,
        "from microtvm_boards.errors import PluginError\n"
        "from microtvm_boards.flashers import get_flasher\n"
        "from microtvm_boards.platforms import get_platform\n"
        "for get, name in zip([get_flasher] * 2 + [get_platform], ('broken', 'liar', 'odd')):\n"
        "    try: get(name)\n"
        "    except PluginError as error: print(error)\n"
        "print(get_flasher('copier').name, get_platform('host').name)\n",
    )
    assert said == (
        'The flasher "broken" of package good_one is broken: bad_one:Nothing can\'t be imported: '
        "ModuleNotFoundError: No module named 'no_such_module'.\n"
        "Try: pip install --upgrade good_one, or pip uninstall good_one\n"
        'The flasher "liar" of package good_one is broken: '
        "<class 'good_one.Copier'> is no class Flasher of that name.\n"
        "Try: pip install --upgrade good_one, or pip uninstall good_one\n"
        'The platform "odd" of package odd_one is broken: '
        "its entry point names no PlatformPlugin, but 3.\n"
        "Try: pip install --upgrade odd_one, or pip uninstall odd_one\n"
        "copier host\n"
    )
