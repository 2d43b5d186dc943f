"""What a tuning left for the compiler: read, and applied while a model is compiled."""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from microtvm_boards.errors import UsageError
from microtvm_boards.relay.recipes import Recipe, Tuner, Tuning
from microtvm_boards.relay.tuning.tune_space import AUTOTVM_RECORDS, META_RECORDS
from microtvm_boards.tuning.trials.log import read_log

TUNERS: tuple[Tuner, ...] = ("autotvm", "meta-schedule")

_DATABASE = ("database_workload.json", "database_tuning_record.json")


@contextlib.contextmanager
def applied(tuning: Tuning) -> Iterator[Mapping[str, Any]]:
    """Inside, TVM compiles with the records. Gives what its PassContext needs for that."""
    if tuning.tuner == "autotvm":
        autotvm: Any = importlib.import_module("tvm.autotvm")
        with autotvm.apply_history_best(str(tuning.records)):
            yield {}
        return
    from microtvm_boards.relay.tuning.meta_space import PASS_CONFIG, open_database

    with open_database(tuning.records):
        yield PASS_CONFIG


def records_directory(log: Path) -> Path:
    """Where the tuner's own records of a tuning are: beside its log."""
    return log.with_name(f"{log.name}.records")


def read_tuning(path: Path) -> Tuning:
    """`path`: a log of `microtvm-boards tune`; or what TVM's own tuners write, a log of AutoTVM or
    the directory of a MetaSchedule database.

    Raises UsageError for anything else, and for a log without a single good trial.
    """
    if path.is_dir():
        if all((path / name).is_file() for name in _DATABASE):
            return Tuning(path, "meta-schedule", path)
        raise UsageError(
            f"{path} is no database of MetaSchedule: that has {' and '.join(_DATABASE)}.",
            hint="--tuning takes the log of microtvm-boards tune, too",
        )
    if _is_autotvm(path):
        return Tuning(path, "autotvm", path)
    about, trials = read_log(path)
    if not any(trial.config is not None and trial.checked and trial.good for trial in trials):
        raise UsageError(
            f"No trial in {path} was good: there is nothing to apply.",
            hint="microtvm-boards tune ... --resume with more --trials",
        )
    try:
        kept = about["recipe"]
        recipe = Recipe(
            kept["name"], kept["target"], kept["usmp_algorithm"], tuple(kept["disabled_pass"])
        )
        tuner = about["tuner"]
    except (KeyError, TypeError) as error:
        raise UsageError(f"{path} doesn't say how its model was compiled: {error}.") from error
    name = AUTOTVM_RECORDS if tuner == "autotvm" else META_RECORDS
    records = records_directory(path) / name
    if not records.exists():
        raise UsageError(
            f"{records} is missing: it holds the best of {path} in the tuner's own format.",
            hint="the same microtvm-boards tune command with --resume writes it again",
        )
    return Tuning(path, tuner, records, recipe, about.get("model_sha256", ""))


def _is_autotvm(path: Path) -> bool:
    """Whether the first line is one of its records: {"input": .., "config": .., "result": ..}."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and {"input", "config", "result"} <= document.keys()
