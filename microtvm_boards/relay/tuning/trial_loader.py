"""`tvm.micro.AutoTvmModuleLoader` for our template: a session that ends with its block, and errors
in words.

TVM's (v0.16, micro/build.py) leaves the end of a session to the garbage collector. After an error
that may be long: the server holds the board until its session's time is up.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from microtvm_boards.project.options.presets import preset_layer
from microtvm_boards.project.options.resolve import CALLER, Layer, resolve
from microtvm_boards.relay.session.failures import device_words
from microtvm_boards.relay.setup.templates import is_own_template
from microtvm_boards.relay.tuning.trial_session import NAME

_CLASS = re.compile(r"\A\w+Error: ")
_LOCAL = "$local$device"  # in keys that LocalRunner makes up


def use_loader(micro: Any) -> None:
    """After `tvm.micro` has run: its loader is this one where the template is ours."""
    loader = micro.build.AutoTvmModuleLoader
    theirs = loader.__call__
    if theirs.__module__ == __name__:
        return

    def __call__(self: Any, remote_kw: Mapping[str, Any], build_result: Any) -> Any:
        load = _load if is_own_template(self._template_project_dir) else theirs
        return load(self, remote_kw, build_result)

    loader.__call__ = __call__


@contextmanager
def _load(
    loader: Any, remote_kw: Mapping[str, Any], build_result: Any
) -> Iterator[tuple[Any, Any]]:
    """(session with the board, module of the kernel)."""
    tvm = sys.modules["tvm"]
    # The template may not be there on the board's computer.
    given = Layer(CALLER, loader._project_options or {})
    preset = preset_layer(Path(loader._template_project_dir))
    options = {name: one.value for name, one in resolve([given, preset]).items()}
    if "board" in (loader._project_options or {}) and _LOCAL not in remote_kw["device_key"]:
        # One of several boards; a key that is no serial number is known where the board is.
        options["serial_number"] = remote_kw["device_key"]
    tracker = tvm.rpc.connect_tracker(remote_kw["host"], remote_kw["port"])
    with contextlib.closing(tracker):
        remote = tracker.request(
            remote_kw["device_key"],
            priority=remote_kw["priority"],
            session_timeout=remote_kw["timeout"],
            session_constructor_args=[
                NAME,
                Path(build_result.filename).read_bytes(),
                loader._template_project_dir,
                json.dumps(options),
                loader._project_dir,
                loader._use_existing,
            ],
        )
    words = None
    try:
        yield remote, remote.get_function("runtime.SystemLib")()
    except Exception as error:
        words = device_words(error)
        if words is None:
            raise
    finally:
        remote._sess.get_function("CloseRPCConnection")()
    if words is not None:  # here the stacks of both sides are gone, which nobody wants to read
        raise tvm.TVMError(_CLASS.sub("", words).strip())
