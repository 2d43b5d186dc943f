"""Makes and builds kernels, as many at a time as there are workers."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from microtvm_boards.errors import BuildError
from microtvm_boards.tuning.host.image import KernelImage, KernelTooLargeError
from microtvm_boards.tuning.trials.bench import Host, TrialFailedError
from microtvm_boards.tuning.trials.build_worker import BuildWorker, MakeError
from microtvm_boards.tuning.trials.candidate import KernelCandidate, KernelSources, Make

# What GNU ld and lld say of symbols, in BuildErrors.
_LINKER = re.compile(
    r"undefined (reference|symbol)|multiple definition|duplicate symbol|ld returned"
)


class Workshop:
    """`scratch`: a directory for the files of kernels under way. `seconds`: what making one may
    take; the first one imports TVM."""

    def __init__(
        self, host: Host, make: Make, scratch: Path, *, workers: int, seconds: float
    ) -> None:
        self.count = workers
        self._host = host
        self._scratch = scratch
        self._seconds = seconds
        self._all = [BuildWorker(make) for _ in range(workers)]
        self._free: SimpleQueue[BuildWorker] = SimpleQueue()
        for worker in self._all:
            self._free.put(worker)

    def close(self) -> None:
        """Ends what is being made."""
        for worker in self._all:
            worker.close()

    @contextmanager
    def kernel(
        self, candidate: KernelCandidate, complete: bool, spent: dict[str, float]
    ) -> Iterator[tuple[KernelSources, KernelImage]]:
        """The kernel of a candidate, in a directory that is gone afterwards. `spent` gets the
        seconds of "build".

        Raises TrialFailedError; ToolNotFoundError when there is no compiler.
        """
        with tempfile.TemporaryDirectory(dir=self._scratch) as directory:
            worker = self._free.get()
            began = time.monotonic()
            try:
                sources = worker.make(candidate, complete, self._seconds)
                image = self._build(sources, Path(directory))
            except MakeError as error:
                raise TrialFailedError("build", "invalid", str(error)) from error
            finally:
                self._free.put(worker)
                spent["build"] = spent.get("build", 0.0) + time.monotonic() - began
            yield sources, image

    @contextmanager
    def image(self, sources: KernelSources) -> Iterator[KernelImage]:
        """As `kernel`, of sources that are there already."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as directory:
            yield self._build(sources, Path(directory))

    def _build(self, sources: KernelSources, directory: Path) -> KernelImage:
        try:
            return self._host.build(sources.files, directory)
        except BuildError as error:
            raise build_failure(error) from error
        except KernelTooLargeError as error:
            raise TrialFailedError("preflight", "too large", error.cause) from error


def build_failure(error: BuildError) -> TrialFailedError:
    """The phase and kind of what `KernelHost.build` raised; no room is a KernelTooLargeError."""
    text = "\n".join([error.cause, *error.details])
    if _LINKER.search(text):
        return TrialFailedError("link", "link", text)
    return TrialFailedError("build", "compile", text)
