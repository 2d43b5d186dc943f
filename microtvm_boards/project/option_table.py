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
        "Size of the main stack; 4096 when unset.",
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
        "Path of a CMSIS tree, for models whose kernels need it.",
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
        "gdbserver_port",
        "int",
        "Port on which the emulator waits for gdb.",
        optional=("open_transport",),
    ),
    OptionSpec(
        "west_cmd", "str", "The west command (platform zephyr).", optional=("build", "flash")
    ),
    OptionSpec(
        "zephyr_base",
        "str",
        "Path of the Zephyr tree (platform zephyr).",
        optional=("generate_project", "build", "flash"),
    ),
    OptionSpec(
        "use_fvp",
        "bool",
        "Run on Arm's FVP instead of hardware (platform zephyr).",
        default=False,
        optional=_GENERATE,
    ),
    OptionSpec(
        "arm_fvp_path",
        "str",
        "Path of the FVP program (platform zephyr).",
        optional=("generate_project", "open_transport"),
    ),
)
