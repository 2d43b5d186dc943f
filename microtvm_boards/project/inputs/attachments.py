"""Files besides model and board that go into a project: read here, so that planning stays pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from microtvm_boards.boards import Board
from microtvm_boards.mlf.archive import read_archive
from microtvm_boards.model import Model
from microtvm_boards.project.inputs.accelerators import read_cmsis
from microtvm_boards.project.inputs.crt_files import read_crt
from microtvm_boards.project.inputs.libraries import NamedModel, read_more_models
from microtvm_boards.project.inputs.samples import Samples, load_samples
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.options.values import existing_file


@dataclass(frozen=True)
class KernelHostPlan:
    """Firmware that kernels come to while it runs (tuning).

    identity: 16 hex digits; images are linked against firmware of one identity.
    window_bytes: RAM for their code; 0: they are shared libraries (platform host).
    """

    identity: str
    window_bytes: int = 0


@dataclass(frozen=True)
class Attachments:
    """What options name by path, read; and what tuning asks for."""

    samples: Samples | None = None
    extra: Mapping[str, bytes] = field(default_factory=dict)  # of extra_files_tar
    crt: Mapping[str, bytes] = field(default_factory=dict)  # the parts of standalone_crt in use
    # What the platform's own options name, by option.
    of_platform: Mapping[str, bytes] = field(default_factory=dict)
    more: tuple[NamedModel, ...] = ()  # model libraries beside the first
    cmsis: Mapping[str, bytes] = field(default_factory=dict)  # what the models need of it
    cmsis_looked: tuple[str, ...] = ()  # where it was looked for, in words
    kernel_host: KernelHostPlan | None = None


class PlatformInputs(Protocol):
    """What a platform, see project.target, says about files besides model and board."""

    def read(self, board: Board, options: ProjectOptions) -> Mapping[str, bytes]: ...

    def cmsis_trees(self, board: Board, options: ProjectOptions) -> list[Path]: ...


def read_attachments(
    model: Model, board: Board, options: ProjectOptions, platform: PlatformInputs
) -> Attachments:
    """Raises UsageError when a file that an option names is missing or isn't what it should be,
    ModelError for one more model that can't be read."""
    samples = None
    if options.sample_inputs is not None:
        path = existing_file(options.sample_inputs, "sample_inputs")
        samples = load_samples(path, model.modules[0].inputs)
    extra: Mapping[str, bytes] = {}
    if options.extra_files_tar is not None:
        extra = read_archive(existing_file(options.extra_files_tar, "extra_files_tar")).files
    crt = read_crt(options) if options.runtime == "standalone_crt" else {}
    of_platform = platform.read(board, options)
    more = read_more_models(options)
    models = [model, *(named.model for named in more)]
    cmsis, looked = read_cmsis(
        models, extra, options.cmsis_path, lambda: platform.cmsis_trees(board, options)
    )
    return Attachments(
        samples=samples,
        extra=extra,
        crt=crt,
        of_platform=of_platform,
        more=more,
        cmsis=cmsis,
        cmsis_looked=looked,
    )
