"""microtvm-boards tune"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.options import layers
from microtvm_boards.cli.output import Output, Work, standard
from microtvm_boards.cli.show.tables import Row, table
from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.resolve import Layer, Origin

if TYPE_CHECKING:
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.tuning.trials.log import Trial
    from microtvm_boards.tuning.trials.measure import Measurement
    from microtvm_boards.tuning.trials.summary import OperatorSummary

_COLUMNS = ("Operator", "Trials", "Untuned", "Best", "Times faster", "Failed", "Why")
_NUMBERS = ("Trials", "Untuned", "Best", "Times faster", "Failed")


@click.command()
@click.argument("model", metavar="MODEL.{tflite,onnx}", type=click.Path(path_type=Path))
@click.option("--board", required=True, metavar="TEXT", help="Name of the board, or its file.")
@click.option(
    "--trials",
    required=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="Kernels to try, of all operators together; those in the log count.",
)
@click.option(
    "-o",
    "--output",
    "log",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="TUNED.log",
    help="Where each trial is written as it ends; for compile --tuning.",
)
@click.option(
    "--tuner",
    type=click.Choice(["autotvm", "meta-schedule"]),
    default="autotvm",
    show_default=True,
    help="Whose schedules and search: AutoTVM's templates, or MetaSchedule.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Kernels that are built at a time.  [default: one for each core]",
)
@click.option(
    "--serial-number",
    "serial_numbers",
    multiple=True,
    metavar="TEXT",
    help="A board's probe; once for each of several boards.",
)
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="TEXT",
    help="A board's serial port instead; once for each.",
)
@click.option(
    "--emulators",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Emulated boards side by side.  [default: 1]",
)
@click.option("--resume", is_flag=True, help="Go on with a log that is there.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N")
@click.option(
    "--option",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of create for the firmware that runs the kernels, e.g. optimization=speed.",
)
@standard
def tune(
    output: Output,
    /,
    model: Path,
    board: str,
    trials: int,
    log: Path,
    tuner: str,
    workers: int | None,
    serial_numbers: tuple[str, ...],
    ports: tuple[str, ...],
    emulators: int | None,
    resume: bool,
    seed: int,
    pairs: tuple[str, ...],
) -> None:
    """Look for a model's quickest kernels, measured on the board.

    Every trial is built, run and timed there; the outputs of the best are compared with those of
    the untuned kernel before they win. What fails is logged with its cause, and the search goes on.
    """
    from microtvm_boards.project.options.parse import parse_options
    from microtvm_boards.relay.tuning.tuning import tune as tune_model
    from microtvm_boards.tuning.trials.log import check_place, read_log
    from microtvm_boards.tuning.trials.summary import summarize
    from microtvm_boards.tuning.trials.trials import TrialOptions

    devices = _devices(serial_numbers, ports, emulators)
    given = layers({"board": board, "model_entrypoint_api": "packed"}, pairs)
    quick = Layer(Origin("preset"), {"optimization": "speed"})
    options = parse_options([*given, quick], "generate_project")
    check_place(log, resume=resume)
    set_aside: dict[str, str] = {}
    with output.work(f"Tuning {model.name} for {board}", trials) as work:
        watch = _Watch(work)
        try:
            notes = tune_model(
                model,
                options,
                log,
                trials=trials,
                tuner=tuner,
                devices=devices,
                resume=resume,
                settings=TrialOptions(workers=workers, seed=seed),
                on_trial=watch.on_trial,
                on_set_aside=set_aside.__setitem__,
                progress=work.line,
            )
        except KeyboardInterrupt:
            click.echo(f"{log} has {watch.done} trials; --resume goes on with them.", err=True)
            raise
    operators = summarize(read_log(log)[1])
    hint = f"microtvm-boards compile {model} --board {board} --tuning {log} -o MODEL.tar"
    output.text(f"Tried {watch.done} kernels at {watch.an_hour:,.0f} an hour; {log} has them all")
    output.text(table(_COLUMNS, [_row(one) for one in operators], numbers=_NUMBERS))
    for name, why in set_aside.items():
        output.text(f"Note: board {name} was set aside: {why}")
    for note in notes:
        output.text(f"Note: {note}")
    output.text(f"Next: {hint}")
    output.document(
        {
            "log": str(log),
            "board": board,
            "tuner": tuner,
            "trials": watch.done,
            "replayed": watch.replayed,
            "seconds": round(watch.seconds, 3),
            "trials_an_hour": round(watch.an_hour, 1),
            "set_aside": set_aside,
            "notes": list(notes),
            "next": hint,
            "operators": [_json(one) for one in operators],
        }
    )


class _Watch:
    """Counts trials as they end, and keeps the progress line."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._began: float | None = None  # the first trial; before it, TVM reads the model
        self._failed: Counter[str] = Counter()
        self._untuned: dict[str, float] = {}
        self._speedup: dict[str, float] = {}
        self.done = 0
        self.replayed = 0

    @property
    def seconds(self) -> float:
        return 0.0 if self._began is None else time.monotonic() - self._began

    @property
    def an_hour(self) -> float:
        """Trials that ran now; those of the log took no time."""
        return 3600 * (self.done - self.replayed) / self.seconds if self.seconds > 0 else 0.0

    def on_trial(self, trial: Trial) -> None:
        self._began = self._began or time.monotonic()
        if trial.config is None:
            if trial.measurement is not None:
                self._untuned[trial.operator] = trial.measurement.cost
            return
        self.done += 1
        self.replayed += trial.replayed
        self._work.step()
        if trial.cause:
            self._failed[trial.cause] += 1
        elif trial.checked and trial.measurement is not None and trial.measurement.cost > 0:
            times = self._untuned.get(trial.operator, 0.0) / trial.measurement.cost
            self._speedup[trial.operator] = max(times, self._speedup.get(trial.operator, 0.0))
        self._work.status(self.line(trial.operator))

    def line(self, operator: str) -> str:
        """What goes on: trials an hour, the operator and its best, failures by cause."""
        parts = [f"{self.an_hour:,.0f}/h", operator]
        if operator in self._speedup:
            parts.append(f"best {self._speedup[operator]:.2f}x")
        parts += [f"{count} {_words(cause)}" for cause, count in self._failed.most_common(3)]
        return "  ".join(parts)


