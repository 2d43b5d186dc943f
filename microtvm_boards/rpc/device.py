"""A device and the models that it holds, from Python, without TVM."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from microtvm_boards.errors import UsageError
from microtvm_boards.rpc.client import Client
from microtvm_boards.rpc.codecs import Codec
from microtvm_boards.rpc.deadlines import Pace
from microtvm_boards.rpc.fast_rate import FastRate
from microtvm_boards.rpc.remote import ModelInfo
from microtvm_boards.rpc.remote_model import RemoteModel, choose
from microtvm_boards.transports.base import Transport


class Device(Client):
    """A device with the firmware of a `packed` project. Not thread-safe.

    A call that fails on the way raises SessionError and ends the session: functions, modules and
    tensors of before are then gone, and the next call starts a new one. Models outlive that. What
    the device refuses is a RemoteError with its own text, and the session goes on.
    """

    def __init__(
        self,
        transport: Transport,
        codec: Codec,
        *,
        models: Sequence[ModelInfo] = (),
        pace: Pace | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> None:
        """`open` and `close` open and close `transport`. `codec`: the firmware's. `models`: what it
        holds."""
        super().__init__(transport, codec, pace=pace, on_log=on_log)
        self.models = tuple(models)
        self._fast_rate: FastRate | None = None
        self._remote_models: dict[str, RemoteModel] = {}

    def close(self) -> None:
        """Ends the session and closes the transport; harmless when closed."""
        try:
            super().close()
        finally:
            if self._fast_rate is not None:
                self._fast_rate.forget()

    def speed_up(self, *, baud: int, fast_baud: int) -> bool:
        """Asks an open device at `baud` to go on at `fast_baud` bits per second, until the session
        ends; whether it does. If not, the line stays at `baud`, and one line of the log says why.

        Raises UsageError while the session has a higher rate already, SessionError when the device
        doesn't come back either.
        """
        before = self._fast_rate
        if before is not None and before.active:
            if self.session.established:
                raise UsageError(
                    f"The session goes at {before.fast_baud} baud already.",
                    hint="close and open the device before it is to have another rate",
                )
            self.session.start()  # it ended at the higher rate: both sides go back first
        rate = FastRate(self, self.transport, baud=baud, fast_baud=fast_baud)
        self._fast_rate, self.session.before_start = rate, rate.before_start
        return rate.negotiate()

    def model(self, name: str | None = None) -> RemoteModel:
        """The model of that name, or the first one. Raises UsageError when there is none."""
        info = choose(self.models, name)
        if info.name not in self._remote_models:
            self._remote_models[info.name] = RemoteModel(self, info)
        return self._remote_models[info.name]
