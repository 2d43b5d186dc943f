"""Model libraries made from others."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path


def replaced(tar: Path, before: bytes, after: bytes, target: Path) -> Path:
    """The library with other words in its members."""
    return _rewritten(tar, lambda name, data: (name, data.replace(before, after)), target)


def renamed(tar: Path, old: str, new: str, target: Path) -> Path:
    """The library `tar` as TVM would have exported it with another module name."""
    words = ((old.encode(), new.encode()), (old.upper().encode(), new.upper().encode()))

    def rename(name: str, data: bytes) -> tuple[str, bytes]:
        for before, after in words:
            data = data.replace(before, after)
        return name.replace(old, new), data

    return _rewritten(tar, rename, target)


def _rewritten(tar: Path, change: Callable[[str, bytes], tuple[str, bytes]], target: Path) -> Path:
    with tarfile.open(tar) as source, tarfile.open(target, "w") as result:
        for member in source.getmembers():
            file = source.extractfile(member)
            if file is not None:
                member.name, data = change(member.name, file.read())
                member.size = len(data)
                result.addfile(member, io.BytesIO(data))
    return target
