"""microtvm-boards validate"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.commands.run import find_models
from microtvm_boards.cli.device import (
    device_flags,
    models_option,
    open_project,
    project_argument,
    reflash_note,
    timeout_option,
)
from microtvm_boards.cli.exit_codes import DIFFERENT
from microtvm_boards.cli.output import Output, standard
from microtvm_boards.cli.show.results import finite
from microtvm_boards.cli.show.tables import Row, table
from microtvm_boards.errors import UsageError

if TYPE_CHECKING:
    from microtvm_boards.analysis.compare import Comparison
    from microtvm_boards.analysis.generated_inputs import Sample
    from microtvm_boards.analysis.validate import FirstDifference, Outputs, Validation
    from microtvm_boards.project.manifest import ProjectModel
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.project.project import Project

_LISTED = 20  # samples; of more, those that differ


@click.command()
@project_argument
@click.option(
    "--runs",
    type=click.IntRange(0, 10000),
    metavar="N",
    help="Random inputs, besides all minimum, all maximum and zeros.  [default: 3]",
)
@click.option(
    "--inputs",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Inputs of your own instead, keyed by tensor name, first axis the sample.",
)
@click.option(
    "--expected",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Their outputs, keyed by tensor name; those of this computer when unset.",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path),
    metavar="MODEL.{tflite,onnx}",
    help="The trained model: its outputs by TVM on this computer are the expected ones.",
)
@click.option(
    "--ulps",
    type=click.FloatRange(min=0),
    default=16.0,
    show_default=True,
    metavar="N",
    help="How far floats may be apart, in last places of the tensor's largest number.",
)
@models_option
@timeout_option
@device_flags
@standard
def validate(
    output: Output,
    project: Path,
    runs: int | None,
    inputs: Path | None,
    expected: Path | None,
    reference: Path | None,
    ulps: float,
    model_key: str | None,
    timeout: float,
    device: DeviceOptions,
) -> None:
    """Compare the board's outputs with those of the same model on this computer.

    Integers have to be equal, floats close. On a difference names the first operator that computes
    something else, with firmware of its own in the project's build/trace. Exit code 9 says that
    they differ.
    """
    from microtvm_boards.analysis.validate import Settings
    from microtvm_boards.analysis.validate import validate as compare_all

    opened, platform = open_project(project)
    numbers = find_models(opened, model_key)
    _require_one(opened, numbers, {"--inputs": inputs, "--reference": reference})
    _require_one_side(expected, reference)
    models = [opened.models[number] for number in numbers]
    given = [_samples(model, runs, inputs, expected) for model in models]
    title = f"Validating {', '.join(model.name for model in models)} on {opened.board.name}"
    found: list[Validation] = []
    with output.work(title, sum(len(samples) for samples, _ in given)) as work:
        settings = Settings(device, timeout, ulps, work.line, work.step)
        for number, (samples, outputs) in zip(numbers, given, strict=True):
            if found and found[-1].flashed:  # the next one runs on the project's own firmware
                platform.flash(opened, device, progress=work.line)
            against = "expected outputs"
            if reference is not None:
                outputs = _by_tvm(reference, opened.models[number], samples)
                against = f"TVM's own build of {reference.name} for this computer"
            found.append(compare_all(opened, number, samples, outputs, settings, against))
    output.text("\n\n".join(_text(one) for one in found))
    if found[-1].flashed:
        output.text(reflash_note(opened, platform, device))
    documents = [_json(one) for one in found]
    agrees = all(one.agrees for one in found)
    several = {"agrees": agrees, "models": documents}
    output.document(documents[0] if len(documents) == 1 else several)
    if not agrees:
        raise click.exceptions.Exit(DIFFERENT)


def _require_one(project: Project, numbers: list[int], files: dict[str, Path | None]) -> None:
    given = [option for option, path in files.items() if path is not None]
    if given and len(numbers) > 1:
        names = ", ".join(model.name for model in project.models)
        raise UsageError(
            f"{given[0]} is for one model; the project has {names}.",
            hint=f"--model {project.models[0].name}, too",
        )


def _require_one_side(expected: Path | None, reference: Path | None) -> None:
    if expected is not None and reference is not None:
        raise UsageError(
            "--expected has outputs, --reference the model that computes them: give one of them."
        )


def _by_tvm(path: Path, model: ProjectModel, samples: Sequence[Sample]) -> list[Outputs]:
    """Imports TVM. Raises as its importer does, UsageError for a model with other tensors."""
    from microtvm_boards.compile.expected import expected_outputs

    return [*expected_outputs(path, model.inputs, model.outputs, [s.inputs for s in samples])]


def _samples(
    model: ProjectModel, runs: int | None, inputs: Path | None, expected: Path | None
) -> tuple[list[Sample], list[Outputs] | None]:
    from microtvm_boards.analysis.generated_inputs import Sample, edge_samples, random_sample
    from microtvm_boards.harness.npz import load_inputs, load_outputs

    if inputs is None:
        if expected is not None:
            raise UsageError(
                "--expected has outputs for inputs of your own; none were given.",
                hint="--inputs FILE.npz, too",
            )
        count = 3 if runs is None else runs
        randoms = [random_sample(model.inputs, seed) for seed in range(count)]
        return [*randoms, *edge_samples(model.inputs)], None
    if runs is not None:
        raise UsageError("--runs is for random inputs, --inputs for your own: give one of them.")
    samples = [Sample(f"sample {i}", row) for i, row in enumerate(load_inputs(inputs, model))]
    if expected is None:
        return samples, None
    outputs: list[Outputs] = [*load_outputs(expected, model)]
    if len(outputs) != len(samples):
        raise UsageError(
            f"{inputs} has {len(samples)} samples, {expected} has {len(outputs)}: each needs one "
            "of the other."
        )
    return samples, outputs


def _text(found: Validation) -> str:
    bad = [sample for sample in found.samples if not sample.agrees]
    shown = found.samples if len(found.samples) <= _LISTED else bad[:_LISTED]
    floats = any(o.ulps is not None for s in found.samples for o in s.outputs)
    numbers: tuple[str, ...] = ("Elements", "Differ", "Largest difference")
    if floats:
        numbers += ("ULPs", "Cosine")
    rows = [_row(sample.name, o, floats) for sample in shown for o in sample.outputs]
    count = len(found.samples)
    against = f"{found.model} on {found.board} against {found.against}"
    if found.agrees:
        head = f"{against}: all {count} samples agree"
    else:
        head = f"{against}: {len(bad)} of {count} samples differ"
    lines = [head, table(("Sample", "Output", *numbers, "Result"), rows, numbers=numbers)]
    if found.first_difference is not None:
        lines.append(_first(found.first_difference))
    return "\n".join(line for line in lines if line)


def _row(sample: str, o: Comparison, floats: bool) -> Row:
    extra: Sequence[str] = ()
    if floats:
        extra = ("", "") if o.ulps is None else (f"{o.ulps:.3g}", f"{o.cosine:.9f}")
    equal = "equal" if o.differing == 0 else "close"
    return (
        sample,
        o.name,
        f"{o.elements:,}",
        f"{o.differing:,}",
        f"{o.largest:.6g}",
        *extra,
        equal if o.agrees else "differs",
    )


def _first(first: FirstDifference) -> str:
    if first.call is None or first.tensor is None:
        return f"No operator can be named. {first.reason}"
    tensor = first.tensor
    text = (
        f"The first operator that computes something else is call {first.call}, {first.function}: "
        f"with {first.sample}, {tensor.differing:,} of {tensor.elements:,} elements of its output "
        f"{tensor.name} differ, from element {tensor.first} on, by {tensor.largest:.6g} at most."
    )
    return f"{text} {first.reason}".rstrip()


def _json(found: Validation) -> dict[str, Any]:
    first = found.first_difference
    return {
        "board": found.board,
        "model": found.model,
        "against": found.against,
        "agrees": found.agrees,
        "samples": [
            {"sample": s.name, "agrees": s.agrees, "outputs": [_output_json(o) for o in s.outputs]}
            for s in found.samples
        ],
        "first_difference": None
        if first is None
        else {
            "sample": first.sample,
            "call": first.call,
            "function": first.function,
            "tensor": None if first.tensor is None else _output_json(first.tensor),
            "reason": first.reason,
        },
    }


def _output_json(o: Comparison) -> dict[str, Any]:
    return {
        "name": o.name,
        "agrees": o.agrees,
        "elements": o.elements,
        "differing": o.differing,
        "first": o.first,
        "largest": finite(o.largest),
        "ulps": finite(o.ulps),
        "cosine": finite(o.cosine),
    }
