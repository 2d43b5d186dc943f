"""The shape of the code: no import circles, folders and functions of a size that can be read.

Exceptions are listed with what is there now. Who mends one takes it out, who needs one says why.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
PACKAGE = "microtvm_boards"
MOST_FILES = 15  # in a folder, beside __init__.py
MOST_PARAMETERS = 6  # of a function, keyword-only ones too, beside self

LARGE_FOLDERS = {
    "template_project/src/model": 18,  # with templates, of which a project gets a few
}
MANY_PARAMETERS = {
    # A command has one for each of its flags.
    "cli/commands/compile.py compile_": 8,
    "cli/commands/create.py create": 8,
    "cli/commands/profile.py profile": 7,
    "cli/commands/run.py run": 7,
    "cli/commands/tune.py tune": 13,
    "cli/commands/validate.py validate": 10,
    # All by keyword: what a user may type.
    "run/connection.py connect": 10,
    "relay/export.py build_module": 14,
    "relay/export.py export_mlf": 14,
    "relay/tuning/tuning.py tune": 11,
    # As TVM calls them.
    "relay/tuning/ms_runner.py __init__": 7,
    "relay/tuning/ms_runner.py get_rpc_runner_micro": 8,
    "relay/tuning/ms_runner.py measure": 7,
}


def test_no_files_import_each_other_in_a_circle() -> None:
    """Imports in functions and for type checkers count: they say who knows whom, too."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    imported = {m: sorted(graph.find_modules_directly_imported_by(m)) for m in graph.modules}
    found = {
        " ".join(sorted(module.removeprefix(f"{PACKAGE}.") for module in circle))
        for circle in circles(imported)
    }
    assert not found


def test_a_circle_is_found() -> None:
    assert list(circles({"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": []})) == [{"a", "b", "c"}]
    assert list(circles({"a": ["b", "c"], "b": ["c"], "c": []})) == []


def circles(imported: dict[str, list[str]]) -> Iterator[set[str]]:
    """Sets of modules that reach each other."""
    reached = {module: _reached_from(module, imported) for module in imported}
    done: set[str] = set()
    for module in sorted(imported):
        if module in reached[module] and module not in done:
            circle = {other for other in reached[module] if module in reached[other]}
            done |= circle
            yield circle


def _reached_from(module: str, imported: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    todo = [module]
    while todo:
        new = set(imported[todo.pop()]) - found
        found |= new
        todo += new
    return found


def test_no_folder_holds_more_files_than_one_idea_has() -> None:
    folders: dict[str, int] = {}
    for room in (PACKAGE, "template_project"):
        for path in (ROOT / room).rglob("*"):
            if path.suffix in (".py", ".c", ".h", ".j2") and path.name != "__init__.py":
                folder = path.parent.relative_to(ROOT).as_posix()
                folders[folder] = folders.get(folder, 0) + 1
    assert {f: n for f, n in folders.items() if n > MOST_FILES} == LARGE_FOLDERS


def test_no_function_takes_more_than_one_can_keep_in_mind() -> None:
    found: dict[str, int] = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = parameters(node.args)
                if count > MOST_PARAMETERS:
                    found[f"{path.relative_to(ROOT / PACKAGE).as_posix()} {node.name}"] = count
    assert found == MANY_PARAMETERS


def parameters(arguments: ast.arguments) -> int:
    named = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    return len(named) + len(arguments.kwonlyargs) - (named[:1] in (["self"], ["cls"]))
