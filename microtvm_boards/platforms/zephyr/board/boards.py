"""Every board that a Zephyr tree knows, as a Board: sizes for preflight, the rest at build time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from microtvm_boards.boards.board import Board
from microtvm_boards.boards.load import LIST_COMMAND, known_names
from microtvm_boards.boards.source import PlatformBoards, Wanted
from microtvm_boards.errors import BoardError, nearest
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.platforms.zephyr.board.source import describe
from microtvm_boards.platforms.zephyr.board.tree import PINNED, ZephyrTree, look_for_zephyr

# A board, in either hardware model: name, name@revision, name@revision/soc/cluster/variant.
_TARGET = re.compile(r"[A-Za-z0-9_.-]+(@[A-Za-z0-9_.]+)?(/[A-Za-z0-9_.]*)*")
_LONGEST_NAME = 64  # in board.schema.json
_SECONDS = 60


class ZephyrBoards(PlatformBoards):
    """Every board of the Zephyr tree that is found is one of ours, too."""

    section = "zephyr"

    def read(self, raw: Mapping[str, Any]) -> ZephyrSection:
        """A board that Zephyr calls as we do needs no words about it."""
        zephyr = raw.get(self.section, {})
        return ZephyrSection(
            zephyr.get("board", raw["name"]),
            zephyr.get("release"),
            zephyr.get("arch"),
            zephyr.get("cpu", ""),
            zephyr.get("soc", ""),
            tuple(zephyr.get("plain_memories", [])),
        )

    def hosted(self, board: Board) -> bool:
        zephyr = board.section(ZephyrSection)
        return zephyr is not None and zephyr.posix

    def find(self, wanted: Wanted) -> Board | None:
        if not _TARGET.fullmatch(wanted.name):
            return None
        tree = _tree(wanted)
        if tree is None:
            return None if wanted.platform is None else make_board(wanted.name, None)
        _check_known(wanted.name, tree, with_ours=wanted.platform is None)
        return make_board(wanted.name, tree)

    def complete(self, board: Board, wanted: Wanted) -> Board:
        """Zephyr's board of that name, or of the name that its file gives (zephyr.board)."""
        zephyr = board.section(ZephyrSection)
        target = board.name if zephyr is None else zephyr.board
        tree = _tree(wanted)
        if tree is not None:
            _check_known(target, tree, with_ours=wanted.platform is None)
        return make_board(target, tree, board)


def _tree(wanted: Wanted) -> ZephyrTree | None:
    base = wanted.options.get("zephyr_base")
    return look_for_zephyr(None if base is None else str(base), Path.cwd())


def _check_known(target: str, tree: ZephyrTree, *, with_ours: bool) -> None:
    base = re.split("[@/]", target)[0]
    names = zephyr_board_names(tree)
    if base in names:
        return
    known = sorted({*names, *(known_names() if with_ours else ())})
    raise BoardError(
        f'There is no board "{target}", neither among Zephyr {tree.release}\'s {len(names)} '
        f"({tree.base}) nor among ours.{nearest(base, known)}",
        hint=f"west boards, or {LIST_COMMAND}",
    )


def zephyr_board_names(tree: ZephyrTree) -> frozenset[str]:
    """As the tree's own script lists them: it knows the hardware model of its version.

    Raises BoardError when the script fails.
    """
    script = tree.base / "scripts" / "list_boards.py"
    roots = [f"--arch-root={tree.base}", f"--board-root={tree.base}"]
    if tree.version >= (3, 7, 0):
        roots.append(f"--soc-root={tree.base}")
    done = subprocess.run(
        [sys.executable, str(script), *roots], capture_output=True, text=True, timeout=_SECONDS
    )
    if done.returncode != 0:
        lines = done.stderr.splitlines()
        raise BoardError(
            f"{script} can't list Zephyr's boards: {lines[-1] if lines else 'no message'}",
            hint='pip install "microtvm-boards[zephyr]"',
        )
    # Up to 3.6 they are listed under their architectures.
    lines = [line for line in done.stdout.splitlines() if not line.endswith(":")]
    return frozenset(line.strip() for line in lines if line.strip())


