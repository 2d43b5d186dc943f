"""docs/without-tvm.md runs as it is written, in one shell and one Python, without TVM."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from microtvm_boards.rpc import Seen

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = (REPOSITORY / "docs" / "without-tvm.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.tools
def test_the_page_runs_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    tool = tmp_path / "bin" / "microtvm-boards"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m microtvm_boards.cli "$@"\n')
    tool.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}"}
    # The import of TVM fails, wherever it is installed.
    page = "import sys; sys.modules['tvm'] = None\n" + "".join(
        code for language, code in BLOCKS if language == "python"
    )
    commands = [["bash", "-ec", code] for language, code in BLOCKS if language == "sh"]
    said = ""
    for command in [*commands, [sys.executable, "-c", page]]:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        said += done.stdout
    assert re.search(r"says (\d) and it is \1\n", said)
    assert re.search(r"^at best \d+ us$", said, re.MULTILINE)
    assert "4000 of 4000" in said
    assert "MTVM_RPC_E_HEAP" in said
    assert (tmp_path / "answers.npz").is_file()


def test_everything_that_can_be_seen_is_described() -> None:
    described = re.findall(r"^\| `Seen\.(\w+)` \|", TEXT, re.MULTILINE)
    assert described == [seen.name for seen in Seen]
