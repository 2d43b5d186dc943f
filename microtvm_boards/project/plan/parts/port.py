"""src/port: each platform's files, and how CMake builds for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.parts.planned import TEMPLATE, copied, from_folder, rendered
from microtvm_boards.project.plan.parts.rpc import baud_files
from microtvm_boards.project.plan.types import PlannedFile

FOLDER = "src/port"
INTERFACE = ("mtvm_port.h",)
CORTEX_M = ("mtvm_cortex_m.h", "mtvm_fault.h", "mtvm_ring.h", "mtvm_stack.h")  # in common/
INCLUDED = ("regions.ld.j2",)  # by other templates
SECTIONS = "sections.ld.j2"
_PROJECT = "project/"  # what is in it goes to the top of a project


@dataclass(frozen=True)
class Port:
    """What is in template_project/src/port/<platform>, and of CMake's files beside its own."""

    files: tuple[str, ...]
    uarts: Mapping[str, str] = field(default_factory=dict)  # driver -> file; empty: none is ours
    served: tuple[str, ...] = ()  # with entry point packed
    sections: bool = False  # SECTIONS, where buffers have sections of their own
    linker_script: bool = False  # a whole one
    cortex_m: bool = False  # without an operating system
    changes_baud: bool = False  # of its UART, for the server of src/rpc

    @property
    def places_buffers(self) -> bool:
        """Whether there is a linker script, or a part of one, in which buffers can be placed."""
        return self.linker_script or self.sections

    @property
    def everything(self) -> tuple[str, ...]:
        sections = (SECTIONS,) if self.sections else ()
        return (*self.files, *self.uarts.values(), *self.served, *sections)


def port_files(draft: Draft, port: Port) -> Iterator[PlannedFile]:
    """Of the UART drivers the board's one."""
    platform = draft.platform
    yield copied(f"cmake/{platform}.cmake", f"compiler and linker of platform {platform}")
    yield from from_folder(FOLDER, INTERFACE, "bytes in, bytes out, time, halt")
    if port.cortex_m:
        yield copied("cmake/arm_gcc.cmake", "compiler for Arm Cortex-M")
        yield from from_folder(f"{FOLDER}/common", CORTEX_M, "what ports to Cortex-M share")
    names = list(port.files)
    driver = draft.board.uart.driver if draft.board.uart else None
    if driver is not None and port.uarts:
        names.append(port.uarts[driver])
    if draft.rpc is not None:
        names += port.served
    if port.sections and any(buffer.section for buffer in draft.buffers):
        names.append(SECTIONS)
    yield from (_of_platform(draft, name) for name in names)
    if port.changes_baud:
        yield from baud_files(draft)


def _of_platform(draft: Draft, name: str) -> PlannedFile:
    source, reason = f"{FOLDER}/{draft.platform}/{name}", f"the port of platform {draft.platform}"
    target = source if not name.startswith(_PROJECT) else name.removeprefix(_PROJECT)
    if name.endswith(TEMPLATE):
        return rendered(source, target.removesuffix(TEMPLATE), reason)
    return copied(source, reason, target)
