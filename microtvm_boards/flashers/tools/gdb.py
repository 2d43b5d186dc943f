"""gdb's `load` through a gdb server: OpenOCD's, pyOCD's, J-Link's, QEMU's. Tried with gdb 13."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from microtvm_boards.errors import UsageError
from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.image import flash_image, write_text
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(
        r"Connection (refused|timed out|reset by peer)|could not connect|Remote replied unexp",
        Failure.NO_SERVER,
    ),
    Pattern(r"MIS-MATCHED", Failure.VERIFY),
    Pattern(
        r"Architecture rejected target-supplied description|Load failed|Cannot access memory",
        Failure.WRONG_TARGET,
    ),
    Pattern(r"Remote connection closed|Remote communication error", Failure.NO_TARGET),
)
_CONNECT_SECONDS = 3


class GdbFlasher(ToolFlasher):
    name = "gdb"
    tool = Tool(
        ("gdb-multiarch", "arm-none-eabi-gdb"), "flashes through a gdb server", ("gdb-multiarch",)
    )
    known_settings: ClassVar = {"server": "host:port of the gdb server"}
    probe_kinds = frozenset()  # its server chose one
    patterns = PATTERNS

    def prepare(self, target: FlashTarget) -> None:
        """The scripts that gdb runs: unlike options -ex, they end with the first error."""
        connect = [
            "set confirm off",
            "set height 0",
            f"set tcp connect-timeout {_CONNECT_SECONDS}",
            f"target extended-remote {_server(target)}",
        ]
        load = [*connect, "load", "compare-sections", "disconnect"]
        # A Cortex-M starts with what is in the first two words of its flash. Set here, since every
        # server resets in words of its own.
        vectors = flash_image(target.firmware).address
        start = [
            *connect,
            f"set $sp = *(unsigned int *) {vectors:#x}",
            f"set $pc = *(unsigned int *) {vectors + 4:#x}",
            "detach",
        ]
        for name, steps in (("load", load), ("start", start)):
            write_text(target.build_dir / f"flash.{name}.gdb", "\n".join(steps) + "\n")

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        """Two, so that nothing is started that doesn't compare."""
        scripts = (str(target.build_dir / f"flash.{name}.gdb") for name in ("load", "start"))
        command = [program, "-nx", "-batch"]
        return [[*command, "-x", script, str(target.firmware)] for script in scripts]

    def judge(self, target: FlashTarget, lines: Sequence[str], *, last: bool) -> Failure | None:
        """A difference is no error of `compare-sections`."""
        matched = [line for line in lines if line.endswith("matched.")]
        bad = any("MIS-MATCHED" in line for line in lines)
        return None if matched and not bad else Failure.OTHER


def _server(target: FlashTarget) -> str:
    server = target.gdbserver or target.text("server")
    if not server:
        raise UsageError(
            "The flasher gdb needs a gdb server.",
            hint="--gdbserver-port, or flashers: [{name: gdb, server: localhost:3333}] in "
            f"{target.board.source}",
        )
    return server
