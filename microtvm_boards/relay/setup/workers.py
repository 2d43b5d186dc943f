"""The processes that TVM starts: what this one has of us, they get without the user's doing.

AutoTVM and MetaSchedule build and run trials in workers of tvm.contrib.popen_pool, and RPC servers
are such workers, too. A worker knows nothing but TVM until it unpickles its first task, which is
too late: AutoTvmModuleLoader is of tvm.micro, and a server looks its functions up by name.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from microtvm_boards.resources import import_root

# Runs in a worker before all else. It may run under another Python path than here.
_FIRST_TASK = f"""
import sys
sys.path.append({str(import_root())!r})
try:
    from microtvm_boards.relay.setup.workers import prepare
finally:
    sys.path.pop()
prepare()
"""

# What a server that waits for its first session loads, so that not each of them has to: they are
# forked from it.
_NEEDED_BY_SESSIONS = (
    "microtvm_boards.relay.tuning.trial",
    "microtvm_boards.relay.session.bridge",
    # What those load when they need it.
    "microtvm_boards.platforms.baremetal",
    "microtvm_boards.transports.emulator",
    "elftools.elf.elffile",
    "jinja2",
    "jsonschema",
    "yaml",
)


def hook_workers(popen_pool: Any) -> None:
    """After `tvm.contrib.popen_pool` has run: its workers begin with `prepare`."""
    worker = popen_pool.PopenWorker
    start = worker._start
    if start.__module__ == __name__:
        return

    def _start(self: Any) -> None:
        running = self._proc is not None
        start(self)
        if not running:
            self.send(exec, (_FIRST_TASK, {}))
            self.recv()

    worker._start = _start


def prepare() -> None:
    """In a worker: tvm.micro is importable, and an RPC server can make sessions with boards."""
    import_module("microtvm_boards.tvm")
    from microtvm_boards.relay.tuning.trial_session import register

    register(sys.modules["tvm"])
    os.register_at_fork(before=_load)


_loaded = False


def _load() -> None:
    global _loaded
    if not _loaded:
        _loaded = True
        for name in _NEEDED_BY_SESSIONS:
            import_module(name)
