"""What can be added without a change here: platforms, sources of boards, flashers and compilers.
Ours, and those that installed packages bring by entry point (docs/plugins.md).

Names are known without an import; what a name stands for is imported when it is asked for, and a
plug-in that can't be imported is an error for its own name only. References are written as entry
points are: "package.module:Name".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Generic, TypeVar

from microtvm_boards.errors import PluginError, UsageError, nearest

T = TypeVar("T")


@dataclass(frozen=True)
class PlatformPlugin:
    """A platform, as far as it can be told without importing what it does. Each room asks for the
    part that it knows; all but the first three may be left out."""

    name: str  # small letters, digits and '_': of src/port/<name>/ and cmake/<name>.cmake
    help: str  # one line for lists of platforms
    platform: str  # reference to a class platforms.base.Platform: builds, flashes, connects
    boards: str = ""  # to a class boards.PlatformBoards: what it reads of board files, and its own
    target: str = ""  # to a class project.target.TargetPlan: what planning asks
    options: str = ""  # to a dataclass of options, see project.options.declare
    templates: Path | None = None  # its folder like template_project/; None: that is ours


OWN_PLATFORMS = (
    PlatformPlugin(
        "host",
        "this computer: the firmware is a program",
        "microtvm_boards.platforms.host:HostPlatform",
        boards="microtvm_boards.platforms.boards:HostBoards",
        target="microtvm_boards.platforms.targets:HostTarget",
    ),
    PlatformPlugin(
        "baremetal",
        "Cortex-M without an operating system",
        "microtvm_boards.platforms.baremetal:BaremetalPlatform",
        boards="microtvm_boards.platforms.boards:BaremetalBoards",
        target="microtvm_boards.platforms.targets:BaremetalTarget",
    ),
    PlatformPlugin(
        "zephyr",
        "an application of Zephyr",
        "microtvm_boards.platforms.zephyr.platform:ZephyrPlatform",
        boards="microtvm_boards.platforms.zephyr.board.boards:ZephyrBoards",
        options="microtvm_boards.platforms.zephyr.options:ZephyrOptions",
        target="microtvm_boards.platforms.zephyr.target:ZephyrTarget",
    ),
    PlatformPlugin(
        "stm32cube",
        "STM32 with ST's HAL",
        "microtvm_boards.platforms.stm32cube.platform:Stm32CubePlatform",
        boards="microtvm_boards.platforms.stm32cube.boards:Stm32Boards",
        options="microtvm_boards.platforms.stm32cube.options:Stm32CubeOptions",
        target="microtvm_boards.platforms.stm32cube.target:Stm32CubeTarget",
    ),
)
_TOOLS = "microtvm_boards.flashers.tools"
OWN_COMPILERS = {"relay": "microtvm_boards.relay.compiler:RelayCompiler"}
OWN_FLASHERS = {
    "emulator": "microtvm_boards.flashers.emulator:EmulatorFlasher",
    "west": f"{_TOOLS}.west:WestFlasher",
    "pyocd": f"{_TOOLS}.pyocd:PyOcdFlasher",
    "openocd": f"{_TOOLS}.openocd:OpenOcdFlasher",
    "stm32cubeprogrammer": f"{_TOOLS}.stm32cubeprogrammer:Stm32CubeProgrammerFlasher",
    "stflash": f"{_TOOLS}.stflash:StFlashFlasher",
    "jlink": f"{_TOOLS}.jlink:JLinkFlasher",
    "stm32flash": f"{_TOOLS}.stm32flash:Stm32FlashFlasher",
    "dfu": f"{_TOOLS}.dfu:DfuFlasher",
    "gdb": f"{_TOOLS}.gdb:GdbFlasher",
}


@dataclass(frozen=True)
class Group(Generic[T]):
    """Things of one kind by name. Ours come first, and their names stay ours."""

    kind: str  # in messages: "flasher"
    entry_points: str  # the group of entry points
    own: Mapping[str, T | str]  # a str is a reference

    def __iter__(self) -> Iterator[str]:
        return iter((*self.own, *sorted(self.outside)))

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.outside

    @property
    def outside(self) -> Mapping[str, metadata.EntryPoint]:
        """Those of installed packages, but for names that are ours."""
        return {n: e for n, e in _entry_points(self.entry_points).items() if n not in self.own}

    def load(self, name: str) -> Any:
        """What `name` stands for.

        Raises UsageError for an unknown name, PluginError for a plug-in that can't be imported.
        """
        if name not in self:
            raise UsageError(
                f'There is no {self.kind} "{name}".{nearest(name, self)}',
                hint=f"{self.kind}s are " + ", ".join(self),
            )
        own = self.own.get(name)
        if own is None:
            return self.resolve(name, self.outside[name].value)
        return self.resolve(name, own) if isinstance(own, str) else own

    def resolve(self, name: str, reference: str) -> Any:
        """What a reference of the plug-in `name` leads to. Raises PluginError."""
        module, _, attributes = reference.partition(":")
        try:
            found: Any = import_module(module)
            for attribute in filter(None, attributes.split(".")):
                found = getattr(found, attribute)
        except Exception as error:  # whatever its code raises
            if name in self.own:
                raise
            raise self.broken(name, f"{reference} can't be imported", error) from error
        return found

    def broken(self, name: str, what: str, error: Exception | None = None) -> PluginError:
        """The error for a plug-in that is not what it should be; the caller raises it."""
        entry = self.outside.get(name)
        package = entry.dist.name if entry is not None and entry.dist is not None else ""
        why = f": {type(error).__name__}: {error}" if error is not None else ""
        return PluginError(
            f'The {self.kind} "{name}"{f" of package {package}" if package else ""} is broken: '
            f"{what}{why}.",
            hint=f"pip install --upgrade {package}, or pip uninstall {package}" if package else "",
        )


@lru_cache(maxsize=8)
def _entry_points(group: str) -> Mapping[str, metadata.EntryPoint]:
    """Reads the metadata of every installed package: once in a process."""
    return {entry.name: entry for entry in metadata.entry_points(group=group)}


PLATFORMS: Group[PlatformPlugin] = Group(
    "platform", "microtvm_boards.platforms", {plugin.name: plugin for plugin in OWN_PLATFORMS}
)
BOARDS: Group[str] = Group("source of boards", "microtvm_boards.boards", {})
FLASHERS: Group[str] = Group("flasher", "microtvm_boards.flashers", OWN_FLASHERS)
COMPILERS: Group[str] = Group("compiler", "microtvm_boards.compilers", OWN_COMPILERS)


def plugin_of(name: str) -> PlatformPlugin:
    """Of a platform. Raises as `Group.load`."""
    plugin = PLATFORMS.load(name)
    if not isinstance(plugin, PlatformPlugin):
        raise PLATFORMS.broken(name, f"its entry point names no PlatformPlugin, but {plugin!r}")
    if plugin.name != name:
        raise PLATFORMS.broken(name, f'it calls itself "{plugin.name}"')
    return plugin


def platform_part(name: str, part: str) -> Any:
    """What the reference `part` ("platform", "boards", "target", "options") of a platform leads to;
    None where it has none. Raises as `Group.load`."""
    reference: str = getattr(plugin_of(name), part)
    return PLATFORMS.resolve(name, reference) if reference else None
