"""MetaSchedule: a model's fused operators, their kernels, and its evolutionary search."""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microtvm_boards.relay.recipes import Recipe
from microtvm_boards.relay.setup.load import load_tvm
from microtvm_boards.relay.tuning.kernel_code import (
    FUNCTION,
    crt_runtime,
    kernel_sources,
    lowering,
    primitive_sources,
    tensor,
)
from microtvm_boards.relay.tuning.tune_space import META_RECORDS, Search, Task
from microtvm_boards.tuning.trials.candidate import (
    KernelCandidate,
    KernelSources,
    Make,
    TunedOperator,
    candidate_key,
)
from microtvm_boards.tuning.trials.log import Trial

# Operators that differ in their constants alone are one task.
EQUALITY = "ignore-ndarray"
PASS_CONFIG = {"relay.backend.use_meta_schedule": True, "relay.backend.tir_converter": "default"}

_BATCH = 16  # kernels that are proposed at a time
# Of TVM's evolutionary search (512, 50 and 4 there): without a cost model that is trained, large
# populations and many generations only take time. Parents are the quickest that were measured.
_POPULATION, _UNMEASURED, _GENERATIONS = 64, 16, 1
_MEASURED = 0.5
_UNROLLED = (8, 16, 32, 64)  # most statements of a loop that is unrolled


@dataclass(frozen=True)
class MetaSpace:
    """modules: by operator, the TIR before scheduling and its target."""

    tasks: tuple[Task, ...]
    modules: Mapping[str, tuple[Any, str]]

    @property
    def make(self) -> Make:
        ir: Any = importlib.import_module("tvm.ir")
        texts = {name: (ir.save_json(mod), to) for name, (mod, to) in self.modules.items()}
        return functools.partial(make_kernel, texts)

    def search(self, task: Task, trials: Sequence[Trial], seed: int) -> Search:
        mod, target = self.modules[task.name]
        return EvolutionarySearch(task.name, mod, target, trials, seed)

    def write_records(self, best: Mapping[str, Trial], directory: Path) -> Path:
        """MetaSchedule's JSON database; ms.database.JSONDatabase(work_dir=...) reads it."""
        folder = directory / META_RECORDS
        folder.mkdir(exist_ok=True)
        for file in folder.glob("database_*.json"):
            file.unlink()
        database = open_database(folder)
        for name, trial in sorted(best.items()):
            mod, target = self.modules[name]
            _commit(database, mod, target, trial)
        return folder


def open_database(folder: Path) -> Any:
    """The database that write_records wrote."""
    load_tvm()
    ms: Any = importlib.import_module("tvm.meta_schedule")
    return ms.database.JSONDatabase(work_dir=str(folder), module_equality=EQUALITY)


def find_tasks(mod: Any, params: Mapping[str, Any], recipe: Recipe) -> MetaSpace:
    """The fused operators of the model (types inferred), compiled as `recipe` says."""
    tvm = load_tvm()
    ms: Any = importlib.import_module("tvm.meta_schedule")
    backend = importlib.import_module("tvm.relay.backend")
    # The ahead-of-time executor has weights as constants in the kernels.
    executor = backend.Executor("aot", {"interface-api": "packed"})
    extracted = ms.relay_integration.extract_tasks(
        mod,
        tvm.target.Target(recipe.target),
        dict(params),
        pass_config={"tir.disable_vectorize": True, **PASS_CONFIG},
        executor=executor,
        disabled_pass=list(recipe.disabled_pass),
        module_equality=EQUALITY,
    )
    tasks: list[Task] = []
    modules: dict[str, tuple[Any, str]] = {}
    for found in extracted:
        operator = _operator(found, recipe.target)
        if operator is None:
            continue
        modules[operator.name] = (found.dispatched[0], recipe.target)
        tasks.append(Task(operator, int(found.weight)))
    return MetaSpace(tuple(tasks), modules)


def make_kernel(
    texts: Mapping[str, tuple[str, str]], candidate: KernelCandidate, complete: bool
) -> KernelSources:
    """Make of the engine's workers; a configuration is {"trace": MetaSchedule's, as JSON}."""
    text, target = texts[candidate.operator]
    return build_kernel(_loaded(text), target, candidate.config["trace"])


@functools.lru_cache(maxsize=4)
def _loaded(text: str) -> Any:
    load_tvm()
    return importlib.import_module("tvm.ir").load_json(text)


def build_kernel(mod: Any, target: str, trace: Any) -> KernelSources:
    """The C of `mod` with the schedule of `trace`."""
    tvm = load_tvm()
    tir: Any = importlib.import_module("tvm.tir")
    schedule = _scheduled(mod, trace)
    function = schedule.mod["main"].with_attr("global_symbol", FUNCTION)
    # Weights that a schedule would have in another order stay as they are (tvm.contrib.micro).
    plain = tir.transform.RemoveWeightLayoutRewriteBlock(skip_ndarray_rewrite=True)
    with lowering(target) as found:
        built = tvm.build(
            plain(tvm.IRModule({"main": function})), target=found, runtime=crt_runtime()
        )
    return kernel_sources(built)


