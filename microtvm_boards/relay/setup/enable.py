"""Makes `tvm.micro` usable on a TVM that was built without it (USE_MICRO=OFF)."""

from __future__ import annotations

import importlib

from microtvm_boards.errors import ToolNotFoundError
from microtvm_boards.relay.setup.finder import install
from microtvm_boards.relay.setup.load import INSTALL, has_submodule, load_tvm, where
from microtvm_boards.relay.setup.micro import complete


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
    if not has_submodule(tvm, "micro"):
        raise ToolNotFoundError(
            f"This needs a TVM with tvm.micro (0.8 to 0.18), "
            f"found {tvm.__version__} in {where(tvm)}.",
            hint=INSTALL,
        )
    complete(importlib.import_module("tvm.micro"))  # again, if it was imported before us
