"""Acts when `tvm.micro` is imported: gives it what its TVM lacks, before and after it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_NAME = "tvm.micro"


def install() -> None:
    """Puts the finder first on sys.meta_path; harmless when it is there. Imports nothing of TVM."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _NAME:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    """Does what the real loader does; where TVM has no micro session, our part around it."""

    def __init__(self, real: Loader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        from microtvm_boards.tvm.enable import complete, register_session, use_session

        # Tools that look for the module's source ask its loader.
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        registered = register_session()
        self._real.exec_module(module)
        if registered:
            complete(module)
            use_session(module)
