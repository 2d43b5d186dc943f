"""Acts when parts of TVM are imported: gives them what they lack, before and after they run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_MICRO = "tvm.micro"
_POOL = "tvm.contrib.popen_pool"
_WATCHED = (_MICRO, _POOL)
_TUNING = "microtvm_boards.relay.tuning"

# Modules that wheels of TVM leave out, and the one of ours with the same names. "": a package.
_MISSING = {
    "tvm.contrib.micro": "",
    "tvm.contrib.micro.meta_schedule": "",
    "tvm.contrib.micro.meta_schedule.local_builder_micro": f"{_TUNING}.ms_builder",
    "tvm.contrib.micro.meta_schedule.rpc_runner_micro": f"{_TUNING}.ms_runner",
}


def install() -> None:
    """Puts the finder first on sys.meta_path; harmless when it is there. Imports nothing of TVM."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    for name in _WATCHED:
        module = sys.modules.get(name)
        # One that is half imported is another thread's.
        if module is not None and not getattr(module.__spec__, "_initializing", False):
            _after(module, own_session=False)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in _WATCHED:
            spec = PathFinder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Loader(spec.loader)
            return spec
        if fullname in _MISSING:
            found = PathFinder.find_spec(fullname, path, target)
            ours = _MISSING[fullname]
            return found or ModuleSpec(fullname, _OwnLoader(ours), is_package=not ours)
        return None


class _Loader(Loader):
    """Does what the real loader does, and our part around it."""

    def __init__(self, real: Loader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # Tools that look for the module's source ask its loader.
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        own_session = module.__name__ == _MICRO and _before_micro()
        self._real.exec_module(module)
        _after(module, own_session=own_session)


def _before_micro() -> bool:
    """Whether `tvm.micro` has our session, since TVM has none."""
    from microtvm_boards.relay.setup.micro import register_session
    from microtvm_boards.relay.tuning.trial_session import unregister

    unregister(sys.modules["tvm"])
    return register_session()


def _after(module: ModuleType, *, own_session: bool) -> None:
    if module.__name__ == _POOL:
        from microtvm_boards.relay.setup.workers import hook_workers

        hook_workers(module)
        return
    from microtvm_boards.relay.session.failures import register_call_errors
    from microtvm_boards.relay.setup.micro import complete, use_session
    from microtvm_boards.relay.setup.templates import use_templates
    from microtvm_boards.relay.tuning.trial_loader import use_loader
    from microtvm_boards.relay.tuning.trial_session import register

    if own_session:
        complete(module)
        use_session(module)
    use_templates(module)
    use_loader(module)
    register(sys.modules["tvm"])
    register_call_errors(sys.modules["tvm"])


class _OwnLoader(Loader):
    """Fills a module with the names of one of ours."""

    def __init__(self, ours: str) -> None:
        self._ours = ours

    def create_module(self, spec: ModuleSpec) -> None:
        """The default."""

    def exec_module(self, module: ModuleType) -> None:
        if self._ours:
            ours = import_module(self._ours)
            module.__doc__ = ours.__doc__
            for name in ours.__all__:
                setattr(module, name, getattr(ours, name))
