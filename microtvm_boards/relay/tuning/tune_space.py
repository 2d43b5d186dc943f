"""What a tuner has to offer, AutoTVM or MetaSchedule: tasks, a search in each, and records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from microtvm_boards.tuning.trials.candidate import KernelCandidate, Make, TunedOperator
from microtvm_boards.tuning.trials.log import Trial

# Among a tuner's records: a log of AutoTVM, the directory of a database of MetaSchedule.
AUTOTVM_RECORDS = "autotvm.json"
META_RECORDS = "meta_schedule"


@dataclass(frozen=True)
class Task:
    """An operator that can be compiled in several ways.

    weight: how often the model calls it. size: ways that there are; None: not counted.
    """

    operator: TunedOperator
    weight: int
    size: int | None = None

    @property
    def name(self) -> str:
        return self.operator.name


class Search(Protocol):
    """Proposes candidates of one task, and learns from what became of them."""

    def batches(self, count: int) -> Iterator[Iterable[KernelCandidate]]:
        """Up to `count` candidates that weren't tried before. Each batch has to end, and its
        trials be told, before the next one is taken; within one they may come in any order."""
        ...

    def tell(self, trial: Trial) -> None: ...


class Space(Protocol):
    @property
    def tasks(self) -> tuple[Task, ...]: ...

    @property
    def make(self) -> Make:
        """Builds a candidate of any of the tasks, in a process of its own."""
        ...

    def search(self, task: Task, trials: Sequence[Trial], seed: int) -> Search:
        """`trials`: those of the task that ran before."""
        ...

    def write_records(self, best: Mapping[str, Trial], directory: Path) -> Path:
        """Writes the best trial of each operator (by name) in the tuner's own format into
        `directory`; gives the file or directory that TVM's own functions read."""
        ...
