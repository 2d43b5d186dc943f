"""Reads a tar into memory, and nothing else of it: no links, no devices, no way out, no bombs."""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.errors import ModelError

MAX_MEMBER_BYTES = 128 << 20
MAX_TOTAL_BYTES = 256 << 20  # of the tar, unpacked
MAX_MEMBERS = 10_000
_MAX_NAME = 512
_MAX_DEPTH = 32
_MAX_HEADER_BYTES = 4 << 10  # of one long name or one set of PAX records
_MAX_XZ_MEMORY = 128 << 20

_BLOCK = 512
_EXPORT_AGAIN = "export the model again with TVM's export_model_library_format"
# They mean something to a shell, to CMake or to make, and TVM writes none of them.
_BAD_CHARACTERS = frozenset('\\"$;<>|*?:`')
# Types whose data describe the next member: long names, and PAX records.
_RECORD_TYPES = frozenset((b"x", b"g", b"X", b"L", b"K"))
# Types that have no data, whatever their size field says.
_WITHOUT_DATA = frozenset(tarfile.SUPPORTED_TYPES) - frozenset(tarfile.REGULAR_TYPES)
_SIZE_RECORD = re.compile(rb"\d+ (size|GNU\.sparse[^=\n]*)=")
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a FIFO",
}


@dataclass(frozen=True)
class Archive:
    files: dict[str, bytes]  # by normalized path: "codegen/host/src/default_lib0.c"
    sha256: str  # of the file on disk


def read_archive(path: Path) -> Archive:
    """Reads all regular members of the tar `path`, plain or compressed by gzip or xz.

    Raises ModelError, which names the member, when the file can't be read, is no tar, is
    truncated, is larger than the limits above, or holds anything but files and directories with
    plain relative paths, each once.
    """
    data = _read_file(path)
    return Archive(_members(path, _decompress(path, data)), hashlib.sha256(data).hexdigest())


