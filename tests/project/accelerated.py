"""Model libraries whose code drives an accelerator, in the words of TVM's own (v0.16: AOT with
device contexts, relay/backend/contrib/cmsisnn/tir_to_runtime.cc). The wheel can't export any."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.mlf.builder import Spec, T, mlf, tar

INPUTS, OUTPUTS = 16, 5
HOOKS = tuple(f"TVMDeviceNpu{step}" for step in ("Activate", "Open", "Close", "Deactivate"))
WEIGHTS = np.random.default_rng(5).integers(-9, 10, (OUTPUTS, INPUTS), dtype=np.int8)
BIAS = np.random.default_rng(6).integers(-50, 50, OUTPUTS, dtype=np.int32)

_SPEC = Spec(
    "c",
    name="accel",
    inputs=(T("x", "int8", (1, INPUTS)),),
    outputs=(T("y", "int8", (1, OUTPUTS)),),
    workspace=0,
    devices=("npu",),
)
_ENTRY = """\
#include "tvm/runtime/c_runtime_api.h"
#include <tvmgen_accel.h>
TVM_DLL int32_t tvmgen_accel___tvm_main__(void* x,void* output0,void* npu);
int32_t tvmgen_accel_run(struct tvmgen_accel_inputs* inputs,struct tvmgen_accel_outputs* outputs,\
struct tvmgen_accel_devices* devices) {return tvmgen_accel___tvm_main__(inputs->x,outputs->y,\
devices->npu);
}
"""
_MAIN = """
TVM_DLL int32_t TVMDeviceNpuActivate(void*);
TVM_DLL int32_t TVMDeviceNpuOpen(void*);
TVM_DLL int32_t TVMDeviceNpuClose(void*);
TVM_DLL int32_t TVMDeviceNpuDeactivate(void*);
TVM_DLL int32_t tvmgen_accel___tvm_main__(int8_t* x, int8_t* y, void* npu) {
  if (TVMDeviceNpuActivate(npu) != 0 ) return -1;
  if (TVMDeviceNpuOpen(npu) != 0 ) return -1;
  if (tvmgen_accel_npu_main_0(x, y, npu) != 0 ) return -1;
  if (TVMDeviceNpuClose(npu) != 0 ) return -1;
  if (TVMDeviceNpuDeactivate(npu) != 0 ) return -1;
  return 0;
}
"""
_CMSIS = """\
#include <stdint.h>
#include <stdlib.h>
#include <tvm/runtime/c_runtime_api.h>
#include <arm_nnfunctions.h>
static const int8_t __attribute__((section(".rodata.tvm"), aligned(16))) weights[{count}] = {{
  {weights}
}};
static const int32_t __attribute__((section(".rodata.tvm"), aligned(16))) bias[{outputs}] = {{
  {bias}
}};
TVM_DLL int32_t tvmgen_accel_npu_main_0(int8_t* input_, int8_t* output_, void* npu) {{
  (void)npu;
  cmsis_nn_context context= {{NULL,0}};
  cmsis_nn_activation activation = {{-128,127}};
  cmsis_nn_fc_params fc_params = {{0, 0, 0, activation}};
  cmsis_nn_per_tensor_quant_params quant_params = {{1073741824, 1}};
  cmsis_nn_dims input_dims = {{1,1,1,{inputs}}};
  cmsis_nn_dims filter_dims = {{{inputs},1,1,{outputs}}};
  cmsis_nn_dims bias_dims = {{1,1,1,{outputs}}};
  cmsis_nn_dims output_dims = {{1,1,1,{outputs}}};
  int32_t status = arm_fully_connected_s8(&context, &fc_params, &quant_params, &input_dims, input_,
      &filter_dims, weights, &bias_dims, bias, &output_dims, output_);
  return status == 0 ? 0 : -1;
}}
"""
_OWN = """\
#include <tvm/runtime/c_runtime_api.h>
#include <npu.h>
TVM_DLL int32_t tvmgen_accel_npu_main_0(int8_t* input_, int8_t* output_, void* npu) {
  return npu_run(npu, input_, output_);
}
"""
# The driver of an accelerator that copies the first values and adds what its context holds.
DRIVER = {
    "npu.h": "#include <stdint.h>\nint32_t npu_run(void *npu, const int8_t *in, int8_t *out);\n",
    "npu.c": '#include "npu.h"\n#include "mtvm_accel.h"\n'
    "struct npu { int opened; int add; };\n"
    "static struct npu device = {0, 3};\n"
    "struct mtvm_accel_devices mtvm_accel_devices = {.npu = &device};\n"
    "int32_t TVMDeviceNpuActivate(void *c) { return c == &device ? 0 : 1; }\n"
    "int32_t TVMDeviceNpuOpen(void *c) { ((struct npu *)c)->opened = 1; return 0; }\n"
    "int32_t TVMDeviceNpuClose(void *c) { ((struct npu *)c)->opened = 0; return 0; }\n"
    "int32_t TVMDeviceNpuDeactivate(void *c) { (void)c; return 0; }\n"
    "int32_t npu_run(void *npu, const int8_t *in, int8_t *out) {\n"
    "  struct npu *d = npu;\n"
    f"  for (int i = 0; i < {OUTPUTS}; ++i) out[i] = (int8_t)(in[i] + d->add);\n"
    "  return d->opened ? 0 : 1;\n}\n",
}
HOOKS_ALONE = {
    "hooks.c": "#include <stdint.h>\n"
    + "".join(f"int32_t {hook}(void *context) {{ (void)context; return 0; }}\n" for hook in HOOKS)
}


def cmsis_library(path: Path) -> Path:
    """Its operator calls the device's hooks and arm_fully_connected_s8."""
    text = _CMSIS.format(
        count=INPUTS * OUTPUTS,
        inputs=INPUTS,
        outputs=OUTPUTS,
        weights=", ".join(map(str, WEIGHTS.reshape(-1))),
        bias=", ".join(map(str, BIAS)),
    )
    return _write(path, text)


def npu_library(path: Path) -> Path:
    """Its operator calls the device's hooks and a function of the device's own driver."""
    return _write(path, _OWN)


def extra_tar(path: Path, files: Mapping[str, str]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def fully_connected(x: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """What cmsis_library computes, by numpy."""
    total = WEIGHTS.astype(np.int32) @ x.reshape(-1).astype(np.int32) + BIAS
    return np.clip(total, -128, 127).astype(np.int8)


def _write(path: Path, kernel: str) -> Path:
    files = mlf(_SPEC)
    files["./codegen/host/src/accel_lib0.c"] = _ENTRY.encode()
    files["./codegen/host/src/accel_lib1.c"] = (kernel + _MAIN).encode()
    path.write_bytes(tar(files))
    return path
