"""How the firmware of a Zephyr build is run: QEMU, a program of this computer, or a board.

Asked from the build once it is done, and kept in build/run.json without paths of its own.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ProjectError
from microtvm_boards.platforms.zephyr.board.devicetree import Devicetree
from microtvm_boards.project.project import Project

RUN_FILE = "run.json"
FIRMWARE = "{firmware}"
EMULATOR = re.compile(r"qemu-system-\w+|QEMU-NOTFOUND")
# Options of Zephyr's command line with a value, which we replace or don't want: the console and
# monitor on stdio, a file with the process id in the build directory.
_DROPPED = frozenset(("-pidfile", "-serial", "-mon", "-monitor", "-display"))
_USUAL_BAUD = 115200


@dataclass(frozen=True)
class RunFacts:
    kind: str  # "qemu", "native" or "board"
    command: tuple[str, ...] = ()  # qemu; {firmware} and {socket} are to be filled in
    baud: int = _USUAL_BAUD  # of the UART
    runner: str = ""  # that flashes the board: openocd, pyocd, ...


def ask(project: Project, config: Mapping[str, str], tree: Devicetree) -> RunFacts:
    """Looks at a finished build."""
    if config.get("CONFIG_ARCH_POSIX") == "y":
        return RunFacts("native")
    if config.get("CONFIG_QEMU_TARGET") == "y":
        return RunFacts("qemu", tuple(_qemu(project)))
    uart = tree.uart()
    speed = uart.cells("current-speed") if uart is not None else []
    return RunFacts("board", baud=speed[0] if speed else _USUAL_BAUD, runner=_runner(project))


def save(project: Project, facts: RunFacts) -> None:
    text = json.dumps(asdict(facts), indent=2, sort_keys=True) + "\n"
    (project.build_dir / RUN_FILE).write_text(text)


def load(project: Project) -> RunFacts:
    """Raises ProjectError when the project isn't built."""
    path = project.build_dir / RUN_FILE
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        return RunFacts(**{**fields, "command": tuple(fields["command"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ProjectError(
            f"{path} doesn't say how the firmware is run: {error}.",
            hint=f"microtvm-boards build {project.directory}",
        ) from error


def _qemu(project: Project) -> list[str]:
    """The command line that `ninja run` would start, with its UART on our socket."""
    done = subprocess.run(
        ["ninja", "-C", str(project.build_dir), "-t", "commands", "run_qemu"],
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    return adapt(lines[-1] if lines else "", str(project.build_dir / "zephyr"))


def adapt(line: str, folder: str) -> list[str]:
    """`line`: a shell command that starts QEMU on a file of `folder`; its UART goes to {socket}."""
    words = shlex.split(line)
    start = next((i for i, word in enumerate(words) if EMULATOR.fullmatch(Path(word).name)), None)
    if start is None:
        raise ProjectError(
            "The build doesn't say how its firmware is emulated: ninja run_qemu runs no QEMU.",
            details=[line],
        )
    command = [Path(words[start]).name, *_arguments(words[start + 1 :])]
    command += ["-display", "none", "-monitor", "none"]
    command += ["-chardev", "socket,id=mtvm,path={socket},server=on,wait=on"]
    command += ["-serial", "chardev:mtvm"]
    elf = f"{folder}/zephyr.elf"
    return [word.replace(elf, FIRMWARE) for word in command]


def _arguments(words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word in ("&&", "||", ";"):
            return
        if word in _DROPPED:
            next(rest, None)
        elif word == "-chardev":
            device = next(rest, "")
            if "id=con," not in f"{device},":
                yield from (word, device)
        elif word == "-icount":
            # With sleep=off a machine that waits for a byte keeps this computer busy.
            yield from (word, next(rest, "").replace("sleep=off", "sleep=on"))
        elif word != "-nographic":
            yield word


def _runner(project: Project) -> str:
    """The first line that says so in what Zephyr writes for west flash."""
    path = project.build_dir / "zephyr" / "runners.yaml"
    try:
        match = re.search(r"^flash-runner: *(\S+)", path.read_text(), re.MULTILINE)
    except OSError:
        return ""
    return match[1] if match else ""


def qemu_command(
    facts: RunFacts, firmware: Path, *, gdbserver_port: int | None = None
) -> list[str]:
    """As `platforms.qemu.command`: waits for a client of {socket}, and with a port for gdb."""
    command = [word.replace(FIRMWARE, str(firmware)) for word in facts.command]
    if gdbserver_port is not None:
        command += ["-gdb", f"tcp:127.0.0.1:{gdbserver_port}", "-S"]
    return command
