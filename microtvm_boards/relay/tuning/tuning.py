"""Tunes a model's operators on boards: tasks, search, trials, and records for the compiler."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ModelError, UsageError
from microtvm_boards.platforms.base import ANY_DEVICE
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.relay.importers import import_model
from microtvm_boards.relay.ir import infer_types, operators
from microtvm_boards.relay.recipes import HILL_CLIMB, Recipe, recipes
from microtvm_boards.relay.setup.enable import enable_micro
from microtvm_boards.relay.setup.quiet import captured_stderr
from microtvm_boards.relay.tuning.tune_space import Search, Space, Task
from microtvm_boards.relay.tuning.tuned import TUNERS, records_directory
from microtvm_boards.tuning.host.kernel_host import KernelHost
from microtvm_boards.tuning.trials.bench import TrialFailedError
from microtvm_boards.tuning.trials.log import Trial, TrialLog, best_of
from microtvm_boards.tuning.trials.trials import TrialOptions, Trials

_LEAST_SHARE = 0.002  # of the model's cost; what an operator below takes isn't worth a trial


def tune(
    model: Path | tuple[Any, Mapping[str, Any]],
    options: ProjectOptions,
    log: Path,
    *,
    trials: int,
    tuner: str = "autotvm",
    devices: Sequence[DeviceOptions] = (ANY_DEVICE,),
    resume: bool = False,
    settings: TrialOptions | None = None,
    on_trial: Callable[[Trial], None] = lambda trial: None,
    on_set_aside: Callable[[str, str], None] = lambda board, why: None,
    progress: Callable[[str], None] = lambda line: None,
) -> list[str]:
    """Tries `trials` kernels of the model's operators; what was tried before and is in `log`
    counts. Gives notes: what couldn't be tuned, and why.

    `model`: a .tflite or .onnx file, or relay: an IRModule and its parameters by name. `options`:
    of the firmware that runs the kernels, board among them. Trials go to operators by what they
    cost in the model. The best kernels are written in the tuner's own format beside the log (see
    tuned.py), also when the tuning is interrupted.

    Raises UsageError, ModelError, BoardError, ToolNotFoundError; ProjectError for a board that
    can't be tuned on, DeviceError when no board is left.
    """
    if tuner not in TUNERS:
        raise UsageError(f'"{tuner}" is no tuner; there are {" and ".join(TUNERS)}.')
    host = KernelHost.prepare(options, progress=progress)
    progress("reading the model")
    with captured_stderr():
        mod, params = import_model(model) if isinstance(model, Path) else model
        enable_micro()
        mod = infer_types(mod)
    recipe = tuning_recipe(tuner, host.project.board.cpu.name, operators(mod))
    about = _about(model, tuner, recipe, host)
    with TrialLog.open(log, about, resume=resume) as opened:
        progress(f"looking for what can be tuned: {recipe.name}")
        space = find_space(tuner, mod, params, recipe)
        make = space.make
        running = Trials(
            host,
            devices,
            opened,
            make=make,
            options=settings,
            on_set_aside=on_set_aside,
        )
        with running:
            tuning = _Tuning(running, opened, space, settings or TrialOptions(), on_trial)
            try:
                tuning.run(trials)
            finally:
                write_records(space, opened)
        return tuning.notes


def tuning_recipe(tuner: str, cpu: str, found: Any) -> Recipe:
    """How the model is compiled whose operators are tuned. `found`: names of relay operators.

    AutoTVM's templates for Cortex-M are those of the arm_cpu keys; for other processors, plain c
    keys. MetaSchedule makes its schedules itself, of what plain c keys compute.
    """
    plain, arm = f"c keys, {HILL_CLIMB}", f"arm_cpu keys, {HILL_CLIMB}"
    by_name = {recipe.name: recipe for recipe in recipes(cpu, found)}
    return by_name.get(arm, by_name[plain]) if tuner == "autotvm" else by_name[plain]


def find_space(tuner: str, mod: Any, params: Mapping[str, Any], recipe: Recipe) -> Space:
    """Raises ModelError when nothing in the model can be tuned, or TVM can't compile it."""
    try:
        with captured_stderr():
            if tuner == "autotvm":
                from microtvm_boards.relay.tuning import autotvm_space

                space: Space = autotvm_space.find_tasks(mod, params, recipe)
            else:
                from microtvm_boards.relay.tuning import meta_space

                space = meta_space.find_tasks(mod, params, recipe)
    except ModelError:
        raise
    except Exception as error:  # TVM raises whatever comes
        raise ModelError(
            f"TVM can't compile the model with {recipe.name}: {type(error).__name__}.",
            details=str(error).splitlines()[-5:],
        ) from error
    if not space.tasks:
        raise ModelError(
            f"Nothing in the model can be tuned by {tuner} with {recipe.name}.",
            hint=f"--tuner {TUNERS[1]}" if tuner == TUNERS[0] else "",
        )
    return space


