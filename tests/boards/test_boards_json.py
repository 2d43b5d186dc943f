"""boards.json: what tvm.micro.testing looks up in a template directory."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from microtvm_boards.boards import board_names, load_board
from microtvm_boards.resources import template_dir

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "boards_json.py"
FIELDS = {"board": str, "model": str, "is_qemu": bool, "fpu": bool, "vid_hex": str, "pid_hex": str}
# Those of upstream's file: callers that name one of them find it.
UPSTREAMS = (
    "b_u585i_iot02a mimxrt1050_evk mps2_an521 mps3_an547 nrf5340dk_nrf5340_cpuapp nucleo_f746zg "
    "nucleo_l4r5zi qemu_cortex_r5 qemu_riscv32 qemu_riscv64 qemu_x86 stm32f746g_disco"
).split()


@pytest.fixture(scope="module")
def boards() -> dict[str, dict[str, Any]]:
    document = json.loads((template_dir() / "boards.json").read_text())
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("boards_json", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_is_what_its_script_writes(script: ModuleType) -> None:
    written = (template_dir() / "boards.json").read_text()
    assert written == script.boards_json(), "run .venv/bin/python scripts/boards_json.py"


def test_every_entry_has_upstreams_fields(boards: dict[str, dict[str, Any]]) -> None:
    assert set(UPSTREAMS) <= set(boards)
    for name, entry in boards.items():
        assert {field: type(value) for field, value in entry.items()} == FIELDS
        assert entry["board"] == name
        for field in ("vid_hex", "pid_hex"):
            assert re.fullmatch("[0-9a-f]{4}|", entry[field])


def test_every_board_of_ours_is_there(boards: dict[str, dict[str, Any]]) -> None:
    assert set(board_names()) <= set(boards)
    assert boards["mps2_an386"]["is_qemu"] and boards["mps2_an386"]["fpu"]
    assert not boards["nucleo_f446re"]["is_qemu"]
    assert (boards["nucleo_f746zg"]["vid_hex"], boards["nucleo_f746zg"]["pid_hex"]) == (
        "0483",
        "374b",
    )


@pytest.mark.tvm
def test_tvm_makes_the_boards_own_target_of_every_entry(
    boards: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tvm")
    from microtvm_boards.tvm import enable_micro

    enable_micro()
    import tvm.micro.testing
    from tvm.micro.testing import utils

    monkeypatch.setattr(
        utils.tvm.micro, "get_microtvm_template_projects", lambda platform: str(template_dir())
    )
    utils.get_supported_boards.cache_clear()
    try:
        assert tvm.micro.testing.utils.get_supported_boards("zephyr") == boards
        for name in boards:
            target = tvm.micro.testing.get_target("zephyr", name)
            if name in board_names():
                assert target.attrs.get("mcpu", "") == load_board(name).cpu.name
    finally:
        utils.get_supported_boards.cache_clear()
