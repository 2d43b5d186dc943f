"""`microtvm-boards tune`, `compile --tuning`: the tuned model is quicker and computes the same."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from microtvm_boards.compile.candidates import Candidate, Verdict
from microtvm_boards.compile.compile import Compiled, Wanted, compile_for_board
from microtvm_boards.errors import ModelError, UsageError
from microtvm_boards.project import parse_options
from microtvm_boards.relay.recipes import recipes, tuned_recipes
from microtvm_boards.relay.tuning.tune_space import Task
from microtvm_boards.relay.tuning.tuned import read_tuning, records_directory
from microtvm_boards.relay.tuning.tuning import divide, find_space, tune, tuning_recipe
from microtvm_boards.tuning.trials.candidate import KernelSources, TunedOperator
from microtvm_boards.tuning.trials.log import Trial, read_log
from microtvm_boards.tuning.trials.measure import Measurement
from tests.compile.test_compile import (
    BOARD,
    KWS,
    MakeProject,
    assert_equals_tvm,
    blocks,
    need,
    run,
)

pytestmark = pytest.mark.tvm

Model = tuple[Any, dict[str, Any]]


# The page, on the real model


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where docs/tuning.md was followed to the letter; output.txt is what the commands printed."""
    need(KWS)
    directory = tmp_path_factory.mktemp("tuning")
    (directory / KWS.name).symlink_to(KWS)
    commands = {"sh": ["bash", "-ec"], "python": [sys.executable, "-c"]}
    printed = [
        run(commands[language], text, directory, seconds=1200)
        for language, text in blocks("tuning.md")
    ]
    (directory / "output.txt").write_text("\n".join(printed))
    return directory


@pytest.mark.qemu
def test_kws_needs_fewer_instructions_with_either_tuner_and_computes_the_same(
    page: Path, make_project: MakeProject
) -> None:
    rows = {}
    for line in (page / "output.txt").read_text().splitlines():
        if match := re.match(r"(?:\* |  )(\S.*?)  +[\d,]+ .*  ([\d,]+)  (equal)  +", line):
            rows[match[1]] = int(match[2].replace(",", ""))
    for way, log in (("arm_cpu keys", "autotvm.log"), ("c keys", "meta.log")):
        name = f"{way}, hill_climb"
        assert rows[name] >= 1.3 * rows[f"{name}, tuned by {log}"]
    assert_equals_tvm(make_project(page / "kws.tar", board=BOARD, optimization="speed"), KWS)


@pytest.mark.qemu
def test_a_tuning_that_goes_on_counts_what_is_there(page: Path) -> None:
    about, trials = read_log(page / "autotvm.log")
    tried = [trial for trial in trials if trial.config is not None]
    assert len(tried) == len({trial.key for trial in tried}) == 26
    assert about["tuner"] == "autotvm"
    assert not [trial for trial in tried if trial.cause == "wrong"]


@pytest.mark.qemu
def test_the_records_are_what_tvm_itself_reads(page: Path) -> None:
    assert re.search(r"^[23] operators$", (page / "output.txt").read_text(), re.MULTILINE)
    records = page / "autotvm.log.records" / "autotvm.json"
    assert read_tuning(records).tuner == "autotvm"
    for line in records.read_text().splitlines():
        # TVM asks for the int8 convolution first; what was measured is the int16 one it becomes.
        template, arguments = json.loads(line)["input"][1:3]
        assert not template.startswith("conv2d") or arguments[0][2] == "int8"


# A small model, on this computer


def options(board: str = "host") -> Any:
    values = {"board": board, "model_entrypoint_api": "packed", "optimization": "speed"}
    return parse_options(values, "generate_project")


