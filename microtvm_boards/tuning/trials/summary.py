"""What a tuning found, operator by operator, from the trials of its log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from microtvm_boards.tuning.trials.log import Trial, best_of
from microtvm_boards.tuning.trials.measure import Measurement


@dataclass(frozen=True)
class OperatorSummary:
    """untuned: None when its untuned kernel isn't in the log. best: None when no trial was right.

    failures: trials by cause. trials: all of them. seconds: all that they took, by phase.
    """

    name: str
    trials: int
    failures: Mapping[str, int]
    untuned: Measurement | None
    best: Trial | None
    seconds: Mapping[str, float]

    @property
    def speedup(self) -> float | None:
        """How many times less the best costs than the untuned kernel; below 1: it costs more."""
        best = self.best.measurement if self.best else None
        if self.untuned is None or best is None or best.cost <= 0:
            return None
        return self.untuned.cost / best.cost


def summarize(trials: Iterable[Trial]) -> list[OperatorSummary]:
    """One for each operator, in the order in which they come."""
    by_operator: dict[str, list[Trial]] = {}
    for trial in trials:
        by_operator.setdefault(trial.operator, []).append(trial)
    return [_summary(name, own) for name, own in by_operator.items()]


def _summary(name: str, own: list[Trial]) -> OperatorSummary:
    untuned = next((t.measurement for t in own if t.config is None), None)
    tried = [trial for trial in own if trial.config is not None]
    seconds: Counter[str] = Counter()
    for trial in tried:
        seconds.update(trial.seconds)
    return OperatorSummary(
        name=name,
        trials=len(tried),
        failures=failures(tried),
        untuned=untuned,
        best=best_of(tried),
        seconds=dict(seconds),
    )


def failures(trials: Iterable[Trial]) -> dict[str, int]:
    """How many trials ended by which cause, the most frequent first."""
    return dict(Counter(trial.cause for trial in trials if trial.cause).most_common())