def write_records(space: Space, log: TrialLog) -> None:
    """The best of each operator whose outputs were right, in the tuner's own format."""
    best = {task.name: best_of(log.trials(task.name)) for task in space.tasks}
    directory = records_directory(log.path)
    directory.mkdir(exist_ok=True)
    space.write_records({name: trial for name, trial in best.items() if trial}, directory)


@dataclass
class _Tuning:
    trials: Trials
    log: TrialLog
    space: Space
    settings: TrialOptions
    on_trial: Callable[[Trial], None]
    notes: list[str] = field(default_factory=list)

    def run(self, count: int) -> None:
        costs: dict[str, float] = {}
        for task in self.space.tasks:
            try:
                untuned = self.trials.begin(task.operator)
            except TrialFailedError as error:
                self.notes.append(f"{task.name} was not tuned: {error.cause}")
                continue
            self.on_trial(untuned)
            if untuned.measurement is not None:
                costs[task.name] = untuned.measurement.cost * task.weight
        begun = [task for task in self.space.tasks if task.name in costs]
        shares = divide(count, begun, costs)
        for task in sorted(begun, key=lambda task: -costs[task.name]):
            self._tune(task, shares[task.name])

    def _tune(self, task: Task, count: int) -> None:
        before = self.log.trials(task.name)
        for trial in before:
            self.on_trial(trial)
        if count <= len(before):
            return
        search: Search = self.space.search(task, before, self.settings.seed)
        for batch in search.batches(count - len(before)):
            for trial in self.trials.run(task.operator, batch):
                search.tell(trial)
                self.on_trial(trial)


def divide(count: int, tasks: Sequence[Task], costs: Mapping[str, float]) -> dict[str, int]:
    """`count` trials for operators by their `costs` (all calls of one together), never more than
    a space has."""
    shares = dict.fromkeys((task.name for task in tasks), 0)
    total = sum(costs.values())
    open_ = [task for task in tasks if total and costs[task.name] / total >= _LEAST_SHARE]
    left = count
    while open_ and left > 0:
        together = sum(costs[task.name] for task in open_)
        full = [
            task
            for task in open_
            if task.size is not None and task.size <= left * costs[task.name] / together
        ]
        for task in full:
            shares[task.name] = task.size or 0
            left -= shares[task.name]
            open_.remove(task)
        if full:
            continue
        exact = {task.name: left * costs[task.name] / together for task in open_}
        for name, share in exact.items():
            shares[name] = int(share)
        rest = left - sum(shares[task.name] for task in open_)
        for name in sorted(exact, key=lambda name: int(exact[name]) - exact[name])[:rest]:
            shares[name] += 1
        left = 0
    return shares


def _about(model: Any, tuner: str, recipe: Recipe, host: KernelHost) -> dict[str, Any]:
    """What a log is of: trials of another one don't count here."""
    name, digest = "relay", ""
    if isinstance(model, Path):
        name = model.name
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
    return {
        "model": name,
        "model_sha256": digest,
        "board": host.project.board.name,
        "optimization": host.project.options.optimization,
        "tuner": tuner,
        "recipe": {
            "name": recipe.name,
            "target": recipe.target,
            "usmp_algorithm": recipe.usmp_algorithm,
            "disabled_pass": list(recipe.disabled_pass),
        },
    }
