"""What `create` makes of a case, as hashes that hold on any machine."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microtvm_boards import __version__
from microtvm_boards.cli.app import run
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.project import Project
from microtvm_boards.project.write.trace import trace_project
from tests.boards.fake_zephyr import make_tree
from tests.conftest import DATA, DIGITS
from tests.golden.cases import Case

ROOT = DATA.parents[1]
GOLDEN = Path(__file__).parent / "golden.json"
_DIGITS = 16  # of a SHA-256; enough to see a change
# {"case": {"files": {path: hash}, "traced": {...}, "dry_run": hash}}, or {"case": {"refused": ...}}
Answers = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """Where the projects of a run are made."""

    directory: Path

    def paths(self) -> Mapping[str, str]:
        """Files that options name."""
        paths = {name: self.directory / name for name in ("conf", "overlay", "extra")}
        paths["samples"] = self.directory / "samples.npz"
        if not self.directory.is_dir():
            self.directory.mkdir()
            make_tree(self.directory, "3.3.0", "rc3")
            paths["conf"].write_text("CONFIG_MTVM_GOLDEN=y\n")
            paths["overlay"].write_text("/ { chosen { mtvm,uart = &uart1; }; };\n")
            with np.load(DATA / "foo.npz") as arrays:
                np.savez(paths["samples"], zeta=arrays["in_zeta"], alpha=arrays["in_alpha"])
            _write_tar(
                paths["extra"], {"extra.c": b"int extra;\n", "extra.h": b"extern int extra;\n"}
            )
        return {"data": str(DATA), **{name: str(path) for name, path in paths.items()}}

    def normalised(self, data: bytes) -> bytes:
        """Without paths and versions of this machine."""
        named = [(self.directory, "PLACE"), (DATA, "DATA"), (DIGITS, "DIGITS"), (ROOT, "ROOT")]
        for path, name in named:
            data = data.replace(os.fsencode(path), f"<{name}>".encode())
        return data.replace(f'"version": "{__version__}"'.encode(), b'"version": "<VERSION>"')


def _write_tar(path: Path, files: Mapping[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def answer(case: Case, place: Place) -> dict[str, Any]:
    """What came of the case."""
    paths = place.paths()
    folder = DIGITS if case.model.startswith("digits") else DATA
    command = ["create", str(folder / f"{case.model}.tar"), "--board", case.board, "--json"]
    if case.board in ("disco_l4", "qemu_m3", "native_posix_64"):
        command += ["-o", f"zephyr_base={place.directory / 'zephyr'}"]
    for option in case.options:
        command += ["-o", option.format(**paths)]
    code, said = _run([*command, "--dry-run"])
    if code != 0:
        return {"refused": place.normalised(said).decode()}
    directory = place.directory / "project"
    _run([*command[:2], str(directory), *command[2:]])
    found: dict[str, Any] = {"dry_run": _hash(place, said), "files": _hashes(place, directory)}
    project = Project.open(directory)
    try:
        if project.models:
            trace_project(project, place.directory / "traced")
    except MicroTvmBoardsError as error:
        found["untraced"] = place.normalised(str(error).encode()).decode()
    else:
        traced = _hashes(place, place.directory / "traced")
        found["traced"] = {k: v for k, v in traced.items() if found["files"].get(k) != v}
    for made in ("project", "traced"):
        shutil.rmtree(place.directory / made, ignore_errors=True)
    return found


def _run(command: list[str]) -> tuple[int, bytes]:
    """Exit code, and what it printed: its document, or its error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(command)
    return code, (out.getvalue() + err.getvalue()).encode()


def _hashes(place: Place, directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): _hash(place, path.read_bytes())
        for path in sorted(_files(directory))
    }


def _files(directory: Path) -> Iterator[Path]:
    yield from (path for path in directory.rglob("*") if path.is_file())


def _hash(place: Place, data: bytes) -> str:
    return hashlib.sha256(place.normalised(data)).hexdigest()[:_DIGITS]


def write(answers: Answers) -> None:
    GOLDEN.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")


def read() -> Answers:
    found: Answers = json.loads(GOLDEN.read_text())
    return found
