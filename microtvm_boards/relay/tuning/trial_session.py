"""What an RPC server calls to make a session with a board that runs a trial's kernel.

AutoTVM and MetaSchedule name this function when they ask the tracker for a server (v0.16,
python/tvm/micro/build.py, AutoTvmModuleLoader): the server makes it part of its session.
"""

from __future__ import annotations

import sys
from importlib import import_module
from multiprocessing.util import Finalize
from typing import Any

from microtvm_boards.relay.setup.templates import is_own_template

NAME = "tvm.micro.compile_and_create_micro_session"


def register(tvm: Any) -> None:
    """Makes ours the function of that name, in front of TVM's where there is one."""
    tvm.register_func(NAME, compile_and_create_micro_session, override=True)


def unregister(tvm: Any) -> None:
    """Before `tvm.micro` runs: it registers its own and takes no other beside it."""
    if tvm.get_global_func(NAME, allow_missing=True) is not None:
        import_module("tvm._ffi.registry").remove_global_func(NAME)


def compile_and_create_micro_session(
    mod_src_bytes: bytes,
    template_project_dir: str,
    project_options: str = "{}",
    project_dir: str | None = None,
    use_existing: bool = False,
) -> Any:
    """A `tvm.runtime.Module` that is an RPC session with the board. Of another template: TVM's own.

    mod_src_bytes: a Model Library Format tar. project_options: JSON. project_dir: where its project
    goes, in generated-project; with `use_existing` the one that is there is taken.

    A trial that fails before its kernel runs gives a session, too: each call in it says why. Had
    the session failed, TVM's tracker client would try four times more (v0.16, rpc/client.py).
    """
    if not is_own_template(template_project_dir):
        theirs = import_module("tvm.micro.session").compile_and_create_micro_session
        return theirs(
            mod_src_bytes, template_project_dir, project_options, project_dir, use_existing
        )
    from microtvm_boards.relay.session.bridge import Bridge
    from microtvm_boards.relay.tuning.trial import TrialRequest, open_trial

    request = TrialRequest(
        bytes(mod_src_bytes), template_project_dir, project_options, project_dir, bool(use_existing)
    )
    bridge = Bridge(lambda: open_trial(request), keep=())
    # Servers take the next session when the process of this one has ended: its board is free then.
    Finalize(None, bridge.end, exitpriority=0)
    return bridge.connect(sys.modules["tvm"])
