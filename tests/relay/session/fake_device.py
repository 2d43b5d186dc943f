"""A device to test sessions with: speaks the wire on stdin and stdout, and misbehaves on request.

Run as a script. Its argument says what is wrong with it; "nothing" is: every global function
exists, and gives 42 when it is called.
"""

from __future__ import annotations

import os
import struct
import sys
import time

from microtvm_boards.rpc.codecs.classic.arguments import TypeCode
from microtvm_boards.rpc.codecs.classic.packets import Code
from microtvm_boards.rpc.frames import Decoder
from microtvm_boards.rpc.messages import VERSION, Kind, Message, parse_message

NONCE = 0x21


def packet(code: int, *words: int) -> bytes:
    body = struct.pack("<i", code) + b"".join(struct.pack("<i", word) for word in words)
    return struct.pack("<Q", len(body)) + body


FUNCTION = packet(Code.RETURN, 1, TypeCode.HANDLE, 7, 0)
ANSWER = packet(Code.RETURN, 2, TypeCode.INT, TypeCode.INT, TypeCode.INT, 0, 42, 0)
NOTHING = packet(Code.RETURN, 1, TypeCode.NULL)
UNKNOWN = struct.pack("<QiiiQ", 27, Code.EXCEPTION, 1, TypeCode.STR, 7) + b"E_OTHER"


def send(data: bytes) -> None:
    os.write(1, data)


def call(fault: str, session_id: int, body: bytes) -> None:
    answer = Message(session_id, Kind.NORMAL, ANSWER).frame()
    if fault == "silent":
        return
    if fault == "logs":
        send(Message(0, Kind.LOG, b"out of paper\n").frame())
    if fault == "garbage":
        answer = b"what is this? " * 5
    elif fault == "bad crc":
        answer = answer[:-3] + bytes([answer[-3] ^ 1]) + answer[-2:]
    elif fault == "reboots":
        answer = Message(0, Kind.TERMINATE).frame()
    elif fault == "ends":
        sys.exit("out of stack")
    elif fault == "refuses":
        answer = Message(session_id, Kind.NORMAL, UNKNOWN).frame()
    elif fault == "no packet":
        answer = Message(session_id, Kind.NORMAL, b"not a packet at all").frame()
    elif fault == "sleeps":
        time.sleep(3600)
    send(answer)


def main(fault: str) -> None:
    decoder = Decoder()
    if fault == "never there":
        time.sleep(3600)
    if fault == "other firmware":
        send(b"mtvm 1 models=1\n")
        time.sleep(3600)
    send(Message(0, Kind.TERMINATE).frame())
    while data := os.read(0, 65536):
        for payload in decoder.feed(data):
            message = parse_message(payload)
            if message is None:
                continue
            if message.kind == Kind.START_INIT:
                session_id = message.session_id & 0xFF | NONCE << 8
                version = VERSION + (fault == "other version")
                send(Message(session_id, Kind.START_REPLY, bytes([version])).frame())
            elif message.kind == Kind.NORMAL:
                (code,) = struct.unpack_from("<i", message.body, 8)
                if code == Code.CALL_FUNC:
                    call(fault, message.session_id, message.body)
                else:
                    reply = FUNCTION if code == Code.GET_GLOBAL_FUNC else NOTHING
                    send(Message(message.session_id, Kind.NORMAL, reply).frame())


if __name__ == "__main__":
    main(sys.argv[1])
