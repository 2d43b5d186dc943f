"""AutoTVM: a model's tasks as they are when it is deployed, and their kernels."""

from __future__ import annotations

import functools
import importlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microtvm_boards.relay.export import build_module
from microtvm_boards.relay.recipes import Recipe
from microtvm_boards.relay.setup.load import load_tvm
from microtvm_boards.relay.tuning.kernel_code import (
    FUNCTION,
    crt_runtime,
    kernel_sources,
    lowering,
    tensor,
)
from microtvm_boards.relay.tuning.knobs import KnobSearch
from microtvm_boards.relay.tuning.tune_space import AUTOTVM_RECORDS, Search, Task
from microtvm_boards.tuning.trials.candidate import (
    KernelCandidate,
    KernelSources,
    Make,
    TunedOperator,
)
from microtvm_boards.tuning.trials.log import Trial

# A workload of AutoTVM: template's name and arguments, nested tuples.
Workload = tuple[Any, ...]
Specs = Mapping[str, tuple[Workload, str]]  # by name of the operator: workload, target


@dataclass(frozen=True)
class AutotvmSpace:
    """measured: by operator, what is compiled and timed. asked: whose configuration TVM asks for
    when it compiles the model; not always the same (see _Recorder)."""

    tasks: tuple[Task, ...]
    measured: Specs
    asked: Mapping[str, Workload]

    @property
    def make(self) -> Make:
        return functools.partial(make_kernel, dict(self.measured))

    def search(self, task: Task, trials: Sequence[Trial], seed: int) -> Search:
        workload, target = self.measured[task.name]
        return KnobSearch(task.name, create_task(workload, target).config_space, trials, seed)

    def write_records(self, best: Mapping[str, Trial], directory: Path) -> Path:
        """One line an operator, as AutoTVM's own log_to_file; for autotvm.apply_history_best."""
        autotvm: Any = importlib.import_module("tvm.autotvm")
        tvm = load_tvm()
        lines = []
        for name, trial in best.items():
            _, target = self.measured[name]
            task = create_task(self.asked[name], target)
            config = autotvm.ConfigEntity.from_json_dict(dict(trial.config or {}))
            given = autotvm.MeasureInput(tvm.target.Target(target), task, config)
            seconds = trial.measurement.seconds if trial.measurement else 0.0
            result = autotvm.MeasureResult((seconds,), 0, sum(trial.seconds.values()), 0.0)
            lines.append(autotvm.record.encode(given, result) + "\n")
        path = directory / AUTOTVM_RECORDS
        partial = path.with_name(f"{path.name}.part")
        partial.write_text("".join(sorted(lines)))
        return partial.replace(path)


def find_tasks(mod: Any, params: Mapping[str, Any], recipe: Recipe) -> AutotvmSpace:
    """What can be tuned in the model (types inferred), compiled as `recipe` says.

    Operators whose template has one configuration only are left out.
    """
    recorder, fused = _recorded(mod, params, recipe)
    measured: dict[str, tuple[Workload, str]] = {}
    asked: dict[str, Workload] = {}
    tasks = []
    for origin, workload in recorder.deployed():
        task = create_task(workload, recipe.target)
        if len(task.config_space) < 2:
            continue
        name = _name(workload)
        if name in measured:  # same shapes, other strides or padding
            name = f"{name} {json.dumps(_settings(workload), separators=(',', ':'))}"
        measured[name] = (workload, recipe.target)
        asked[name] = origin
        tasks.append(
            Task(operator(name, task), max(1, fused[_shapes(workload)]), len(task.config_space))
        )
    return AutotvmSpace(tuple(tasks), measured, asked)


def create_task(workload: Workload, target: str) -> Any:
    """AutoTVM's task with its space."""
    load_tvm()
    autotvm: Any = importlib.import_module("tvm.autotvm")
    return autotvm.task.create(workload[0], workload[1:], target)


def make_kernel(specs: Specs, candidate: KernelCandidate, complete: bool) -> KernelSources:
    """Make of the engine's workers. Nothing is ever left out: the code is the deployed one.

    Raises ValueError when the schedule refuses the configuration, and when the kernel's output
    can't be compared with the untuned one's; else as TVM.
    """
    autotvm: Any = importlib.import_module("tvm.autotvm")
    workload, target = specs[candidate.operator]
    load_tvm()
    config = autotvm.ConfigEntity.from_json_dict(dict(candidate.config))
    return build_kernel(workload, target, config, _untuned_shape(workload, target))


@functools.cache
def _untuned_shape(workload: Workload, target: str) -> tuple[int, ...]:
    """Of the output. Some templates give it in blocks as large as the configuration says."""
    with lowering(target):
        _, arguments = _instantiate(workload, _fallback())
    return _shape(arguments[-1])


def build_kernel(
    workload: Workload, target: str, config: Any, shape: tuple[int, ...] | None = None
) -> KernelSources:
    """The C of one configuration: inputs in the template's order, output last.

    AutoTVM's own tuners set GLOBAL_SCOPE.in_tuning, which leaves the packing of weights out of
    some schedules: what they measure isn't what runs later, and computes nothing. Not so here.
    """
    tvm = load_tvm()
    with lowering(target) as found:
        schedule, arguments = _instantiate(workload, config)
        if not config.valid():
            raise ValueError(f"the schedule refuses it: {'; '.join(map(str, config.errors))}")
        if shape not in (None, _shape(arguments[-1])):
            raise ValueError(f"its output is in another layout than {shape}, the untuned kernel's")
        built = tvm.build(schedule, arguments, target=found, runtime=crt_runtime(), name=FUNCTION)
    return kernel_sources(built)


