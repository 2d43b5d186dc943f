"""Values of options: from what callers give to one typed and checked ProjectOptions.

Values arrive as strings from tvmc ("true", "4096"), typed from Python, and as None when unset
(TVM from 0.12 sends all options to every method).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.plugins import PLATFORMS
from microtvm_boards.project.options.declare import Method, specs_of
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.known import OptionSet, known_options, platform_group
from microtvm_boards.project.options.resolve import CALLER, Layer, Value, resolve
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.options.upstream import renamed
from microtvm_boards.project.options.values import parse_value

T = TypeVar("T")


def parse_options(
    given: Mapping[str, object] | Sequence[Layer],
    method: Method,
    *,
    standalone_crt_dir: str | None = None,
    known: OptionSet | None = None,
) -> ProjectOptions:
    """Checks what was given and returns the options that `method` looks at. `given`: values by
    name, or layers of them, the strongest first; `known`: all options that there are when unset.

    Options of other methods are checked for spelling and type, then left at their defaults: TVM
    from 0.12 sends every option to every method, so a default must not undo what was chosen before.

    Raises UsageError for an unknown option (nearest names suggested), a value of the wrong type or
    outside the choices, a missing required option, or options that contradict each other.
    """
    known = known_options() if known is None else known
    layers = [Layer(CALLER, given)] if isinstance(given, Mapping) else given
    values: dict[str, Value] = {}
    for name, one in resolve(layers).items():
        spec = known.specs.get(name)
        if spec is None:
            raise UsageError(
                f'There is no option "{name}"{one.origin.words}.{nearest(name, known.specs)}',
                hint="microtvm-boards create --help lists all options",
            )
        parsed = parse_value(spec, one)
        if parsed is not None and method in spec.methods:
            final = parsed if spec.read is None else spec.read(parsed)
            values[name] = Value(final, one.origin)
    for spec in known.taken_by(method):
        if method in spec.required and spec.name not in values:
            raise UsageError(
                f'Option "{spec.name}" is needed and was not given: {spec.help}',
                hint=f"--project-option {spec.name}=... with tvmc, --{spec.name} with "
                "microtvm-boards",
            )
    platform = values.get("platform")
    if platform is not None and platform.value in PLATFORMS:
        platform_group(str(platform.value))  # a broken one says so before anything else
    values = renamed(values)
    return ProjectOptions(
        **_of(ProjectOptions, values),
        device=_made(DeviceOptions, values),
        of_platforms=tuple(_made(group, values) for group in known.of_platforms.values()),
        standalone_crt_dir=standalone_crt_dir or None,
        origins={name: one.origin for name, one in values.items()},
    )


def _made(group: type[T], values: Mapping[str, Value]) -> T:
    return group(**_of(group, values))


def _of(group: type, values: Mapping[str, Value]) -> dict[str, Any]:
    return {s.name: values[s.name].value for s in specs_of(group) if s.name in values}