class EvolutionarySearch:
    """TVM's; children of the quickest that were measured, in batches."""

    def __init__(
        self, operator: str, mod: Any, target: str, trials: Sequence[Trial], seed: int
    ) -> None:
        ms = _meta_schedule()
        self._operator, self._mod, self._target = operator, mod, target
        self._results: dict[str, Trial] = {}
        self._tried = {trial.key for trial in trials}
        self._database = ms.database.MemoryDatabase(module_equality=EQUALITY)
        for trial in trials:
            if _is_right(trial):
                _commit(self._database, mod, target, trial)
        # TVM takes seeds from 1 to 2^31 - 1.
        self._seed = 1 + (seed * 1_000_003 + len(trials)) % (2**31 - 2)
        self._context = ms.TuneContext(
            mod=mod,
            target=target,
            space_generator=design_space(),
            search_strategy=ms.search_strategy.EvolutionarySearch(
                population_size=_POPULATION,
                init_measured_ratio=_MEASURED,
                init_min_unmeasured=_UNMEASURED,
                genetic_num_iters=_GENERATIONS,
            ),
            task_name=operator,
            rand_state=self._seed,
            num_threads=1,
        )

    def batches(self, count: int) -> Iterator[Iterable[KernelCandidate]]:
        ms = _meta_schedule()
        context = self._context
        # More than are wanted: those that ran before are proposed again.
        context.pre_tuning(
            count + len(self._tried),
            min(_BATCH, count),
            database=self._database,
            cost_model=ms.cost_model.RandomModel(seed=self._seed),
        )
        while count > 0:
            proposed = list(context.generate_measure_candidates() or ())
            if not proposed:
                return
            pairs = [(one, self._candidate(one)) for one in proposed]
            new = [own for _, own in pairs if own.key not in self._tried][:count]
            self._tried.update(own.key for own in new)
            count -= len(new)
            yield new
            results = [self._result(own) for _, own in pairs]
            context.notify_runner_results([one for one, _ in pairs], results)

    def tell(self, trial: Trial) -> None:
        self._results[trial.key] = trial
        if _is_right(trial):
            _commit(self._database, self._mod, self._target, trial)

    def _candidate(self, proposed: Any) -> KernelCandidate:
        return KernelCandidate(self._operator, {"trace": plain(proposed.sch.trace.as_json())})

    def _result(self, own: KernelCandidate) -> Any:
        runner = _meta_schedule().runner
        trial = self._results.get(candidate_key(own.operator, own.config))
        if trial is None or not _is_right(trial) or trial.measurement is None:
            return runner.RunnerResult(None, "failed")
        return runner.RunnerResult([trial.measurement.seconds], None)


def design_space() -> Any:
    """What TVM has for microcontrollers (v0.16 ScheduleRule::DefaultMicro: inlining and tiling),
    and unrolling: without that C compilers keep no tile in registers at -O2."""
    ms = _meta_schedule()
    unroll = ms.schedule_rule.ParallelizeVectorizeUnroll(
        max_jobs_per_core=-1,  # nothing in parallel
        max_vectorize_extent=-1,
        unroll_max_steps=list(_UNROLLED),
        unroll_explicit=True,
    )
    rules = importlib.import_module("tvm.meta_schedule._ffi_api").ScheduleRuleDefaultMicro()
    return ms.space_generator.PostOrderApply(
        sch_rules=[*rules, unroll],
        postprocs=[
            ms.postproc.DisallowDynamicLoop(),
            ms.postproc.RewriteParallelVectorizeUnroll(),
            ms.postproc.RewriteReductionBlock(),
        ],
        mutator_probs={
            ms.mutator.MutateTileSize(): 0.85,
            ms.mutator.MutateComputeLocation(): 0.05,
            ms.mutator.MutateUnroll(): 0.1,
        },
    )


def plain(value: Any) -> Any:
    """TVM's JSON objects as Python's."""
    ir: Any = importlib.import_module("tvm.ir")
    tir: Any = importlib.import_module("tvm.tir")
    if isinstance(value, (ir.Array, list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, ir.Map):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tir.IntImm):
        return int(value)
    if isinstance(value, tir.FloatImm):
        return float(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"A trace of MetaSchedule has a {type(value).__name__}.")


def _is_right(trial: Trial) -> bool:
    return trial.good and trial.measurement is not None and trial.config is not None


def _commit(database: Any, mod: Any, target: str, trial: Trial) -> None:
    tvm, ms = load_tvm(), _meta_schedule()
    trace = (trial.config or {})["trace"]
    seconds = trial.measurement.seconds if trial.measurement else 0.0
    record = ms.database.TuningRecord(
        _scheduled(mod, trace).trace,
        database.commit_workload(mod),
        [seconds],
        tvm.target.Target(target),
        ms.arg_info.ArgInfo.from_prim_func(mod["main"]),
    )
    database.commit_tuning_record(record)


def _scheduled(mod: Any, trace: Any) -> Any:
    tir: Any = importlib.import_module("tvm.tir")
    schedule = tir.Schedule(mod)
    tir.schedule.Trace.apply_json_to_schedule(trace, schedule)
    return schedule


def _operator(found: Any, target: str) -> TunedOperator | None:
    """None for one without numbers, or that has several kernels."""
    (variable,) = found.mod.get_global_vars()
    function = found.mod[variable]
    main = found.dispatched[0]["main"]
    buffers = [main.buffer_map[parameter] for parameter in main.params]
    tensors = tuple(tensor(b.name, b.shape, b.dtype) for b in buffers)
    outputs = len(tensors) - len(function.params)
    if outputs < 1 or any(math.prod(t.shape or ()) == 0 for t in tensors):
        return None
    untuned = primitive_sources(function, target)
    return TunedOperator(str(found.task_name), tensors, outputs, untuned)


def _meta_schedule() -> Any:
    load_tvm()
    return importlib.import_module("tvm.meta_schedule")