@pytest.fixture(scope="module")
def tuned(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a tuning by MetaSchedule on this computer."""
    pytest.importorskip("tvm")
    log = tmp_path_factory.mktemp("tuned") / "small.log"
    seen: list[Trial] = []
    notes = tune(model, options(), log, trials=6, tuner="meta-schedule", on_trial=seen.append)
    assert notes == []
    assert sum(trial.config is not None for trial in seen) == 6
    return log


def compiled_with(log: Path, model: Model, directory: Path) -> tuple[Compiled, Candidate]:
    compiled = compile_for_board(model, "host", directory / "model.tar", Wanted(tuning=[log]))
    (candidate,) = [c for c in compiled.candidates if c.recipe.tuning]
    return compiled, candidate


def test_the_tuned_candidate_is_checked_like_the_others(
    tuned: Path, model: Model, tmp_path: Path
) -> None:
    _, candidate = compiled_with(tuned, model, tmp_path)
    assert candidate.recipe.name == "c keys, hill_climb, tuned by small.log"
    assert (candidate.verdict, candidate.note) == (Verdict.EQUAL, "this computer")


def test_a_database_of_tvms_own_tuner_is_applied_to_all_ways(
    tuned: Path, model: Model, tmp_path: Path
) -> None:
    database = records_directory(tuned) / "meta_schedule"
    compiled = compile_for_board(model, "host", tmp_path / "model.tar", Wanted(tuning=[database]))
    found = [c for c in compiled.candidates if c.recipe.tuning]
    assert len(found) == 2
    assert {c.verdict for c in found} == {Verdict.EQUAL}


def test_the_same_tuning_again_runs_nothing_and_more_trials_go_on(
    tuned: Path, model: Model, tmp_path: Path
) -> None:
    log = tmp_path / "small.log"
    log.write_bytes(tuned.read_bytes())
    seen: list[Trial] = []
    again = {"tuner": "meta-schedule", "resume": True, "on_trial": seen.append}
    tune(model, options(), log, trials=6, **again)
    assert log.read_bytes() == tuned.read_bytes()
    assert all(trial.replayed for trial in seen if trial.config is not None)
    assert read_tuning(log).records.is_dir()  # they were missing
    tune(model, options(), log, trials=8, **again)
    _, trials = read_log(log)
    assert sum(trial.config is not None for trial in trials) == 8


def test_nothing_to_tune_is_refused(model: Model, tmp_path: Path) -> None:
    """On this computer AutoTVM has no template for a convolution in NHWC."""
    pytest.importorskip("tvm")
    log = tmp_path / "none.log"
    with pytest.raises(ModelError, match="Nothing in the model can be tuned by autotvm") as caught:
        tune(model, options(), log, trials=2)
    assert "--tuner meta-schedule" in caught.value.hint
    with pytest.raises(UsageError, match='"ansor" is no tuner'):
        tune(model, options(), log, trials=2, tuner="ansor")


# Spaces and search


@pytest.fixture(scope="module")
def arm(model: Model) -> Any:
    """What AutoTVM can tune in the small model for a Cortex-M4."""
    pytest.importorskip("tvm")
    from microtvm_boards.relay.ir import infer_types, operators

    mod = infer_types(model[0])
    recipe = tuning_recipe("autotvm", "cortex-m4", operators(mod))
    return find_space("autotvm", mod, model[1], recipe)


def test_what_is_measured_is_what_is_deployed(arm: Any) -> None:
    (task,) = arm.tasks
    assert task.weight == 3  # branches with the same shapes
    assert [a.dtype for a in task.operator.arguments] == ["int16", "int16", "int32"]
    (asked,) = arm.asked.values()
    assert [part[2] for part in asked[1:3]] == ["int8", "int8"]


def test_a_kernel_is_made_in_a_process_that_knows_its_name_alone(arm: Any) -> None:
    (task,) = arm.tasks
    (batch,) = arm.search(task, [], 0).batches(8)
    made = []
    for candidate in batch:
        try:
            made.append(arm.make(candidate, True))
        except ValueError as error:
            assert "the schedule refuses it" in str(error)
    assert made
    for sources in made:
        assert b"mtvm_kernel" in sources.files["lib1.c"]
        assert b"TVMSystemLibEntryPoint" in sources.files["lib0.c"]


def test_a_kernel_whose_output_is_in_blocks_of_another_size_is_refused() -> None:
    """It can't be compared with the untuned kernel's, and would be called wrong."""
    pytest.importorskip("tvm")
    from microtvm_boards.relay.tuning import autotvm_space, knobs
    from microtvm_boards.tuning.trials.candidate import KernelCandidate

    data = ("TENSOR", (1, 8, 6, 6), "float32")
    weights = ("TENSOR", (16, 8, 3, 3), "float32")
    layout = ((1, 1), (1, 1, 1, 1), (1, 1), "NCHW", "NCHW", "float32")
    workload = ("conv2d_NCHWc.x86", data, weights, *layout)
    space = autotvm_space.create_task(workload, "c").config_space
    made, words = 0, set()
    for index in range(0, len(space), 3):
        candidate = KernelCandidate("conv", knobs.config_json(space.get(index)))
        try:
            autotvm_space.make_kernel({"conv": (workload, "c")}, candidate, True)
            made += 1
        except ValueError as error:
            words.add(str(error))
    assert made
    assert [text for text in words if "its output is in another layout than (1, " in text]


def measured(candidate: Any, cost: float) -> Trial:
    measurement = Measurement(cost, (cost,), (), 1, 0.0, True)
    return Trial(candidate.operator, candidate.config, "check", measurement=measurement)


def test_the_search_tries_nothing_twice_and_finds_what_is_good(arm: Any) -> None:
    (task,) = arm.tasks

    def cost(config: Any) -> float:
        """Least where every knob is at its first value."""
        return 1.0 + sum(search._space.point2knob(config["index"]))

    search = arm.search(task, [], 3)
    tried: list[Trial] = []
    (batch,) = search.batches(100)
    for candidate in batch:
        tried.append(measured(candidate, cost(candidate.config)))
        search.tell(tried[-1])
    costs = [trial.measurement.cost for trial in tried if trial.measurement]
    assert len({trial.key for trial in tried}) == 100
    assert mean(costs[50:]) < 0.75 * mean(costs[:24])  # those were random
    assert min(costs) <= 2.0  # of 1 to 25 and more
    (batch,) = arm.search(task, tried, 3).batches(50)
    assert not {candidate.key for candidate in batch} & {trial.key for trial in tried}


def test_a_space_that_is_small_enough_is_tried_as_a_whole(arm: Any) -> None:
    (task,) = arm.tasks
    search = arm.search(task, [], 0)
    (batch,) = search.batches(task.size)
    assert len({candidate.config["index"] for candidate in batch}) == task.size


def test_trials_go_where_the_time_goes() -> None:
    def task(name: str, size: int | None = None) -> Task:
        return Task(TunedOperator(name, (), 1, KernelSources({}, "")), 1, size)

    tasks = [task("big"), task("middle"), task("small", 5), task("nothing")]
    costs = {"big": 600.0, "middle": 300.0, "small": 100.0, "nothing": 1.0}
    assert divide(100, tasks, costs) == {"big": 63, "middle": 32, "small": 5, "nothing": 0}
    assert sum(divide(7, tasks, costs).values()) == 7
    assert divide(0, tasks, costs) == dict.fromkeys(costs, 0)
    assert divide(9, [task("one", 4)], {"one": 1.0}) == {"one": 4}


# What --tuning is given


def test_a_tuning_for_another_processor_is_refused(tuned: Path) -> None:
    from microtvm_boards.boards import find_board

    board = find_board("host")
    tuning = read_tuning(tuned)
    assert tuning.recipe is not None
    other = replace(tuning, recipe=replace(tuning.recipe, target="c -mcpu=cortex-m7"))
    with pytest.raises(UsageError, match=r"small\.log is for .* isn't tried for the board host"):
        tuned_recipes(recipes("", []), other, board)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, r"can't be read: No such file"),
        ("", "is empty"),
        ("an essay\n", "doesn't begin a log of a tuning"),
        ('{"log":"microtvm-boards tuning","version":1,"about":{}}\n', "No trial in .* was good"),
    ],
)
def test_a_file_that_is_no_tuning_is_refused(
    tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "tuned.log"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=words):
        read_tuning(path)


def test_a_directory_without_a_database_and_a_log_without_its_records_are_refused(
    tuned: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="is no database of MetaSchedule"):
        read_tuning(tmp_path)
    (tmp_path / "moved.log").write_bytes(tuned.read_bytes())
    with pytest.raises(UsageError, match=r"moved\.log\.records/meta_schedule is missing") as caught:
        read_tuning(tmp_path / "moved.log")
    assert "--resume" in caught.value.hint
