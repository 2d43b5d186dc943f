"""docs/architecture.md and its picture say what the import contract says."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

from tests.docs.test_docs import ROOT

PAGE = ROOT / "docs" / "architecture.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "architecture.py"
    spec = importlib.util.spec_from_file_location("architecture", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_what_its_script_draws(script: ModuleType) -> None:
    drawn = script.draw(script.read_house())
    assert script.PICTURE.read_text() == drawn, "run .venv/bin/python scripts/architecture.py"


def test_every_room_has_its_row_in_the_order_of_the_contract(script: ModuleType) -> None:
    table = PAGE.read_text().split("| never knows |")[1].split("\n\n")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    rooms = script.read_house().rooms
    assert sorted(named) == sorted(rooms)
    # Lowest first. Rooms that share a cell may stand in any order.
    place = {room: number for number, room in enumerate(reversed(rooms))}
    lowest = [min(place[name] for name in re.findall(r"`(\w+)`", cell)) for cell in cells]
    assert lowest == sorted(lowest)


def test_every_part_of_a_room_that_the_page_names_is_there() -> None:
    names = re.findall(r"`(\w+)`", PAGE.read_text().split("| never knows |")[1].split("\n\n")[0])
    folders = {path.name for path in (ROOT / "microtvm_boards").rglob("*") if path.is_dir()}
    modules = {path.stem for path in (ROOT / "microtvm_boards").glob("*.py")}
    words = {"plan", "write", "packed", "c", "profile", "validate", "tvm"}
    assert set(names) <= folders | modules | words
