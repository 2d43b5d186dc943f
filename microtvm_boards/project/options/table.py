"""Every option of the Project API and of the command line, declared once.

Upstream's names and meanings are kept where upstream had the option (TVM v0.18,
apps/microtvm/zephyr/template_project).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["generate_project", "build", "flash", "open_transport"]
Kind = Literal["str", "int", "bool", "list"]

ENTRYPOINTS = ("packed", "c")
OPTIMIZATIONS = ("none", "debug", "size", "speed")
RUNTIMES = ("own", "standalone_crt")
APPS = ("harness", "minimal")
ACTIVATIONS = ("shared", "separate")
TUNING_LOADS = ("auto", "window", "rebuild")
RESETS = ("none", "dtr", "rts")
# Upstream's project types and the entry point that each stands for.
PROJECT_TYPES = {"host_driven": "packed", "aot_standalone_demo": "c"}


@dataclass(frozen=True)
class OptionSpec:
    """One option. `required` and `optional` list the Project API methods that look at it."""

    name: str
    kind: Kind
    help: str
    default: str | int | bool | None = None
    choices: tuple[str, ...] | None = None
    required: tuple[Method, ...] = ()
    optional: tuple[Method, ...] = ()


_GENERATE: tuple[Method, ...] = ("generate_project",)
_RUN: tuple[Method, ...] = ("flash", "open_transport")

OPTIONS: tuple[OptionSpec, ...] = (
    OptionSpec(
        "board",
        "str",
        "Name of a board (microtvm-boards boards list) or path of a board file of your own.",
        required=_GENERATE,
    ),
    OptionSpec(
        "platform",
        "str",
        "What the firmware is built on; the first platform of the board when unset.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "model_entrypoint_api",
        "str",
        "'c': the firmware calls the model directly; 'packed': Python drives it over RPC.",
        choices=ENTRYPOINTS,
        optional=_GENERATE,
    ),
    OptionSpec(
        "project_type",
        "str",
        "Upstream's name for the entry point: host_driven is 'packed', aot_standalone_demo is 'c'.",
        choices=tuple(PROJECT_TYPES),
        optional=_GENERATE,
    ),
    OptionSpec(
        "optimization",
        "str",
        "Compiler optimization: none (-O0), debug (-Og), size (-Os), speed (-O2).",
        default="size",
        choices=OPTIMIZATIONS,
        optional=_GENERATE,
    ),
    OptionSpec(
        "runtime",
        "str",
        "'own': the small runtime of the template; 'standalone_crt': TVM's own C runtime.",
        default="own",
        choices=RUNTIMES,
        optional=_GENERATE,
    ),
    OptionSpec(
        "app",
        "str",
        "'harness': main() that runs samples over the UART; 'minimal': main() to start from.",
        default="harness",
        choices=APPS,
        optional=_GENERATE,
    ),
    OptionSpec(
        "sample_inputs",
        "str",
        "An .npz of inputs, keyed by tensor name, first axis the sample: baked into the firmware.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "checks",
        "bool",
        "Check pointers, sizes and alignment of buffers at the entry of the model.",
        default=True,
        optional=_GENERATE,
    ),
    OptionSpec(
        "workspace_size_bytes",
        "int",
        "Size of the arena for kernels; what the model needs when unset.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "stack_size_bytes",
        "int",
        "Size of the main stack; when unset the build sizes it for the worst case.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "tensor_heap_bytes",
        "int",
        "Memory for tensors that Python sends (entry point packed); from the model when unset.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "rpc_packet_bytes",
        "int",
        "Longest RPC packet (entry point packed); by the board's RAM when unset: 1024 to 4096.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "config_main_stack_size",
        "int",
        "Upstream's name for stack_size_bytes.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "warning_as_error",
        "bool",
        "Compile with -Werror (the code of the template; generated code keeps its warnings).",
        default=False,
        optional=_GENERATE,
    ),
    OptionSpec(
        "compile_definitions",
        "list",
        "Definitions for the compiler, e.g. '-DNAME=1'; several separated by blanks or as a list.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "extra_files_tar",
        "str",
        "A tar whose files are unpacked into the project's folder extra/ and compiled.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "cmsis_path",
        "str",
        "CMSIS tree, where kernels need it; $CMSIS_PATH, ST's or Zephyr's own when unset.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "pools",
        "list",
        "Memories of buffers, e.g. 'fast_memory:DTCM,arena:SRAM2', MODEL.POOL:MEMORY for one of "
        "several models; -o pool.fast_memory=DTCM says the same.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "activations",
        "str",
        "Of several models: 'shared' memory, as large as the largest needs, or 'separate'.",
        default="shared",
        choices=ACTIVATIONS,
        optional=_GENERATE,
    ),
    OptionSpec(
        "more_models",
        "list",
        "Further model libraries for the same firmware: PATH or NAME:PATH; --model has them too.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "tuning_load",
        "str",
        "How a kernel that is tuned gets onto the board: into a 'window' in RAM of a firmware that "
        "stays, or by incremental build and flash ('rebuild').",
        default="auto",
        choices=TUNING_LOADS,
        optional=_GENERATE,
    ),
    OptionSpec(
        "tuning_window_bytes",
        "int",
        "RAM for the code of a kernel that is tuned (tuning_load window); by the board when unset.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "stm32cube_path",
        "str",
        "Path of ST's STM32Cube package; $STM32CUBE_F4_PATH (F1, L4, ...) or CubeMX's when unset.",
        optional=_GENERATE,
    ),
    OptionSpec(
        "verbose",
        "bool",
        "Print every command and its output.",
        default=False,
        optional=("generate_project", "build", "flash", "open_transport"),
    ),
    OptionSpec(
        "serial_number",
        "str",
        "Serial number of the probe, where several boards are plugged in.",
        optional=_RUN,
    ),
    OptionSpec(
        "port",
        "str",
        "Serial port of the board, e.g. /dev/ttyACM0; found by probe or USB ids when unset.",
        optional=_RUN,
    ),
    OptionSpec(
        "baud",
        "int",
        "Bits per second of the serial port; those of the board file when unset.",
        optional=("open_transport",),
    ),
    OptionSpec(
        "fast_baud",
        "int",
        "Higher bits per second, tried once the session is up (entry point packed; not with tvmc).",
        optional=("open_transport",),
    ),
    OptionSpec(
        "reset",
        "str",
        "Line of the serial port that resets the board when the port is opened.",
        default="none",
        choices=RESETS,
        optional=("open_transport",),
    ),
    OptionSpec(
        "flasher",
        "str",
        "The tool that flashes; the first one of the board that is installed when unset.",
        optional=("flash",),
    ),
    OptionSpec(
        "gdbserver_port",
        "int",
        "Port on which the emulator waits for gdb; for the flasher gdb, port of the gdb server.",
        optional=_RUN,
    ),
    OptionSpec(
        "transcript",
        "str",
        "File to record to what goes over the transport, as lines of JSON.",
        optional=("open_transport",),
    ),
    OptionSpec(
        "replay",
        "str",
        "A transcript that stands in for the device.",
        optional=("open_transport",),
    ),
    OptionSpec(
        "west_cmd",
        "str",
        "The west command that flashes (platform zephyr).",
        optional=("flash",),
    ),
    OptionSpec(
        "zephyr_base",
        "str",
        "Path of the Zephyr tree; $ZEPHYR_BASE, a west workspace or ~/zephyrproject when unset.",
        optional=("generate_project", "build", "flash"),
    ),
    OptionSpec(
        "zephyr_config",
        "list",
        "Kconfig settings, e.g. 'CONFIG_FPU=n CONFIG_HW_STACK_PROTECTION=y' (':' for '=' in tvmc).",
        optional=_GENERATE,
    ),
    OptionSpec(
        "zephyr_conf",
        "str",
        "A .conf file with more Kconfig settings (platform zephyr).",
        optional=_GENERATE,
    ),
    OptionSpec(
        "zephyr_overlay",
        "str",
        "A devicetree overlay; chosen { mtvm,uart = &uart1; } chooses the UART (platform zephyr).",
        optional=_GENERATE,
    ),
    OptionSpec(
        "cmake_args",
        "list",
        "More arguments for CMake's configure step, e.g. '-DSHIELD=x' (platform zephyr).",
        optional=_GENERATE,
    ),
    OptionSpec(
        "use_fvp",
        "bool",
        "Upstream's name for running on Arm's FVP; only false, since boards run in QEMU here.",
        default=False,
        optional=_GENERATE,
    ),
    OptionSpec(
        "arm_fvp_path",
        "str",
        "Upstream's path of the FVP program; accepted and not used.",
        optional=("generate_project", "open_transport"),
    ),
)
