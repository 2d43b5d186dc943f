"""Platforms by name: `get_platform("baremetal")`. One file each in this folder."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.firmware.memory_use import MemoryUse
from microtvm_boards.platforms.base import BuildResult, Platform, Progress

if TYPE_CHECKING:
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.project.project import Project
    from microtvm_boards.transports.base import Transport

PLATFORMS = {
    "host": "microtvm_boards.platforms.host:HostPlatform",
    "baremetal": "microtvm_boards.platforms.baremetal:BaremetalPlatform",
    "zephyr": "microtvm_boards.platforms.zephyr.platform:ZephyrPlatform",
    "stm32cube": "microtvm_boards.platforms.stm32cube.platform:Stm32CubePlatform",
}

__all__ = [
    "PLATFORMS",
    "BuildResult",
    "MemoryUse",
    "Platform",
    "Progress",
    "get_platform",
    "transport_to",
]


def get_platform(name: str) -> Platform:
    """Raises UsageError for a name that isn't in PLATFORMS."""
    if name not in PLATFORMS:
        raise UsageError(
            f'There is no platform "{name}".{nearest(name, PLATFORMS)}',
            hint="platforms are " + ", ".join(PLATFORMS),
        )
    module, cls = PLATFORMS[name].split(":")
    platform = getattr(import_module(module), cls)()
    if not isinstance(platform, Platform):
        raise TypeError(f"{PLATFORMS[name]} is no Platform")
    return platform


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
