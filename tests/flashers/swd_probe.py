"""A plug-in of pyOCD, as a vendor of probes writes it: its probes are in the directory
$STAND_IN_PROBES, in probes.json (see Probe), and one chip for all (see swd_chip)."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pyocd.core import exceptions
from pyocd.core.plugin import Plugin
from pyocd.probe.debug_probe import DebugProbe

from tests.flashers.swd_chip import Chip, SwdError, UnpluggedError


class Probe(DebugProbe):
    """probes.json maps its unique id to what happens when it is opened: "", "hangs", or the text of
    an error; "hidden": it may not even be listed."""

    def __init__(self, unique_id: str, opens: str, directory: Path) -> None:
        super().__init__()
        self._id, self._opens, self._directory = unique_id, opens, directory
        self._open, self._protocol, self._reset = False, None, False

    @classmethod
    def get_all_connected_probes(
        cls, unique_id: str | None = None, is_explicit: bool = False
    ) -> Sequence[Probe]:
        directory = Path(os.environ["STAND_IN_PROBES"])
        probes = json.loads((directory / "probes.json").read_text())
        if "hidden" in probes.values():  # as pyOCD's driver for ST-LINK says it
            logging.getLogger("pyocd.probe.stlink.usb").warning(
                "%s while trying to get the STLink USB device configuration",
                "[Errno 13] Access denied (insufficient permissions)",
            )
        return [cls(name, opens, directory) for name, opens in probes.items() if opens != "hidden"]

    @classmethod
    def get_probe_with_id(cls, unique_id: str, is_explicit: bool = False) -> Probe | None:
        found = (p for p in cls.get_all_connected_probes() if p.unique_id == unique_id)
        return next(found, None)

    vendor_name = "Stand-in"
    product_name = "probe"
    unique_id = property(lambda self: self._id)
    is_open = property(lambda self: self._open)
    wire_protocol = property(lambda self: self._protocol)
    capabilities = frozenset()
    supported_wire_protocols = (DebugProbe.Protocol.DEFAULT, DebugProbe.Protocol.SWD)

    def open(self) -> None:
        if self._opens == "hangs":
            time.sleep(600)
        if self._opens:
            raise exceptions.ProbeError(self._opens)
        self._chip = Chip(self._directory)
        self._chip.algorithm = self._algorithm
        self._open = True
        self._chip.note(f"opened {self._id}")

    def _algorithm(self) -> dict[str, Any]:
        """Of the boot memory, as pyOCD loaded it."""
        assert self.session is not None
        region = self.session.target.memory_map.get_boot_memory()
        return {**region.flash.flash_algo, "sector_size": region.sector_size}

    def close(self) -> None:
        self._open = False

    def connect(self, protocol: DebugProbe.Protocol | None = None) -> None:
        self._protocol = DebugProbe.Protocol.SWD

    def disconnect(self) -> None:
        self._protocol = None

    def set_clock(self, frequency: float) -> None:
        self._chip.note(f"clock {frequency:.0f}")

    def reset(self) -> None:
        self._chip.reset()

    def assert_reset(self, asserted: bool) -> None:
        if self._reset and not asserted:
            self._chip.reset()
        self._reset = asserted

    def is_reset_asserted(self) -> bool:
        return self._reset

    def read_dp(self, addr: int, now: bool = True) -> Any:
        return _now(lambda: self._chip.read_dp(addr), now)

    def write_dp(self, addr: int, data: int) -> None:
        self._chip.write_dp(addr, data)

    def read_ap(self, addr: int, now: bool = True) -> Any:
        return _now(lambda: self._chip.read_ap(addr), now)

    def write_ap(self, addr: int, data: int) -> None:
        try:
            self._chip.write_ap(addr, data)
        except UnpluggedError as error:
            raise exceptions.ProbeDisconnected(str(error)) from error

    def read_ap_multiple(self, addr: int, count: int = 1, now: bool = True) -> Any:
        return _now(lambda: [self._chip.read_ap(addr) for _ in range(count)], now)

    def write_ap_multiple(self, addr: int, values: Sequence[int]) -> None:
        for value in values:
            self.write_ap(addr, value)


def _now(read: Callable[[], Any], now: bool) -> Any:
    """The value, or what returns it later."""
    try:
        value = read()
    except SwdError as error:
        raise exceptions.TransferError(str(error)) from error
    return value if now else lambda: value


class StandInPlugin(Plugin):
    name = "stand-in"
    description = "probes for tests"

    def load(self) -> type[Probe]:
        return Probe
