"""A firmware of the code that upstream's emitter for STM32 (TVM 0.11 to 0.18) makes of a model.

The emitter and its runtime come from the TVM sources that TVM_HOME names, and are used where they
are: nothing of them is here. Board, start-up code, HAL, linker script and flags are those of one of
our projects, so that sizes compare. The linker script gets the emitter's own sections in the places
that cost least: weights and the model's description in flash, activations in RAM without an image
in flash. assert() is off, as in TVM's runtime everywhere in our projects.
"""

from __future__ import annotations

import importlib.util
import io
import os
import re
import shutil
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from benchmarks.footprint import add_sources, without_model
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.tvm import load_tvm

EMITTER = "python/tvm/micro/contrib/stm32/emitter.py"
RUNTIME = (
    "src/runtime/crt/contrib/stm32/ai_runtime_api.c",
    "src/runtime/crt/contrib/stm32/runtime.c",
    "src/runtime/crt/common/crt_backend_api.c",
)
HEADERS = (
    "src/runtime/crt/contrib/stm32/ai_runtime_api.h",
    "src/runtime/crt/contrib/stm32/crt_config.h",
)
INCLUDES = ("build/standalone_crt/include",)
NAME = "network"  # what the emitter's own test calls a model
ACTIVATIONS = f"{NAME}_activations"  # the symbol

_MAIN = """\
/* Runs one inference by the emitter's handles, as its documentation and its test do. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "ai_runtime_api.h"
#include "mtvm_port.h"

extern ai_model_info network_network;
extern char end[]; /* of the static data: the heap begins here */
static char *heap_top = end;

void *_sbrk(ptrdiff_t bytes) {
  if (bytes > (char *)RAM_END - heap_top) {
    errno = ENOMEM;
    return (void *)-1;
  }
  char *begin = heap_top;
  heap_top += bytes;
  return begin;
}

static ai_handle network;
%(declarations)s
int main(void) {
  mtvm_port_init();
  ai_model_info *model = &network_network;
  if (ai_create(model, AI_MODEL_activations(model), &network) != AI_STATUS_OK) {
%(failed)s
    return 1;
  }
%(before)s
  if (ai_run(network) != AI_STATUS_OK) {
%(failed)s
    return 2;
  }
%(after)s
  return 0;
}
"""
_PROBE_DECLARATIONS = """\
static const unsigned char input[] = {%s};

static void put_hex(const unsigned char *data, size_t size) {
  for (; size > 0; --size, ++data) {
    mtvm_port_putc("0123456789abcdef"[*data >> 4]);
    mtvm_port_putc("0123456789abcdef"[*data & 15]);
  }
  mtvm_port_putc('\\n');
}
"""
_PROBE_BEFORE = """\
  unsigned char *to = ai_get_input(network, 0)->dltensor.data;
  for (size_t i = 0; i < sizeof input; ++i) {
    to[i] = input[i];
  }
"""
_PROBE_FAILED = "    put_hex(input, 0);"
# Big endian, so that it reads as a number.
_PROBE_AFTER = """\
  const size_t heap = (size_t)(heap_top - end);
  const unsigned char number[] = {(unsigned char)(heap >> 24), (unsigned char)(heap >> 16),
                                  (unsigned char)(heap >> 8), (unsigned char)heap};
  put_hex(number, sizeof number);
  put_hex(ai_get_output(network, 0)->dltensor.data, %d);
"""
_PARTS = ("declarations", "before", "failed", "after")


@dataclass(frozen=True)
class Probe:
    heap: int  # bytes that malloc asked for, create and one inference together
    output: bytes


class EmitterError(MicroTvmBoardsError):
    """Upstream's emitter, or the code that it makes, fails on this model."""


def missing() -> str:
    """Why there is no emitter here; "" when there is one."""
    home = os.environ.get("TVM_HOME")
    if not home:
        return "TVM_HOME isn't set: it names the sources of a TVM that has the emitter (0.16)"
    for path in (EMITTER, *RUNTIME, *HEADERS, *INCLUDES):
        if not (Path(home) / path).exists():
            return f"TVM_HOME is {home}, where there is no {path}"
    try:
        load_tvm()
    except MicroTvmBoardsError as error:
        return error.cause
    return ""


