"""Mode window: a kernel is an image in RAM, linked against a firmware that stays on the board."""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from microtvm_boards.errors import BuildError, DeviceError, ProjectError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project.project import Project
from microtvm_boards.project.target import target_of
from microtvm_boards.rpc import Device
from microtvm_boards.rpc.remote import RemoteTensor, parse_dtype
from microtvm_boards.rpc.values import Handle, TensorRef
from microtvm_boards.tuning.host.commands import Compiler
from microtvm_boards.tuning.host.image import KernelTooLargeError
from microtvm_boards.tuning.host.linked import loaded, place_of

WINDOW = "mtvm_kernel_window"
ENTRY = "TVMSystemLibEntryPoint"
SCRIPT, HEADER = "image.ld", "header.o"
NOTES = "window.json"  # the window's address and size
MAGIC = 0x4B56544D  # of kernel_window.c
# Beside a kernel's own frame: those of what calls it, and of an interrupt.
STACK_AROUND = 512
_INFO = struct.Struct("<QI")

_HEADER_C = """\
#include <tvm/runtime/crt/module.h>

__attribute__((section(".kernel_header"), used)) const struct {{
  uint32_t magic;
  char host[{digits}];
  const TVMModule *(*entry)(void);
}} mtvm_kernel_header = {{{magic:#x}, "{identity}", {entry}}};
"""
_SCRIPT_LD = """\
MEMORY {{ WINDOW (rwx) : ORIGIN = {address:#x}, LENGTH = {size} }}
SECTIONS
{{
  .image :
  {{
    KEEP(*(.kernel_header))
    *(.text .text.*)
    *(.rodata .rodata.*)
    . = ALIGN(8);
    *(.data .data.* .bss .bss.* COMMON)
    . = ALIGN(8);
    BYTE(0)
  }} > WINDOW
  .ARM.extab : {{ *(.ARM.extab*) }} > WINDOW
  .ARM.exidx : {{ *(.ARM.exidx*) }} > WINDOW
  /DISCARD/ : {{ *(.init .fini .init_array* .fini_array* .eh_frame* .comment .note*) }}
}}
"""
# The second says by how much; not every GNU ld prints it.
_OVERFLOW = re.compile(r"will not fit in region [`']WINDOW'")
_OVERFLOW_BYTES = re.compile(r"region [`']WINDOW' overflowed by (\d+) bytes?")