def _devices(
    serial_numbers: Sequence[str], ports: Sequence[str], emulators: int | None
) -> list[DeviceOptions]:
    """One entry a board. Raises UsageError for boards that are named in two ways."""
    from microtvm_boards.project.options.device import DeviceOptions

    named = [DeviceOptions(serial_number=number) for number in serial_numbers]
    named += [DeviceOptions(port=port) for port in ports]
    if named and emulators is not None:
        raise UsageError(
            "--emulators is for emulated boards; --serial-number and --port name real ones.",
            hint="leave one of them out",
        )
    return named or [DeviceOptions()] * (emulators or 1)


def _row(operator: OperatorSummary) -> Row:
    best = operator.best and operator.best.measurement
    failed = ", ".join(f"{count} {_words(cause)}" for cause, count in operator.failures.items())
    return (
        operator.name,
        f"{operator.trials:,}",
        _cost(operator.untuned),
        _cost(best or None),
        "-" if operator.speedup is None else f"{operator.speedup:.2f}",
        str(sum(operator.failures.values())),
        failed,
    )


def _cost(measurement: Measurement | None) -> str:
    if measurement is None:
        return "-"
    if measurement.instructions is not None:
        return f"{measurement.instructions:,.0f} instructions"
    return f"{measurement.seconds * 1e6:,.1f} us"


def _words(cause: str) -> str:
    from microtvm_boards.tuning.trials.trials import CAUSES

    return CAUSES.get(cause, cause)


def _json(operator: OperatorSummary) -> Mapping[str, Any]:
    best = operator.best
    return {
        "name": operator.name,
        "trials": operator.trials,
        "failures": dict(operator.failures),
        "seconds": {phase: round(spent, 3) for phase, spent in operator.seconds.items()},
        "untuned": operator.untuned and operator.untuned.to_json(),
        "best": best and best.measurement and best.measurement.to_json(),
        "config": best and best.config,
        "speedup": operator.speedup,
    }
