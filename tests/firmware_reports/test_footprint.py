"""Every byte of a firmware has one part, one section and one name."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.cli.show.footprint_svg import draw
from microtvm_boards.errors import ProjectError
from microtvm_boards.firmware.footprint import PARTS, Piece, footprint, part_of, totals
from microtvm_boards.firmware.link_map import InputSection, read_map
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.conftest import DIGITS
from tests.end_to_end.firmware import need_tools

MakeProject = Callable[..., Project]


def pieces_of(project: Project) -> tuple[Piece, ...]:
    need_tools(project)
    platform = get_platform(project.platform)
    platform.build(project)
    return footprint(project, platform.firmware(project), platform.memories(project))


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("kind", "board", "entrypoint"),
    [("c", "mps2_an386", "c"), ("packed", "mps2_an386", "packed"), ("graph", "host", "c")],
)
def test_parts_sections_and_symbols_add_up_to_the_memory(
    make_project: MakeProject, kind: str, board: str, entrypoint: str
) -> None:
    project = make_project(
        DIGITS / f"digits_{kind}.tar", board=board, model_entrypoint_api=entrypoint
    )
    pieces = pieces_of(project)
    use = {m.memory: m.used_bytes for m in get_platform(project.platform).memory_use(project)}
    sums = totals(pieces, "memory")
    assert {name: sums[name,] for name in use} == use
    assert {piece.part for piece in pieces} <= set(PARTS)
    assert all(piece.size > 0 and piece.symbol for piece in pieces)

    parts = totals(pieces, "part")
    assert ("rpc",) in parts if entrypoint == "packed" else ("rpc",) not in parts
    largest = {piece.symbol: piece for piece in reversed(pieces)}
    if kind == "graph":
        # Tensors, though our own code declares them.
        assert {p.part for p in pieces if p.symbol.startswith("storage_")} == {"model"}
        assert largest["mtvm_digits_param_0"].part == "model"
    else:
        assert largest["global_const_workspace"] == Piece(
            "FLASH", "model", ".text", "global_const_workspace", 3376
        )
        assert largest["(stack)"].part == "platform"
        assert largest["(stack)"].memory == "RAM"


@pytest.mark.parametrize(
    ("section", "file", "part"),
    [
        (".text.f", "CMakeFiles/model.dir/model/codegen/host/src/lib0.c.obj", "model"),
        (".text.f", "app/libapp.a(lib1.c.obj)", "model"),  # an archive has no paths
        (".text.f", "app/libapp.a(link.c.obj)", "rpc"),
        (".text.f", "zephyr/kernel/libkernel.a(sched.c.obj)", "platform"),
        (".text.f", "/usr/lib/gcc/libgcc.a(_divsi3.o)", "libc"),
        (".text.f", "/usr/lib/gcc/crtbegin.o", "libc"),
        (".text.f", "CMakeFiles/firmware.dir/extra/sensor.c.obj", "app"),
        (".bss.input_memory", "CMakeFiles/firmware.dir/src/app/c_harness.c.obj", "model"),
        (".bss.noinit.mtvm", "CMakeFiles/firmware.dir/src/rpc/calls/heap.c.obj", "rpc"),
        (".text.f", "CMakeFiles/firmware.dir/src/port/baremetal/receive_ring.c.obj", "rpc"),
        (".text.f", "CMakeFiles/vendor.dir/hal/stm32f4xx_hal.c.obj", "platform"),
    ],
)
def test_a_part_follows_from_the_object_file(section: str, file: str, part: str) -> None:
    sources = {"lib1.c": "model/codegen/host/src/lib1.c", "link.c": "src/rpc/link/link.c"}
    assert part_of(InputSection(".x", section, 0, 4, file), sources) == part


MAP = """
Archive member included

Linker script and memory map

LOAD main.c.obj

.text           0x00000000      0x1c0
 *(.text .text.*)
 .text.main     0x00000000       0x10 src/main.c.obj
 .text.a_name_that_is_too_long
                0x00000010       0x20 lib app/libapp.a(model.c.obj)
                0x00000010                a_symbol
 .rodata.str1.1 0x00000030       0x43 src/strings_that_another_file_has_too.c.obj
                                  0x2 (size before relaxing)
 .rodata.own    0x00000030        0x4 src/main.c.obj
 .text.empty    0x00000034        0x0 src/main.c.obj
.bss            0x20000000       0x8
 COMMON         0x20000000       0x8 src/main.c.obj
OUTPUT(firmware.elf elf32-littlearm)
 .text.after    0x00000000       0x10 src/main.c.obj
"""


def test_the_linkers_map_is_read(tmp_path: Path) -> None:
    path = tmp_path / "firmware.map"
    path.write_text(MAP)
    assert read_map(path) == (
        InputSection(".text", ".text.main", 0, 16, "src/main.c.obj"),
        InputSection(
            ".text", ".text.a_name_that_is_too_long", 16, 32, "lib app/libapp.a(model.c.obj)"
        ),
        InputSection(".text", ".rodata.own", 0x30, 4, "src/main.c.obj"),
        InputSection(".bss", "COMMON", 0x20000000, 8, "src/main.c.obj"),
    )


@pytest.mark.parametrize("text", [None, "", "not a map\n"])
def test_a_missing_or_foreign_map_says_to_build_again(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "firmware.map"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ProjectError) as error:
        read_map(path)
    assert error.value.hint == "build the project again"


@pytest.mark.tools
def test_the_picture_has_a_bar_for_every_memory_in_use(make_project: MakeProject) -> None:
    project = make_project("foo_c")
    pieces = pieces_of(project)
    use = get_platform(project.platform).memory_use(project)
    picture = draw("a < b & c", use, pieces)
    root = ET.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    titles = [t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == len(totals(pieces, "memory", "part"))
    assert "script" not in picture
    assert "href" not in picture
