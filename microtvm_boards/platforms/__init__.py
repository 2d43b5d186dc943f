"""Platforms by name: `get_platform("baremetal")`. Ours have a file or folder each here.

Names are looked up when they are used: a platform's options are in its folder, and are read for
every `--help`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microtvm_boards.errors import UsageError
from microtvm_boards.plugins import PLATFORMS, platform_part

if TYPE_CHECKING:
    from microtvm_boards.firmware.memory_use import MemoryUse
    from microtvm_boards.platforms.base import BuildResult, Platform, Progress
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.project.project import Project
    from microtvm_boards.transports.base import Transport

__all__ = [
    "PLATFORMS",
    "BuildResult",
    "MemoryUse",
    "Platform",
    "Progress",
    "get_platform",
    "transport_to",
]

_MODULES = {
    "BuildResult": "platforms.base",
    "MemoryUse": "firmware.memory_use",
    "Platform": "platforms.base",
    "Progress": "platforms.base",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"microtvm_boards.{_MODULES[name]}"), name)


def get_platform(name: str) -> Platform:
    """Raises UsageError for a name that isn't in PLATFORMS, PluginError for one from outside that
    can't be imported."""
    from microtvm_boards.platforms.base import Platform

    made = platform_part(name, "platform")
    if not (isinstance(made, type) and issubclass(made, Platform)):
        raise PLATFORMS.broken(name, f"{made!r} is no class Platform")
    return made()


def transport_to(project: Project, device: DeviceOptions) -> Transport:
    """A transport, not yet open, to the running firmware; records or replays where asked to.

    Raises as Platform.transport; TransportError for a transcript that can't be used; UsageError for
    fast_baud, which who negotiates it takes out.
    """
    from microtvm_boards.transports.transcript import RecordingTransport, ReplayTransport

    if device.fast_baud is not None:
        raise UsageError(
            "fast_baud is negotiated by our own RPC client: commands that call a packed project, "
            "and connect() in Python.",
            hint="leave it out; baud sets the rate of the whole connection",
        )
    if device.replay is not None:
        return ReplayTransport(Path(device.replay))
    transport = get_platform(project.platform).transport(project, device)
    if device.transcript is not None:
        return RecordingTransport(transport, Path(device.transcript))
    return transport
