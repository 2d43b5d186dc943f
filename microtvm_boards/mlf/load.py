"""Reads a Model Library Format tar into a `Model`. Nothing is unpacked to disk."""

from __future__ import annotations

import re
from pathlib import Path

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf.archive import read_archive
from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.mlf.members import EXPORT_AGAIN, Members
from microtvm_boards.mlf.metadata import (
    METADATA,
    NEWEST_VERSION,
    OLDEST_VERSION,
    Metadata,
    UnknownVersion,
    parse_metadata,
)
from microtvm_boards.mlf.module import read_module
from microtvm_boards.model import Model

_CODE = re.compile(r"codegen/host/(?:src|lib)/([^/]+)\.(?:c|cc|cpp|o)")


def load(path: Path) -> Model:
    """Reads the tar `path`: MLF version 5 to 7 (TVM 0.8 to 0.18), full-model or operator style.

    The whole tar is held in memory (`Model.files`), within the limits of `archive`.
    Raises ModelError, which names the tar, the member and what was expected, for anything that
    is no such tar, is damaged or hostile, or is of a version that isn't known.
    """
    path = Path(path)
    archive = read_archive(path)
    members = Members(path, archive.files)
    metadata = _metadata(members)
    sources = _sources(members, metadata)
    modules = []
    calls: set[str] = set()
    system_lib = False
    for module in metadata.modules:
        read, code = read_module(members, module, metadata.style, sources[module.name])
        modules.append(read)
        calls |= code.runtime_calls
        system_lib |= code.system_lib
    return Model(
        path=path,
        sha256=archive.sha256,
        version=metadata.version,
        style=metadata.style,
        tvm_version=next((m.tvm_version for m in metadata.modules if m.tvm_version), None),
        modules=tuple(modules),
        system_lib=system_lib,
        runtime_calls=frozenset(calls),
        files=archive.files,
    )


def _metadata(members: Members) -> Metadata:
    if METADATA not in members.files:
        some = ", ".join(sorted(members.files)[:4]) or "nothing"
        raise ModelError(
            f"{members.path} is no Model Library Format tar: it has no {METADATA}, only {some}.",
            hint=EXPORT_AGAIN,
        )
    try:
        return parse_metadata(members.files[METADATA])
    except UnknownVersion as error:
        newer = error.version > NEWEST_VERSION
        age = "newer than the last TVM that is known here" if newer else "from before TVM 0.8"
        raise ModelError(
            f"{members.path}: {METADATA} says Model Library Format version {error.version}, "
            f"{age}; versions {OLDEST_VERSION} to {NEWEST_VERSION} can be read.",
            hint="update microtvm-boards, or export the model with TVM 0.18 or older"
            if newer
            else "export the model with TVM 0.8 to 0.18",
        ) from error
    except Malformed as error:
        raise members.error(f"{METADATA} can't be used: {error}") from error


def _sources(members: Members, metadata: Metadata) -> dict[str, tuple[str, ...]]:
    """The members with generated code, by module: <mod>_lib<N>.c; lib<N>.c in operator style."""
    code = {name: m[1] for name in sorted(members.files) if (m := _CODE.fullmatch(name))}
    names = [module.name for module in metadata.modules]
    if len(names) == 1:
        found = {names[0]: tuple(code)}
    else:
        found = {
            name: tuple(c for c, stem in code.items() if re.fullmatch(rf"{name}_lib\d+", stem))
            for name in map(re.escape, names)
        }
        found = dict(zip(names, found.values(), strict=True))
        strays = code.keys() - {c for group in found.values() for c in group}
        if strays:
            raise members.error(f"{min(strays)} belongs to none of the modules {', '.join(names)}")
    for name, group in found.items():
        if not group:
            raise members.error(f'there is no generated code of module "{name}" in codegen/host')
    return found
