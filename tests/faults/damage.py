"""What a bad line does to the bytes that pass it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

KINDS = ("drop", "duplicate", "flip", "insert", "stall")
Piece: TypeAlias = "bytes | float"  # bytes to pass on, or seconds to wait before what follows


@dataclass(frozen=True)
class Damage:
    """`kind` at byte `at` of one direction of the line.

    drop: `count` bytes are lost. duplicate: `count` bytes come twice. flip: `data` is xored on.
    insert: `data` comes before byte `at`. stall: the line rests for `seconds` before byte `at`.
    """

    kind: str
    at: int
    count: int = 0
    data: bytes = b""
    seconds: float = 0.0


class BadLine:
    """One direction of a line: damages what passes, wherever reads happen to split it."""

    def __init__(self, damages: Iterable[Damage] = ()) -> None:
        self._waiting = sorted(damages, key=lambda damage: damage.at)
        self._passed = 0  # bytes that have come in
        self._drop = 0
        self._flip = b""
        self._twice = b""
        self._record = 0  # bytes that still go into _twice

    @property
    def is_clean(self) -> bool:
        """Whether all damage is done: what comes from now on passes as it is."""
        return not (self._waiting or self._drop or self._flip or self._record)

    def feed(self, data: bytes) -> list[Piece]:
        if self.is_clean:
            self._passed += len(data)
            return [data] if data else []
        pieces: list[Piece] = []
        while data:
            self._begin(pieces)
            length = self._length(len(data))
            self._pass(data[:length], pieces)
            data = data[length:]
        return pieces

    def _begin(self, pieces: list[Piece]) -> None:
        while self._waiting and self._waiting[0].at <= self._passed:
            damage = self._waiting.pop(0)
            if damage.kind == "drop":
                self._drop = max(self._drop, damage.count)
            elif damage.kind == "duplicate":
                self._record = damage.count
            elif damage.kind == "flip":
                self._flip = damage.data
            elif damage.kind == "insert":
                pieces.append(damage.data)
            elif damage.kind == "stall":
                pieces.append(damage.seconds)
            else:
                raise ValueError(f"no such damage: {damage.kind}")

    def _length(self, available: int) -> int:
        """How many bytes are treated alike."""
        if self._drop or self._record:
            available = min(available, max(self._drop, self._record))
        if self._flip:
            available = min(available, len(self._flip))
        if self._waiting:
            available = min(available, self._waiting[0].at - self._passed)
        return max(1, available)

    def _pass(self, part: bytes, pieces: list[Piece]) -> None:
        self._passed += len(part)
        if self._flip:
            mask, self._flip = self._flip[: len(part)], self._flip[len(part) :]
            part = bytes(a ^ b for a, b in zip(part, mask, strict=True))
        if self._drop:
            lost = min(self._drop, len(part))
            self._drop -= lost
            part = part[lost:]
        if self._record:
            part_twice = part[: self._record]
            self._twice += part_twice
            self._record -= len(part_twice)
            if self._record == 0:
                part = part[: len(part_twice)] + self._twice + part[len(part_twice) :]
                self._twice = b""
        if part:
            pieces.append(part)


# What looks like the beginning or a part of a frame does more harm than any other garbage.
_TRICKS = (
    b"\xff",
    b"\xff\xfd",
    b"\xff\xfe",
    b"\xff\xff",
    b"\xff\x00",
    b"\xfe",
    b"\xff\xfd\xff\xff\xff\xff\xff\xff\xff\xff",  # the largest length, escaped
    b"\xff\xfd\x00\x00\x00\x00",
    b"\xff\xfd\x00\x00\x01\x00",
    b"\xff\xfd\xfc\xff\xff\x7f",
)


def random_damage(rng: random.Random, length: int, *, stall: float = 0.0) -> Damage:
    """One damage somewhere in `length` bytes; stalls only with `stall`, the longest in seconds."""
    at = rng.randrange(length)
    kind = rng.choice(KINDS if stall else KINDS[:-1])
    if kind == "drop":
        return Damage("drop", at, count=_short(rng, length - at))
    if kind == "duplicate":
        return Damage("duplicate", at, count=_short(rng, min(length - at, 16)))
    if kind == "flip":
        bits = rng.choice((1 << rng.randrange(8), rng.randrange(1, 256)))
        more = rng.randbytes(rng.choice((0, 0, 0, 1, 3)))
        return Damage("flip", at, data=bytes([bits]) + more)
    if kind == "stall":
        return Damage("stall", at, seconds=rng.uniform(0.0, stall))
    data = rng.choice(_TRICKS) if rng.random() < 0.5 else rng.randbytes(_short(rng, 4096))
    return Damage("insert", at, data=data)


def _short(rng: random.Random, limit: int) -> int:
    """Mostly one or a few, sometimes many."""
    most = rng.choice((1, 1, 1, 4, 16, limit))
    return rng.randint(1, max(1, min(most, limit)))
