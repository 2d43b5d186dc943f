"""How long a function on a device takes: warmed up, repeated until steady, without the timer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, isfinite
from statistics import median
from typing import TYPE_CHECKING, Any

from microtvm_boards.platforms.qemu import instructions
from microtvm_boards.platforms.serial_board import on_hardware
from microtvm_boards.rpc.executors import TimedCall, Timing, time_function
from microtvm_boards.rpc.remote import RemoteHandle

if TYPE_CHECKING:
    from microtvm_boards.boards import Board
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.rpc import Device
    from microtvm_boards.rpc.client import Argument

NOTHING = "mtvm.nothing"  # the firmware's function that does nothing, whatever its arguments
# A scaled median absolute deviation is a standard deviation for a normal distribution (Rousseeuw
# and Croux 1993); what is more than three of them away is an outlier (Leys et al. 2013).
_SCALE = 1.4826
_FAR = 3.0
_SAME = 0.001  # of the median: less than that is no difference
_MOST_CALLS = 10_000
_OVERHEAD_CALLS = 100  # a single one takes less than a tick of some clocks
_OVERHEAD_SECONDS = 5.0


@dataclass(frozen=True)
class Limits:
    """When a measurement is good enough, and when it ends anyway.

    spread: of the repeats, median absolute deviation by median; below it they are steady.
    least, most: repeats. seconds: what all repeats together may take, by this computer's clock.
    repeat_seconds: what one repeat lasts at least on the device, by calling the function often
        enough; 0 where time is exact, as instructions are in an emulator.
    """

    spread: float = 0.01
    least: int = 3
    most: int = 30
    seconds: float = 5.0
    repeat_seconds: float = 0.001


# Time follows instructions: a second repeat shows that the kernel always takes the same, but for a
# tick of the clock, which is more or less than an instruction.
COUNTED = Limits(spread=0.001, least=2, most=5, repeat_seconds=0.0)


@dataclass(frozen=True)
class Measurement:
    """seconds: of one call, the median of `repeats` without `overhead`.

    repeats: all that were measured, seconds of one call each, as they came, with `overhead`.
    outliers: places in `repeats` of those far from the median; the median isn't moved by them.
    number: calls that each repeat is the mean of.
    spread: median absolute deviation by median. steady: whether it came below the limit.
    overhead: seconds that calling costs through the same timer, measured with a function that does
        nothing; None where the firmware has none, and nothing was subtracted.
    instructions: on emulators whose time follows them.
    """

    seconds: float
    repeats: tuple[float, ...]
    outliers: tuple[int, ...]
    number: int
    spread: float
    steady: bool
    overhead: float | None = None
    instructions: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Measurement:
        """Raises KeyError, TypeError or ValueError for what is no measurement."""
        values = dict(document)
        values["repeats"] = tuple(float(value) for value in values["repeats"])
        values["outliers"] = tuple(int(value) for value in values["outliers"])
        found = cls(**values)
        if not isfinite(found.seconds) or found.seconds < 0:
            raise ValueError(f"{found.seconds} are no seconds")
        return found

    @property
    def cost(self) -> float:
        """What is to be least: instructions where they are counted, else seconds."""
        return self.seconds if self.instructions is None else self.instructions


class Timer:
    """Measures functions of one device, whose sessions may come and go."""

    def __init__(
        self, device: Device, board: Board, options: DeviceOptions, limits: Limits | None = None
    ) -> None:
        """`limits`: None is what suits the device's clock."""
        self._device = device
        self._board = board
        self._counts = counts_instructions(board, options)
        self._limits = limits or (COUNTED if self._counts else Limits())
        self._overheads: dict[int, float | None] = {}  # by number of arguments

    def measure(
        self,
        module: RemoteHandle | None,
        function: str,
        arguments: Sequence[Argument],
        *,
        timeout: float,
    ) -> Measurement:
        """Times `function` of `module` (None: a global one). A call that takes longer than
        `timeout` seconds by this computer's clock raises SessionTimeoutError.

        Raises RemoteError when the function fails, SessionError when the device does.
        """
        limits = self._limits
        began = time.monotonic()
        # The device calls once before it measures: its caches are warm then. Where a repeat needn't
        # last for a time, these may be all.
        count = 1 if limits.repeat_seconds else limits.least
        first = self._times(module, function, arguments, Timing(1, count), (count + 1) * timeout)
        # On a busy computer the next calls may take longer.
        one = min(timeout, 4 * (time.monotonic() - began) + 0.1)
        number = _calls(first[0], limits.repeat_seconds)
        repeats = list(first) if number == 1 else []
        while not self._done(repeats, time.monotonic() - began):
            repeat = max(limits.least - len(repeats), 1)
            work = one * (repeat * number + 1)
            repeats += self._times(module, function, arguments, Timing(number, repeat), work)
        overhead = self._overhead(arguments)
        seconds = max(0.0, median(repeats) - (overhead or 0.0))
        return Measurement(
            seconds=seconds,
            repeats=tuple(repeats),
            outliers=outliers(repeats),
            number=number,
            spread=spread(repeats),
            steady=spread(repeats) <= limits.spread,
            overhead=overhead,
            instructions=counted(seconds, self._board) if self._counts else None,
        )

    def _done(self, repeats: Sequence[float], seconds: float) -> bool:
        limits = self._limits
        if len(repeats) < limits.least:
            return False
        steady = spread(repeats) <= limits.spread
        return steady or len(repeats) >= limits.most or seconds > limits.seconds

    def _overhead(self, arguments: Sequence[Argument]) -> float | None:
        """Seconds of one call of NOTHING with the same arguments."""
        count = len(arguments)
        if count not in self._overheads:
            if self._device.find_function(NOTHING) is None:
                self._overheads[count] = None
            else:
                timing = Timing(_OVERHEAD_CALLS, 3)
                times = self._times(None, NOTHING, arguments, timing, _OVERHEAD_SECONDS)
                self._overheads[count] = median(times)
        return self._overheads[count]

    def _times(
        self,
        module: RemoteHandle | None,
        function: str,
        arguments: Sequence[Argument],
        timing: Timing,
        work: float,
    ) -> tuple[float, ...]:
        what = f"the time of {function}"
        return time_function(
            self._device, TimedCall(module, function, arguments), timing, work, what
        )


def counts_instructions(board: Board, options: DeviceOptions) -> bool:
    """Whether that device is an emulator whose time follows instructions."""
    return not on_hardware(board, options) and instructions(1, board) is not None


def counted(seconds: float, board: Board) -> float | None:
    """`seconds` of an emulated board's clock as instructions."""
    emulator = board.emulator
    hertz = (emulator and emulator.clock_hz) or board.clock_hz
    return None if hertz is None else instructions(seconds * hertz, board)


def spread(repeats: Sequence[float]) -> float:
    """The median absolute deviation by the median: robust against a few that are far off."""
    middle = median(repeats)
    return median(abs(value - middle) for value in repeats) / middle if middle > 0 else 0.0


def outliers(repeats: Sequence[float]) -> tuple[int, ...]:
    """The places of those far from the median; none where all are nearly the same."""
    middle = median(repeats)
    far = max(_FAR * _SCALE * spread(repeats) * middle, _SAME * middle)
    return tuple(n for n, value in enumerate(repeats) if abs(value - middle) > far)


def _calls(once: float, wanted: float) -> int:
    """How many calls of `once` seconds last `wanted` seconds."""
    if once <= 0:  # less than a tick of the clock
        return _MOST_CALLS if wanted > 0 else 1
    return max(1, min(ceil(wanted / once), _MOST_CALLS))
