"""The library pyOCD, all of it, with a stand-in for the probe and the chip that hangs on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.errors import ToolNotFoundError
from microtvm_boards.flashers import FlashTarget, get_flasher
from microtvm_boards.flashers.failures import HINTS, Failure, FlashFailedError
from microtvm_boards.flashers.image import flash_image
from microtvm_boards.flashers.tools.pyocd import PyOcdFlasher
from tests.conftest import PATIENCE
from tests.flashers.cmsis_pack import install_pack, write_pack
from tests.flashers.swd_chip import FLASH, FLASH_BYTES

pytestmark = pytest.mark.slow

pytest.importorskip("pyocd")

BUILT_IN = "stm32l475xc"
SETTINGS = {"target": BUILT_IN}


class Bench:
    """What is plugged in, and flashing it."""

    def __init__(self, directory: Path, target: FlashTarget) -> None:
        self._directory = directory
        self._target = target
        self.seconds = 120.0
        self.plug({"0671FF": ""})

    def plug(self, probes: dict[str, str], **chip: object) -> None:
        """`probes`: see swd_probe; `chip`: see swd_chip."""
        (self._directory / "probes.json").write_text(json.dumps(probes))
        (self._directory / "chip.json").write_text(json.dumps(chip))

    def flash(self, serial_number: str | None = None, **settings: str) -> str:
        target = replace(
            self._target, serial_number=serial_number, settings={**SETTINGS, **settings}
        )
        self.heard: list[str] = []
        flasher = PyOcdFlasher()
        flasher.seconds = self.seconds
        return flasher.flash(target, progress=self.heard.append)

    def fails(self, serial_number: str | None = None, **settings: str) -> FlashFailedError:
        with pytest.raises(FlashFailedError) as caught:
            self.flash(serial_number, **settings)
        assert caught.value.log == self._target.build_dir / "flash.log"
        return caught.value

    @property
    def content(self) -> bytes:
        path = self._directory / "flash.bin"
        return path.read_bytes() if path.exists() else b""

    @property
    def events(self) -> list[str]:
        path = self._directory / "events.txt"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def bench(tmp_path: Path, target: FlashTarget, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """pyOCD finds the probe as it finds a vendor's: by an installed package's entry point."""
    package = tmp_path / "packages" / "stand_in_probe-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: stand-in-probe\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[pyocd.probe]\nstand-in = tests.flashers.swd_probe:StandInPlugin\n"
    )
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{package.parent}{os.pathsep}{root}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))  # no packs are installed
    bench = tmp_path / "bench"
    bench.mkdir()
    monkeypatch.setenv("STAND_IN_PROBES", str(bench))
    return Bench(bench, target)


def test_the_image_is_written_compared_and_started(bench: Bench, target: FlashTarget) -> None:
    image = flash_image(target.firmware)
    settings = {"frequency": "500000", "connect": "under-reset", "device_id": "0x413"}
    assert bench.flash(**settings) == "Flashed my_board with pyocd and verified it."
    assert bench.content[: len(image.data)] == image.data
    assert bench.content[2048:] == b"\x55" * (FLASH_BYTES - 2048)  # other sectors stay
    assert bench.events[-1] == "reset"
    assert {"clock 500000", "erase_sector 0x08000000"} <= set(bench.events)
    assert "reading back: 100 %" in bench.heard
    assert bench.heard[-1].startswith("1,311 bytes at 0x08000000 hold what was written (pyOCD ")
    log = (target.build_dir / "flash.log").read_text().splitlines()
    assert "-m microtvm_boards.flashers.tools.pyocd_program --target stm32l475xc" in log[0]
    assert log[1:] == bench.heard


# Probes


@pytest.mark.parametrize("number", [None, "0671FF"])
def test_without_a_probe_nothing_is_waited_for(number: str | None, bench: Bench) -> None:
    bench.plug({} if number is None else {"066AFF": ""})
    error = bench.fails(number)
    assert error.failure is Failure.NO_PROBE
    assert error.cause == "pyocd could not flash the board: there is no probe."
    assert error.hint == HINTS[Failure.NO_PROBE]
    if number is not None:
        assert error.details == (
            "066AFF: Stand-in probe",
            "failed (NO_PROBE): pyOCD finds no probe with serial number 0671FF",
        )
    assert bench.events == []


def test_of_two_probes_none_is_guessed(bench: Bench) -> None:
    bench.plug({"0671FF": "", "0671FF00": ""})
    error = bench.fails()
    assert error.failure is Failure.SEVERAL_PROBES
    assert error.details[:2] == ("0671FF: Stand-in probe", "0671FF00: Stand-in probe")
    assert error.hint == "--serial-number with one of them"
    assert bench.events == []


def test_a_serial_number_is_the_whole_of_it(bench: Bench) -> None:
    """pyOCD itself takes any part of it. Of a J-Link, USB tells zeros in front."""
    bench.plug({"0671FF": "", "671FF00": ""})
    bench.flash("00671ff00")
    assert bench.events[0] == "opened 671FF00"


def test_an_old_st_link_whose_number_is_no_text(bench: Bench) -> None:
    number = "S\xffj\x06PRUH\x12%\x87\x01"
    bench.plug({"53FF6A065052554812258701": "", "0671FF": ""})
    bench.flash(number)
    assert bench.events[0] == "opened 53FF6A065052554812258701"


@pytest.mark.parametrize("setting", ["frequency", "device_id", "connect"])
def test_a_setting_that_makes_no_sense(setting: str, bench: Bench) -> None:
    error = bench.fails(**{setting: "fast"})
    assert error.failure is Failure.CONFIG
    assert "'fast'" in error.details[-1]
    assert bench.events == []


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ("[Errno 16] Resource busy", Failure.BUSY),
        ("[Errno 13] Access denied (insufficient permissions)", Failure.PERMISSION),
        ("STLink error (9): Get IDCODE error", Failure.NO_TARGET),
        ("the moon is full", Failure.OTHER),
    ],
)
def test_a_probe_that_cant_be_opened(said: str, failure: Failure, bench: Bench) -> None:
    bench.plug({"0671FF": said})
    error = bench.fails()
    assert error.failure is failure
    assert error.details[-1] == f"failed ({failure.name}): ProbeError: {said}"


def test_a_probe_that_may_not_even_be_listed(bench: Bench) -> None:
    bench.plug({"0671FF": "hidden"})
    error = bench.fails()
    assert error.failure is Failure.PERMISSION
    assert "udev rules" in error.hint


def test_a_probe_that_is_pulled_out(bench: Bench) -> None:
    bench.plug({"0671FF": ""}, unplugs="program_page")
    error = bench.fails()
    assert error.failure is Failure.NO_PROBE
    assert error.details[-1] == "failed (NO_PROBE): ProbeDisconnected: the device is gone"


@pytest.mark.parametrize("where", ["open", "program_page"])
def test_a_probe_that_hangs_is_ended_at_the_deadline(where: str, bench: Bench) -> None:
    if where == "open":
        bench.plug({"0671FF": "hangs"})
    else:
        bench.plug({"0671FF": ""}, hangs=where)
    assert PyOcdFlasher.seconds >= 180
    bench.seconds = 4
    start = time.monotonic()
    error = bench.fails()
    assert time.monotonic() - start < PATIENCE
    assert error.failure is Failure.TIMEOUT
    assert error.cause == "pyocd could not flash the board: it hadn't ended after 4 s."


# The chip


def test_a_chip_that_needs_a_pack_names_the_command_to_type(bench: Bench) -> None:
    error = bench.fails(target="STM32F446RETx")
    assert error.failure is Failure.UNKNOWN_TARGET
    assert error.hint == "pyocd pack install stm32f446retx"
    assert error.details[-1] == (
        'failed (UNKNOWN_TARGET): no "stm32f446retx" is built into pyOCD or in an installed pack.'
    )
    assert bench.events == []


def test_a_name_that_is_nearly_one_is_told(bench: Bench) -> None:
    error = bench.fails(target="stm32l475xq")
    assert 'Did you mean "stm32l475x' in error.details[-1]


@pytest.mark.tools
@pytest.mark.parametrize("installed", [True, False])
def test_a_pack_that_is_installed_or_named(installed: bool, bench: Bench, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack")
    settings = {"target": "stm32f446retx"}
    if installed:
        install_pack(pack, tmp_path / "data")
    else:
        settings["pack"] = str(pack)
    assert "verified" in bench.flash(**settings)
    assert bench.content[:4] == b"\x00\x01\x02\x03"


def test_a_pack_that_cant_be_used(bench: Bench, tmp_path: Path) -> None:
    for name, content in (("none.pack", None), ("no.pack", b"PK but no archive")):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        error = bench.fails(pack=str(path))
        assert error.failure is Failure.CONFIG
        assert error.details[-1].startswith(f"failed (CONFIG): the CMSIS pack {path} can't be used")


@pytest.mark.tools
def test_a_pack_of_other_chips(bench: Bench, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack")
    error = bench.fails(target="stm32f446zetx", pack=str(pack))
    assert error.failure is Failure.UNKNOWN_TARGET
    assert f'"stm32f446zetx" is in {pack}. Did you mean "stm32f446retx"' in error.details[-1]
    assert "pack" in error.hint


@pytest.mark.parametrize(
    ("chip", "settings", "said"),
    [
        ({"core": "cortex-m3"}, {}, "the board has a cortex-m4, this is a Cortex-M3"),
        ({}, {"device_id": "0x421"}, "device id 0x421 is needed, found: 0x413"),
        ({}, {"target": "lpc1768"}, "lpc1768 has no flash at 0x08000000"),
        ({"fails": "init"}, {}, "FlashFailure: flash init failure (result code 0x1)"),
        (
            {"fails": "erase_sector"},
            {},
            "FlashEraseFailure: flash erase sector failure (address 0x08000000; result code 0x1)",
        ),
    ],
)
def test_another_chip_is_not_written(
    chip: dict[str, str], settings: dict[str, str], said: str, bench: Bench
) -> None:
    bench.plug({"0671FF": ""}, **chip)
    error = bench.fails(**settings)
    assert error.failure is Failure.WRONG_TARGET
    assert error.details[-1] == f"failed (WRONG_TARGET): {said}"
    assert not bench.content


def test_a_chip_that_doesnt_answer_is_tried_twice(bench: Bench) -> None:
    bench.plug({"0671FF": ""}, answers=False)
    error = bench.fails()
    assert error.failure is Failure.NO_TARGET
    assert "Target not detected" in error.details[-1]
    assert bench.events.count("opened 0671FF") == 2


def test_a_flash_that_is_worn_out_is_tried_twice_and_told(bench: Bench) -> None:
    bench.plug({"0671FF": ""}, stuck=FLASH + 300)
    error = bench.fails()
    assert error.failure is Failure.VERIFY
    assert error.details[-1] == "failed (VERIFY): 0x0800012c holds 0xac, 0x2c was written"
    assert bench.events.count("opened 0671FF") == 2


def test_the_second_try_may_do(bench: Bench) -> None:
    bench.plug({"0671FF": ""}, stuck=FLASH + 300, heals=True)
    assert bench.flash() == "Flashed my_board with pyocd and verified it at the second try."


# Where pyOCD is


def test_without_the_library_it_says_what_to_type(
    target: FlashTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("microtvm_boards.programs.tool.util.find_spec", lambda name: None)
    flasher = get_flasher("pyocd")
    assert not flasher.available()
    with pytest.raises(ToolNotFoundError, match="pyocd is needed and not installed for") as caught:
        flasher.flash(replace(target, settings=SETTINGS))
    assert caught.value.hint == "pip install pyocd"


def test_it_is_not_imported_to_see_whether_it_is_there() -> None:
    code = "import sys; from microtvm_boards.flashers import get_flasher as get\n"
    code += "assert get('pyocd').available(); assert 'pyocd' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
