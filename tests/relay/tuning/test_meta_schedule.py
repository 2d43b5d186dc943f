"""MetaSchedule as TVM's own users write it (tests/micro/zephyr/test_ms_tuning.py, v0.16), with a
smaller operator and fewer trials, and `import microtvm_boards.tvm` at the top."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm


INPUTS = {
    "data": np.random.default_rng(1).random((4, 16), dtype="float32"),
    "weight": np.random.default_rng(2).random((8, 16), dtype="float32"),
}


def dense() -> Any:
    """One task, without layout changes beside it. Its weights are an input: TVM 0.16 can't build
    some schedules with linked parameters for C."""
    relay = tvm.relay
    data, weight = (relay.var(n, shape=v.shape, dtype="float32") for n, v in INPUTS.items())
    mod = tvm.IRModule.from_expr(relay.Function([data, weight], relay.nn.dense(data, weight)))
    return relay.transform.InferType()(mod)


@pytest.mark.parametrize(
    ("platform", "options"),
    [
        ("crt", {}),
        pytest.param(
            "baremetal",
            {"board": "mps2_an386", "project_type": "host_driven", "use_fvp": False},
            marks=pytest.mark.qemu,
        ),
    ],
)
def test_tuning_with_two_boards(
    tmp_path: Path,
    platform: str,
    options: dict[str, Any],
) -> None:
    """Serial numbers of emulators are only names, as upstream has them."""
    if platform == "baremetal" and shutil.which("qemu-system-arm") is None:
        pytest.skip("qemu-system-arm is not installed")
    import microtvm_boards.tvm  # isort: skip
    import tvm.micro.testing
    from tvm import meta_schedule as ms
    from tvm.contrib.micro.meta_schedule.local_builder_micro import get_local_builder_micro
    from tvm.contrib.micro.meta_schedule.rpc_runner_micro import get_rpc_runner_micro

    mod, params = dense(), dict[str, Any]()
    executor = tvm.relay.backend.Executor("aot", {"link-params": True})
    mod = mod.with_attr("executor", executor)
    runtime = tvm.relay.backend.Runtime("crt", {"system-lib": True})
    target = tvm.micro.testing.get_target(platform, options.get("board"))
    logging.getLogger("tvm.meta_schedule").handlers.clear()  # TVM takes no stream without a name
    with get_rpc_runner_micro(
        platform=platform, options=options, session_timeout_sec=120, serial_numbers=["0", "1"]
    ) as runner:
        database = ms.relay_integration.tune_relay(
            mod=mod,
            params=params,
            target=target,
            builder=get_local_builder_micro(),
            runner=runner,
            strategy="replay-trace",
            cost_model="random",
            num_trials_per_iter=2,
            max_trials_per_task=2,
            max_trials_global=2,
            work_dir=str(tmp_path / "work"),
            module_equality="ignore-ndarray",
        )
    records = database.get_all_tuning_records()
    assert len(records) == 2
    seconds = [float(seconds) for record in records for seconds in record.run_secs]
    assert all(0 < s < 0.1 for s in seconds), seconds

    opt_mod, opt_params = tvm.relay.optimize(mod, target)
    tuned = ms.relay_integration.compile_relay(
        database=database,
        mod=opt_mod,
        target=target,
        params=opt_params,
        pass_config=MappingProxyType(
            {
                "relay.backend.use_meta_schedule": True,
                "relay.backend.tir_converter": "default",
                "tir.disable_vectorize": True,
            }
        ),
        executor=executor,
        runtime=runtime,
    )
    project = tvm.micro.generate_project(
        str(tvm.micro.get_microtvm_template_projects(platform)),
        tuned,
        str(tmp_path / "project"),
        options=options,
    )
    project.build()
    project.flash()
    with tvm.micro.Session(project.transport()) as session:
        executor = tvm.runtime.executor.aot_executor.AotModule(session.create_aot_executor())
        executor.run(**INPUTS)
        output = executor.get_output(0).numpy()
    (expected,) = microtvm_boards.tvm.reference_outputs(mod, params, INPUTS)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=2e-4)
