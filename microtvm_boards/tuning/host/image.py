"""A kernel, compiled and linked for a kernel host."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.errors import ProjectError


class KernelTooLargeError(ProjectError):
    """The kernel's code, or its stack, is more than the board has room for."""


@dataclass(frozen=True)
class KernelImage:
    """What `KernelHost.load` brings onto a device.

    path: the image for the window; a shared library on the host; in mode rebuild the
        directory of a built project.
    size_bytes: of the kernel's code and data in the device's memory; in mode rebuild, of the
        whole firmware.
    functions: names of its functions, as runtime.SystemLib finds them.
    seconds: that compiling and linking took.
    """

    path: Path
    size_bytes: int
    sha256: str
    functions: tuple[str, ...]
    seconds: float
