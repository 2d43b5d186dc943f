"""The arena that generated code takes its workspace from: large enough for requests as they come.

TVM counts each of them in steps of 16 bytes; where kernels are objects, ours takes steps of 64.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.project import Project
from microtvm_boards.project.plan.modules import MOST_REQUESTS
from microtvm_boards.resources import template_project
from tests.end_to_end.firmware import build_and_run
from tests.mlf.builder import Spec, mlf, tar

COUNTED = 16  # bytes that TVM counts for a request of one

# Each block holds its own number while all of them are held.
OPERATOR = """\
#include <tvm/runtime/c_runtime_api.h>
#include <tvm/runtime/c_backend_api.h>
int32_t tvmgen_default_fused_nn_relu(int8_t *x, int8_t *output) {{
  int8_t *blocks[{count}];
  int sum = 0;
  for (int i = 0; i < {count}; ++i) {{
    blocks[i] = TVMBackendAllocWorkspace(1, 0, 1, 0, 8);
    if (blocks[i] == NULL) return -1;
    *blocks[i] = (int8_t)i;
  }}
  for (int i = {count} - 1; i >= 0; --i) {{
    sum += *blocks[i];
    if (TVMBackendFreeWorkspace(1, 0, blocks[i]) != 0) return -1;
  }}
  for (int i = 0; i < 4; ++i) output[i] = (int8_t)(x[i] + sum);
  return 0;
}}
"""
MAIN = """\
#include <tvm/runtime/c_runtime_api.h>
TVM_DLL int32_t tvmgen_default_fused_nn_relu(int8_t* x, int8_t* output);
TVM_DLL int32_t tvmgen_default___tvm_main__(int8_t* x, int8_t* output) {
  if (tvmgen_default_fused_nn_relu(x, output) != 0 ) return -1;
  return 0;
}
"""


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.skipif(platform.system() != "Linux", reason="objects are ELF")
def test_as_many_small_requests_as_are_promised_fit_at_a_time(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    source, made = tmp_path / "operator.c", tmp_path / "operator.o"
    source.write_text(OPERATOR.format(count=MOST_REQUESTS))
    includes = template_project() / "src/abi"
    subprocess.run(["gcc", "-O2", "-c", source, "-o", made, "-I", includes], check=True)
    files = mlf(Spec("c", workspace=COUNTED * MOST_REQUESTS, static=False))
    files["./codegen/host/src/default_lib1.c"] = MAIN.encode()
    files["./codegen/host/lib/default_lib2.o"] = made.read_bytes()
    library = tmp_path / "requests.tar"
    library.write_bytes(tar(files))
    x = np.array([[1, 2, 3, 4]], np.int8)
    (result,) = build_and_run(make_project(library), [{"x": x}])
    assert result.status_name == "MTVM_OK"
    (found,) = result.outputs.values()
    np.testing.assert_array_equal(found.reshape(1, 4), x + sum(range(MOST_REQUESTS)))
