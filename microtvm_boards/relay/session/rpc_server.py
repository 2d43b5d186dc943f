"""TVM's RPC server with a board behind it, for a tracker on this or another computer."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence

from microtvm_boards.errors import UsageError
from microtvm_boards.relay.setup.finder import install
from microtvm_boards.relay.setup.load import load_tvm
from microtvm_boards.relay.setup.templates import SERVES
from microtvm_boards.relay.tuning.served_board import PORT, SERIAL_NUMBER


def run_rpc_server(
    arguments: Sequence[str], *, serial_number: str | None = None, serial_port: str | None = None
) -> None:
    """Serves until it is killed. `arguments`: those of `python -m tvm.exec.rpc_server`.

    serial_number, serial_port: of its board; else clients say which. Leaves sys.argv and the
    environment changed. Raises ToolNotFoundError as `load_tvm` does, UsageError for --no-fork, and
    what TVM raises for wrong arguments: SystemExit.
    """
    if "--no-fork" in arguments:
        raise UsageError(
            "With --no-fork TVM starts an interpreter for each session, which knows no boards.",
            hint="leave --no-fork out",
        )
    install()  # the processes that it starts know our sessions
    load_tvm()
    for name, value in ((SERIAL_NUMBER, serial_number), (PORT, serial_port), (SERVES, "1")):
        if value is not None:
            os.environ[name] = value
    sys.argv[:] = ["microtvm-boards rpc-server", *arguments]
    runpy.run_module("tvm.exec.rpc_server", run_name="__main__")
