"""What is, and above all what is not, in a `c` firmware."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.end_to_end.firmware import need_tools

MakeProject = Callable[..., Project]
REGISTRY = re.compile(r"func_array|func_registry|system_lib|SystemLib|FuncGet|Metadata")
KINDS = ["foo_c", "foo_c_nousmp", "foo_packed", "foo_pu", "foo_graph"]


def build(project: Project) -> Path:
    need_tools(project)
    return get_platform(project.platform).build(project).firmware


def symbols(firmware: Path) -> dict[str, str]:
    """name -> nm's letter"""
    text = subprocess.run(
        ["arm-none-eabi-nm", firmware], check=True, capture_output=True, text=True
    ).stdout
    return {line.split()[-1]: line.split()[-2] for line in text.splitlines()}


@pytest.fixture(params=KINDS)
def firmware(request: pytest.FixtureRequest, make_project: MakeProject) -> Iterator[Path]:
    yield build(make_project(request.param, board="mps2_an386"))


@pytest.mark.qemu
def test_the_model_is_called_by_symbol_without_a_registry(firmware: Path) -> None:
    names = symbols(firmware)
    assert any(re.match(r"tvmgen_foo_", name) for name in names)
    for name in names:
        assert not REGISTRY.search(name)


@pytest.mark.qemu
def test_no_heap_and_no_printf_are_linked(firmware: Path) -> None:
    assert not {n for n in symbols(firmware) if re.search(r"malloc|calloc|sbrk|printf", n)}


@pytest.mark.qemu
def test_descriptors_are_in_flash(firmware: Path) -> None:
    names = symbols(firmware)
    assert names["mtvm_models"] == "R" or names["mtvm_models"] == "T"
    assert names["foo_inputs"] in "rt"


@pytest.mark.qemu
def test_no_function_pointer_is_in_data(make_project: MakeProject) -> None:
    """Every word of .data is compared with every function's address."""
    from elftools.elf.elffile import ELFFile

    for kind in KINDS:
        path = build(make_project(kind, board="mps2_an386"))
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            data = elf.get_section_by_name(".data")
            words = set()
            if data is not None:
                content = data.data()
                words = {
                    int.from_bytes(content[i : i + 4], "little") for i in range(0, len(content), 4)
                }
            table = elf.get_section_by_name(".symtab")
            functions = {
                symbol["st_value"]: symbol.name
                for symbol in table.iter_symbols()
                if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_value"] > 1
            }
        assert not [functions[w] for w in words if w in functions]


@pytest.mark.parametrize("kind", KINDS)
def test_application_headers_never_show_tvms_types(make_project: MakeProject, kind: str) -> None:
    project = make_project(kind)
    headers = sorted((project.directory / "src").rglob("*.h"))
    ours = [h for h in headers if "abi" not in h.parts]
    assert len(ours) >= 5
    for header in ours:
        text = header.read_text()
        for name in ("TVMValue", "DLTensor", "type_code", "tcode", "DLDevice", "PackedFunc"):
            assert name not in text, f"{name} in {header.name}"


def test_the_generated_code_is_untouched(make_project: MakeProject) -> None:
    import tarfile

    project = make_project("foo_packed")
    with tarfile.open(project.mlf) as tar:
        for member in tar.getmembers():
            name = member.name.removeprefix("./")
            if member.isfile() and name.startswith("codegen/"):
                stream = tar.extractfile(member)
                assert stream is not None
                assert (project.directory / "model" / name).read_bytes() == stream.read()


@pytest.mark.qemu
def test_workspace_is_reserved_once(make_project: MakeProject) -> None:
    """USMP already put the buffer into the generated code: then there is no arena beside it."""
    with_usmp = symbols(build(make_project("foo_c", board="mps2_an386")))
    without = symbols(build(make_project("foo_c_nousmp", board="mps2_an386")))
    assert "arena" not in with_usmp
    assert "arena" in without
