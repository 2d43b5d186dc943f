"""Several boards side by side: whoever has a kernel borrows one; one that fails is set aside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from microtvm_boards.errors import DeviceError
from microtvm_boards.tuning.trials.bench import Bench, BoardLostError, Job, Outcome

_TRIES = 2  # with a good kernel, before a board is set aside


class BoardPool:
    """Benches for any number of threads.

    good: a job that every sound board does; expected: its outputs.
    on_set_aside: gets the bench and why, from the thread that found out.
    """

    def __init__(
        self,
        benches: Sequence[Bench],
        good: Job,
        expected: Sequence[bytes],
        *,
        on_set_aside: Callable[[Bench, str], None] = lambda bench, why: None,
    ) -> None:
        self._free = list(benches)
        self._all = tuple(benches)
        self._good = good
        self._expected = tuple(expected)
        self._on_set_aside = on_set_aside
        self._changed = threading.Condition()
        self._closed = False
        self.set_aside: dict[str, str] = {}  # name of a bench: why

    def run(self, job: Job) -> tuple[Outcome, Bench]:
        """Runs `job` on the next free board, and says on which.

        When the session breaks and the board then does the good job, it was the kernel's fault, or
        that of one before it, which may have written where it shouldn't: a crash is tried again
        on a fresh board, and then raises that BoardLostError. When the board doesn't do the good
        job twice in a row, it is set aside, and the job runs on another one.
        Raises TrialFailedError as Bench.run, and DeviceError when no board is left.
        """
        while True:
            bench = self._borrow()
            try:
                return bench.run(job), bench
            except BoardLostError as lost:
                alone = job.fresh or bench.jobs == 1
                why = self._revive(bench)
                if why is not None:
                    self._put_aside(bench, f"{why} (before that: {lost.cause})")
                elif alone or lost.kind != "crash":
                    raise
                else:
                    job = replace(job, fresh=True)
            finally:
                self._give_back(bench)

    def close(self) -> None:
        """Ends what runs on the boards, and closes them. From any thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for bench in self._all:
            bench.abort()
        with self._changed:
            self._changed.wait_for(lambda: len(self._free) + len(self.set_aside) == len(self._all))
        for bench in self._all:
            bench.restart()

    def _borrow(self) -> Bench:
        with self._changed:
            while not self._free or self._closed:
                if self._closed:
                    raise DeviceError("The boards aren't needed any more.")
                if len(self.set_aside) == len(self._all):
                    raise self._none_left()
                self._changed.wait()
            return self._free.pop(0)

    def _give_back(self, bench: Bench) -> None:
        with self._changed:
            if bench.name not in self.set_aside:
                self._free.append(bench)
            self._changed.notify_all()

    def _revive(self, bench: Bench) -> str | None:
        """Starts a board anew and lets it do the good job; why it doesn't, the second time."""
        why = ""
        for _ in range(_TRIES):
            bench.restart()
            if self._closed:
                return None
            try:
                if bench.run(self._good).outputs == self._expected:
                    bench.jobs = 0  # it does no harm
                    return None
                why = "it gives wrong numbers for a good kernel"
            except Exception as error:  # whatever it is, this board can't be tuned on
                why = str(error)
        bench.restart()
        return why

    def _put_aside(self, bench: Bench, why: str) -> None:
        with self._changed:
            self.set_aside[bench.name] = why
        self._on_set_aside(bench, why)

    def _none_left(self) -> DeviceError:
        return DeviceError(
            "No board is left to tune on.",
            details=[f"{name}: {why}" for name, why in self.set_aside.items()],
            hint="mend one (microtvm-boards doctor), then the same command with --resume",
        )
