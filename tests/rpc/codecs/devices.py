"""The device's side of each codec: answers as a firmware writes them. From the wire's facts alone;
shares no code with the package but for the arguments, whose bytes each codec's own test knows."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from microtvm_boards.rpc.codecs import Codec, classic
from microtvm_boards.rpc.codecs.classic import arguments as classic_arguments
from microtvm_boards.rpc.values import Value

Encode = Callable[[list[Value]], bytes]
Decode = Callable[[bytes], tuple[Value, ...]]


@dataclass(frozen=True)
class CodecUnderTest:
    """A codec with the answers that its devices give."""

    codec: Codec
    encode: Encode
    decode: Decode
    no_result: list[Value]  # what a function that returns nothing answers
    number_result: Callable[[int], list[Value]]

    def answer(self, code: int, body: bytes) -> bytes:
        return struct.pack("<Qi", 4 + len(body), code) + body

    def returned(self, *values: Value) -> bytes:
        return self.answer(4, self.encode(list(values)))

    def refused(self, text: str) -> bytes:
        return self.answer(5, self.encode([text]))

    def copied(self, data: bytes) -> bytes:
        return self.answer(8, data)


CLASSIC = CodecUnderTest(
    codec=classic,
    encode=classic_arguments.encode_values,
    decode=classic_arguments.decode_values,
    no_result=[4, None],
    number_result=lambda number: [0, number],
)
ALL = {"classic": CLASSIC}