def _instantiate(workload: Workload, config: Any) -> tuple[Any, list[Any]]:
    task_module: Any = importlib.import_module("tvm.autotvm.task.task")
    autotvm: Any = importlib.import_module("tvm.autotvm")
    te: Any = importlib.import_module("tvm.te")
    template = task_module._lookup_task(workload[0])
    config.flop = 0
    with autotvm.task.ApplyConfig(config):
        arguments = task_module.deserialize_args(workload[1:])
        output = template.fcompute(*arguments)
        schedule = template.fschedule([output])
    inputs = [argument for argument in arguments if isinstance(argument, te.Tensor)]
    return schedule, [*inputs, output]


def _shape(argument: Any) -> tuple[int, ...]:
    return tuple(int(extent) for extent in argument.shape)


def _fallback() -> Any:
    """What TVM takes where nothing was tuned."""
    space: Any = importlib.import_module("tvm.autotvm.task.space")
    return space.FallbackConfigEntity()


def operator(name: str, task: Any) -> TunedOperator:
    """An AutoTVM task as the tuning room knows it."""
    workload, target = task.workload, str(task.target)
    load_tvm()
    with lowering(target):
        _, arguments = _instantiate(workload, _fallback())
    tensors = tuple(
        tensor(f"argument{number}", argument.shape, argument.dtype)
        for number, argument in enumerate(arguments)
    )
    untuned = build_kernel(workload, target, _fallback())
    return TunedOperator(name, tensors, 1, untuned)


def _name(workload: Workload) -> str:
    """conv2d_nhwc_spatial_pack.arm_cpu int16 1x25x5x64, 1x1x64x64"""
    tensors = _tensors(workload)
    shapes = ", ".join("x".join(map(str, shape)) for _, shape, _ in tensors)
    return f"{workload[0]} {tensors[0][2]} {shapes}"


def _settings(workload: Workload) -> list[Any]:
    """Its arguments that are no tensors."""
    tensors = _tensors(workload)
    return [part for part in workload[1:] if part not in tensors]


def _tensors(workload: Workload) -> list[Any]:
    return [part for part in workload[1:] if isinstance(part, tuple) and part[:1] == ("TENSOR",)]


def _shapes(workload: Workload) -> tuple[Any, ...]:
    return tuple((shape, dtype) for _, shape, dtype in _tensors(workload))


def _recorded(
    mod: Any, params: Mapping[str, Any], recipe: Recipe
) -> tuple[Any, Counter[tuple[Any, ...]]]:
    recorder = _recorder()
    counter = _call_counter()
    with recorder:
        build_module(
            mod,
            params,
            target=recipe.target,
            usmp=False,
            disabled_pass=recipe.disabled_pass,
            instruments=[counter],
        )
    return recorder, counter.calls


def _recorder() -> Any:
    """A dispatch context that has no configurations, and remembers who asked for one.

    AlterOpLayout replaces some operators by others with the same configuration (int8 convolutions
    for Cortex-M become int16 ones), and says so with `update`. Then it is the second one that is
    deployed and has to be measured; but the configuration has to be logged for the first, because
    TVM asks for that one first.
    """
    autotvm: Any = importlib.import_module("tvm.autotvm")

    class Recorder(autotvm.task.DispatchContext):  # type: ignore[misc]  # TVM is untyped
        def __init__(self) -> None:
            super().__init__()
            self.configs: dict[Workload, Any] = {}
            self.replaced: dict[Workload, Workload] = {}  # by what
            self.seconds: set[Workload] = set()  # that replace others

        def _query_inside(self, target: Any, workload: Workload) -> Any:
            return self.configs.setdefault(workload, _fallback())

        def update(self, target: Any, workload: Workload, cfg: Any) -> None:
            for asked, config in list(self.configs.items()):
                if config is cfg and asked != workload:
                    self.seconds.add(workload)
                    if _alike(asked, workload):
                        self.replaced[asked] = workload
            self.configs.setdefault(workload, cfg)

        def deployed(self) -> Iterator[tuple[Workload, Workload]]:
            """(who asks, who is compiled) of all that AutoTVM has a template for."""
            for workload in self.configs:
                if workload not in self.seconds:
                    yield workload, self.replaced.get(workload, workload)

    return Recorder()


def _alike(one: Workload, other: Workload) -> bool:
    """Whether they differ in types alone. Others depend on the configuration: weights that are
    packed for one tile size."""
    shapes = [[shape for _, shape, _ in _tensors(workload)] for workload in (one, other)]
    return one[0] == other[0] and shapes[0] == shapes[1]


def _call_counter() -> Any:
    """A pass instrument that counts the calls of operators by the types of their arguments."""
    tvm = load_tvm()
    relay = tvm.relay

    @tvm.instrument.pass_instrument
    class CallCounter:
        def __init__(self) -> None:
            self.calls: Counter[tuple[Any, ...]] = Counter()

        def run_after_pass(self, module: Any, info: Any) -> None:
            names = [variable.name_hint for variable in module.get_global_vars()]
            if info.name != "FuseOps" or "main" not in names:
                return
            self.calls.clear()
            relay.analysis.post_order_visit(module["main"], self._visit)

        def _visit(self, node: Any) -> None:
            if isinstance(node, relay.Call) and isinstance(node.op, tvm.ir.Op):
                types = [argument._checked_type_ for argument in node.args]
                if all(isinstance(kind, tvm.ir.TensorType) for kind in types):
                    key = tuple((tuple(map(int, kind.shape)), str(kind.dtype)) for kind in types)
                    self.calls[key] += 1

    return CallCounter()
