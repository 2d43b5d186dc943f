"""The pages on TVM, run as they are written: the blocks of a page one after the other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.tvm

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT.parent / "shared" / "models" / "kws_int8.tflite"


def blocks(page: str, languages: str = "sh|python") -> list[tuple[str, str]]:
    """(language, text) of each block that can be run."""
    text = (ROOT / "docs" / page).read_text()
    return re.findall(rf"^```({languages})\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(command: list[str], text: str, cwd: Path, seconds: int = 120) -> str:
    tool = cwd / "bin" / "microtvm-boards"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m microtvm_boards.cli "$@"\n')
    tool.chmod(0o755)
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*command, text],
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.qemu
def test_from_tflite_to_answers_with_tvmc(tmp_path: Path) -> None:
    pytest.importorskip("tvm")
    if not MODEL.is_file():
        pytest.skip(f"there is no {MODEL.name} in ../shared/models")
    (tmp_path / MODEL.name).symlink_to(MODEL)
    commands = {"sh": ["bash", "-ec"], "python": [sys.executable, "-c"]}
    output = [run(commands[language], text, tmp_path) for language, text in blocks("tvmc.md")]
    assert output[-1] == "equal\n"


def test_drive_it_from_python(tmp_path: Path) -> None:
    pytest.importorskip("tvm")
    code = "".join(text for language, text in blocks("python.md") if language == "python")
    output = run([sys.executable, "-c"], code, tmp_path)
    answers = re.findall(r"print\(.*\)  # (.*)", code)
    assert len(answers) == 2
    assert [line for line in output.splitlines() if line.startswith("[[")] == answers
    assert "Execution time summary" in output
