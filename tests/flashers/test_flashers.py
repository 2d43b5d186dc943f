from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from microtvm_boards.boards import board_names, load_board
from microtvm_boards.errors import FlashError, UsageError
from microtvm_boards.flashers import FLASHERS, FlashTarget, get_flasher


@pytest.mark.parametrize("name", list(FLASHERS))
def test_every_flasher_is_made_by_its_name(name: str) -> None:
    assert get_flasher(name).name == name


def test_an_unknown_flasher_suggests_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        get_flasher("emulater")
    assert str(caught.value) == (
        'There is no flasher "emulater". Did you mean "emulator"?\nTry: flashers are '
        + ", ".join(FLASHERS)
    )


def test_shipped_boards_name_flashers_that_exist_with_settings_that_they_have() -> None:
    for name in board_names():
        board = load_board(name)
        for choice in board.flashers:
            flasher = get_flasher(choice.name)
            target = FlashTarget(Path(), board, Path(), Path(), settings=choice.settings)
            flasher.check_settings(target, getattr(flasher, "required", ()))


def target_of(firmware: Path) -> FlashTarget:
    return FlashTarget(firmware, load_board("mps2_an386"), firmware.parent, firmware.parent)


def test_the_emulator_takes_any_elf_and_says_that_nothing_is_written() -> None:
    flasher = get_flasher("emulator")
    assert flasher.available()
    said = flasher.flash(target_of(Path(sys.executable).resolve()), progress=None)
    assert said.startswith("Nothing to flash: the emulator loads ")


@pytest.mark.parametrize("content", [b"", b"\x7fEL", b"int main;"])
def test_what_is_no_elf_is_refused(tmp_path: Path, content: bytes) -> None:
    firmware = tmp_path / "firmware"
    firmware.write_bytes(content)
    with pytest.raises(FlashError, match="an ELF file is needed"):
        get_flasher("emulator").flash(target_of(firmware))


def test_a_firmware_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(FlashError, match="can't be read") as caught:
            get_flasher("emulator").flash(target_of(path))
        assert caught.value.hint == "microtvm-boards build PROJECT"


def test_the_documentation_lists_every_flasher_with_its_settings() -> None:
    page = (Path(__file__).parents[2] / "docs" / "flashing.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| (.*?) ?\|$", page, re.MULTILINE))
    assert rows.keys() >= set(FLASHERS)
    for name in FLASHERS:
        assert set(re.findall(r"`(\w+)`", rows[name])) == set(get_flasher(name).known_settings)
