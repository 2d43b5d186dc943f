"""Real ELF files: objects of LLVM's in the model libraries, and what a linker makes of C."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.conftest import DATA

SOURCE = """
static int own(void) { return 1; }
int (*taken)(void) = own;
__attribute__((weak)) int weak(void) { return 2; }
int called(void);
int caller(void) { return called() + weak(); }
char cleared[300];
"""


def object_in(library: str) -> bytes:
    """The first object file of a model library in tests/data."""
    with tarfile.open(DATA / library) as tar:
        member = next(m for m in tar if m.name.endswith(".o"))
        file = tar.extractfile(member)
        assert file is not None
        return file.read()


@pytest.fixture(scope="session")
def arm_object(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("needs arm-none-eabi-gcc")
    folder = tmp_path_factory.mktemp("arm")
    (folder / "a.c").write_text(SOURCE)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O1", "-c", "a.c", "-o", "a.o"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "a.o"
