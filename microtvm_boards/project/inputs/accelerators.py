"""What code for accelerators needs besides TVM's: headers, CMSIS-NN's sources, device hooks.

Found at generation and copied into the project; what is missing is named then.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError, UsageError
from microtvm_boards.model import Model
from microtvm_boards.project.inputs.cmsis_trees import cmsis_trees, describe
from microtvm_boards.project.plan.facts import Processor

FOLDER = "cmsis"  # in the project
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]{1,200})[>"]', re.MULTILINE)
_DIRECTIVE = re.compile(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|endif|include)\b(.*)$", re.MULTILINE)
_GUARD = re.compile(rb"^\s*#[ \t]*ifndef[ \t]+(\w+)\s*#[ \t]*define[ \t]+\1\b", re.MULTILINE)
_FUNCTION = re.compile(rb"\barm_\w{1,80}")
_HOOK = re.compile(r"TVMDevice\w+")
# C99's and TVM's; whatever else generated code includes has to come from somewhere.
_KNOWN = frozenset(
    "assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h "
    "math.h setjmp.h signal.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h "
    "tgmath.h time.h wchar.h wctype.h arm_mve.h arm_acle.h arm_neon.h arm_cmse.h".split()
)
_CMSIS_HINT = (
    "-o cmsis_path=DIRECTORY, a CMSIS tree with NN, DSP and Core (several, with "
    f"{os.pathsep} between them)"
)
_EXTRA_HINT = (
    "put them, and the sources or libraries behind them, into a tar: -o extra_files_tar=FILE"
)
_TVM = ("tvm/", "dlpack/")
_INCLUDED = ("Include", "PrivateInclude")
_SKIPPED = frozenset({"Core_A", "Core_R", "Device", "RTOS", "RTOS2", "DAP", "Driver", "Examples"})


def read_cmsis(
    models: Iterable[Model],
    extra: Mapping[str, bytes],
    cmsis_path: str | None,
    of_platform: Callable[[], list[Path]],
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The files of CMSIS that the models' code needs, by their paths in the project's folder cmsis,
    and in words where they were looked for. `of_platform`: where CMSIS is that the platform brings;
    it is asked when that is all there is.

    Headers that neither CMSIS nor `extra` has are left to `refuse_missing`. Raises UsageError when
    the option cmsis_path names no directory. Without it $CMSIS_PATH counts.
    """
    code = [data for model in models for data in _sources(model)]
    wanted = {name for data in code for name in _foreign(data)} - _names(extra)
    if not wanted:
        return {}, ()
    trees = cmsis_trees(cmsis_path) or of_platform()
    headers, sources = _index(trees)
    files: dict[str, bytes] = {}
    waiting = [f"include/{name}" for name in sorted(wanted) if name in headers]
    waiting += [f"src/{name}.c" for data in code for name in _functions(data) if name in sources]
    while waiting:
        target = waiting.pop()
        if target in files:
            continue
        folder, _, name = target.partition("/")
        is_source = folder == "src"
        path = sources[name.removesuffix(".c")] if is_source else headers[name]
        files[target] = data = path.read_bytes()
        included = (_included(i, "" if is_source else name, headers) for i in _includes(data))
        waiting += [f"include/{header}" for header in included if header in headers]
        if is_source:
            waiting += [f"src/{other}.c" for other in _functions(data) if other in sources]
    return files, tuple(describe(trees, list(headers)))


def _included(name: str, by: str, headers: Mapping[str, Path]) -> str:
    """The header that `by` means: beside itself, else as compilers find it."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(by), name))
    return beside if beside in headers else name


def refuse_missing(
    models: Iterable[Model],
    extra: Mapping[str, bytes],
    cmsis: Mapping[str, bytes],
    looked: Sequence[str] = (),
) -> None:
    """Raises UsageError that names headers and device hooks that nobody brings. `looked`: where
    CMSIS was looked for."""
    models = list(models)
    headers = _missing_headers(models, extra, cmsis)
    if headers:
        cmsis_ones = [name for name in headers if name.startswith(("arm_", "cmsis_"))]
        raise UsageError(
            "The model's code needs headers that aren't there: " + ", ".join(headers) + ".",
            details=[*(f"{name} is wanted by {by}" for name, by in headers.items()), *looked],
            hint=_CMSIS_HINT if len(cmsis_ones) == len(headers) else _EXTRA_HINT,
        )
    hooks = sorted(h for model in models for h in device_hooks(model) if not _defines(extra, h))
    if hooks:
        raise UsageError(
            "The model drives an accelerator through functions that aren't there: "
            + ", ".join(hooks)
            + ".",
            hint="int32_t NAME(void *context) { ...; return 0; } for each, in a source or library "
            "of -o extra_files_tar=FILE",
        )


def refuse_other_processor(cmsis: Mapping[str, bytes], board: Board, processor: Processor) -> None:
    """Raises BoardError for CMSIS on a processor that it isn't for."""
    if cmsis and not processor.cortex_m:
        raise BoardError(
            f"The model's kernels are CMSIS-NN's, for Cortex-M; board {board.name} is none.",
            hint="a board with a Cortex-M, or compile the model without the target cmsis-nn",
        )


