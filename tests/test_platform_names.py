"""No room but platforms/ tests a platform's name: it asks the platform, or its TargetPlan."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from microtvm_boards.plugins import OWN_PLATFORMS

PACKAGE = Path(__file__).parents[1] / "microtvm_boards"
NAMES = frozenset(plugin.name for plugin in OWN_PLATFORMS)
_MODULES = [f"microtvm_boards.platforms.{name}" for name in sorted(NAMES)]
# Who may import a platform's own package: a command that is for its projects alone.
MAY_IMPORT = {"cli/commands/into.py"}


def lines_that_test(source: str) -> Iterator[int]:
    """Lines with a comparison with a platform's name, or a case of a match."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            parts = [node.value]
        else:
            continue
        words = {w.value for p in parts for w in ast.walk(p) if isinstance(w, ast.Constant)}
        if words & NAMES:
            yield node.lineno


def imports_of_platforms(source: str) -> Iterator[int]:
    """Lines that import a package of platforms/."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported = [*module, *(".".join([*module, alias.name]) for alias in node.names)]
            if any(name.startswith(tuple(_MODULES)) for name in imported):
                yield node.lineno


def outside() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("platforms/"):
            yield name, path.read_text()


def test_no_platforms_name_is_tested_elsewhere() -> None:
    assert [f"{n}:{line}" for n, text in outside() for line in lines_that_test(text)] == []


def test_no_platforms_package_is_imported_elsewhere() -> None:
    found = {name for name, text in outside() if list(imports_of_platforms(text))}
    assert found == MAY_IMPORT


def test_both_would_be_found() -> None:
    for text in ('x == "zephyr"', 'x.y not in ("host", "z")', 'match x:\n case "stm32cube": pass'):
        assert list(lines_that_test(text)) != [], text
    assert list(lines_that_test('PLATFORM = "zephyr"')) == []
    for text in (
        "from microtvm_boards.platforms.zephyr.run import x",
        "from microtvm_boards.platforms import zephyr",
        "import microtvm_boards.platforms.host",
    ):
        assert list(imports_of_platforms(text)) != [], text
