"""A firmware in Python that speaks RPC on its standard streams: `wire_device.py BEHAVIOUR`.

Written from the wire's facts alone: it shares no code with the package. Its one model "double" has
the inputs a int8[2,3] and b float32[4], and the outputs sum (int32, of a) and twice (float32[4]).
"""

from __future__ import annotations

import os
import struct
import sys
import time
from typing import Any, BinaryIO

LARGEST = 189  # what GetCRTMaxPacketSize says
MEMORY = 0x2000_0000
A, B, SUM, TWICE, HEAP = 0, 16, 32, 48, 64  # offsets in memory
HEAP_BYTES = 4096
TENSORS: dict[str, list[tuple[int, tuple[int, int, int], tuple[int, ...]]]] = {
    "input": [(A, (0, 8, 1), (2, 3)), (B, (2, 32, 1), (4,))],
    "output": [(SUM, (0, 32, 1), ()), (TWICE, (2, 32, 1), (4,))],
}
GLOBALS = [
    "runtime.SystemLib",
    "tvm.rpc.server.ModuleGetFunction",
    "tvm.rpc.server.GetCRTMaxPacketSize",
    "tvm.aot_executor.create",
    "runtime.RPCTimeEvaluator",
    "test.echo",
]
METHODS = ["get_num_inputs", "get_num_outputs", "get_input", "get_output", "run"]
LIBRARY, EXECUTOR, EVALUATOR = 0x100, 0x200, 0x300


class RefusedError(Exception):
    """Sent to the host as an exception."""


def crc(data: bytes) -> int:
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1) ^ (0x1021 if value & 0x8000 else 0)
        value &= 0xFFFF
    return value


def frame(payload: bytes) -> bytes:
    def escape(data: bytes) -> bytes:
        return b"".join(b"\xff\xff" if byte == 0xFF else bytes([byte]) for byte in data)

    sent = b"\xff\xfd" + escape(struct.pack("<I", len(payload))) + escape(payload)
    return sent + escape(struct.pack("<H", crc(sent)))


def message(session: int, kind: int, body: bytes = b"") -> bytes:
    return frame(struct.pack("<HB", session, kind) + body)


