"""Values of options: from what a caller gives to one typed and checked ProjectOptions.

Values arrive as strings from tvmc ("true", "4096"), typed from Python, and as None when unset
(TVM from 0.12 sends all options to every method).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from microtvm_boards.errors import UsageError, nearest, relative_path_hint
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.pools import gather_pools, pool_settings
from microtvm_boards.project.options.table import OPTIONS, PROJECT_TYPES, Method, OptionSpec
from microtvm_boards.project.options.zephyr import settings

_BY_NAME: Mapping[str, OptionSpec] = {spec.name: spec for spec in OPTIONS}


@dataclass(frozen=True)
class ProjectOptions:
    """The options of one project, typed and checked. See OPTIONS for what each means."""

    board: str | None = None
    platform: str | None = None
    model_entrypoint_api: str = "packed"
    optimization: str = "size"
    runtime: str = "own"
    app: str = "harness"
    sample_inputs: str | None = None
    checks: bool = True
    workspace_size_bytes: int | None = None
    stack_size_bytes: int | None = None
    tensor_heap_bytes: int | None = None
    rpc_packet_bytes: int | None = None
    warning_as_error: bool = False
    compile_definitions: tuple[str, ...] = ()
    extra_files_tar: str | None = None
    cmsis_path: str | None = None
    stm32cube_path: str | None = None
    pools: tuple[str, ...] = ()  # POOL:MEMORY or MODEL.POOL:MEMORY
    activations: str = "shared"
    more_models: tuple[str, ...] = ()  # PATH or NAME:PATH
    tuning_load: str = "auto"
    tuning_window_bytes: int | None = None
    verbose: bool = False
    serial_number: str | None = None
    port: str | None = None
    baud: int | None = None
    fast_baud: int | None = None
    reset: str = "none"
    flasher: str | None = None
    gdbserver_port: int | None = None
    transcript: str | None = None
    replay: str | None = None
    west_cmd: str | None = None
    zephyr_base: str | None = None
    zephyr_config: tuple[str, ...] = ()
    zephyr_conf: str | None = None
    zephyr_overlay: str | None = None
    cmake_args: tuple[str, ...] = ()
    standalone_crt_dir: str | None = None  # a parameter of generate_project, not an option

    @property
    def kind(self) -> str:
        """Of firmware: packed, or the app of entry point c."""
        return "packed" if self.model_entrypoint_api == "packed" else self.app

    @property
    def device(self) -> DeviceOptions:
        """Those that say which device is meant."""
        return DeviceOptions(**{f.name: getattr(self, f.name) for f in fields(DeviceOptions)})

    def to_json(self) -> dict[str, Any]:
        """The options that differ from their defaults, for project.json."""
        changed: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if value != f.default:
                changed[f.name] = list(value) if isinstance(value, tuple) else value
        return changed


def parse_options(
    raw: Mapping[str, object], method: Method, *, standalone_crt_dir: str | None = None
) -> ProjectOptions:
    """Checks `raw` against OPTIONS and returns the options that `method` looks at.

    Options of other methods are checked for spelling and type, then left at their defaults: TVM
    from 0.12 sends every option to every method, so a default must not undo what was chosen before.

    Raises UsageError for an unknown option (nearest names suggested), a value of the wrong type or
    outside the choices, a missing required option, or options that contradict each other.
    """
    values: dict[str, Any] = {}
    for name, value in gather_pools(raw).items():
        spec = _BY_NAME.get(name)
        if spec is None:
            raise UsageError(
                f'There is no option "{name}".{nearest(name, _BY_NAME)}',
                hint="microtvm-boards create --help lists all options",
            )
        parsed = _parse_value(spec, value)
        if parsed is not None and method in spec.required + spec.optional:
            values[name] = parsed
    for spec in OPTIONS:
        if method in spec.required and values.get(spec.name) is None:
            raise UsageError(
                f'Option "{spec.name}" is needed and was not given: {spec.help}',
                hint=f"--project-option {spec.name}=... with tvmc, --{spec.name} with "
                "microtvm-boards",
            )
    _merge(values)
    known = {f.name for f in fields(ProjectOptions)}
    kept = {name: value for name, value in values.items() if name in known}
    return ProjectOptions(**kept, standalone_crt_dir=standalone_crt_dir or None)


def _merge(values: dict[str, Any]) -> None:
    """Upstream's second names for one thing become the first name."""
    project_type = values.pop("project_type", None)
    if project_type is not None:
        implied = PROJECT_TYPES[project_type]
        chosen = values.setdefault("model_entrypoint_api", implied)
        if chosen != implied:
            raise UsageError(
                f"project_type={project_type} means model_entrypoint_api={implied}, "
                f"but model_entrypoint_api={chosen} was given too.",
                hint="give one of the two",
            )
    if "pools" in values:
        values["pools"] = pool_settings(values["pools"])
    if "zephyr_config" in values:
        values["zephyr_config"] = settings(values["zephyr_config"])
    if values.pop("use_fvp", False):
        raise UsageError(
            "use_fvp=true asks for Arm's FVP, which this template doesn't run.",
            hint="leave use_fvp out: board mps3_an547 is the same Corstone-300, in QEMU",
        )
    stack = values.pop("config_main_stack_size", None)
    if stack is not None:
        values.setdefault("stack_size_bytes", stack)


def _parse_value(spec: OptionSpec, value: object) -> Any:
    """One value as its declared type; None when unset."""
    if value is None or value == "":
        return None
    if spec.kind == "bool":
        return _parse_bool(spec, value)
    if spec.kind == "int":
        return _parse_int(spec, value)
    if spec.kind == "list":
        return _parse_list(spec, value)
    if not isinstance(value, str):
        raise _wrong(spec, value, "a text")
    if spec.choices is not None and value not in spec.choices:
        raise UsageError(
            f'Option "{spec.name}" is one of {", ".join(spec.choices)}; found "{value}".'
            f"{nearest(value, spec.choices)}"
        )
    return value


def _parse_bool(spec: OptionSpec, value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise _wrong(spec, value, "true or false")


def _parse_int(spec: OptionSpec, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _wrong(spec, value, "a whole number")
    try:
        number = value if isinstance(value, int) else int(value, 0)
    except ValueError:
        raise _wrong(spec, value, "a whole number") from None
    if number < 0:
        raise _wrong(spec, value, "a whole number of at least 0")
    return number


def _parse_list(spec: OptionSpec, value: object) -> tuple[str, ...]:
    """Upstream declares compile_definitions as str but its callers pass lists: both are taken."""
    if isinstance(value, str):
        if value.startswith("["):
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                raise _wrong(spec, value, "a list") from None
        else:
            return tuple(value.split())
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
        raise _wrong(spec, value, "a list of texts")
    return tuple(value)


def _wrong(spec: OptionSpec, value: object, expected: str) -> UsageError:
    return UsageError(f'Option "{spec.name}" takes {expected}; found {value!r}.', hint=spec.help)


def existing_file(path: str, option: str) -> Path:
    """`path` as an absolute Path; raises UsageError when there is no such file."""
    given = Path(path).expanduser()
    resolved = given.resolve()
    if not resolved.is_file():
        raise UsageError(
            f'Option "{option}" names a file; there is none at {resolved}.',
            hint=relative_path_hint(given),
        )
    return resolved
