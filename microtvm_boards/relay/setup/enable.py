"""Makes `tvm.micro` usable on a TVM that was built without it (USE_MICRO=OFF)."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from microtvm_boards.errors import ToolNotFoundError
from microtvm_boards.relay.setup.finder import install

_INSTALL = "pip install 'microtvm-boards[tvm]'   (under CPython 3.10 on Linux x86-64)"

# The packed function behind every micro session.
_RPC_CONNECT = "micro._rpc_connect"

_CRT_NOTE = """\
Placeholder. The TVM that exported this model was built without its standalone C runtime
(USE_MICRO=OFF), so the runtime's sources, which belong here, are missing.
"""


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
        raise ToolNotFoundError(cause, hint=_INSTALL) from error
    if not _has_submodule(tvm, "ir"):
        raise ToolNotFoundError(
            f"This needs Apache TVM, but the package `tvm` in {_where(tvm)} is something else.",
            details=["PyPI's package named `tvm` is another project that shares the name."],
            hint=f"pip uninstall tvm && {_INSTALL}",
        )
    if not _has_submodule(tvm, "relay"):
        raise ToolNotFoundError(
            f"This needs a TVM with relay (up to 0.19), found {tvm.__version__} in {_where(tvm)}.",
            hint=_INSTALL,
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


def enable_micro() -> None:
    """Makes `tvm.micro` importable and imports it.

    Importing microtvm_boards.tvm is enough for code that imports `tvm.micro` afterwards; this is
    for code that wants the reasons when it can't work. Adds only what this TVM lacks, so a TVM
    built with USE_MICRO=ON stays as it is:

    - the micro session (`micro._rpc_connect`): ours, in Python; see micro_session.py;
    - the directory of the standalone CRT: one that holds a note;
    - template projects: ours, where TVM has none of that name (templates.py).

    Raises ToolNotFoundError as `load_tvm` does, and when this TVM has no `tvm.micro` (0.19 on).
    """
    install()
    tvm = load_tvm()
    if not _has_submodule(tvm, "micro"):
        raise ToolNotFoundError(
            f"This needs a TVM with tvm.micro (0.8 to 0.18), "
            f"found {tvm.__version__} in {_where(tvm)}.",
            hint=_INSTALL,
        )
    complete(importlib.import_module("tvm.micro"))  # again, if it was imported before us


def register_session() -> bool:
    """Before `tvm.micro` runs: registers our session where TVM has none, and says whether it did.

    `tvm.micro.base` takes `micro._rpc_connect` from TVM's registry while it is imported, and
    without it importing `tvm.micro` fails (v0.16).
    """
    tvm = sys.modules["tvm"]
    if tvm.get_global_func(_RPC_CONNECT, allow_missing=True) is not None:
        return False
    from microtvm_boards.relay.session.micro_session import connect

    tvm.register_func(_RPC_CONNECT, connect)
    # An import that failed before has left a `tvm.micro.base` without the function.
    for name in [name for name in sys.modules if name.startswith("tvm.micro.")]:
        del sys.modules[name]
    return True


def use_session(micro: Any) -> None:
    """After `tvm.micro` has run: its Session calls ours directly, not through the registry."""
    from microtvm_boards.relay.session.micro_session import connect, session_transport
    from microtvm_boards.relay.setup.signals import finish_calls_before_signals

    finish_calls_before_signals()
    for module in (micro.base, micro.session):
        module._rpc_connect = connect
    micro.session.TransportLogger = session_transport


def complete(micro: Any) -> None:
    """After `tvm.micro` has run: gives it a directory of the standalone CRT, if it has none."""
    build = micro.build
    try:
        build.get_standalone_crt_dir()
    except build.CrtNotFoundError:
        from microtvm_boards.relay.setup.made_once import directory_with

        directory = directory_with("standalone_crt", {"PLACEHOLDER.txt": _CRT_NOTE.encode()})
        build.STANDALONE_CRT_DIR = str(directory)  # where TVM itself keeps what it found


def _has_submodule(package: ModuleType, name: str) -> bool:
    if not hasattr(package, "__path__"):
        return False
    return importlib.util.find_spec(f"{package.__name__}.{name}") is not None


def _where(module: ModuleType) -> str:
    return str(Path(module.__file__).parent) if module.__file__ else "an unknown place"
