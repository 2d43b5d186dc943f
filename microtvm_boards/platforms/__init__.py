"""Platforms by name: `get_platform("baremetal")`. One file each in this folder."""

from __future__ import annotations

from importlib import import_module

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.platforms.base import BuildResult, MemoryUse, Platform, Progress

PLATFORMS = {
    "host": "microtvm_boards.platforms.host:HostPlatform",
    "baremetal": "microtvm_boards.platforms.baremetal:BaremetalPlatform",
}

__all__ = ["PLATFORMS", "BuildResult", "MemoryUse", "Platform", "Progress", "get_platform"]


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
