"""Search in a space of knobs (AutoTVM's ConfigSpace): all of it, or by a genetic algorithm."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from microtvm_boards.tuning.trials.candidate import KernelCandidate
from microtvm_boards.tuning.trials.log import Trial

_FIRST = 24  # at random, before there are parents
_PARENTS = 12  # the best so far
_MUTATION = 0.15  # of a knob
_FRESH = 0.15  # of the candidates are random ones all the same
_TRIES = 50  # to make one that wasn't tried


class KnobSearch:
    """Steady state: a child is made of the best that are known when there is room for it, so that
    nothing waits for the end of a generation. Where there is room for the whole space, it is tried
    in a random order.

    A configuration is `ConfigEntity.to_json_dict()`: index and values.
    """

    def __init__(self, operator: str, space: Any, trials: Sequence[Trial], seed: int) -> None:
        """`space`: tvm.autotvm.ConfigSpace. `trials`: what ran before."""
        self._operator = operator
        self._space = space
        self._random = random.Random(f"{seed} {len(trials)}")
        self._tried: set[int] = set()
        self._costs: dict[int, float] = {}
        for trial in trials:
            if trial.config is not None:
                self._tried.add(_index(trial.config))
                self.tell(trial)

    def batches(self, count: int) -> Iterator[Iterable[KernelCandidate]]:
        if count >= len(self._space) - len(self._tried):
            yield self._rest(count)
        else:
            yield self._children(count)

    def tell(self, trial: Trial) -> None:
        if trial.good and trial.measurement is not None and trial.config is not None:
            self._costs[_index(trial.config)] = trial.measurement.cost

    def _rest(self, count: int) -> Iterator[KernelCandidate]:
        rest = [
            index
            for index in range(self._space.range_length)
            if index not in self._tried and self._space.is_index_valid(index)
        ]
        self._random.shuffle(rest)
        for index in rest[:count]:
            yield self._candidate(index)

    def _children(self, count: int) -> Iterator[KernelCandidate]:
        for _ in range(count):
            index = self._propose()
            if index is None:
                return
            yield self._candidate(index)

    def _propose(self) -> int | None:
        for attempt in range(_TRIES):
            index = self._one(at_random=attempt > _TRIES // 2)
            if index not in self._tried and self._space.is_index_valid(index):
                return index
        return next((i for i in range(self._space.range_length) if self._new(i)), None)

    def _new(self, index: int) -> bool:
        return index not in self._tried and bool(self._space.is_index_valid(index))

    def _one(self, *, at_random: bool) -> int:
        if at_random or len(self._tried) < _FIRST or len(self._costs) < 2:
            return self._random.randrange(self._space.range_length)
        if self._random.random() < _FRESH:
            return self._random.randrange(self._space.range_length)
        best = sorted(self._costs, key=self._costs.__getitem__)[:_PARENTS]
        # The better, the likelier.
        weights = [len(best) - place for place in range(len(best))]
        mother, father = self._random.choices(best, weights, k=2)
        pairs = zip(self._space.point2knob(mother), self._space.point2knob(father), strict=True)
        knobs = [
            self._random.randrange(extent)
            if self._random.random() < _MUTATION
            else self._random.choice(pair)
            for pair, extent in zip(pairs, self._space.dims, strict=True)
        ]
        return int(self._space.knob2point(knobs))

    def _candidate(self, index: int) -> KernelCandidate:
        self._tried.add(index)
        return KernelCandidate(self._operator, config_json(self._space.get(index)))


def _index(config: Mapping[str, Any]) -> int:
    return int(config["index"])


def config_json(entity: Any) -> dict[str, Any]:
    """A ConfigEntity as candidates have it; ConfigEntity.from_json_dict reads it."""
    return dict(_plain(entity.to_json_dict()))


def _plain(value: Any) -> Any:
    """Without NumPy's integers and tuples, as JSON gives it back."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value
