"""Ctrl-C in the middle of a call over a socket, which crashes TVM."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
from collections.abc import Iterator


def finish_calls_before_signals() -> None:
    """Lets Python see a signal only when the call over a socket that it came into has returned.

    TVM v0.16 (support/socket.h, runtime/registry.cc) calls PyErr_CheckSignals when a signal
    interrupts it there, but doesn't hold the interpreter's lock, which is a segmentation fault. And
    had it raised KeyboardInterrupt, the next call would have taken this one's answer for its own.
    """
    library = importlib.import_module("tvm._ffi.base")._LIB
    # Takes nothing, gives 0, and that means: no signal, wait on.
    nothing = ctypes.cast(ctypes.CDLL(None).sched_yield, ctypes.c_void_p)
    with _stderr_closed():  # TVM warns of a replaced function
        library.TVMBackendRegisterEnvCAPI(b"PyErr_CheckSignals", nothing)


@contextlib.contextmanager
def _stderr_closed() -> Iterator[None]:
    try:
        saved = os.dup(2)
    except OSError:  # it is closed already
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