@dataclass(frozen=True)
class Window:
    """How kernels are built for one firmware. Its files lie in `folder`."""

    project: Project
    folder: Path
    compiler: Compiler
    identity: str
    address: int = 0
    size: int = 0  # bytes; 0: kernels are shared libraries

    @classmethod
    def of(cls, project: Project, folder: Path, identity: str) -> Window:
        """For a project that is built; writes what all kernels share into `folder`, once. For one
        process at a time.

        Raises BuildError or ProjectError.
        """
        compiler = Compiler.of(project)
        if target_of(project.platform).loads_libraries:
            return cls(project, folder, compiler, identity)
        notes = folder / NOTES
        if notes.is_file():  # others may link with what is there
            address, size = json.loads(notes.read_text())
            return cls(project, folder, compiler, identity, address, size)
        address, size = place_of(WINDOW, get_platform(project.platform).firmware(project))
        source = folder / "header.c"
        digits = len(identity)
        source.write_text(
            _HEADER_C.format(digits=digits, magic=MAGIC, identity=identity, entry=ENTRY)
        )
        compiler.compile(source, folder / HEADER, project)
        (folder / SCRIPT).write_text(_SCRIPT_LD.format(address=address, size=size))
        notes.write_text(json.dumps([address, size]))
        return cls(project, folder, compiler, identity, address, size)

    def build(self, sources: Mapping[str, bytes], directory: Path) -> tuple[Path, int, Path]:
        """Compiles and links `sources` in `directory`: (what is loaded, its bytes, ELF).

        Raises BuildError, KernelTooLargeError.
        """
        objects = compile_sources(self.compiler, sources, directory, self.project)
        _refuse_deep_stack(objects, self.project)
        if not self.size:
            library = directory / "kernel.so"
            # Bound to itself: several libraries have functions of the same names.
            options = ["-shared", "-Wl,-Bsymbolic", f"-Wl,--undefined={ENTRY}", "-o", str(library)]
            self.compiler.link([*options, *map(str, objects), "-lm"], directory, self.project)
            return library, len(loaded(library)), library
        linked = directory / "kernel.elf"
        platform = get_platform(self.project.platform)
        firmware = platform.firmware(self.project)
        options = ["-nostartfiles", "-static", "-Wl,-n", "-Wl,--gc-sections", "-Wl,--build-id=none"]
        options += [f"-Wl,-T,{self.folder / SCRIPT}", f"-Wl,--just-symbols={firmware}"]
        options += [*platform.kernel_link_options, str(self.folder / HEADER), *map(str, objects)]
        try:
            self.compiler.link([*options, "-lm", "-o", str(linked)], directory, self.project)
        except BuildError as error:
            raise self._too_large(error) or error from None
        image = directory / "kernel.bin"
        data = loaded(linked)
        image.write_bytes(data)
        return image, len(data), linked

    def _too_large(self, error: BuildError) -> KernelTooLargeError | None:
        text = error.log.read_text(errors="replace") if error.log else str(error)
        by = _OVERFLOW_BYTES.search(text)
        if by is None and _OVERFLOW.search(text) is None:
            return None
        needs = f"needs {self.size + int(by[1])} B" if by else "is too large"
        return KernelTooLargeError(
            f"The kernel's code {needs}; the window has {self.size} B.",
            hint="tuning_load=rebuild, or a larger tuning_window_bytes",
            log=error.log,
        )

    def check(self, device: Device) -> None:
        """Raises DeviceError when the device doesn't run this very firmware."""
        if not self.size:
            return
        found = device.call("mtvm.kernel_window")
        expected = _INFO.pack(self.address, self.size) + self.identity.encode()
        if found != expected:
            raise DeviceError(
                "The firmware on the board is another kernel host.",
                details=[f"found: {found!r}", f"expected: {expected!r}"],
                hint="flash it; microtvm-boards does so when it opens the board for tuning",
            )

    def load(self, device: Device, path: Path) -> None:
        """Brings the kernel onto the device. Raises DeviceError when it refuses it."""
        if not self.size:
            device.call("mtvm.kernel_open", str(path))
            return
        data = path.read_bytes()
        if not device.session.established:
            device.session.start()
        ref = TensorRef(self.address, parse_dtype("uint8"), (len(data),))
        handle = Handle(self.address)
        device.copy_to(RemoteTensor(ref, handle, device.session.generation), data)
        device.call("mtvm.kernel_start", len(data), zlib.crc32(data))


def compile_sources(
    compiler: Compiler, sources: Mapping[str, bytes], directory: Path, project: Project
) -> list[Path]:
    """The objects of `sources`: C files and objects, by file name.

    Raises ProjectError for a name that is neither, BuildError with the compiler's first error.
    """
    objects = []
    for name, data in sources.items():
        plain = PurePosixPath(name).name
        path = directory / plain
        if not plain.endswith((".c", ".o")):
            raise ProjectError(f"A kernel is made of C files and objects (.c, .o); found {name}.")
        path.write_bytes(data)
        target = path.with_suffix(".o")
        if target in objects:
            raise ProjectError(f"Two sources of the kernel are called {path.stem}.")
        if path != target:
            compiler.compile(path, target, project)
        objects.append(target)
    return objects


def _refuse_deep_stack(objects: Sequence[Path], project: Project) -> None:
    """Raises KernelTooLargeError for a function whose frame is more than the stack."""
    if not project.manifest.stack_bytes:
        return
    for path in objects:
        notes = path.with_suffix(".su")
        if not notes.is_file():
            continue
        for line in notes.read_text(errors="replace").splitlines():
            place, size, *_ = line.split("\t")
            if int(size) + STACK_AROUND > project.manifest.stack_bytes:
                raise KernelTooLargeError(
                    f"{place.rpartition(':')[2]} of the kernel takes {size} B of stack; the board "
                    f"has {project.manifest.stack_bytes} B of it.",
                    hint="a larger stack_size_bytes",
                )
