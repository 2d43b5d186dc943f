"""A tar is hostile until shown otherwise: each trick gets one clear error and leaves no file."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import socket
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf import archive, load
from microtvm_boards.mlf.archive import read_archive
from tests.mlf.builder import Spec, mlf, tar

HONEST = tar(mlf(Spec()))


@pytest.fixture(autouse=True)
def nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Works in an empty directory, which holds only the tars of the test afterwards."""
    monkeypatch.chdir(tmp_path)
    yield
    assert {p.name for p in tmp_path.iterdir()} <= {"model.tar", "other"}


def refuse(data: bytes) -> ModelError:
    path = Path("model.tar")
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load(path)
    assert "model.tar" in caught.value.cause
    assert "\n" not in caught.value.cause
    return caught.value


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("/etc/passwd", "absolute path"),
        ("//etc/passwd", "absolute path"),
        ("../evil", 'leaves the archive by ".."'),
        ("codegen/../../evil", 'leaves the archive by ".."'),
        ("codegen\\evil.c", "has a character"),
        ("a;b", "has a character"),
        ("$(touch x).c", "has a character"),
        ("line\nbreak.c", "has a character"),
        ("d/" * 60 + "f", "is too long"),
        ("x" * 600, "is too long"),
    ],
)
def test_a_path_that_is_not_plain_and_relative_is_refused_by_name(member: str, reason: str) -> None:
    error = refuse(tar({**mlf(Spec()), member: b"x"}))
    assert reason in error.cause
    assert repr(member)[1:8] in error.cause


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a character device"),
        (tarfile.BLKTYPE, "a block device"),
        (tarfile.FIFOTYPE, "a FIFO"),
        (b"V", "neither file nor directory"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
    ],
)
def test_links_devices_and_other_kinds_are_refused_by_name(kind: bytes, reason: str) -> None:
    member = special("runtime/thing", kind, "metadata.json")
    error = refuse(tar([*mlf(Spec()).items(), (member, b"")]))
    assert "runtime/thing" in error.cause
    assert f"is {reason}" in error.cause


def test_a_member_that_is_there_twice_is_refused_however_it_is_spelled() -> None:
    error = refuse(tar([*mlf(Spec()).items(), ("src//./default.relay", b"")]))
    assert 'member "src/default.relay" is there twice' in error.cause


def test_a_file_that_is_also_a_directory_is_refused() -> None:
    error = refuse(tar({**mlf(Spec()), "runtime": b"", "runtime/file": b""}))
    assert 'member "runtime" is a file and a directory' in error.cause


@pytest.mark.parametrize("data", [b"", b"not a tar", b"PK\x03\x04" + bytes(600), bytes(10_240)])
def test_what_is_no_tar_is_called_so(data: bytes) -> None:
    error = refuse(data)
    assert "a Model Library Format tar" in error.cause or "metadata.json" in error.cause
    assert "export" in error.hint


@given(length=st.integers(0, len(HONEST) - 1))
@settings(max_examples=60, deadline=None)
def test_a_tar_that_ends_early_is_never_taken_for_whole(length: int) -> None:
    if any(HONEST[length:]):  # only padding is lost otherwise
        refuse(HONEST[:length])


def test_a_truncated_tar_says_where() -> None:
    place = HONEST.index(b"def @main")
    assert 'truncated in member "src/default.relay"' in refuse(HONEST[: place + 10]).cause


def test_a_tar_without_its_end_mark_is_truncated() -> None:
    files = mlf(Spec())
    whole = tar(files, tarfile.USTAR_FORMAT)
    blocks = sum(1 + -(-len(data) // 512) for data in files.values())
    assert "truncated" in refuse(whole[: blocks * 512]).cause


def test_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 50)
    assert "more than 50 members" in refuse(tar({f"f{i}": b"" for i in range(51)})).cause


def test_a_large_member_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 1 << 20)
    error = refuse(tar({**mlf(Spec()), "big": bytes((1 << 20) + 1)}))
    assert 'member "big" is larger than 1 MiB' in error.cause


def test_a_large_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 1 << 20)
    assert "larger than 1 MiB" in refuse(tar({"big": bytes(1 << 20)})).cause


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_compressed_tars_are_read(compress: Callable[[bytes], bytes]) -> None:
    data = compress(HONEST)
    Path("model.tar").write_bytes(data)
    model = load(Path("model.tar"))
    assert model.sha256 == hashlib.sha256(data).hexdigest()
    assert model.modules[0].inputs[0].name == "x"


@pytest.mark.slow
@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_a_bomb_is_stopped_before_it_fills_the_memory(
    compress: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 4 << 20)
    bomb = compress(bytes(64 << 20))
    tracemalloc.start()
    error = refuse(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "larger than 4 MiB" in error.cause
    assert peak < 20 << 20


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_damaged_or_cut_compressed_data_is_called_so(compress: Callable[[bytes], bytes]) -> None:
    data = compress(HONEST)
    assert "truncated" in refuse(data[: len(data) // 2]).cause
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 0xFF
    damaged[-6] ^= 0xFF
    assert "damaged" in refuse(bytes(damaged)).cause


def test_a_member_of_negative_size_does_not_loop() -> None:
    """CVE-2025-8194: tarfile would read the same member for ever."""
    info = tarfile.TarInfo("metadata.json")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + b"\xfe\x00"  # base-256: -512
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert "has the size -512" in refuse(bytes(header) + bytes(10_240)).cause


def test_a_negative_size_in_a_pax_record_does_not_loop_either() -> None:
    info = tarfile.TarInfo("metadata.json")
    info.pax_headers = {"size": "-1024"}
    assert "changes the size of a member" in refuse(tar([(info, b"")])).cause


def test_a_pax_record_of_great_size_is_refused() -> None:
    info = tarfile.TarInfo("metadata.json")
    info.pax_headers = {"comment": "x" * 100_000}
    assert "header record has" in refuse(tar([(info, b"")])).cause


def test_a_missing_file_or_a_directory_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        load(tmp_path / "absent.tar")
    (tmp_path / "other").mkdir()
    with pytest.raises(ModelError, match="is a directory"):
        load(tmp_path / "other")


def test_a_fifo_or_a_socket_is_not_waited_for(tmp_path: Path) -> None:
    other = tmp_path / "other"
    os.mkfifo(other)
    with pytest.raises(ModelError, match="not a regular file"):
        load(other)
    other.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(other))
        with pytest.raises(ModelError, match="not a regular file"):
            load(other)


def test_names_are_normalized_and_contents_untouched(tmp_path: Path) -> None:
    Path("model.tar").write_bytes(tar({"./a/./b": b"\x00\xff", "c": b""}))
    assert read_archive(Path("model.tar")).files == {"a/b": b"\x00\xff", "c": b""}


@given(st.binary(max_size=2048))
@settings(max_examples=200, deadline=None)
def test_no_bytes_whatever_raise_anything_but_a_model_error(data: bytes) -> None:
    refuse(data)
