"""A tracker with RPC servers on this computer, and trials that their sessions are asked for."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

DATA = Path(__file__).parents[2] / "data"
OPERATOR = DATA / "operator.tar"  # out[4,8] int32 = x[4,8] int8 + bias[1,8] int8
_CODE = "codegen/host/src/lib1.c"


@dataclass(frozen=True)
class Lab:
    """`port`: of the tracker."""

    port: int

    @contextmanager
    def trial(
        self,
        key: str,
        options: Mapping[str, Any],
        library: Path = OPERATOR,
        *,
        platform: str = "host",
        timeout: int = 100,
        **loader: Any,
    ) -> Iterator[tuple[Any, Any]]:
        """(session, module), as user code of TVM's gets them."""
        import tvm.micro

        template = tvm.micro.get_microtvm_template_projects(platform)
        load = tvm.micro.AutoTvmModuleLoader(template, dict(options), **loader)
        where = {"host": "127.0.0.1", "port": self.port, "device_key": key}
        with load(
            {**where, "priority": 0, "timeout": timeout}, SimpleNamespace(filename=library)
        ) as got:
            yield got


@contextmanager
def lab(keys: Sequence[str]) -> Iterator[Lab]:
    """With a server for each key."""
    from tvm import rpc
    from tvm.rpc.tracker import Tracker

    import microtvm_boards.tvm  # noqa: F401  # all that user code does

    with ExitStack() as undo:
        tracker = Tracker(port=9190, port_end=9990, silent=True)
        undo.callback(tracker.terminate)
        address = ("127.0.0.1", tracker.port)
        for key in keys:
            server = rpc.Server(
                address[0], port=9190, port_end=9990, key=key, tracker_addr=address, silent=True
            )
            undo.callback(server.terminate)
        yield Lab(tracker.port)


def broken(directory: Path, body: str) -> Path:
    """The operator's library whose kernel begins with the statements `body`."""
    path = directory / "broken.tar"
    with tarfile.open(OPERATOR) as old, tarfile.open(path, "w") as new:
        for member in old.getmembers():
            file = old.extractfile(member)
            data = b"" if file is None else file.read()
            if member.name.endswith(_CODE):
                head, brace, rest = data.partition(b"void* resource_handle) {\n")
                data = head + brace + body.encode() + b"\n" + rest
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return path