class Device:
    def __init__(self, behaviour: str, source: BinaryIO, sink: BinaryIO) -> None:
        self.behaviour = behaviour
        self.source = source
        self.sink = sink
        self.session = 0
        self.nonce = 0x40
        self.memory = bytearray(HEAP + HEAP_BYTES)
        self.top = HEAP
        self.calls = 0
        self.repeat = 1
        self.blocks = 0  # asked for, one after the other
        self.last: bytes = b""

    def write(self, data: bytes) -> None:
        self.sink.write(data)
        self.sink.flush()

    def read_byte(self) -> int:
        data = self.source.read(1)
        if not data:
            sys.exit()
        return data[0]

    # Frames

    def read_frame(self) -> bytes:
        """The payload of the next whole frame."""
        while True:
            while True:  # to its start
                byte = self.read_byte()
                while byte == 0xFF:
                    byte = self.read_byte()
                    if byte == 0xFD:
                        break
                if byte == 0xFD:
                    break
            raw, part = bytearray(b"\xff\xfd"), bytearray()
            if (payload := self.rest_of_frame(raw, part)) is not None:
                return payload

    def rest_of_frame(self, raw: bytearray, part: bytearray) -> bytes | None:
        wanted = 4
        while len(part) < wanted + 2 or wanted == 4:
            byte = self.read_byte()
            pair = bytes([byte])
            if byte == 0xFF:
                second = self.read_byte()
                if second == 0xFD:
                    raw[:], wanted = b"\xff\xfd", 4
                    part.clear()
                    continue
                pair += bytes([second])
            if len(part) < wanted:
                raw += pair
            if pair == b"\xff\xfe":
                continue
            part.append(byte)
            if wanted == 4 and len(part) == 4:
                wanted += struct.unpack("<I", part)[0]
                if wanted > 4 + LARGEST + 11:
                    return None
                if wanted == 4:
                    return None
        if struct.unpack("<H", part[wanted:])[0] != crc(bytes(raw)):
            return None
        return bytes(part[4:wanted])

    # Session

    def boot(self) -> None:
        self.session = 0
        self.write(b"\xfe" + message(0, 2))

    def serve(self) -> None:
        while True:
            payload = self.read_frame()
            session, kind = struct.unpack_from("<HB", payload)
            if kind == 2:
                self.session = 0
            elif kind == 0:
                self.nonce = self.nonce % 255 + 1
                self.session = session & 0xFF | self.nonce << 8
                self.top = HEAP
                version = b"\x02" if self.behaviour == "version" else b"\x01"
                self.write(message(self.session, 1, version))
            elif kind == 0x10 and session == self.session:
                self.on_packet(payload[3:])

    def on_packet(self, packet: bytes) -> None:
        self.calls += 1
        if self.calls == 3 and self.misbehave():
            return
        _size, code = struct.unpack_from("<Qi", packet)
        try:
            reply = self.reply(code, packet[12:])
        except RefusedError as error:
            reply = packet_of(5, values_of(str(error)))
        if self.behaviour == "repeats a block" and code == 6 and self.blocks == 2:
            self.write(self.last)  # late, so that it can't be seen before the next question
        self.blocks = self.blocks + 1 if code == 6 else 0
        if self.behaviour == "logs":
            self.write(message(0, 3, b"call %d\n" % self.calls))
        self.last = message(self.session, 0x10, reply)
        self.write(self.last)

    def misbehave(self) -> bool:
        """The third call of a session goes wrong; whether that was its answer."""
        reply = message(self.session, 0x10, packet_of(4, values_of(None)))
        if self.behaviour == "silent later":
            return True
        if self.behaviour == "bad crc":
            self.write(reply[:-1] + bytes([reply[-1] ^ 1]))
        elif self.behaviour == "lost request":
            self.write(message(0, 3, b"MTVM_RPC_E_CRC: a frame was damaged"))
        elif self.behaviour == "garbage later":
            self.write(b"Hard fault!\r\n")
        elif self.behaviour == "half an answer":
            self.write(reply[: len(reply) // 2])
        elif self.behaviour == "reboots":
            self.boot()
        elif self.behaviour == "dies":
            print("out of memory", file=sys.stderr, flush=True)
            os._exit(3)
        elif self.behaviour == "another session":
            for _ in range(5):
                self.write(message(self.session ^ 1, 0x10, reply))
        elif self.behaviour == "floods":
            self.flood(message(self.session ^ 1, 0x10, b"stale"))
        elif self.behaviour == "babbles":
            self.flood(b"Hello, world. ")
        elif self.behaviour == "nonsense":
            self.write(message(self.session, 0x10, b"\1\2\3"))
        else:
            return False
        return True

    def flood(self, data: bytes) -> None:
        while True:
            self.write(data)

    # RPC

    def reply(self, code: int, body: bytes) -> bytes:
        if code == 3:
            function = struct.unpack_from("<Q", body)[0]
            tcode, values = self.call(function, read_values(body[8:]))
            return packet_of(4, values_of((0, tcode), *values))
        if code == 6:
            address, size = self.copy(body)
            return packet_of(8, bytes(self.memory[address : address + size]))
        if code == 7:
            address, size = self.copy(body)
            self.memory[address : address + size] = body[-size:]
            return packet_of(4, values_of(None))
        values = read_values(body)
        if code == 9:
            name = values[0]
            return packet_of(4, values_of((3, GLOBALS.index(name) + 1 if name in GLOBALS else 0)))
        if code == 13:
            size = (values[1] + 15) // 16 * 16
            free = len(self.memory) - self.top
            if size > free:
                raise RefusedError(f"MTVM_RPC_E_HEAP: {size} bytes asked, {free} free")
            self.top += size
            return packet_of(4, values_of((3, MEMORY + self.top - size)))
        if code in (10, 14, 15):
            return packet_of(4, values_of(None))
        raise RefusedError(f"MTVM_RPC_E_CODE: {code}")

    def copy(self, body: bytes) -> tuple[int, int]:
        """(offset in memory, bytes)"""
        data, _, _, ndim = struct.unpack_from("<Qiii", body)
        offset, size = struct.unpack_from("<QQ", body, 24 + 8 * ndim)
        return data + offset - MEMORY, size

    def call(self, function: int, args: list[Any]) -> tuple[int, list[Any]]:
        if function == EVALUATOR:
            return 12, [
                struct.pack(f"<{self.repeat}d", *(0.25 * (i + 1) for i in range(self.repeat)))
            ]
        if function > EXECUTOR:
            return self.method(METHODS[function - EXECUTOR - 1], args)
        name = GLOBALS[function - 1]
        if name == "runtime.SystemLib":
            return 9, [(9, LIBRARY)]
        if name == "tvm.rpc.server.GetCRTMaxPacketSize":
            return 0, [(0, 40 if self.behaviour == "small packets" else LARGEST)]
        if name == "tvm.aot_executor.create":
            return 9, [(9, EXECUTOR)]
        if name == "tvm.rpc.server.ModuleGetFunction":
            found = args[0] == EXECUTOR and args[1] in METHODS
            return (10, [(10, EXECUTOR + 1 + METHODS.index(args[1]))]) if found else (4, [None])
        if name == "runtime.RPCTimeEvaluator":
            self.repeat = args[5]
            return 10, [(10, EVALUATOR)]
        return {int: 0, str: 11, bytes: 12, float: 2, type(None): 4}[type(args[0])], [
            (0, args[0]) if isinstance(args[0], int) else args[0]
        ]

    def method(self, name: str, args: list[Any]) -> tuple[int, list[Any]]:
        if name.startswith("get_num_"):
            return 0, [(0, 3 if self.behaviour == "other model" else 2)]
        if name == "run":
            self.run()
            return 4, [None]
        offset, dtype, shape = TENSORS[name.removeprefix("get_")][args[0]]
        return 13, [(MEMORY + offset, dtype, shape), (13, MEMORY + offset)]

    def run(self) -> None:
        a = struct.unpack_from("<6b", self.memory, A)
        b = struct.unpack_from("<4f", self.memory, B)
        if self.behaviour == "kernel fails":
            raise RefusedError("MTVM_RPC_E_MODEL: MTVM_E_KERNEL")
        if self.behaviour == "slow model":
            time.sleep(0.5)
        struct.pack_into("<i", self.memory, SUM, sum(a))
        struct.pack_into("<4f", self.memory, TWICE, *(2 * x for x in b))


def packet_of(code: int, body: bytes) -> bytes:
    return struct.pack("<Qi", 4 + len(body), code) + body


def values_of(*values: Any) -> bytes:
    """A packed sequence: None, texts, bytes, (type code, number) and (address, dtype, shape)."""
    codes: list[int] = []
    data = b""
    for value in values:
        if value is None:
            codes.append(4)
        elif isinstance(value, float):
            codes.append(2)
            data += struct.pack("<d", value)
        elif isinstance(value, str | bytes):
            codes.append(11 if isinstance(value, str) else 12)
            raw = value.encode() if isinstance(value, str) else value
            data += struct.pack("<Q", len(raw)) + raw
        elif len(value) == 2:
            codes.append(value[0])
            data += struct.pack("<q", value[1])
        else:
            codes.append(7)
            address, dtype, shape = value
            data += struct.pack("<QiiiBBH", address, 1, 0, len(shape), *dtype)
            data += struct.pack(f"<{len(shape)}qQ", *shape, 0)
    return struct.pack(f"<i{len(codes)}i", len(codes), *codes) + data


def read_values(data: bytes) -> list[Any]:
    (count,) = struct.unpack_from("<i", data)
    codes = struct.unpack_from(f"<{count}i", data, 4)
    at = 4 + 4 * count
    values: list[Any] = []
    for code in codes:
        if code in (11, 12):
            (size,) = struct.unpack_from("<Q", data, at)
            raw = data[at + 8 : at + 8 + size]
            values.append(raw.decode() if code == 11 else raw)
            at += 8 + size
        elif code == 4:
            values.append(None)
        else:
            values.append(struct.unpack_from("<d" if code == 2 else "<q", data, at)[0])
            at += 8
    return values


def main(behaviour: str) -> None:
    device = Device(behaviour, sys.stdin.buffer, sys.stdout.buffer)
    if behaviour in ("silent", "takes nothing"):
        time.sleep(1000)
    elif behaviour == "garbage":
        device.write(b"\x00\x80 bootloader \xf0")
        time.sleep(1000)
    elif behaviour == "a c project":
        device.write(b"mtvm 1 models=1 samples=0\n")
        time.sleep(1000)
    elif behaviour == "reboots for ever":
        while True:
            device.boot()
            device.read_frame()
    elif behaviour == "closes":
        sys.exit("no memory")
    elif behaviour == "slow start":
        time.sleep(0.4)
    elif behaviour == "only logs":
        device.flood(message(0, 3, b"busy"))
    elif behaviour == "bad frames":
        device.flood(message(0, 2)[:-1] + b"\x00")
    if behaviour != "running":
        device.boot()
    device.serve()


if __name__ == "__main__":
    main(sys.argv[1])
