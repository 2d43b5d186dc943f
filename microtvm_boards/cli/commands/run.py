"""microtvm-boards run"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.device import (
    device_flags,
    model_option,
    open_project,
    project_argument,
    timeout_option,
)
from microtvm_boards.cli.output import Output, Work, standard
from microtvm_boards.cli.show.results import results_json, results_text
from microtvm_boards.cli.show.stack import stack_json, stack_table
from microtvm_boards.errors import DeviceError, UsageError, nearest

if TYPE_CHECKING:
    from microtvm_boards.harness import RunResult
    from microtvm_boards.model import Tensor
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.project.project import Project
    from microtvm_boards.run.running import Firmware, UploadProgress

Sample = dict[str, Any]  # input arrays by name
_UPDATE_SECONDS = 0.1


@click.command()
@project_argument
@click.option(
    "--inputs",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Inputs keyed by tensor name, first axis the sample; the baked samples when unset.",
)
@click.option(
    "--outputs",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Where to save the outputs, keyed by tensor name.",
)
@model_option
@timeout_option
@device_flags
@standard
def run(
    output: Output,
    project: Path,
    inputs: Path | None,
    outputs: Path | None,
    model_key: str | None,
    timeout: float,
    device: DeviceOptions,
) -> None:
    """Run the model on the board and print its outputs."""
    from microtvm_boards.harness import save_outputs
    from microtvm_boards.run import running

    opened, platform = open_project(project)
    number = find_model(opened, model_key)
    samples = _read_samples(opened, number, inputs)
    if outputs is not None and not outputs.absolute().parent.is_dir():
        raise UsageError(f"--outputs {outputs}: there is no directory {outputs.parent}.")
    model = opened.models[number]
    total = None if samples is None else len(samples)  # the firmware runs baked ones by itself
    with output.work(f"Running {model.name} on {opened.board.name}", total) as work:
        with running(opened, device, timeout=timeout) as firmware:
            results = _run_all(firmware, samples, number, work)
        seconds = work.seconds
    count = f"{len(results)} {'sample' if len(results) == 1 else 'samples'}"
    output.text(f"Ran {count} of {model.name} on {opened.board.name} in {seconds:.1f} s")
    output.text(results_text(results, opened.board))
    stack = platform.stack_use(opened)
    output.text("\n" + stack_table(stack) if stack else "")
    _require_success(results)
    if outputs is not None:
        save_outputs(outputs, results)
        output.text(f"Saved the outputs to {outputs}")
    output.document(
        {
            "board": opened.board.name,
            "model": model.name,
            "seconds": round(seconds, 3),
            "samples": results_json(results, opened.board),
            "stack": stack_json(stack),
            "outputs_file": None if outputs is None else str(outputs),
        }
    )


def _run_all(
    firmware: Firmware, samples: list[Sample] | None, model: int, work: Work
) -> list[RunResult]:
    if samples is None:
        return firmware.baked()
    results = []
    for number, sample in enumerate(samples):
        results.append(firmware.run(sample, model, progress=_shown(work, number)))
        work.line(f"sample {number}: {results[-1].status_name}")
        work.step()
    return results


def _shown(work: Work, number: int) -> UploadProgress:
    """Shows how far an upload is, not more often than an eye can follow."""
    shown_at = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at >= _UPDATE_SECONDS:
            shown_at = time.monotonic()
            work.status(f"sample {number}: {done:,} of {total:,} bytes are up")

    return show


def find_model(project: Project, key: str | None) -> int:
    """The number of the model that --model names. Raises UsageError when there is none."""
    if not project.models:
        raise UsageError(
            f"{project.directory} holds single operators, which autotuning calls, and no model.",
            hint="create a project of a model library: tvmc compile --output-format mlf",
        )
    names = [model.name for model in project.models]
    if key is None:
        return 0
    if key in names:
        return names.index(key)
    if key.isascii() and key.isdigit() and int(key) < len(names):
        return int(key)
    raise UsageError(
        f'The project has no model "{key}".{nearest(key, names)}',
        hint="its models are " + ", ".join(f"{i} ({name})" for i, name in enumerate(names)),
    )


def find_models(project: Project, key: str | None) -> list[int]:
    """The number of the model that --model names, or those of all.

    Raises UsageError when there is none.
    """
    if key is None and project.models:
        return [*range(len(project.models))]
    return [find_model(project, key)]


def _read_samples(project: Project, number: int, inputs: Path | None) -> list[Sample] | None:
    """What to run; None: the baked samples, which are the first model's."""
    from microtvm_boards.harness import load_inputs

    model = project.models[number]
    if inputs is not None:
        return load_inputs(inputs, model)
    if project.entrypoint == "c" and project.manifest.sample_count > 0 and number == 0:
        return None
    raise UsageError(
        f"No baked samples of {model.name} are in {project.directory}, and no --inputs were given.",
        details=[_describe(tensor) for tensor in model.inputs],
        hint="--inputs FILE.npz with one array for each of these inputs, first axis the sample",
    )


def _describe(tensor: Tensor) -> str:
    if tensor.shape is None:
        return f"{tensor.name}: {tensor.dtype}, {tensor.size_bytes} bytes"
    return f"{tensor.name}: {tensor.dtype} {list(tensor.shape)}"


def _require_success(results: list[RunResult]) -> None:
    failed = [(i, r.status_name) for i, r in enumerate(results) if r.status != 0]
    if failed:
        raise DeviceError(
            f"The model failed on {len(failed)} of {len(results)} samples.",
            details=[f"sample {number}: {name}" for number, name in failed[:10]],
        )
