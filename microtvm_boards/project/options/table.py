"""Every option of a project, declared once: the typed `ProjectOptions` is the declaration.

The command line, the Project API's list, the parser and docs/options.md come from here. Options of
the device are in device.py, upstream's second names in upstream.py; platforms bring their own.
Upstream's names and meanings are kept where upstream had the option (TVM v0.18,
apps/microtvm/zephyr/template_project).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.declare import (
    METHODS,
    Least,
    Method,
    OptionSpec,
    Reach,
    changed,
    option,
    specs_of,
)
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.pools import pool_settings
from microtvm_boards.project.options.resolve import DEFAULT, Origin

ENTRYPOINTS = ("packed", "c")
OPTIMIZATIONS = ("none", "debug", "size", "speed")
RUNTIMES = ("own", "standalone_crt")
APPS = ("harness", "minimal")
ACTIVATIONS = ("shared", "separate")
TUNING_LOADS = ("auto", "window", "rebuild")
LEAST_STACK_BYTES = 256

_GENERATE: tuple[Method, ...] = ("generate_project",)

T = TypeVar("T")


@dataclass(frozen=True)
class ProjectOptions:
    """The options of one project, typed and checked.

    Raises UsageError for a number below its least.
    """

    board: str | None = option(
        None,
        OptionSpec(
            "Name of a board (microtvm-boards boards list) or path of a board file of your own.",
            required=_GENERATE,
            flag=True,
        ),
    )
    platform: str | None = option(
        None,
        OptionSpec(
            "What the firmware is built on; the first platform of the board when unset.",
            optional=_GENERATE,
            flag=True,
        ),
    )
    model_entrypoint_api: str = option(
        "packed",
        OptionSpec(
            "'c': the firmware calls the model directly; 'packed': Python drives it over RPC.",
            optional=_GENERATE,
            choices=ENTRYPOINTS,
            flag=True,
            announced=False,  # it would contradict project_type
        ),
    )
    optimization: str = option(
        "size",
        OptionSpec(
            "Compiler optimization: none (-O0), debug (-Og), size (-Os), speed (-O2).",
            optional=_GENERATE,
            choices=OPTIMIZATIONS,
            reach=Reach.KERNELS,
            flag=True,
        ),
    )
    runtime: str = option(
        "own",
        OptionSpec(
            "'own': the small runtime of the template; 'standalone_crt': TVM's own C runtime.",
            optional=_GENERATE,
            choices=RUNTIMES,
            flag=True,
        ),
    )
    app: str = option(
        "harness",
        OptionSpec(
            "'harness': main() that runs samples over the UART; 'minimal': main() to start from.",
            optional=_GENERATE,
            choices=APPS,
            reach=Reach.MAIN,
            flag=True,
        ),
    )
    sample_inputs: str | None = option(
        None,
        OptionSpec(
            "An .npz of inputs, keyed by tensor name, first axis the sample: baked into the "
            "firmware.",
            optional=_GENERATE,
            reach=Reach.MODEL,
            flag=True,
        ),
    )
    checks: bool = option(
        True,
        OptionSpec(
            "Check pointers, sizes and alignment of buffers at the entry of the model.",
            optional=_GENERATE,
        ),
    )
    workspace_size_bytes: int | None = option(
        None,
        OptionSpec(
            "Size of the arena for kernels; what the model needs when unset.", optional=_GENERATE
        ),
    )
    stack_size_bytes: int | None = option(
        None,
        OptionSpec(
            "Size of the main stack; when unset the build sizes it for the worst case.",
            optional=_GENERATE,
            least=Least(
                LEAST_STACK_BYTES,
                f"start-up code alone needs {LEAST_STACK_BYTES}",
                "leave it out: then the build sizes the stack",
            ),
        ),
    )
    tensor_heap_bytes: int | None = option(
        None,
        OptionSpec(
            "Memory for tensors that Python sends (entry point packed); from the model when unset.",
            optional=_GENERATE,
        ),
    )
    rpc_packet_bytes: int | None = option(
        None,
        OptionSpec(
            "Longest RPC packet (entry point packed); by the board's RAM when unset: 1024 to 4096.",
            optional=_GENERATE,
        ),
    )
    warning_as_error: bool = option(
        False,
        OptionSpec(
            "Compile with -Werror (the code of the template; generated code keeps its warnings).",
            optional=_GENERATE,
        ),
    )
    compile_definitions: tuple[str, ...] = option(
        (),
        OptionSpec(
            "Definitions for the compiler, e.g. '-DNAME=1'; several separated by blanks or as a "
            "list.",
            optional=_GENERATE,
            reach=Reach.KERNELS,
        ),
    )
    extra_files_tar: str | None = option(
        None,
        OptionSpec(
            "A tar whose files are unpacked into the project's folder extra/ and compiled.",
            optional=_GENERATE,
        ),
    )
    cmsis_path: str | None = option(
        None,
        OptionSpec(
            "CMSIS tree, where kernels need it; $CMSIS_PATH, ST's or Zephyr's own when unset.",
            optional=_GENERATE,
        ),
    )
    pools: tuple[str, ...] = option(  # POOL:MEMORY or MODEL.POOL:MEMORY
        (),
        OptionSpec(
            "Memories of buffers, e.g. 'fast_memory:DTCM,arena:SRAM2', MODEL.POOL:MEMORY for one "
            "of several models; -o pool.fast_memory=DTCM says the same.",
            optional=_GENERATE,
            read=pool_settings,
        ),
    )
    activations: str = option(
        "shared",
        OptionSpec(
            "Of several models: 'shared' memory, as large as the largest needs, or 'separate'.",
            optional=_GENERATE,
            choices=ACTIVATIONS,
        ),
    )
    more_models: tuple[str, ...] = option(  # PATH or NAME:PATH
        (),
        OptionSpec(
            "Further model libraries for the same firmware: PATH or NAME:PATH; --model has them "
            "too.",
            optional=_GENERATE,
            reach=Reach.MODEL,
        ),
    )
    tuning_load: str = option(
        "auto",
        OptionSpec(
            "How a kernel that is tuned gets onto the board: into a 'window' in RAM of a firmware "
            "that stays, or by incremental build and flash ('rebuild').",
            optional=_GENERATE,
            choices=TUNING_LOADS,
            reach=Reach.NOTHING,
        ),
    )
    tuning_window_bytes: int | None = option(
        None,
        OptionSpec(
            "RAM for the code of a kernel that is tuned (tuning_load window); by the board when "
            "unset.",
            optional=_GENERATE,
            reach=Reach.NOTHING,
        ),
    )
    verbose: bool = option(
        False,
        OptionSpec("Print every command and its output.", optional=METHODS, reach=Reach.NOTHING),
    )
    device: DeviceOptions = field(default_factory=DeviceOptions)
    of_platforms: tuple[Any, ...] = ()  # what platforms declare; all at defaults is left out
    standalone_crt_dir: str | None = None  # a parameter of generate_project, not an option
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        groups = [group for group in self.of_platforms if group != type(group)()]
        groups.sort(key=lambda group: type(group).__qualname__)
        object.__setattr__(self, "of_platforms", tuple(groups))
        for spec in specs_of(ProjectOptions):
            number = getattr(self, spec.name)
            if spec.least is not None and number is not None and number < spec.least.value:
                raise UsageError(
                    f"{spec.name} is {number}; {spec.least.why}.", hint=spec.least.hint
                )

    @property
    def kind(self) -> str:
        """Of firmware: packed, or the app of entry point c."""
        return "packed" if self.model_entrypoint_api == "packed" else self.app

    def of(self, group: type[T]) -> T:
        """What a platform's own options say: `group` is the dataclass that declares them."""
        return next((one for one in self.of_platforms if type(one) is group), group())

    def with_group(self, group: object) -> ProjectOptions:
        """With `group` in place of the options of its type."""
        others = [one for one in self.of_platforms if type(one) is not type(group)]
        return replace(self, of_platforms=(*others, group))

    def with_later(self, later: ProjectOptions) -> ProjectOptions:
        """With what platforms were told in a later step, which wins."""
        options = self
        for group in later.of_platforms:
            told = {name: getattr(group, name) for name in changed(group)}
            options = options.with_group(replace(options.of(type(group)), **told))
        return options

    def only(self, *reaches: Reach) -> ProjectOptions:
        """With the options that reach one of these; the others as if nobody had given them."""
        return replace(
            _only(self, reaches),
            device=_only(self.device, reaches),
            of_platforms=tuple(_only(group, reaches) for group in self.of_platforms),
            standalone_crt_dir=self.standalone_crt_dir if Reach.FIRMWARE in reaches else None,
        )

    def given(self, reach: Reach) -> list[str]:
        """Names of the options that reach this and differ from their defaults."""
        specs = [s for group in self._groups for s in specs_of(type(group)) if s.reach is reach]
        return [spec.name for spec in specs if spec.name in self.to_json()]

    def origin(self, name: str) -> Origin:
        """Where the value of option `name` came from."""
        return self.origins.get(name, DEFAULT)

    def to_json(self) -> dict[str, Any]:
        """The options that differ from their defaults, for project.json."""
        found = {name: value for group in self._groups for name, value in changed(group).items()}
        if self.standalone_crt_dir is not None:
            found["standalone_crt_dir"] = self.standalone_crt_dir
        return found

    @property
    def _groups(self) -> tuple[Any, ...]:
        return (self, self.device, *self.of_platforms)


def _only(group: T, reaches: tuple[Reach, ...]) -> T:
    reset = {s.name: s.default for s in specs_of(type(group)) if s.reach not in reaches}
    return replace(group, **reset)  # type: ignore[type-var]
