"""Kernels in C, written to do well or to do harm: no TVM is needed to tune them.

All are of one operator: out = 3 a + b, from two int8 tensors to an int32 one.
"""

from __future__ import annotations

import os
import time

from microtvm_boards.errors import ModelError
from microtvm_boards.model import Tensor
from microtvm_boards.tuning.host.system_library import tables
from microtvm_boards.tuning.trials.candidate import KernelCandidate, KernelSources, TunedOperator

COUNT = 64
FUNCTION = "triple_add"

_HEAD = """\
#include <stdint.h>
#include <tvm/runtime/c_backend_api.h>
#include <tvm/runtime/c_runtime_api.h>
#include <tvm/runtime/crt/module.h>

#define DATA(n) (((DLTensor *)((TVMValue *)args)[n].v_handle)->data)
"""
_GOOD = "for (int i = 0; i < 64; ++i) out[i] = 3 * a[i] + b[i];"

BODIES = {
    "good": _GOOD,
    # As good, and as slow as `work` says.
    "slow": "for (volatile int32_t n = 0; n < WORK; ++n) {} " + _GOOD,
    "hang": 'for (;;) __asm__ volatile("");',
    "crash": "*(volatile uint32_t *)0xbad00000u = 1; " + _GOOD,
    "stack": "out[0] = dive(out, 1 << 24);",
    "workspace": "if (!TVMBackendAllocWorkspace(1, 0, 1u << 30, 0, 8)) return -1; " + _GOOD,
    "failed": "return -1;",
    "syntax": "out[0] = ;",
    "unlinked": "out[0] = mtvm_nobody_has_this(a[0]);",
    "large": "static volatile uint8_t big[64u << 20]; big[a[0]] = 1; " + _GOOD,
    "wrong": "for (int i = 0; i < 64; ++i) out[i] = 3 * a[i] - b[i];",
    "lazy": "",  # leaves in `out` what was there before
    "half": "for (int i = 0; i < 63; ++i) out[i] = 3 * a[i] + b[i];",
    "adding": "for (int i = 0; i < 64; ++i) out[i] += 3 * a[i] + b[i];",
    "scribbling": _GOOD + " for (int i = 0; i < 64; ++i) a[i] = 0;",
}
_DIVE = """
int32_t mtvm_nobody_has_this(int32_t);
static int32_t __attribute__((noinline)) dive(volatile int32_t *out, int32_t left) {
  volatile int32_t frame[16];
  frame[left & 15] = left;
  return left == 0 ? out[0] : dive(out, left - 1) + frame[left & 15];
}
"""


def sources(body: str, work: int = 0, complete: bool = True) -> KernelSources:
    """A kernel with one of BODIES; `work`: how much a slow one does for nothing."""
    code = f"""
TVM_DLL int32_t {FUNCTION}(void *args, int *codes, int count, void *value, int *code, void *res) {{
  int8_t *a = DATA(0);
  int8_t *b = DATA(1);
  int32_t *out = DATA(2);
  (void)a, (void)b, (void)out;
  {BODIES[body].replace("WORK", str(work))}
  return 0;
}}
"""
    dive = _DIVE if body in ("stack", "unlinked") else ""
    text = _HEAD + dive + code + tables(FUNCTION)
    return KernelSources({"kernel.c": text.encode()}, FUNCTION, complete)


def operator(name: str = "triple_add", work: int = 20_000) -> TunedOperator:
    """The untuned kernel is a slow one, so that others can beat it."""
    arguments = (
        Tensor("a", "int8", (COUNT,), COUNT),
        Tensor("b", "int8", (COUNT,), COUNT),
        Tensor("out", "int32", (COUNT,), 4 * COUNT),
    )
    return TunedOperator(name, arguments, 1, sources("slow", work))


def candidate(body: str, number: int = 0, work: int = 0, **more: object) -> KernelCandidate:
    return KernelCandidate("triple_add", {"body": body, "number": number, "work": work, **more})


def make(candidate: KernelCandidate, complete: bool) -> KernelSources:
    """In a worker: the sources that the configuration names."""
    config = candidate.config
    body = config["body"]
    if body == "no configuration":
        raise ModelError("This configuration makes no sense.", hint="another one")
    if body == "exception":
        raise ValueError("Check failed: tile divides\nStack trace:\n  1: main\ncannot divide by 0")
    if body == "dies":
        print("out of memory", flush=True)
        os.abort()
    if body == "never":
        time.sleep(1000)
    if body == "nothing":
        return None  # type: ignore[return-value]
    time.sleep(config.get("seconds", 0))
    partial = config.get("partial", False) and not complete
    # Parts that are left out for tuning make it quicker, and its outputs wrong.
    chosen = {"good": "half"}.get(body, "lazy") if partial else body
    return sources(chosen, config.get("work", 0), complete=not partial)
