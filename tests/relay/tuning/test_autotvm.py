"""AutoTVM as TVM's own users write it: its tutorial (gallery/how_to/work_with_microtvm/
micro_autotune.py, v0.16) with fewer trials, and `import microtvm_boards.tvm` at the top."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm


def convolution(layout: str) -> tuple[Any, dict[str, Any], Any]:
    """(module, parameters, input): NCHW for the schedules of this computer, NHWC for Arm's."""
    relay = tvm.relay
    nchw = layout == "NCHW"
    dtype, out_dtype = ("float32", "float32") if nchw else ("int8", "int32")
    shape, kernel = ((1, 4, 6, 6), (4, 4, 3, 3)) if nchw else ((1, 6, 6, 4), (3, 3, 4, 4))
    data, weight = (relay.var(n, shape=s, dtype=dtype) for n, s in (("data", shape), ("w", kernel)))
    convolved = relay.nn.conv2d(
        data,
        weight,
        padding=(1, 1),
        kernel_size=(3, 3),
        channels=4,
        data_layout=layout,
        kernel_layout="OIHW" if nchw else "HWIO",
        out_dtype=out_dtype,
    )
    mod = tvm.IRModule.from_expr(relay.Function([data, weight], convolved))
    random = np.random.default_rng(1)
    values = random.integers(-128, 128, kernel).astype(dtype)
    image = random.integers(-128, 128, shape).astype(dtype)
    return relay.transform.InferType()(mod), {"w": values}, image


@pytest.mark.parametrize(
    ("layout", "platform", "board", "options"),
    [
        ("NCHW", "crt", None, {"verbose": False}),
        pytest.param(
            "NHWC",
            "baremetal",
            "mps2_an386",
            {"board": "mps2_an386", "verbose": False, "project_type": "host_driven"},
            marks=pytest.mark.qemu,
        ),
    ],
)
def test_the_tutorial(
    tmp_path: Path,
    layout: str,
    platform: str,
    board: str | None,
    options: dict[str, Any],
) -> None:
    if board is not None and shutil.which("qemu-system-arm") is None:
        pytest.skip("qemu-system-arm is not installed")
    import microtvm_boards.tvm  # isort: skip
    import tvm.micro.testing

    mod, params, data = convolution(layout)
    runtime = tvm.relay.backend.Runtime("crt", {"system-lib": True})
    target = tvm.micro.testing.get_target(platform, board)
    pass_context = tvm.transform.PassContext(opt_level=3, config={"tir.disable_vectorize": True})
    with pass_context:
        tasks = tvm.autotvm.task.extract_from_program(mod["main"], {}, target)
    assert tasks

    module_loader = tvm.micro.AutoTvmModuleLoader(
        template_project_dir=Path(tvm.micro.get_microtvm_template_projects(platform)),
        project_options=options,
    )
    builder = tvm.autotvm.LocalBuilder(
        n_parallel=1,
        build_kwargs={"build_option": {"tir.disable_vectorize": True}},
        do_fork=True,
        build_func=tvm.micro.autotvm_build_func,
        runtime=runtime,
        timeout=60,
    )
    runner = tvm.autotvm.LocalRunner(number=1, repeat=1, timeout=100, module_loader=module_loader)
    log = tmp_path / "microtvm_autotune.log.txt"
    tuner = tvm.autotvm.tuner.GATuner(tasks[0])
    tuner.tune(
        n_trial=2,
        measure_option=tvm.autotvm.measure_option(builder=builder, runner=runner),
        callbacks=[tvm.autotvm.callback.log_to_file(str(log))],
    )
    results = [result for _, result in tvm.autotvm.record.load_from_file(str(log))]
    assert [result.error_no for result in results] == [0, 0], results
    assert all(0 < result.costs[0] < 0.1 for result in results)

    with tvm.autotvm.apply_history_best(str(log)), pass_context:
        tuned = tvm.relay.build(mod, target=target, runtime=runtime, params=params)
    project = tvm.micro.generate_project(
        str(tvm.micro.get_microtvm_template_projects(platform)),
        tuned,
        tmp_path / "project",
        options,
    )
    project.build()
    project.flash()
    with tvm.micro.Session(project.transport()) as session:
        executor = tvm.micro.create_local_graph_executor(
            tuned.get_graph_json(), session.get_system_lib(), session.device
        )
        executor.set_input(**tuned.get_params())
        executor.set_input("data", data)
        executor.run()
        output = executor.get_output(0).numpy()
    (expected,) = microtvm_boards.tvm.reference_outputs(mod, params, {"data": data})
    np.testing.assert_allclose(output, expected, rtol=1e-5 if layout == "NCHW" else 0)


def test_a_trial_that_fails_is_an_error_of_the_device_in_autotvm_s_log(tmp_path: Path) -> None:
    """With words, once, and not a time-out after five attempts."""
    import microtvm_boards.tvm  # noqa: F401  # isort: skip
    import tvm.micro

    mod, _, _ = convolution("NHWC")
    target = tvm.target.Target("c -keys=arm_cpu,cpu -mcpu=cortex-m4 -device=arm_cpu")
    tasks = tvm.autotvm.task.extract_from_program(mod["main"], {}, target)
    loader = tvm.micro.AutoTvmModuleLoader(
        tvm.micro.get_microtvm_template_projects("baremetal"), {"board": "mps2_an368"}
    )
    builder = tvm.autotvm.LocalBuilder(
        n_parallel=1,
        build_func=tvm.micro.autotvm_build_func,
        runtime=tvm.relay.backend.Runtime("crt", {"system-lib": True}),
        timeout=60,
    )
    runner = tvm.autotvm.LocalRunner(number=1, repeat=1, timeout=100, module_loader=loader)
    results: list[Any] = []
    tvm.autotvm.tuner.RandomTuner(tasks[0]).tune(
        n_trial=1,
        measure_option=tvm.autotvm.measure_option(builder=builder, runner=runner),
        callbacks=[lambda _tuner, _inputs, found: results.extend(found)],
    )
    (result,) = results
    assert result.error_no == tvm.autotvm.MeasureErrorNo.RUNTIME_DEVICE
    words = str(result.costs[1])
    assert words.startswith('preflight failed: There is no board "mps2_an368"')
    assert '"mps2_an386"' in words  # did you mean
