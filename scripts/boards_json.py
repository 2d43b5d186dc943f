#!/usr/bin/env python3
"""Writes boards.json: boards as tvm.micro.testing (TVM 0.12 to 0.18) looks them up in a template.

    .venv/bin/python scripts/boards_json.py

Our boards come from board_configs/; Zephyr's are those that TVM's own tests name, and QEMU's. The
template takes any other board of Zephyr too: the file only says which target to compile for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board, board_names, load_board

FILE = Path(__file__).resolve().parent.parent / "boards.json"
# TVM's models (tvm.target.micro, 0.16) by the core whose -mcpu they mean.
MODELS = {
    "": "host",
    "cortex-m0": "rp2040",
    "cortex-m3": "sam3x8e",
    "cortex-m4": "atsamd51",
    "cortex-m7": "stm32h7xx",
    "cortex-m33": "mps2_an521",
    "cortex-m55": "mps3_an547",
}
# Boards for which TVM has a model of their own.
EXACT = {
    "nucleo_f746zg": "stm32f746xx",
    "nucleo_h743zi": "stm32h7xx",
    "nucleo_l4r5zi": "stm32l4r5zi",
    "nucleo_u575zi_q": "stm32u5xx",
}
QEMU = ("", "")
# Of Zephyr alone: model, FPU, USB ids of the probe or QEMU.
ZEPHYR = {
    "b_u585i_iot02a": ("stm32u5xx", True, ("0483", "374e")),
    "mimxrt1050_evk": ("imxrt10xx", True, ("1366", "0105")),
    "mps2_an521": ("mps2_an521", False, QEMU),
    "nrf5340dk_nrf5340_cpuapp": ("nrf5340dk", True, ("1366", "1055")),
    "qemu_cortex_m0": ("rp2040", False, QEMU),
    "qemu_cortex_m3": ("sam3x8e", False, QEMU),
    "qemu_cortex_r5": ("zynq_mp_r5", True, QEMU),
    "qemu_riscv32": ("host", False, QEMU),
    "qemu_riscv64": ("host", True, QEMU),
    "qemu_x86": ("host", True, QEMU),
    "stm32f746g_disco": ("stm32f746xx", True, ("0483", "374b")),
}


def boards_json() -> str:
    """The text of the file."""
    boards = {name: _ours(load_board(name)) for name in board_names()}
    for name, (model, fpu, usb) in ZEPHYR.items():
        boards[name] = _entry(name, model, fpu, usb, is_qemu=usb == QEMU)
    known = {name: entry for name, entry in sorted(boards.items()) if entry is not None}
    return json.dumps(known, indent=2) + "\n"


def _ours(board: Board) -> dict[str, Any] | None:
    """None for a core that TVM has no model of."""
    model = EXACT.get(board.name, MODELS.get(board.cpu.name.partition("+")[0]))
    if model is None:
        return None
    fpu = board.hosted or "-mfloat-abi=hard" in board.cpu.flags
    usb = QEMU
    if board.usb_ids:
        usb = (f"{board.usb_ids[0].vid:04x}", f"{board.usb_ids[0].pid:04x}")
    return _entry(board.name, model, fpu, usb, is_qemu=board.emulator is not None)


def _entry(
    name: str, model: str, fpu: bool, usb: tuple[str, str], *, is_qemu: bool
) -> dict[str, Any]:
    vid, pid = usb
    return {
        "board": name,
        "model": model,
        "is_qemu": is_qemu,
        "fpu": fpu,
        "vid_hex": vid,
        "pid_hex": pid,
    }


if __name__ == "__main__":
    FILE.write_text(boards_json())
    print(f"Wrote {FILE.name}")
