from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from microtvm_boards.transports.base import Transport
from microtvm_boards.transports.emulator import EmulatorTransport
from microtvm_boards.transports.process import ProcessTransport
from microtvm_boards.transports.pseudotty import PseudottyTransport
from tests.transports.pty_serial import PtySerial

PEER = [sys.executable, "-I", "-S", str(Path(__file__).with_name("peer.py"))]

PTY_PEER = [*PEER[:-1], str(Path(__file__).with_name("pty_peer.py"))]

# A transport of its own to a peer with one of the behaviours in peer.py. New transports go here.
TRANSPORTS: dict[str, Callable[[str], Transport]] = {
    "process": lambda behaviour: ProcessTransport([*PEER, behaviour]),
    "emulator": lambda behaviour: EmulatorTransport([*PEER, behaviour, "{socket}"], name="peer"),
    "serial": lambda behaviour: PtySerial([*PEER, behaviour]),
    "pseudotty": lambda behaviour: PseudottyTransport([*PTY_PEER, behaviour], name="peer"),
}
CHILDREN = (
    "process",
    "emulator",
    "pseudotty",
)  # the peer is a process of ours, whose end and stderr we see


class TransportTo:
    """`transport_to("echo")`: a transport, not yet open."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.made: list[Transport] = []

    def __call__(self, behaviour: str) -> Transport:
        self.made.append(TRANSPORTS[self.kind](behaviour))
        return self.made[-1]

    def end(self, of_a_child: str) -> str:
        """What the transport says about a peer that ended; of a port only that it is gone."""
        return of_a_child if self.kind in CHILDREN else "is gone: it was unplugged"


@pytest.fixture(params=TRANSPORTS)
def transport_to(request: pytest.FixtureRequest) -> Iterator[TransportTo]:
    """Makes transports and closes them after the test."""
    yield from _making(request.param)


@pytest.fixture(params=CHILDREN)
def child_transport_to(request: pytest.FixtureRequest) -> Iterator[TransportTo]:
    yield from _making(request.param)


def _making(kind: str) -> Iterator[TransportTo]:
    transport_to = TransportTo(kind)
    yield transport_to
    for transport in transport_to.made:
        transport.close()
