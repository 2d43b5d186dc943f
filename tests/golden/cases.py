"""The ten projects that are kept as files: every platform, both entry points, what options add."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One `create`. `options` as the command line takes them behind -o; `{...}`: see Place."""

    name: str  # of its folder in kept/
    model: str
    board: str
    options: tuple[str, ...] = ()


_C = "model_entrypoint_api=c"
_ON_ZEPHYR = "zephyr_base={zephyr}"

CASES = (
    Case("c_on_host", "foo_c", "host", (_C,)),
    Case(
        "c_with_extras",
        "foo_c",
        "microbit",
        (
            _C,
            "sample_inputs={samples}",
            "extra_files_tar={extra}",
            "compile_definitions=-DONE=1 -DTWO",
            "stack_size_bytes=2048",
            "optimization=none",
        ),
    ),
    Case("c_of_two_libraries", "foo_c", "mps2_an505", (_C, "more_models=second:{data}/foo_c.tar")),
    Case("graph_packed", "foo_graph", "mps2_an386"),
    Case("operators", "operator", "mps2_an386"),
    Case("stm32_minimal", "digits_c", "stm32vldiscovery", (_C, "app=minimal", "checks=false")),
    Case("stm32_packed", "foo_packed", "netduinoplus2", ("rpc_packet_bytes=1024",)),
    Case("stm32_pools", "pools_c", "nucleo_h743zi", (_C, "pools=fast_memory:DTCMRAM")),
    Case(
        "zephyr_c",
        "foo_graph",
        "disco_l4",
        (_C, _ON_ZEPHYR, "zephyr_config=CONFIG_FPU=n", "zephyr_conf={conf}", "cmake_args=-DX=y"),
    ),
    Case("zephyr_packed", "foo_packed", "qemu_m3", (_ON_ZEPHYR, "zephyr_overlay={overlay}")),
)
