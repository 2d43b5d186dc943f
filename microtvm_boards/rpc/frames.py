"""Frames on the wire: `FF FD | length u32 | payload | crc u16`, little-endian.

In length, payload and crc every FF is sent as FF FF; FF FE inside a frame means nothing, FF FD
starts a frame anew, any other escape is an error. The CRC (polynomial 0x1021, initial 0xffff, most
significant bit first) runs over the escaped bytes from FF FD to the end of the payload.
Source: TVM v0.16, src/runtime/crt/microtvm_rpc_common/framing.cc.

Everything runs at the speed of bytes.replace, find and crc_hqx; no loop looks at single bytes.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

START = b"\xff\xfd"
# Ends an escape that was cut off in the middle, and means nothing elsewhere.
RESYNC = b"\xfe"

_ESCAPE = b"\xff"
_ESCAPED = b"\xff\xff"
_NOP = 0xFE
_LENGTH_BYTES = 4
_CRC_BYTES = 2
_SLICE = 4096  # bytes that are searched for escapes at once
_SAMPLE = 64  # bytes outside of frames that are kept for messages


def encode(payload: bytes) -> bytes:
    """One frame."""
    body = len(payload).to_bytes(_LENGTH_BYTES, "little") + payload
    frame = START + body.replace(_ESCAPE, _ESCAPED)
    crc = crc_hqx(frame, 0xFFFF).to_bytes(_CRC_BYTES, "little")
    return frame + crc.replace(_ESCAPE, _ESCAPED)


@dataclass(frozen=True)
class LineState:
    """What a decoder has seen besides frames."""

    received: int = 0  # bytes, all that came
    garbage: int = 0  # outside of frames
    bad_crc: int = 0  # frames whose checksum is wrong
    bad_escape: int = 0  # frames with an escape that doesn't exist
    oversized: int = 0  # frames that announce more than the limit
    cut_short: int = 0  # frames in which another one started
    sample: bytes = b""  # the last bytes outside of frames

    @property
    def damaged(self) -> int:
        """Frames that began and can't be read."""
        return self.bad_crc + self.bad_escape + self.oversized


class _Part(Enum):
    NONE = auto()  # between frames
    LENGTH = auto()
    PAYLOAD = auto()
    CRC = auto()


class Decoder:
    """Takes bytes as they come and gives the payloads of whole, undamaged frames.

    After damage it waits for the next FF FD. It holds at most `limit` bytes and one slice.
    Whatever comes before it, a frame behind a RESYNC byte is found.
    """

    def __init__(
        self, limit: int = 1 << 20, outside: Callable[[bytes], object] | None = None
    ) -> None:
        """`limit`: the longest payload in bytes that is believed. `outside` gets the bytes between
        frames.
        """
        self.limit = limit
        self._outside = outside
        self._rest = b""  # an escape whose second byte is still to come
        self._part = _Part.NONE
        self._wanted = 0  # bytes of this part that are still to come
        self._got = bytearray()
        self._payload = b""
        self._crc = 0
        self._received = 0
        self._garbage = 0
        self._sample = b""
        self._bad_crc = 0
        self._bad_escape = 0
        self._oversized = 0
        self._cut_short = 0

    @property
    def state(self) -> LineState:
        return LineState(
            received=self._received,
            garbage=self._garbage,
            bad_crc=self._bad_crc,
            bad_escape=self._bad_escape,
            oversized=self._oversized,
            cut_short=self._cut_short,
            sample=self._sample,
        )

    @property
    def damaged(self) -> int:
        """As in `state`, without making one."""
        return self._bad_crc + self._bad_escape + self._oversized

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun that isn't whole."""
        return self._part is not _Part.NONE

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads of the frames that `data` completes, in order."""
        self._received += len(data)
        raw = self._rest + data
        self._rest = b""
        payloads: list[bytes] = []
        at = 0
        while at < len(raw):
            if self._part is _Part.NONE:
                at = self._find_start(raw, at)
            else:
                at = self._take(raw, at)
                if self._wanted == 0 and self.in_frame:
                    self._end_part(payloads)
        return payloads

    def _find_start(self, raw: bytes, at: int) -> int:
        start = raw.find(START, at)
        if start >= 0:
            self._note_garbage(raw[at:start])
            self._begin()
            return start + len(START)
        end = len(raw) - raw.endswith(_ESCAPE)
        self._note_garbage(raw[at:end])
        self._rest = raw[end:]
        return len(raw)

    def _begin(self) -> None:
        self._crc = crc_hqx(START, 0xFFFF)
        self._start_part(_Part.LENGTH, _LENGTH_BYTES)

    def _start_part(self, part: _Part, wanted: int) -> None:
        self._part = part
        self._wanted = wanted
        self._got.clear()

    def _take(self, raw: bytes, at: int) -> int:
        """Unescapes bytes of the current part from `raw[at:]`; returns where it stopped."""
        piece = raw[at : at + min(self._wanted, _SLICE)]
        if _ESCAPE in piece:
            # As long as `piece`, with escaped bytes hidden: what is left are other escapes.
            other = piece.replace(_ESCAPED, b"\0\0").find(_ESCAPE)
            if other == 0:
                return self._other_escape(raw, at)
            if other > 0:
                piece = piece[:other]
        if self._part is not _Part.CRC:
            self._crc = crc_hqx(piece, self._crc)
        unescaped = piece.replace(_ESCAPED, _ESCAPE)
        self._got += unescaped
        self._wanted -= len(unescaped)
        return at + len(piece)

    def _other_escape(self, raw: bytes, at: int) -> int:
        """`raw[at]` begins an escape that may be cut off by the end of the piece or of `raw`."""
        pair = raw[at : at + 2]
        if len(pair) < 2:
            self._rest = pair
            return at + 1
        if pair == START:
            self._cut_short += 1
            self._begin()
            return at + 2
        if pair != _ESCAPED and pair[1] != _NOP:
            self._bad_escape += 1
            self._part = _Part.NONE
            return at + 2
        if self._part is not _Part.CRC:
            self._crc = crc_hqx(pair, self._crc)
        if pair == _ESCAPED:
            self._got += _ESCAPE
            self._wanted -= 1
        return at + 2

    def _end_part(self, payloads: list[bytes]) -> None:
        if self._part is _Part.LENGTH:
            length = int.from_bytes(self._got, "little")
            if length > self.limit:
                self._oversized += 1
                self._part = _Part.NONE
            else:
                self._start_part(_Part.PAYLOAD, length)
        if self._part is _Part.PAYLOAD and self._wanted == 0:
            self._payload = bytes(self._got)
            self._start_part(_Part.CRC, _CRC_BYTES)
        elif self._part is _Part.CRC:
            if int.from_bytes(self._got, "little") == self._crc:
                payloads.append(self._payload)
            else:
                self._bad_crc += 1
            self._part = _Part.NONE

    def _note_garbage(self, piece: bytes) -> None:
        piece = piece.removesuffix(RESYNC).removesuffix(_ESCAPE)
        if piece:
            self._garbage += len(piece)
            self._sample = (self._sample + piece[-_SAMPLE:])[-_SAMPLE:]
            if self._outside is not None:
                self._outside(piece)
