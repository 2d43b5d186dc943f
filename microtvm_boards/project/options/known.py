"""Which options there are: a value that is composed of what projects and platforms declare."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from functools import cache, cached_property

from microtvm_boards.errors import PluginError, UsageError
from microtvm_boards.plugins import PLATFORMS, platform_part
from microtvm_boards.project.options.declare import Method, OptionSpec, specs_of
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.options.upstream import UpstreamOptions

_OURS = (ProjectOptions, DeviceOptions, UpstreamOptions)


@dataclass(frozen=True)
class OptionSet:
    """`of_platforms`: by a platform's name the dataclass that declares its options.

    Raises UsageError when two platforms declare the same name.
    """

    of_platforms: Mapping[str, type] = field(default_factory=dict)

    @cached_property
    def specs(self) -> Mapping[str, OptionSpec]:
        """By name, in the order of declaration."""
        found = {spec.name: spec for group in _OURS for spec in specs_of(group)}
        for platform, group in self.of_platforms.items():
            for spec in specs_of(group):
                if spec.name in found:
                    other = found[spec.name].platform
                    raise UsageError(
                        f'Platform "{platform}" declares option "{spec.name}", which '
                        + (f'platform "{other}" has, too.' if other else "every project has."),
                        hint=f'another version of the package that brings platform "{platform}"',
                    )
                found[spec.name] = replace(spec, platform=platform)
        return found

    def taken_by(self, method: Method) -> tuple[OptionSpec, ...]:
        """Those that `method` looks at."""
        return tuple(spec for spec in self.specs.values() if method in spec.methods)

    def of_group(self, group: type) -> tuple[OptionSpec, ...]:
        """Those that the dataclass `group` declares."""
        return tuple(self.specs[spec.name] for spec in specs_of(group))


@cache
def known_options() -> OptionSet:
    """All that there are. A platform from outside that can't be imported brings none: it is an
    error where it is asked for."""
    groups = {}
    for name in PLATFORMS:
        with contextlib.suppress(PluginError):
            groups[name] = platform_group(name)
    return OptionSet({name: group for name, group in groups.items() if group is not None})


def platform_group(name: str) -> type | None:
    """The dataclass that declares the options of platform `name`; None: it has none.

    Raises UsageError for an unknown platform, PluginError for a broken one.
    """
    group = platform_part(name, "options")
    if group is None or (isinstance(group, type) and is_dataclass(group)):
        return group
    raise PLATFORMS.broken(name, f"{group!r} declares no options")
