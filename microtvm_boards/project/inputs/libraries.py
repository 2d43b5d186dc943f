"""Several model libraries in one project: their models' names, and the C symbols that collide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from microtvm_boards.errors import UsageError
from microtvm_boards.mlf import load
from microtvm_boards.model import Model, Module
from microtvm_boards.project.manifest import MODEL_TAR
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.options.values import existing_file
from microtvm_boards.project.plan.names import identifier

SYSTEM_LIB = "TVMSystemLibEntryPoint"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CODE = (".c", ".cc", ".cpp", ".h", ".o")


@dataclass(frozen=True)
class Library:
    """A model library of the project."""

    model: Model
    folder: str  # where its members are in the project: "model", "models/<name>"
    tar: str  # the tar itself, in the project


@dataclass(frozen=True)
class NamedModel:
    """A model library beside the first, and the name that the option gave it ("": none)."""

    name: str
    model: Model


@dataclass(frozen=True)
class Member:
    """A module of the project."""

    module: Module  # its name is the one in the project
    library: int
    renames: tuple[tuple[str, str], ...]  # C symbols of its code, old and new


def read_more_models(options: ProjectOptions) -> tuple[NamedModel, ...]:
    """Reads what the option more_models names: PATH or NAME:PATH.

    Raises UsageError for a name that is no C identifier or a missing file, ModelError for a file
    that is no model library.
    """
    found = []
    for text in options.more_models:
        name, colon, path = text.partition(":")
        if not colon:
            name, path = "", text
        elif not _NAME.fullmatch(name):
            raise UsageError(
                f'Option "more_models" takes NAME:PATH; found the name "{name}".',
                hint="a name of letters, digits and _",
            )
        found.append(NamedModel(name, load(existing_file(path, "more_models"))))
    return tuple(found)


def libraries(first: Model, more: Sequence[NamedModel]) -> tuple[Library, ...]:
    """All libraries with their places in the project."""
    result = [Library(first, "model", MODEL_TAR)]
    taken: set[str] = set()
    for extra in more:
        base = folder = identifier(extra.name or extra.model.modules[0].name)
        number = 2
        while folder.lower() in taken:
            folder, number = f"{base}_{number}", number + 1
        taken.add(folder.lower())
        result.append(Library(extra.model, f"models/{folder}", f"models/{folder}.tar"))
    return tuple(result)


def members(all_libraries: Sequence[Library], more: Sequence[NamedModel]) -> tuple[Member, ...]:
    """The modules of all libraries, each with a name of its own.

    A module keeps its name unless the option gave it another or an earlier one has it; then its C
    symbols get the new name too. Raises UsageError for a name that is given twice.
    """
    found = [Member(module, 0, ()) for module in all_libraries[0].model.modules]
    taken = {member.module.c_name.lower() for member in found}
    for number, (library, extra) in enumerate(zip(all_libraries[1:], more, strict=True), start=1):
        for module in library.model.modules:
            name = _name(module, extra, taken)
            taken.add(name.lower())
            renames = _renames(library.model, module, name, all_libraries[:number])
            found.append(Member(replace(module, name=name), number, renames))
    return tuple(found)


def _name(module: Module, extra: NamedModel, taken: set[str]) -> str:
    if extra.name:
        alone = len(extra.model.modules) == 1
        name = extra.name if alone else f"{extra.name}_{module.c_name}"
        if name.lower() in taken:
            raise UsageError(
                f'Two models of the project are called "{name}".',
                hint="another NAME in NAME:PATH of the option more_models",
            )
        return name
    name, number = module.name, 2
    while name.lower() in taken:
        name, number = f"{module.name}_{number}", number + 1
    return name


def _renames(
    model: Model, module: Module, name: str, before: Sequence[Library]
) -> tuple[tuple[str, str], ...]:
    """Every identifier in the module's code that starts with its prefix, and the system library's
    entry: each library may bring one."""
    symbols: set[str] = set()
    prefix = f"tvmgen_{module.c_name}"
    if name != module.name:
        pattern = re.compile(rf"(?<![0-9A-Za-z_]){re.escape(prefix)}(?:_\w+)?".encode())
        for member in _code(module):
            symbols |= {m.decode() for m in pattern.findall(model.files[member])}
    renames = {s: f"tvmgen_{name}{s.removeprefix(prefix)}" for s in symbols}
    if model.system_lib and any(library.model.system_lib for library in before):
        renames[SYSTEM_LIB] = f"tvmgen_{name}_{SYSTEM_LIB}"
    return tuple(sorted(renames.items()))


def _code(module: Module) -> list[str]:
    return [*module.sources, *([module.header] if module.header else [])]
