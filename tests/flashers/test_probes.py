"""Probes as Linux's sysfs shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from microtvm_boards.flashers.probes import Probe, list_probes


def plug_in(sysfs: Path, name: str, vendor: str, product: str, text: str, serial: str = "") -> None:
    device = sysfs / name
    device.mkdir(parents=True)
    values = {"idVendor": vendor, "idProduct": product, "product": text, "serial": serial}
    for file, value in values.items():
        if value:
            (device / file).write_text(f"{value}\n")


def test_every_kind_of_probe_is_recognized(tmp_path: Path) -> None:
    plug_in(tmp_path, "usb1", "1d6b", "0002", "xHCI Host Controller")
    plug_in(tmp_path, "1-1", "0483", "374b", "STM32 STLink", "066AFF485550755187253829")
    plug_in(tmp_path, "1-2", "1366", "0105", "J-Link", "000775218399")
    plug_in(tmp_path, "1-3", "0d28", "0204", "BBC micro:bit CMSIS-DAP", "9900")
    plug_in(tmp_path, "1-4", "0483", "df11", "STM32  BOOTLOADER", "3472")
    plug_in(tmp_path, "1-5", "0483", "5740", "STM32 Virtual ComPort", "1234")
    plug_in(tmp_path, "1-6", "0483", "3744", "STM32 STLink")  # ST-LINK/V1 has no number
    (tmp_path / "1-1:1.0").mkdir()  # an interface
    assert list_probes(tmp_path) == (
        Probe("CMSIS-DAP", (0x0D28, 0x0204), "9900", "BBC micro:bit CMSIS-DAP"),
        Probe("DFU", (0x0483, 0xDF11), "3472", "STM32  BOOTLOADER"),
        Probe("J-Link", (0x1366, 0x0105), "000775218399", "J-Link"),
        Probe("ST-LINK", (0x0483, 0x3744), None, "STM32 STLink"),
        Probe("ST-LINK", (0x0483, 0x374B), "066AFF485550755187253829", "STM32 STLink"),
    )


@pytest.mark.parametrize("folder", ["none", "empty"])
def test_without_usb_there_are_none(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    assert list_probes(tmp_path / folder) == ()


def test_what_has_no_sense_is_passed_over(tmp_path: Path) -> None:
    plug_in(tmp_path, "1-1", "zz", "374b", "STM32 STLink")
    assert list_probes(tmp_path) == ()


def test_a_probe_in_words() -> None:
    assert str(Probe("ST-LINK", (0x0483, 0x3744), None, "STM32 STLink")) == (
        "ST-LINK 0483:3744 no serial number (STM32 STLink)"
    )