def build(like: Project, mlf: Path, directory: Path) -> Project:
    """Emits the graph executor's model library `mlf` and builds it in the manner of `like`.

    Raises EmitterError for a model that the emitter can't emit, else as Platform.build.
    """
    without_model(like, directory, _main(like, dict.fromkeys(_PARTS, "")))
    sources = directory / "model" / "codegen" / "host" / "src"
    runtime = directory / "crt" / "emitter"
    shutil.rmtree(directory / "model")
    for room in ("abi", "runtime"):  # their headers would come before TVM's
        shutil.rmtree(directory / "src" / room)
    emitted = directory / "emitted"
    emitter = _load_emitter().CodeEmitter()
    try:
        emitter.parse_library_format(str(_as_default(mlf, directory / "default.tar")))
        emitter.emit_code(str(emitted), NAME)
    except Exception as error:  # it asserts, and fails in any other way, on what it doesn't support
        raise EmitterError(f"The emitter refuses {mlf.name}: {error!r}") from error
    sources.mkdir(parents=True)
    runtime.mkdir(parents=True)
    home = Path(os.environ["TVM_HOME"])
    # Weights are the model's, tables and calls are what the emitter adds: crt/ is compiled with the
    # flags for TVM's runtime.
    model = [*sorted(emitted.glob(f"{NAME}_lib*.c")), emitted / f"{NAME}_data.c"]
    ours = [emitted / f"{NAME}.c", *(home / path for path in RUNTIME)]
    headers = [*emitted.glob("*.h"), *(home / path for path in HEADERS)]
    for path in model:
        shutil.copy(path, sources)
    for path in (*ours, *headers):
        shutil.copy(path, runtime)

    settings = directory / "project.cmake"
    add_sources(settings, "MTVM_MODEL_SOURCES", [f"model/codegen/host/src/{p.name}" for p in model])
    add_sources(settings, "MTVM_CRT_SOURCES", [f"crt/emitter/{p.name}" for p in ours])
    includes = " ".join(["crt/emitter", *(str(home / path) for path in INCLUDES)])
    text, found = re.subn(
        r"set\(MTVM_RUNTIME_INCLUDES [^)]*\)",
        f"set(MTVM_RUNTIME_INCLUDES {includes})",
        settings.read_text(),
    )
    if found != 1:
        raise ValueError(f"{settings} sets no MTVM_RUNTIME_INCLUDES")
    settings.write_text(text)
    _place_sections(directory / "src" / "port" / "stm32cube" / "link.ld")
    project = Project.open(directory)
    get_platform(project.platform).build(project)
    return project


def probe(project: Project, data: bytes, output_bytes: int, timeout: float = 60) -> Probe:
    """Runs the project of `build` in the emulator, once, on `data` for its input.

    Changes its main(): take sizes before. Raises EmitterError when ai_create or ai_run fails, and
    as `Transport.read` when the firmware says nothing.
    """
    parts = {
        "declarations": _PROBE_DECLARATIONS % ", ".join(map(str, data)),
        "before": _PROBE_BEFORE,
        "failed": _PROBE_FAILED,
        "after": _PROBE_AFTER % output_bytes,
    }
    (project.directory / "src" / "app" / "main.c").write_text(_main(project, parts))
    get_platform(project.platform).build(project)
    expected = 2 * (4 + output_bytes) + 2
    received = b""
    deadline = time.monotonic() + timeout
    with get_platform(project.platform).transport(project) as transport:
        while len(received) < expected:
            received += transport.read(expected, max(0.1, deadline - time.monotonic()))
            if received.startswith(b"\n"):
                raise EmitterError("ai_create or ai_run failed, as they do when malloc does.")
    heap, output = received.decode("ascii").split()
    return Probe(int(heap, 16), bytes.fromhex(output))


def _main(project: Project, parts: dict[str, str]) -> str:
    ram = project.board.memory_for("ram")
    if ram is None:
        raise ValueError(f"board {project.board.name} has no RAM")
    return _MAIN.replace("RAM_END", f"{ram.origin + ram.size:#x}u") % parts


def _load_emitter() -> ModuleType:
    """By path: the wheels have no tvm.micro.contrib."""
    path = Path(os.environ["TVM_HOME"]) / EMITTER
    spec = importlib.util.spec_from_file_location("stm32_emitter_of_tvm", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _as_default(mlf: Path, path: Path) -> Path:
    """The emitter reads parameters/default.params, whatever the model is called."""
    with tarfile.open(mlf) as source, tarfile.open(path, "w") as copy:
        for member in source.getmembers():
            content = source.extractfile(member) if member.isfile() else None
            if content is not None:
                member.name = re.sub(
                    r"parameters/\w+\.params$", "parameters/default.params", member.name
                )
            copy.addfile(member, io.BytesIO(content.read()) if content is not None else None)
    return path


def _place_sections(script: Path) -> None:
    text = script.read_text()
    for anchor, sections in (
        ("*(.rodata .rodata.*)", "*(.nn_weights) *(.nn_models)"),
        ("*(.bss.noinit .bss.noinit.*)", f"*(.{NAME}.nn_data_act)"),
    ):
        if text.count(anchor) != 1:
            raise ValueError(f"{script} has no {anchor}")
        text = text.replace(anchor, f"{anchor}\n    {sections}")
    script.write_text(text)
