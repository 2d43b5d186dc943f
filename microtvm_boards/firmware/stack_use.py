"""The stack of a built firmware: size, static worst case, high-water mark (build/stack.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from microtvm_boards.project.needs.margin import with_margin
from microtvm_boards.project.project import Project

REPORT = "stack.json"
USED = "stack_used.json"


@dataclass(frozen=True)
class StackUse:
    """The main stack of a linked firmware; bytes.

    static_bytes: the worst case by the compiler's account, interrupts included; None where there is
    none, and `problems` says why. used_bytes: the most of its paint that any run of this firmware
    overwrote; None before the first run.
    """

    reserved_bytes: int
    static_bytes: int | None
    main_bytes: int | None = None  # of it without interrupts
    interrupts: Mapping[str, int] = field(default_factory=dict)  # by handler, saved registers too
    automatic: bool = True  # sized by the build, not by an option
    chain: tuple[tuple[str, int], ...] = ()  # the deepest calls, with frames, from the entry on
    from_code: tuple[str, ...] = ()  # of the chain: frames that the machine code gave
    allowances: Mapping[str, int] = field(default_factory=dict)  # of functions nothing is known of
    problems: tuple[str, ...] = ()
    used_bytes: int | None = None

    @property
    def warning(self) -> str | None:
        """That the stack is smaller than the worst case."""
        if self.static_bytes is None or self.static_bytes <= self.reserved_bytes:
            return None
        return (
            f"the stack has {self.reserved_bytes} B, but its static worst case is "
            f"{self.static_bytes} B; create the project with stack_size_bytes="
            f"{with_margin(self.static_bytes)}, or without that option"
        )


def write_stack(use: StackUse, project: Project, firmware_sha256: str) -> None:
    """Of the firmware with this SHA-256."""
    facts = {k: v for k, v in asdict(use).items() if k != "used_bytes"}
    _write(project.build_dir / REPORT, {"firmware_sha256": firmware_sha256, **facts})


def read_stack(project: Project, firmware_sha256: str | None = None) -> StackUse | None:
    """Of the firmware with this SHA-256, by default the last that was built; None where no build
    measured it."""
    facts = _read(project.build_dir / REPORT)
    of = facts.pop("firmware_sha256", None)
    if of is None or of != (firmware_sha256 or of):
        return None
    used = _read(project.build_dir / USED)
    mark = used.get("used_bytes") if used.get("firmware_sha256") == of else None
    try:
        chain = tuple((str(name), int(frame)) for name, frame in facts.pop("chain"))
        from_code, problems = tuple(facts.pop("from_code")), tuple(facts.pop("problems"))
        return StackUse(
            **facts, chain=chain, from_code=from_code, problems=problems, used_bytes=mark
        )
    except (KeyError, TypeError, ValueError):
        return None


def note_stack_used(project: Project, used_bytes: int) -> None:
    """A run of the last firmware that was built overwrote so much paint; 0: it isn't measured."""
    known = read_stack(project) if used_bytes > 0 else None
    if known is None or used_bytes <= (known.used_bytes or 0):
        return
    of = _read(project.build_dir / REPORT).get("firmware_sha256")
    with suppress(OSError):  # a directory that can't be written to is no reason to end a run
        _write(project.build_dir / USED, {"firmware_sha256": of, "used_bytes": used_bytes})


def reserved_stack(project: Project) -> int:
    """Bytes of the main stack as it was linked; before the first build as planned. 0: not known."""
    use = read_stack(project)
    return project.manifest.stack_bytes if use is None else use.reserved_bytes


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    """Atomic: a reader meets the old file or the new one."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(facts, indent=2) + "\n")
    temporary.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
