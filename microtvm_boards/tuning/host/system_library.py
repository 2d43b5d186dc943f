"""The tables through which runtime.SystemLib finds a kernel that we write ourselves."""

from __future__ import annotations


def tables(function: str) -> str:
    """C text that goes behind the packed function `function`. As TVM writes the tables of a system
    library (v0.16, codegen_c_host.cc); the text is ours. It needs tvm/runtime/crt/module.h."""
    return f"""\
static TVMBackendPackedCFunc functions[] = {{(TVMBackendPackedCFunc){function}}};
static const TVMFuncRegistry registry = {{"\\001\\000{function}", functions}};
static const TVMModule library = {{&registry}};

const TVMModule *TVMSystemLibEntryPoint(void) {{
  return &library;
}}
"""