def make_board(target: str, tree: ZephyrTree | None, own: Board | None = None) -> Board:
    """Zephyr's board `target`, with USB ids and flashers of our board file `own`.

    Without a tree its sizes are unknown.
    """
    from microtvm_boards.boards.check import board_from_tree
    from microtvm_boards.boards.yaml_tree import parse_yaml

    path, facts = _facts(target, tree) if tree is not None else (None, {})
    document = _document(target, tree, path, facts, own)
    source = path or Path(f"{target} (board of Zephyr)")
    return replace(board_from_tree(parse_yaml(document), source), document=document)


def _document(
    target: str,
    tree: ZephyrTree | None,
    path: Path | None,
    facts: dict[str, Any],
    own: Board | None,
) -> str:
    """The board file of a project: what the tree said about its board."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", target)[:_LONGEST_NAME]
    description = facts.get("name")
    if not isinstance(description, str) or not description.isprintable():
        description = target
    lines = [
        f"name: {json.dumps(name)}",
        f"description: {json.dumps(description + ' (board of Zephyr)', ensure_ascii=False)}",
        "platforms: [zephyr]",
    ]
    known = describe(target, path, facts, tree)
    if known.memories:
        lines.append("memories:")
        lines += [
            f"  - {{name: {m.name}, origin: {m.origin:#x}, size: {m.size}, use: {m.use[0]}}}"
            for m in known.memories
        ]
    if own is not None and own.flashers:
        lines.append("flashers:")
        lines += [f"  - {json.dumps({'name': f.name, **f.settings})}" for f in own.flashers]
    if own is not None and own.usb_ids:
        lines.append("usb_ids:")
        lines += [f"  - {{vid: {usb.vid:#06x}, pid: {usb.pid:#06x}}}" for usb in own.usb_ids]
    lines += ["zephyr:", f"  board: {json.dumps(target)}"]
    lines.append(f"  release: {json.dumps(tree.release if tree else PINNED)}")
    arch = facts.get("arch")
    if isinstance(arch, str) and re.fullmatch("[a-z][a-z0-9_]*", arch):
        lines.append(f"  arch: {arch}")
    lines += [f"  {key}: {json.dumps(value)}" for key, value in known.facts.items()]
    return "\n".join(lines) + "\n"


def architecture(target: str, tree: ZephyrTree) -> str | None:
    """As Zephyr names it: arm, posix, riscv, ...; None when the tree doesn't say."""
    arch = _facts(target, tree)[1].get("arch")
    return arch if isinstance(arch, str) else None


def _facts(target: str, tree: ZephyrTree) -> tuple[Path | None, dict[str, Any]]:
    """What Zephyr's file for its test runner says about a board: name, arch, ram and flash in KiB.

    That of the very target, else one of another variant of the board.
    """
    plain = re.sub("@[^/]*", "", target)
    base = plain.split("/")[0]
    found: tuple[Path | None, dict[str, Any]] = (None, {})
    for path, facts in _candidates(base, tree):
        identifier = re.sub("@[^/]*", "", str(facts.get("identifier", "")))
        if identifier == plain:
            return path, facts
        if found[0] is None and identifier.split("/")[0] == base:
            found = (path, facts)
    return found


def _candidates(base: str, tree: ZephyrTree) -> Iterator[tuple[Path, dict[str, Any]]]:
    import yaml

    for path in sorted((tree.base / "boards").glob(f"**/{base}*.yaml")):
        try:
            facts = yaml.safe_load(path.read_text())
        except (OSError, yaml.YAMLError):
            continue
        if isinstance(facts, dict) and "identifier" in facts:
            yield path, facts
