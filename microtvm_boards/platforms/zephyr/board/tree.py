"""Zephyr as its users have it: finds the tree, its version, its workspace and its modules."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ToolNotFoundError, UsageError

Version = tuple[int, int, int]

OLDEST: Version = (3, 2, 0)
NEWEST_MAJOR = 4
PINNED = "3.4.0"  # for projects that are made where there is no Zephyr
USUAL_PLACE = Path("~/zephyrproject/zephyr")


@dataclass(frozen=True)
class ZephyrTree:
    base: Path  # $ZEPHYR_BASE
    version: Version
    release: str  # "3.3.0-rc3", as in the tag v3.3.0-rc3
    found_by: str

    @property
    def workspace(self) -> Path | None:
        """The west workspace that the tree lies in: the nearest directory with .west/config."""
        return _workspace_around(self.base)


def find_zephyr(zephyr_base: str | None, *near: Path) -> ZephyrTree:
    """The first of: `zephyr_base`, $ZEPHYR_BASE, the west workspace around a directory of `near`,
    ~/zephyrproject.

    Raises UsageError when one that was named isn't a Zephyr, or a version that isn't supported;
    ToolNotFoundError when there is none.
    """
    tree = look_for_zephyr(zephyr_base, *near)
    if tree is not None:
        return tree
    raise ToolNotFoundError(
        "Zephyr is needed and was not found.",
        details=[
            "looked at the option zephyr_base, $ZEPHYR_BASE, the west workspaces around "
            + ", ".join(str(path) for path in near)
            + f", and {USUAL_PLACE}",
            "these get the one that the project's west.yml names:",
            "  pip install west",
            f"  west init -l {near[0]}",
            "  west update",
        ],
        hint=f"pip install west && west init -l {near[0]} && west update; or zephyr_base=PATH",
    )


def look_for_zephyr(zephyr_base: str | None, *near: Path) -> ZephyrTree | None:
    """As `find_zephyr`, with None when there is no Zephyr."""
    if zephyr_base:
        return read_tree(Path(zephyr_base), "option zephyr_base")
    named = os.environ.get("ZEPHYR_BASE")
    if named:
        return read_tree(Path(named), "$ZEPHYR_BASE")
    for path in (*near, Path.cwd()):
        workspace = _workspace_around(path)
        if workspace is not None and (base := _base_in(workspace)) is not None:
            return read_tree(base, f"the west workspace {workspace}")
    usual = USUAL_PLACE.expanduser()
    return read_tree(usual, str(USUAL_PLACE)) if _is_tree(usual) else None


def read_tree(base: Path, found_by: str) -> ZephyrTree:
    """Raises UsageError when `base` isn't a Zephyr tree of a supported version."""
    base = base.expanduser().resolve()
    if not _is_tree(base):
        raise UsageError(
            f"{found_by} names {base}, which is no Zephyr tree: it has no file VERSION beside "
            "Kconfig.zephyr.",
            hint="the directory that `west init` called zephyr",
        )
    fields = dict(re.findall(r"^(\w+) *= *(\S*)", (base / "VERSION").read_text(), re.MULTILINE))
    try:
        numbers = [int(fields[f]) for f in ("VERSION_MAJOR", "VERSION_MINOR", "PATCHLEVEL")]
    except (KeyError, ValueError) as error:
        raise UsageError(f"{base / 'VERSION'} names no version of Zephyr: {error}.") from error
    version = (numbers[0], numbers[1], numbers[2])
    release = ".".join(map(str, numbers)) + _suffix(fields.get("EXTRAVERSION", ""))
    if version < OLDEST or version[0] > NEWEST_MAJOR:
        raise UsageError(
            f"Zephyr {release} ({base}, from {found_by}) is too "
            f"{'old' if version < OLDEST else 'new'}: "
            f"{'.'.join(map(str, OLDEST[:2]))} to {NEWEST_MAJOR}.x are supported.",
            hint=f"git -C {base} checkout v{PINNED} && west update; or zephyr_base=PATH of another",
        )
    return ZephyrTree(base, version, release, found_by)


def _suffix(extra: str) -> str:
    return f"-{extra}" if extra else ""


def _is_tree(base: Path) -> bool:
    return (base / "VERSION").is_file() and (base / "Kconfig.zephyr").is_file()


def _workspace_around(path: Path) -> Path | None:
    path = path.expanduser().resolve()
    return next((p for p in (path, *path.parents) if (p / ".west" / "config").is_file()), None)


def _base_in(workspace: Path) -> Path | None:
    """The Zephyr of a workspace: its setting zephyr.base, else the directory zephyr."""
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read(workspace / ".west" / "config")
    except configparser.Error:
        config.clear()
    named = config.get("zephyr", "base", fallback="")
    candidates = [workspace / named] if named else []
    return next((p for p in [*candidates, workspace / "zephyr"] if _is_tree(p)), None)


# Modules: repositories of vendors and libraries beside the tree


def modules(tree: ZephyrTree) -> Mapping[str, Path]:
    """Name -> where it belongs, of every module of the tree's manifest, whether there or not."""
    found: dict[str, Path] = {}
    for file in (tree.base / "west.yml", *sorted((tree.base / "submanifests").glob("*.y*ml"))):
        for project in _projects(file):
            name = project.get("name")
            if isinstance(name, str):
                found[name] = tree.base.parent / str(project.get("path", name))
    return found


def present_modules(tree: ZephyrTree) -> tuple[Path, ...]:
    """Those that are there, for a tree without a west workspace around it."""
    return tuple(path for path in modules(tree).values() if _is_module(path))


def missing_modules(tree: ZephyrTree) -> tuple[str, ...]:
    return tuple(name for name, path in modules(tree).items() if not path.is_dir())


def _is_module(path: Path) -> bool:
    return any((path / "zephyr" / name).is_file() for name in ("module.yml", "module.yaml"))


def _projects(file: Path) -> Iterator[Mapping[str, Any]]:
    import yaml

    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError):
        return
    manifest = document.get("manifest") if isinstance(document, dict) else None
    projects = manifest.get("projects") if isinstance(manifest, dict) else None
    yield from (p for p in _list(projects) if isinstance(p, dict))


def _list(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
