"""`tvm.contrib.micro.meta_schedule.rpc_runner_micro`, for a TVM that was built without it.

The same names and arguments (v0.16). Each board has an RPC server, and a tracker knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from typing import Any

from tvm import micro, nd
from tvm.contrib.popen_pool import PopenPoolExecutor
from tvm.meta_schedule.runner import EvaluatorConfig, PyRunner, RPCConfig
from tvm.meta_schedule.runner.rpc_runner import RPCRunnerFuture
from tvm.meta_schedule.utils import cpu_count, derived_object
from tvm.rpc.server import Server
from tvm.rpc.tracker import Tracker

__all__ = ["RPCRunnerMicro", "get_rpc_runner_micro"]

_LOCAL = "$local$device"  # a key that is no board's serial number (AutoTvmModuleLoader)
_HOST = "127.0.0.1"
_PORT, _PORTS = 9000, 1000
_REQUEST_SECONDS = 100  # of one session with a board


@derived_object
class RPCRunnerMicro(PyRunner):  # type: ignore[misc]  # TVM is untyped
    """Measures candidates on boards that RPC servers hold."""

    def __init__(
        self,
        platform: str = "crt",
        project_options: Mapping[str, Any] | None = None,
        rpc_configs: Sequence[Any] | None = None,
        evaluator_config: Any = None,
        max_workers: int | None = None,
        initializer: Callable[[], None] | None = None,
        session_timeout_sec: int = 300,
    ) -> None:
        """platform: whose template project. rpc_configs: an RPCConfig for each server; trials take
        turns. max_workers: trials at a time; the processor's cores when None.
        session_timeout_sec: of one trial, with its wait for a board.
        """
        super().__init__()
        self.platform = platform
        self.project_options = dict(project_options or {})
        self.rpc_configs = list(rpc_configs or [])
        self.evaluator_config = EvaluatorConfig._normalized(evaluator_config)
        self.session_timeout_sec = session_timeout_sec
        self._turn = count()
        self.pool = PopenPoolExecutor(
            max_workers=max_workers or cpu_count(logical=True),
            timeout=session_timeout_sec,
            initializer=initializer,
        )

    def run(self, runner_inputs: Sequence[Any]) -> list[Any]:
        return [self._start(runner_input) for runner_input in runner_inputs]

    def _start(self, runner_input: Any) -> Any:
        future = self.pool.submit(
            measure,
            self.platform,
            self.project_options,
            self.rpc_configs[next(self._turn) % len(self.rpc_configs)],
            self.evaluator_config,
            str(runner_input.artifact_path),
            str(runner_input.device_type),
            tuple(info.as_json() for info in runner_input.args_info),
        )
        return RPCRunnerFuture(future=future, timeout_sec=self.session_timeout_sec)


def measure(
    platform: str,
    project_options: dict[str, Any],
    rpc_config: Any,
    evaluator_config: Any,
    artifact_path: str,
    device_type: str,
    args_info: Sequence[Any],
) -> list[float]:
    """Seconds of each repeat of one candidate, with random inputs. Runs in a worker."""
    load = micro.AutoTvmModuleLoader(
        template_project_dir=micro.get_microtvm_template_projects(platform),
        project_options=project_options,
    )
    where = {
        "device_key": rpc_config.tracker_key,
        "host": rpc_config.tracker_host,
        "port": rpc_config.tracker_port,
        "priority": 0,
        "timeout": _REQUEST_SECONDS,
    }
    with load(where, SimpleNamespace(filename=artifact_path)) as (remote, module):
        device = remote.device(device_type, 0)
        flush = evaluator_config.enable_cpu_cache_flush
        evaluate = module.time_evaluator(
            module.entry_name,
            device,
            number=evaluator_config.number,
            repeat=evaluator_config.repeat,
            min_repeat_ms=evaluator_config.min_repeat_ms,
            f_preproc="cache_flush_cpu_non_first_arg" if flush else "",
        )
        fill = remote.get_function("tvm.contrib.random.random_fill")
        tensors = [nd.empty(shape, dtype, device) for _, dtype, shape in args_info]
        for tensor in tensors:
            fill(tensor)
        device.sync()
        return list(evaluate(*tensors).results)


@contextmanager
def get_rpc_runner_micro(
    platform: str,
    options: Mapping[str, Any],
    evaluator_config: Any = None,
    tracker_host: str | None = None,
    tracker_port: int | str | None = None,
    session_timeout_sec: int = 300,
    rpc_timeout_sec: int = 10,
    serial_numbers: Sequence[str] | None = None,
) -> Iterator[Any]:
    """A runner with a tracker and a server of its own for each board, which end with the block.

    serial_numbers: of the boards; where a board is emulated or this computer, any texts, and as
    many emulators run side by side.
    """
    if evaluator_config is None:
        evaluator_config = EvaluatorConfig(
            number=3, repeat=1, min_repeat_ms=100, enable_cpu_cache_flush=False
        )
    host = tracker_host or _HOST
    port = _PORT if tracker_port is None else int(tracker_port)
    tracker = Tracker(port=port, port_end=port + _PORTS, silent=True, reuse_addr=True, timeout=60)
    servers: list[Any] = []
    try:
        configs = []
        for key in serial_numbers or [_LOCAL]:
            servers.append(
                Server(
                    port=tracker.port,
                    port_end=port + _PORTS,
                    key=key,
                    silent=True,
                    tracker_addr=(host, tracker.port),  # the port that it found free
                    reuse_addr=True,
                    timeout=60,
                )
            )
            configs.append(
                RPCConfig(
                    tracker_host=host,
                    tracker_port=tracker.port,
                    tracker_key=key,
                    session_priority=0,
                    session_timeout_sec=rpc_timeout_sec,
                )
            )
        yield RPCRunnerMicro(
            platform=platform,
            project_options=options,
            rpc_configs=configs,
            evaluator_config=evaluator_config,
            max_workers=len(servers),
            session_timeout_sec=session_timeout_sec,
        )
    finally:
        for server in servers:
            server.terminate()
        tracker.terminate()
