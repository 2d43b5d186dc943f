"""TVM's command line, tvmc, in this process."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence

from microtvm_boards.errors import DeviceError, MicroTvmBoardsError
from microtvm_boards.relay.session.failures import device_words
from microtvm_boards.relay.setup.enable import enable_micro

_UNCAUGHT = 1  # Python's own exit code


def run_tvmc(arguments: Sequence[str]) -> int:
    """Runs tvmc with these arguments and returns its exit code. Leaves sys.argv changed.

    Raises ToolNotFoundError as `enable_micro` does, and DeviceError when the device fails in the
    middle of a run. What else tvmc doesn't catch is printed as tvmc itself does, with its stack.
    """
    enable_micro()
    # Parsers of tvmc's subcommands look at sys.argv themselves (v0.16, tvmc/runner.py).
    sys.argv[:] = ["tvmc", *arguments]
    main = importlib.import_module("tvm.driver.tvmc.main")
    try:
        main.main()
    except SystemExit as done:
        if isinstance(done.code, int):
            return done.code
        return int(done.code is not None)
    except MicroTvmBoardsError:
        raise
    except Exception as error:
        words = device_words(error)
        if words is not None:
            raise DeviceError(words) from error
        traceback.print_exc()
        return _UNCAUGHT
    return 0
