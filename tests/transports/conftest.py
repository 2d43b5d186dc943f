from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from microtvm_boards.transports.base import Transport
from microtvm_boards.transports.emulator import EmulatorTransport
from microtvm_boards.transports.process import ProcessTransport

PEER = [sys.executable, "-I", "-S", str(Path(__file__).with_name("peer.py"))]

# A transport of its own to a peer with one of the behaviours in peer.py. New transports go here.
TRANSPORTS: dict[str, Callable[[str], Transport]] = {
    "process": lambda behaviour: ProcessTransport([*PEER, behaviour]),
    "emulator": lambda behaviour: EmulatorTransport([*PEER, behaviour, "{socket}"], name="peer"),
}


@pytest.fixture(params=TRANSPORTS)
def transport_to(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Transport]]:
    """Makes transports, not yet open, and closes them after the test."""
    made: list[Transport] = []

    def make(behaviour: str) -> Transport:
        made.append(TRANSPORTS[request.param](behaviour))
        return made[-1]

    yield make
    for transport in made:
        transport.close()
