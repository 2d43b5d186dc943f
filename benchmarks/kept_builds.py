"""Builds many projects of one board with Zephyr one after the other, each kernel once: a project
takes the place of the one before, files that are the same stay as they are."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.base import BuildResult
from microtvm_boards.project import Project, create, parse_options


class KeptBuilds:
    """`folder` gets a project for each Zephyr, board and optimization."""

    last: Project  # what was built last

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def build(self, tar: Path, raw: dict[str, object]) -> tuple[Project, BuildResult]:
        """Creates the project of `tar` with the options `raw` and builds it."""
        fresh = self._folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        project = create(tar, fresh, parse_options(raw, "generate_project"))
        names = [str(raw.get(key)) for key in ("zephyr_base", "board", "optimization")]
        kept = self._folder / re.sub(r"\W+", "_", "-".join(names))
        _replace(project.directory, kept)
        project = self.last = Project.open(kept)
        return project, get_platform(project.platform).build(project)


def zephyr_trees() -> list[Path]:
    """Every Zephyr that is here: $ZEPHYR_BASE, ~/zephyrproject*/zephyr."""
    named = os.environ.get("ZEPHYR_BASE")
    found = [Path(named)] if named else []
    found += sorted(Path.home().glob("zephyrproject*/zephyr"))
    return list(dict.fromkeys(p.resolve() for p in found if (p / "VERSION").is_file()))


def _replace(fresh: Path, kept: Path) -> None:
    kept.mkdir(exist_ok=True)
    for objects in (kept / "build" / "CMakeFiles").glob("*.dir"):
        shutil.rmtree(objects)  # the stack report reads all of them
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    for path in list(kept.rglob("*")):
        relative = path.relative_to(kept)
        if relative.parts[0] != "build" and path.is_file() and relative not in wanted:
            path.unlink()
    for relative in wanted:
        source, target = fresh / relative, kept / relative
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
