"""A higher rate of the serial line for one session, and back to the project's when it fails."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import replace

from microtvm_boards.errors import DeviceError, TransportError, UsageError
from microtvm_boards.rpc.client import Client
from microtvm_boards.rpc.frames import RESYNC
from microtvm_boards.rpc.messages import Kind, Message
from microtvm_boards.rpc.seen import Seen, SessionError
from microtvm_boards.rpc.session import LOGGER
from microtvm_boards.transports.base import Transport

SET_BAUD = "mtvm.set_baud"
# The device switches when its answer's last bit has gone out (src/rpc/link/baud.h).
SETTLE_SECONDS = 0.02
# It goes back when nothing good has come within a second; the echo has to be there before.
ECHO_SECONDS = 0.8


class FastRate:
    """Switches `device` on `transport` from `baud` to `fast_baud` bits per second.

    Only the session that it was negotiated in has the higher rate. Each new one starts at `baud`:
    the device goes back when a session ends, and by itself when what it hears makes no sense.
    """

    def __init__(self, device: Client, transport: Transport, *, baud: int, fast_baud: int) -> None:
        self.active = False
        self._device = device
        self._session = device.session
        self._transport = transport
        self._baud = baud
        self.fast_baud = fast_baud
        self._pace = device.session.pace

    def negotiate(self) -> bool:
        """Whether the session goes on at the higher rate; if not, it goes on, or a new one has
        started, at the project's, and one line of the log says why.

        Raises what Session.start raises when there is no way back either.
        """
        expected = self._device.info()
        try:
            self._device.call(SET_BAUD, self.fast_baud, what="the answer to a change of baud rate")
        except SessionError as error:
            return self._stay(error)
        except DeviceError as error:  # no such function, or it refused: the session goes on
            return self._stay(error)
        self.active = True
        try:
            self._switch_to(self.fast_baud)
            grace = min(self._pace.grace, ECHO_SECONDS)
            self._session.pace = replace(self._pace, baud=self.fast_baud, grace=grace)
            if self._device.info() != expected:
                raise SessionError("The echo differed.", Seen.WRONG_PROTOCOL)
        except (DeviceError, TransportError, UsageError) as error:
            self._session.abandon()
            return self._stay(error)
        self._session.pace = replace(self._pace, baud=self.fast_baud)
        return True

    def before_start(self) -> None:
        """A new session is about to start: at the project's rate, on both sides."""
        if self.active:
            self._log(f"The session at {self.fast_baud} baud failed")
            self._go_back()

    def forget(self) -> None:
        """The transport was closed, with the session: both sides have the project's rate again."""
        self.active = False
        self._session.pace = self._pace

    def _stay(self, error: Exception) -> bool:
        reason = getattr(error, "cause", None) or str(error)
        self._log(f"{self.fast_baud} baud doesn't work: {reason.removesuffix('.')}")
        if self.active:
            self._go_back()
        if not self._session.established:
            self._session.start()
        return False

    def _go_back(self) -> None:
        """A port that is gone is left to the next write, which says so. A line that has no rate
        (an emulator's) never left this one."""
        self.forget()
        with suppress(TransportError, UsageError):
            # What a device that still hears us takes for the end of its session.
            end = RESYNC + Message(0, Kind.TERMINATE).frame()
            self._transport.write(end, self._pace.retry)
            self._switch_to(self._baud)

    def _switch_to(self, baud: int) -> None:
        self._transport.set_baud(baud)
        time.sleep(SETTLE_SECONDS)

    def _log(self, text: str) -> None:
        logging.getLogger(LOGGER).warning("%s; the line stays at %d baud.", text, self._baud)