def device_hooks(model: Model) -> tuple[str, ...]:
    """Functions of a driver that the generated code calls: TVMDevice<Name>Activate, Open, ..."""
    return tuple(sorted(name for name in model.runtime_calls if _HOOK.fullmatch(name)))


def _missing_headers(
    models: Iterable[Model], extra: Mapping[str, bytes], cmsis: Mapping[str, bytes]
) -> dict[str, str]:
    """Name -> who includes it."""
    there = _names(extra) | _names(cmsis)
    missing: dict[str, str] = {}
    for model in models:
        for data in _sources(model):
            for name in _foreign(data):
                if Path(name).name not in there:
                    missing.setdefault(name, "the generated code")
    for path, data in cmsis.items():
        for name in _unconditional(data):
            if name not in _KNOWN and Path(name).name not in there:
                missing.setdefault(name, path.rpartition("/")[2])
    return missing


def _sources(model: Model) -> Iterator[bytes]:
    for module in model.modules:
        for source in module.sources:
            if not source.endswith(".o"):
                yield model.files[source]


def _includes(data: bytes) -> list[str]:
    return [name.decode("utf-8", "replace") for name in _INCLUDE.findall(data)]


def _foreign(data: bytes) -> list[str]:
    """Headers that are neither C's nor TVM's."""
    return [
        name
        for name in dict.fromkeys(_includes(data))
        if name not in _KNOWN and not name.startswith((*_TVM, "tvmgen_"))
    ]


def _unconditional(data: bytes) -> Iterator[str]:
    """What a header or source includes whatever is defined; include guards don't count."""
    depth = -1 if _GUARD.search(data) else 0
    for kind, rest in _DIRECTIVE.findall(data):
        if kind == b"endif":
            depth -= 1
        elif kind != b"include":
            depth += 1
        elif depth <= 0:
            yield from _includes(b"#include" + rest)


def _functions(data: bytes) -> list[str]:
    return sorted({name.decode() for name in _FUNCTION.findall(data)})


def _names(files: Mapping[str, bytes]) -> set[str]:
    return {Path(name).name for name in files}


def _defines(extra: Mapping[str, bytes], function: str) -> bool:
    pattern = re.compile(rf"\b{function}\b".encode())
    code = (".c", ".cc", ".cpp", ".o", ".a")
    return any(name.endswith(code) and pattern.search(data) for name, data in extra.items())


def _index(roots: Iterable[Path]) -> tuple[dict[str, Path], dict[str, Path]]:
    """Headers by what an include says, such as dsp/utils.h, and CMSIS-NN's sources by the function
    that each defines."""
    headers: dict[str, Path] = {}
    sources: dict[str, Path] = {}
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED)
            place = Path(folder)
            # What is found from a search path of compilers: a folder of these names.
            base = next((p for p in (place, *place.parents) if p.name in _INCLUDED), None)
            if base is not None and base.is_relative_to(root):
                for name in sorted(files):
                    if name.endswith(".h"):
                        path = place / name
                        headers.setdefault(path.relative_to(base).as_posix(), path)
            elif "Source" in place.parts and _is_nn(place):
                for name in sorted(files):
                    if name.endswith(".c"):
                        sources.setdefault(name.removesuffix(".c"), place / name)
    return headers, sources


def _is_nn(place: Path) -> bool:
    parents = [p for p in place.parents if (p / "Include" / "arm_nnfunctions.h").is_file()]
    return bool(parents)
