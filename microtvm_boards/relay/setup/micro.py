"""What a TVM that was built without `tvm.micro` (USE_MICRO=OFF) lacks, and gets from us."""

from __future__ import annotations

import sys
from typing import Any

# The packed function behind every micro session.
_RPC_CONNECT = "micro._rpc_connect"

_CRT_NOTE = """\
Placeholder. The TVM that exported this model was built without its standalone C runtime
(USE_MICRO=OFF), so the runtime's sources, which belong here, are missing.
"""


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
