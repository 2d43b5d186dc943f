"""What `create` writes and says for a case, without what differs from machine to machine."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microtvm_boards import __version__
from microtvm_boards.cli.app import run
from microtvm_boards.project import Project
from microtvm_boards.project.write.trace import trace_project
from tests.boards.fake_zephyr import make_tree
from tests.conftest import DATA, DIGITS
from tests.golden.cases import Case

ROOT = DATA.parents[1]
KEPT = Path(__file__).parent / "kept"
_COPIED_FROM = ("template_project", "board_configs", "")  # folders of ROOT


@dataclass(frozen=True)
class Place:
    """Where the projects of a run are made; `directory` doesn't exist yet."""

    directory: Path

    def paths(self) -> Mapping[str, str]:
        """Files that options name."""
        paths = {name: self.directory / name for name in ("conf", "overlay", "extra", "zephyr")}
        paths |= {"samples": self.directory / "samples.npz", "data": DATA}
        if not self.directory.is_dir():
            self.directory.mkdir()
            make_tree(self.directory, "3.3.0", "rc3")
            paths["conf"].write_text("CONFIG_MTVM_GOLDEN=y\n")
            paths["overlay"].write_text("/ { chosen { mtvm,uart = &uart1; }; };\n")
            with np.load(DATA / "foo.npz") as arrays:
                np.savez(paths["samples"], zeta=arrays["in_zeta"], alpha=arrays["in_alpha"])
            _write_tar(paths["extra"], {"extra.c": b"int extra;\n", "extra.h": b"\n"})
        return {name: str(path) for name, path in paths.items()}

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


def made(case: Case, place: Place) -> dict[str, bytes]:
    """Path -> content: `create --dry-run --json`, the files of the project that are no copies, and
    in traced/ those that differ when its operators are traced."""
    paths = place.paths()
    tar = (DIGITS if case.model.startswith("digits") else DATA) / f"{case.model}.tar"
    options = [word for o in case.options for word in ("-o", o.format(**paths))]
    given = ["--board", case.board, "--json", *options]
    project, traced = place.directory / "project", place.directory / "traced"
    try:
        said = _says("create", str(tar), *given, "--dry-run")
        _says("create", str(tar), str(project), *given)
        written = _written(project, place)
        files = {"dry_run.json": place.normalised(said), **written}
        opened = Project.open(project)
        if opened.models and opened.app != "minimal":
            trace_project(opened, traced)
            changed = _written(traced, place).items() - written.items()
            files |= {f"traced/{path}": data for path, data in changed}
        return files
    finally:
        for directory in (project, traced):
            shutil.rmtree(directory, ignore_errors=True)


def _says(*command: str) -> bytes:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        assert run(command) == 0, out.getvalue()
    return out.getvalue().encode()


def _written(directory: Path, place: Place) -> dict[str, bytes]:
    """Files that are no copies of ours and none of the model library; project.json names all."""
    found = {}
    for path in (path for path in directory.rglob("*") if path.is_file()):
        name = path.relative_to(directory).as_posix()
        data = path.read_bytes()
        if name.startswith(("model/", "models/")) or path.suffix == ".tar":
            continue
        if name in (".gitignore", ".microtvm-boards"):
            continue  # the one would hide the other here, too
        if name == "board.yaml" or any(_is(ROOT / folder / name, data) for folder in _COPIED_FROM):
            continue
        found[name] = place.normalised(data)
    return found


def _is(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data
