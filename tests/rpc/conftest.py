from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from microtvm_boards.model import Tensor
from microtvm_boards.rpc import Device, ModelInfo, Pace
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.transports.process import ProcessTransport

DOUBLE = ModelInfo(
    "double",
    inputs=(Tensor("a", "int8", (2, 3), 6), Tensor("b", "float32", (4,), 16)),
    outputs=(Tensor("sum", "int32", (), 4), Tensor("twice", "float32", (4,), 16)),
)
# For devices that never start a session: long enough for them to be up on a computer under load.
QUICK = Pace(grace=0.3, first_run=2.0, start=1.5, retry=0.5)
# For devices that start one and then don't answer.
IMPATIENT = Pace(grace=0.3, first_run=2.0)


def wire_device(behaviour: str) -> ProcessTransport:
    """A transport, not yet open, to wire_device.py."""
    script = str(Path(__file__).with_name("wire_device.py"))
    return ProcessTransport([sys.executable, "-I", "-S", script, behaviour])


@pytest.fixture
def device() -> Iterator[Callable[..., Device]]:
    """`device("good")`: a Device, not yet open; closed after the test."""
    made: list[Device] = []

    def make(behaviour: str, pace: Pace | None = None) -> Device:
        made.append(Device(wire_device(behaviour), classic, models=[DOUBLE], pace=pace))
        return made[-1]

    yield make
    for one in made:
        one.close()