def _read_file(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ModelError(
                f"{path} is a directory; a Model Library Format tar was expected.",
                hint="give the .tar file itself",
            )
        if path.exists() and not path.is_file():
            raise ModelError(f"{path} is not a regular file; a tar was expected.")
        with path.open("rb") as file:
            data = file.read(MAX_TOTAL_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelError(f"{path} can't be read: {reason}.", hint="check the path") from error
    if len(data) > MAX_TOTAL_BYTES:
        raise _too_big(path, "the file", MAX_TOTAL_BYTES)
    return data


def _decompress(path: Path, data: bytes) -> bytes:
    """`data` itself, or what gzip or xz made of it; never more than MAX_TOTAL_BYTES."""
    decompressor: zlib._Decompress | lzma.LZMADecompressor
    if data.startswith(b"\x1f\x8b"):
        decompressor = zlib.decompressobj(wbits=31)
    elif data.startswith(b"\xfd7zXZ\0"):
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_XZ_MEMORY)
    else:
        return data
    try:
        plain = decompressor.decompress(data, MAX_TOTAL_BYTES + 1)
    except (zlib.error, lzma.LZMAError) as error:
        raise ModelError(
            f"{path} is compressed, but damaged: {error}.", hint=_EXPORT_AGAIN
        ) from error
    if len(plain) > MAX_TOTAL_BYTES:
        raise _too_big(path, "unpacked, the tar", MAX_TOTAL_BYTES)
    if not decompressor.eof:
        raise ModelError(
            f"{path} is truncated: its compressed data ends early.", hint=_EXPORT_AGAIN
        )
    return plain


class _Refused(Exception):
    """What is wrong with the tar, without its name."""


def _check_headers(data: bytes) -> None:
    """Refuses headers that would make tarfile read far, or backwards (CVE-2025-8194).

    Walks the raw blocks (POSIX.1-2008 pax, "ustar Interchange Format"), because what tarfile itself
    checks, and which of its methods a subclass can override, differs between Python releases.
    """
    offset = 0
    while offset + _BLOCK <= len(data) and data[offset] != 0:
        header = data[offset : offset + _BLOCK]
        size, kind = _number(header[124:136]), header[156:157]
        if size < 0:
            raise _Refused(f"a member has the size {size}")
        if kind == tarfile.GNUTYPE_SPARSE:
            name = header[:100].rstrip(b"\0").decode(errors="replace")
            raise _Refused(f'member "{name}" is a sparse file')
        offset += _BLOCK
        if kind in _RECORD_TYPES:
            if size > _MAX_HEADER_BYTES:
                raise _Refused(f"a header record has {size} bytes")
            if _SIZE_RECORD.search(data, offset, offset + size):
                raise _Refused("a header record changes the size of a member")
        elif kind in _WITHOUT_DATA:
            size = 0
        offset += -(-size // _BLOCK) * _BLOCK


def _number(field: bytes) -> int:
    """A number of a header: octal digits, or GNU's base-256 with the top bit set."""
    if field[0] in (0x80, 0xFF):
        return int.from_bytes(field[1:], "big") - (
            256 ** (len(field) - 1) if field[0] == 0xFF else 0
        )
    return int(field.strip(b" \0") or b"0", 8)


def _members(path: Path, data: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    directories: set[str] = set()
    end = 0  # of the last member
    try:
        _check_headers(data)
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            count = 0
            while (info := tar.next()) is not None:
                count += 1
                if count > MAX_MEMBERS:
                    raise _Refused(f"it has more than {MAX_MEMBERS} members")
                if info.size < 0 or info.offset < end:
                    raise _Refused(f"member {info.name!r} overlaps the one before")
                name = _checked_name(info)
                end = info.offset_data
                if not info.isreg():
                    directories.add(name)
                    continue
                end += -(-info.size // _BLOCK) * _BLOCK
                if info.size > MAX_MEMBER_BYTES:
                    raise _too_big(path, f'member "{name}"', MAX_MEMBER_BYTES)
                if end > len(data):
                    raise _Refused(f'it is truncated in member "{name}"')
                if name in files:
                    raise _Refused(f'member "{name}" is there twice')
                files[name] = data[info.offset_data : info.offset_data + info.size]
    except _Refused as error:
        raise ModelError(f"{path} is no usable tar: {error}.", hint=_EXPORT_AGAIN) from error
    except (tarfile.TarError, ValueError, OverflowError, IndexError, RecursionError) as error:
        raise ModelError(
            f"{path} is no tar, or a damaged one: {error}; "
            "a Model Library Format tar was expected.",
            hint=_EXPORT_AGAIN,
        ) from error
    if data[end : end + _BLOCK] != bytes(_BLOCK):
        raise ModelError(
            f"{path} is truncated: the end-of-archive mark is missing.", hint=_EXPORT_AGAIN
        )
    _check_tree(path, files, directories)
    return files


def _checked_name(info: tarfile.TarInfo) -> str:
    """The member's path without "./", refused when it isn't a plain one of a file or directory."""
    name = info.name
    if not name.isprintable() or _BAD_CHARACTERS & set(name):
        raise _Refused(f"member {name!r} has a character that no path of TVM's has")
    if not (info.isreg() or info.isdir()) or info.issparse():
        kind = _KINDS.get(info.type, "neither file nor directory")
        raise _Refused(f'member "{name}" is {kind}')
    if name.startswith("/"):
        raise _Refused(f'member "{name}" has an absolute path')
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise _Refused(f'member "{name}" leaves the archive by ".."')
    if len(name) > _MAX_NAME or len(parts) > _MAX_DEPTH:
        raise _Refused(f'the path of member "{name[:60]}..." is too long')
    if info.isreg() and not parts:
        raise _Refused("a file without a name is in it")
    return "/".join(parts)


def _check_tree(path: Path, files: dict[str, bytes], directories: set[str]) -> None:
    parents = directories | {
        name[:end] for name in files for end, char in enumerate(name) if char == "/"
    }
    for name in files.keys() & parents:
        raise ModelError(
            f'{path} is no usable tar: member "{name}" is a file and a directory.',
            hint=_EXPORT_AGAIN,
        )


def _too_big(path: Path, what: str, limit: int) -> ModelError:
    return ModelError(
        f"{path} is refused: {what} is larger than {limit >> 20} MiB, "
        "more than any model for a microcontroller.",
        hint="check that this is a Model Library Format tar",
    )
