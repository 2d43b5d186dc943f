"""Processes that TVM starts know tvm.micro and our boards without the user's doing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

Python = Callable[..., str]

# What a worker is asked: pickled by value, since the worker can't import this process's main.
_ASK = """
from tvm.contrib.popen_pool import PopenPoolExecutor, PopenWorker

def ask():
    import sys
    import tvm.micro
    import tvm.contrib.micro.meta_schedule.rpc_runner_micro as runner
    return tvm.micro.session.__name__, runner.get_rpc_runner_micro.__name__

worker = PopenWorker()
worker.send(ask)
print(*worker.recv())
print(*PopenPoolExecutor(max_workers=1).submit(ask).result())
"""
_ANSWER = "tvm.micro.session get_rpc_runner_micro\n" * 2


@pytest.mark.parametrize(
    "before",
    ["import microtvm_boards.tvm", "import tvm.contrib.popen_pool, microtvm_boards.tvm"],
)
def test_a_worker_can_import_what_its_parent_can(python: Python, before: str) -> None:
    assert python(before + _ASK) + "\n" == _ANSWER


def test_an_rpc_server_has_the_function_that_makes_sessions(python: Python) -> None:
    code = """
import microtvm_boards.tvm
from tvm import rpc
server = rpc.Server("127.0.0.1", port=9190, port_end=9290, silent=True)
session = rpc.connect("127.0.0.1", server.port)
print(session.get_function("tvm.micro.compile_and_create_micro_session") is not None)
server.terminate()
"""
    assert python(code) == "True"


def test_modules_that_tvm_has_itself_are_left_alone(python: Python, tmp_path: Path) -> None:
    own = tmp_path / "micro" / "meta_schedule"
    own.mkdir(parents=True)
    (own / "rpc_runner_micro.py").write_text("here = 'theirs'\n")
    code = f"""
import microtvm_boards.tvm
import tvm.contrib
tvm.contrib.__path__.append({str(tmp_path)!r})
from tvm.contrib.micro.meta_schedule import rpc_runner_micro
print(rpc_runner_micro.here)
"""
    assert python(code) == "theirs"


def test_without_tvm_nothing_is_imported_or_broken(python: Python) -> None:
    code = "import sys, microtvm_boards.tvm; print('tvm' in sys.modules, 'numpy' in sys.modules)"
    assert python(code) == "False False"


def test_tvms_own_function_serves_other_templates(python: Python, tmp_path: Path) -> None:
    """As registered by a TVM that has one: ours only looks whether the template is ours."""
    code = f"""
import microtvm_boards.tvm
import tvm
import tvm.micro
tvm.micro.session.compile_and_create_micro_session = lambda *given: print(given[1:])
make = tvm.get_global_func("tvm.micro.compile_and_create_micro_session")
make(b"", {str(tmp_path)!r}, "{{}}", None, False)
"""
    assert python(code) == f"({str(tmp_path)!r}, '{{}}', None, 0)"
