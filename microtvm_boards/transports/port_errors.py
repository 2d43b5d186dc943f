"""Why a serial port can't be opened, and what to do about it."""

from __future__ import annotations

import errno
import grp
import os
import stat
from pathlib import Path

from microtvm_boards.errors import TransportError, UsageError

_DETECT = "microtvm-boards boards detect"


def require_port(port: str) -> None:
    """Raises TransportError for what is no serial port, before anything is opened."""
    try:
        mode = Path(port).stat().st_mode
    except FileNotFoundError:
        raise TransportError(
            f"There is no port {port}.", hint=f"plug the board in; {_DETECT} lists the ports"
        ) from None
    except OSError as error:
        raise cannot_open(port, error) from error
    except ValueError:  # a NUL
        raise TransportError(f"{port!r} is no name of a serial port.", hint=_DETECT) from None
    if not stat.S_ISCHR(mode):
        raise not_serial(port)


def require_alone(port: str) -> None:
    """Raises TransportError when another process has `port` open: both would get parts of what the
    board says. Not every process locks what it opens.
    """
    if holders(port):
        raise busy(port)


def holders(port: str) -> list[str]:
    """Other processes that have `port` open, as "pid 123 (picocom)"; those of other users can't be
    seen, and none can be without /proc.
    """
    device = os.path.realpath(port)
    found = []
    for process in _directories(Path("/proc")):
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        if any(_link(fd) == device for fd in _directories(process / "fd")):
            try:
                name = (process / "comm").read_text().strip()
            except OSError:  # it has just ended
                continue
            found.append(f"pid {process.name} ({name})")
    return found


def busy(port: str) -> TransportError:
    others = holders(port)
    by = " and ".join(others) or "another program"
    hint = f"close that program; kill {others[0].split()[1]} ends it" if others else ""
    if any("ModemManager" in other for other in others):
        hint = "sudo systemctl stop ModemManager; it looks for modems on every new port"
    return TransportError(
        f"{port} is in use by {by}.", hint=hint or f"sudo fuser -v {port} names that program"
    )


def bad_baud(port: str, baud: int) -> UsageError:
    return UsageError(
        f"{port} can't be set to {baud} baud.", hint="--baud 115200, and the same in the firmware"
    )


def not_serial(port: str) -> TransportError:
    return TransportError(
        f"{port} is not a serial port.", hint=f"{_DETECT} lists the ports; --port chooses one"
    )


def cannot_open(port: str, error: OSError) -> TransportError:
    """`error` of opening or setting up `port`."""
    number = error.errno
    if number in (errno.EBUSY, errno.EAGAIN):  # another's TIOCEXCL; another's lock
        return busy(port)
    if number in (errno.EACCES, errno.EPERM):
        return _forbidden(port)
    if number in (None, errno.ENOTTY):  # pyserial drops the number of tcgetattr's refusal
        return not_serial(port)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO):
        return TransportError(
            f"{port} is gone: it was unplugged, or its adapter doesn't answer.",
            hint=f"plug it in again; {_DETECT} lists the ports",
        )
    return TransportError(f"{port} can't be opened: {os.strerror(number)}.", hint=_DETECT)


def _forbidden(port: str) -> TransportError:
    cause = f"You have no permission to open {port}"
    try:
        found = Path(port).stat()
        group = grp.getgrgid(found.st_gid)
    except (OSError, KeyError):
        return TransportError(f"{cause}.", hint=f"ls -l {port}")
    rule = f"sudo chmod g+rw {port}, or a udev rule that does it for good"
    if found.st_mode & 0o060 != 0o060 or found.st_gid in os.getgroups():
        return TransportError(f"{cause}, and its group {group.gr_name} has none.", hint=rule)
    user = os.environ.get("USER", "")
    if user and user in group.gr_mem:
        return TransportError(
            f"{cause}: you are in its group {group.gr_name}, but not yet in this session.",
            hint=f"log out and in again, or newgrp {group.gr_name}",
        )
    return TransportError(
        f"{cause}: it is for the group {group.gr_name}.",
        hint=f"sudo usermod -aG {group.gr_name} $USER, then log out and in again",
    )


def _directories(path: Path) -> list[Path]:
    try:
        return list(path.iterdir())
    except OSError:  # not ours to see, or gone
        return []


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""
