"""Files besides model and board that go into a project: read here, so that planning stays pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from microtvm_boards.errors import UsageError
from microtvm_boards.mlf import Model
from microtvm_boards.mlf.archive import read_archive
from microtvm_boards.project.options import ProjectOptions, existing_file
from microtvm_boards.project.samples import Samples, load_samples

# Parts of TVM's standalone_crt that a `c` firmware needs when kernels ask for workspace.
CRT_WORKSPACE_SOURCES = (
    "src/runtime/crt/common/crt_backend_api.c",
    "src/runtime/crt/memory/stack_allocator.c",
)
CRT_INCLUDES = ("include/dlpack/", "include/tvm/runtime/")


@dataclass(frozen=True)
class Attachments:
    """What options name by path, read."""

    samples: Samples | None = None
    extra: Mapping[str, bytes] = field(default_factory=dict)  # of extra_files_tar
    crt: Mapping[str, bytes] = field(default_factory=dict)  # the parts of standalone_crt in use


def read_attachments(model: Model, options: ProjectOptions) -> Attachments:
    """Raises UsageError when a file that an option names is missing or isn't what it should be."""
    samples = None
    if options.sample_inputs is not None:
        path = existing_file(options.sample_inputs, "sample_inputs")
        samples = load_samples(path, model.modules[0].inputs)
    extra: Mapping[str, bytes] = {}
    if options.extra_files_tar is not None:
        extra = read_archive(existing_file(options.extra_files_tar, "extra_files_tar")).files
    crt = _read_crt(options) if options.runtime == "standalone_crt" else {}
    return Attachments(samples=samples, extra=extra, crt=crt)


def _read_crt(options: ProjectOptions) -> dict[str, bytes]:
    root = _find_crt(options)
    wanted = [root / source for source in CRT_WORKSPACE_SOURCES]
    for folder in CRT_INCLUDES:
        wanted += sorted((root / folder).rglob("*.h"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in wanted}


def _find_crt(options: ProjectOptions) -> Path:
    """The first of the Project API's parameter and $TVM_HOME/build/standalone_crt that is one."""
    candidates = []
    if options.standalone_crt_dir is not None:
        candidates.append(Path(options.standalone_crt_dir))
    if os.environ.get("TVM_HOME"):
        candidates.append(Path(os.environ["TVM_HOME"]) / "build" / "standalone_crt")
    for root in candidates:
        if all((root / source).is_file() for source in CRT_WORKSPACE_SOURCES):
            return root
    raise UsageError(
        "runtime=standalone_crt needs TVM's C runtime, and none was found.",
        details=[f"{root} has no {CRT_WORKSPACE_SOURCES[0]}" for root in candidates],
        hint="set TVM_HOME to a TVM tree with build/standalone_crt (make standalone_crt), or "
        "runtime=own",
    )
