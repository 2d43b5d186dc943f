"""Imports TVM, or says what is wrong with it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from microtvm_boards.errors import ToolNotFoundError

INSTALL = "pip install 'microtvm-boards[tvm]'   (under CPython 3.10 on Linux x86-64)"


def load_tvm() -> Any:
    """The `tvm` module (Apache TVM with relay; untyped).

    Raises ToolNotFoundError when there is none, when it can't be loaded, when the package called
    `tvm` is another project's (PyPI has one), or when it is a TVM without relay (0.20 and later).
    """
    try:
        tvm = importlib.import_module("tvm")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "tvm":
            cause = "This needs Apache TVM, and no package `tvm` is installed."
        else:
            cause = f"This needs Apache TVM, but importing it failed: {error}"
        raise ToolNotFoundError(cause, hint=INSTALL) from error
    if not has_submodule(tvm, "ir"):
        raise ToolNotFoundError(
            f"This needs Apache TVM, but the package `tvm` in {where(tvm)} is something else.",
            details=["PyPI's package named `tvm` is another project that shares the name."],
            hint=f"pip uninstall tvm && {INSTALL}",
        )
    if not has_submodule(tvm, "relay"):
        raise ToolNotFoundError(
            f"This needs a TVM with relay (up to 0.19), found {tvm.__version__} in {where(tvm)}.",
            hint=INSTALL,
        )
    _import_relay()
    return tvm


def _import_relay() -> None:
    """`import tvm` alone doesn't.

    While it is imported, tvm.contrib.pickle_memoize makes a directory for a cache in the working
    directory, which stays empty because nothing in relay saves one. Leave none behind.
    """
    litter = Path(f".pkl_memoize_py{sys.version_info[0]}")
    was_there = litter.exists()
    importlib.import_module("tvm.relay")
    if not was_there:
        with contextlib.suppress(OSError):
            litter.rmdir()


def has_submodule(package: ModuleType, name: str) -> bool:
    if not hasattr(package, "__path__"):
        return False
    return importlib.util.find_spec(f"{package.__name__}.{name}") is not None


def where(module: ModuleType) -> str:
    return str(Path(module.__file__).parent) if module.__file__ else "an unknown place"
