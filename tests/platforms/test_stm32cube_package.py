"""Which STM32Cube package a build takes, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.errors import ToolNotFoundError, UsageError
from microtvm_boards.platforms.stm32cube.package import find_package
from tests.platforms.cube_tree import make_package

BOARD = load_board("netduinoplus2")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("STM32CUBE_F4_PATH", raising=False)
    return tmp_path


def in_repository(home: Path, version: str, *devices: str) -> Path:
    path = home / "STM32Cube/Repository" / f"STM32Cube_FW_F4_V{version}"
    return make_package(path, "F4", *(devices or ("stm32f405xx",)))


def test_the_newest_is_taken_and_versions_are_no_texts(home: Path) -> None:
    in_repository(home, "1.9.0")
    newest = in_repository(home, "1.28.1")
    in_repository(home, "1.28")
    assert find_package(BOARD).path == newest


def test_the_newest_that_has_the_device(home: Path) -> None:
    in_repository(home, "1.30.0", "stm32f446xx")
    fits = in_repository(home, "1.28.1")
    assert find_package(BOARD).path == fits


def test_what_was_chosen_wins_over_what_is_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_repository(home, "1.28.1")
    by_variable = make_package(home / "from variable", "F4", "stm32f405xx")
    by_option = make_package(home / "from option", "F4", "stm32f405xx")
    monkeypatch.setenv("STM32CUBE_F4_PATH", str(by_variable))
    assert find_package(BOARD).path == by_variable
    found = find_package(BOARD, "~/from option")
    assert (found.path, found.found_by) == (by_option, "option stm32cube_path")


def test_none_says_which_where_it_was_looked_for_and_where_to_get_it(home: Path) -> None:
    in_repository(home, "1.2.0", "stm32f446xx")
    with pytest.raises(ToolNotFoundError) as caught:
        find_package(BOARD)
    text = str(caught.value)
    assert "STM32Cube_FW_F4 is needed for board netduinoplus2 (STM32F405RG)" in text
    assert "option stm32cube_path: not given" in text
    assert "$STM32CUBE_F4_PATH: not set" in text
    assert "V1.2.0: there is no Drivers/CMSIS/Device/ST/STM32F4xx/Source/Templates/gcc/" in text
    assert "git clone --recursive https://github.com/STMicroelectronics/STM32CubeF4" in text


def test_an_empty_repository_is_named(home: Path) -> None:
    with pytest.raises(ToolNotFoundError) as caught:
        find_package(BOARD)
    assert f"{home}/STM32Cube/Repository/STM32Cube_FW_F4_V*: there is none" in str(caught.value)


def test_the_wrong_family_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_package(home / "STM32Cube_FW_F1_V1.8.7", "F1", "stm32f100xb")
    with pytest.raises(UsageError, match="it is of family F1, needed is F4"):
        find_package(BOARD, str(other))
    monkeypatch.setenv("STM32CUBE_F4_PATH", str(other))
    with pytest.raises(UsageError, match=r"STM32CUBE_F4_PATH is .*family F1, needed is F4"):
        find_package(BOARD)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("", "there is no such directory"),
        ("Drivers", "there is no Drivers/STM32F4xx_HAL_Driver in it"),
        ("Drivers/STM32F4xx_HAL_Driver/Inc", "git submodule update --init --recursive"),
        ("Drivers/CMSIS/Include", "there is no Drivers/CMSIS/Include/cmsis_gcc.h in it"),
    ],
)
def test_a_package_with_a_hole_is_refused(home: Path, missing: str, message: str) -> None:
    package = make_package(home / "package", "F4", "stm32f405xx")
    (package / missing).rename(home / "away")
    with pytest.raises(UsageError, match=message):
        find_package(BOARD, str(package))
