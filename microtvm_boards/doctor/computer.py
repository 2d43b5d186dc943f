"""This computer: tools, trees, ports, probes, and how often boards were flashed."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from microtvm_boards.boards import load_known
from microtvm_boards.doctor.finding import Finding, State, problem
from microtvm_boards.errors import PluginError
from microtvm_boards.flashers import FLASHERS, get_flasher
from microtvm_boards.flashers.probes import Probe, list_probes
from microtvm_boards.flashers.wear import USUAL_ENDURANCE, read_wear, wear_file
from microtvm_boards.platforms import PLATFORMS, get_platform, tools
from microtvm_boards.plugins import BOARDS, Group, PlatformPlugin
from microtvm_boards.programs import Tool, find, version
from microtvm_boards.transports.port_errors import holders
from microtvm_boards.transports.ports import SerialPort, list_ports

_SAY_NO_VERSION = ("JLinkExe", "stm32flash")  # unless there is a probe, or a port


def look_at_computer(
    *, ports: Sequence[SerialPort] | None = None, probes: Sequence[Probe] | None = None
) -> list[Finding]:
    """Everything, in the order in which one reads it. `ports` and `probes`: None is this
    computer's."""
    found = [*_build_tools(), *_emulators(), *_flashers(), *_packages(), *_plugins()]
    found += _trees()
    found += _ports(list_ports() if ports is None else ports)
    found += _probes(list_probes() if probes is None else probes)
    return [*found, *_wear()]


def _build_tools() -> Iterator[Finding]:
    for tool in (tools.CMAKE, tools.NINJA_OR_MAKE, tools.ARM_GCC, tools.host_compiler()):
        yield _tool("Tools", tool)


def _emulators() -> Iterator[Finding]:
    boards, _ = load_known()
    programs = sorted({board.emulator.program for board in boards if board.emulator})
    for program in programs:
        emulated = sum(1 for b in boards if b.emulator and b.emulator.program == program)
        yield _tool("Emulators", Tool((program,), f"emulates {emulated} boards", (program,)))


def _flashers() -> Iterator[Finding]:
    for name in FLASHERS:
        try:
            tool = get_flasher(name).tool
        except PluginError:
            continue  # _plugins says so
        if tool is not None:
            yield _tool("Flashers", tool, subject=name)


def _tool(area: str, tool: Tool, *, subject: str = "") -> Finding:
    path = find(tool)
    if path is None:
        subject = subject or tool.programs[0]
        found = f"{' or '.join(tool.programs)} is not installed; it {tool.purpose}"
        return Finding(area, subject, State.ABSENT, found, tool.hint)
    said = "" if Path(path).name in _SAY_NO_VERSION else version(tool)[1]
    return Finding(area, subject or Path(path).name, State.OK, f"{said or 'installed'} ({path})")


def _packages() -> Iterator[Finding]:
    """Python packages that something needs only sometimes."""
    for name, purpose, advice in (
        ("pyserial", "serial ports", "pip install pyserial"),
        ("hhb-tvm", "tvmc, tuning and export", 'pip install "microtvm-boards[tvm]" on Python 3.10'),
    ):
        try:
            yield Finding("Python", name, State.OK, f"{metadata.version(name)} for {purpose}")
        except metadata.PackageNotFoundError:
            found = f"not installed; it is for {purpose}"
            yield Finding("Python", name, State.ABSENT, found, advice)


def _trees() -> Iterator[Finding]:
    """What platforms build with, beside tools."""
    for name in PLATFORMS:
        try:
            platform = get_platform(name)
        except PluginError:
            continue  # _plugins says so
        for found in platform.looked_for():
            if found.error is None:
                yield Finding("Trees", found.subject, State.OK, found.text)
            elif found.problem:
                yield problem("Trees", found.subject, found.error)
            else:
                cause, hint = found.error.cause, found.error.hint
                yield Finding("Trees", found.subject, State.ABSENT, cause, hint)


def _plugins() -> Iterator[Finding]:
    """Those of other packages, and board files of the user's that are wrong."""
    loads: tuple[tuple[Group[Any], Callable[[str], object]], ...] = (
        (PLATFORMS, get_platform),
        (BOARDS, BOARDS.load),
        (FLASHERS, get_flasher),
    )
    for group, load in loads:
        for name, entry in sorted(group.outside.items()):
            subject = f"{group.kind} {name}"
            try:
                load(name)
            except PluginError as error:
                yield problem("Plug-ins", subject, error)
            else:
                made = group.load(name)
                said = made.help if isinstance(made, PlatformPlugin) else entry.value
                yield Finding("Plug-ins", subject, State.OK, said)
    for wrong in load_known()[1]:
        yield problem("Boards", "board files", wrong)


def _ports(ports: Iterable[SerialPort]) -> Iterator[Finding]:
    empty = True
    for port in ports:
        empty = False
        yield _port(port)
    if empty:
        advice = "plug a board in; a virtual machine or container has to be given its port"
        yield Finding("Ports", "serial ports", State.ABSENT, "there is none", advice)


def _port(port: SerialPort) -> Finding:
    try:
        status = Path(port.device).stat()
    except OSError as error:
        found = f"{port} can't be looked at: {error.strerror}"
        return Finding("Ports", port.device, State.PROBLEM, found, "plug it in again")
    owner = f"{_user(status.st_uid)}:{_group(status.st_gid)} {status.st_mode & 0o777:o}"
    if not os.access(port.device, os.R_OK | os.W_OK):
        group = _group(status.st_gid)
        advice = f"sudo usermod -aG {group} $USER, then log out and in again"
        found = f"{port}: no permission ({owner})"
        # A port that is part of the computer is hardly a board's.
        state = State.ABSENT if port.usb_id is None else State.PROBLEM
        return Finding("Ports", port.device, state, found, advice)
    others = holders(port.device)
    if others:
        found = f"{port}: in use by {' and '.join(others)}"
        return Finding("Ports", port.device, State.PROBLEM, found, "close that program")
    return Finding("Ports", port.device, State.OK, f"{port} ({owner})")


def _probes(probes: Iterable[Probe]) -> Iterator[Finding]:
    empty = True
    for probe in probes:
        empty = False
        subject = probe.serial_number or probe.kind
        yield Finding("Probes", subject, State.OK, str(probe))
    if empty:
        yield Finding("Probes", "debug probes", State.ABSENT, "there is none", "plug a board in")


def _wear() -> Iterator[Finding]:
    for key, count in read_wear().items():
        found = f"flashed {count:,} times ({wear_file()})"
        worn = count > USUAL_ENDURANCE
        advice = "its flash may be worn out: tune on another board, or in RAM" if worn else ""
        yield Finding("Flash wear", key, State.PROBLEM if worn else State.OK, found, advice)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
