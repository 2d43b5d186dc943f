"""Which frames bytes hold, read as the wire's description says and as slowly as it likes."""

from __future__ import annotations

from binascii import crc_hqx


def frames_in(line: bytes) -> list[bytes]:
    """Payloads of all frames with a good checksum, at every FF FD that there is.

    More than a decoder may find: one FF FD may lie inside what another frame takes for its own.
    """
    payloads = []
    at = line.find(b"\xff\xfd")
    while at >= 0:
        payload = _frame_at(line, at)
        if payload is not None:
            payloads.append(payload)
        at = line.find(b"\xff\xfd", at + 1)
    return payloads


def _frame_at(line: bytes, start: int) -> bytes | None:
    at = start + 2
    plain = bytearray()
    ends = [at]  # where each unescaped byte ended
    while len(plain) < 6 or len(plain) < 6 + int.from_bytes(plain[:4], "little"):
        if at >= len(line):
            return None
        if line[at] == 0xFF:
            pair = line[at : at + 2]
            at += 2
            if pair == b"\xff\xfe":
                continue
            if pair != b"\xff\xff":
                return None
            plain.append(0xFF)
        else:
            plain.append(line[at])
            at += 1
        ends.append(at)
    length = int.from_bytes(plain[:4], "little")
    # An FF FE right before the checksum may or may not be under it: both are accepted.
    for end in {ends[4 + length], ends[4 + length + 1] - _width(plain[4 + length])}:
        if crc_hqx(line[start:end], 0xFFFF) == int.from_bytes(plain[-2:], "little"):
            return bytes(plain[4 : 4 + length])
    return None


def _width(byte: int) -> int:
    return 2 if byte == 0xFF else 1
