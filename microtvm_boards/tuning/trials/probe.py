"""A kernel that every sound board runs: tells a bad kernel from a bad board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from microtvm_boards.model import Tensor
from microtvm_boards.tuning.host.system_library import tables
from microtvm_boards.tuning.trials.candidate import KernelSources, TunedOperator

if TYPE_CHECKING:
    from microtvm_boards.tuning.trials.bench import Host, Job

_FUNCTION = "mtvm_probe"
_COUNT = 16
_SECONDS = 5.0
_INPUT = bytes(range(_COUNT))
EXPECTED = (bytes(range(1, _COUNT + 1)),)
_TEXT = f"""\
#include <stdint.h>
#include <tvm/runtime/c_runtime_api.h>
#include <tvm/runtime/crt/module.h>

TVM_DLL int32_t {_FUNCTION}(void *args, int *codes, int count, void *value, int *code,
                            void *resource) {{
  const uint8_t *in = ((DLTensor *)((TVMValue *)args)[0].v_handle)->data;
  uint8_t *out = ((DLTensor *)((TVMValue *)args)[1].v_handle)->data;
  for (int i = 0; i < {_COUNT}; ++i) {{
    out[i] = (uint8_t)(in[i] + 1);
  }}
  return 0;
}}
{tables(_FUNCTION)}"""


def probe_sources() -> KernelSources:
    return KernelSources({"probe.c": _TEXT.encode()}, _FUNCTION)


def probe_job(host: Host, directory: Path) -> Job:
    """The kernel, built for `host` in `directory`. Raises as Host.build."""
    from microtvm_boards.tuning.trials.bench import Job

    sources = probe_sources()
    tensors = tuple(Tensor(name, "uint8", (_COUNT,), _COUNT) for name in ("in", "out"))
    operator = TunedOperator(_FUNCTION, tensors, 1, sources)
    image = host.build(sources.files, directory)
    return Job(image, _FUNCTION, operator, (_INPUT,), _SECONDS, measured=False)
