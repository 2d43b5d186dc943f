"""A firmware in Python: speaks the text protocol on its standard streams. Run as a script.

Model 0: `sum` of `a`, `half` of `b` (as float16), `signs` (whether the sum is below and above 0).
Model 1: `x` backwards. The first argument says how it behaves.
"""

from __future__ import annotations

import struct
import sys
import time
from typing import NoReturn

TENSORS = """\
tensor 0 in 0 a int8 6 2x3 3f000000 -3
tensor 0 in 1 b float32 16 4 - 0
tensor 0 out 0 sum int32 4 - - 0
tensor 0 out 1 half float16 8 4 - 0
tensor 0 out 2 signs bool 2 2 - 0
tensor 1 in 0 x uint8 5 ? - 0
tensor 1 out 0 y uint8 5 ? - 0
done"""
SIZES = (22, 5)  # bytes of inputs


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def infer(model: int, data: bytes) -> bytes:
    if model == 1:
        return data[::-1]
    a = struct.unpack("<6b", data[:6])
    b = struct.unpack("<4f", data[6:])
    total = sum(a)
    half = struct.pack("<4e", *(x / 2 for x in b))
    return struct.pack("<i", total) + half + bytes([2 * (total < 0), total > 0])


def result(model: int, data: bytes) -> str:
    if model == 0 and data[0] == 0x80:
        return "result 0 -6 MTVM_E_KERNEL ticks=9 stack=48 "
    return f"result {model} 0 MTVM_OK ticks=4294967295 stack=48 {infer(model, data).hex()}"


def serve() -> None:
    for line in sys.stdin:
        command = line.rstrip("\n")
        if command == "i":
            say(TENSORS)
        elif command == "s":
            say("done")
        elif command[:2] in ("r0", "r1"):
            model = int(command[1])
            if len(command) != 3 + 2 * SIZES[model]:
                say("error inputs")
            else:
                say(result(model, bytes.fromhex(command[3:])))
        else:
            say("error command")


def after_a_while(command: str) -> str:
    time.sleep(2.5)
    return command


def wait_for_ever() -> NoReturn:
    while True:
        time.sleep(1000)


def main(behaviour: str) -> None:
    greeting = "mtvm 1 models=2 samples=0"
    if behaviour == "good":
        say(greeting)
    elif behaviour == "late":
        say(greeting)
        say(result(1, bytes.fromhex(after_a_while(sys.stdin.readline())[3:])))
    elif behaviour == "samples":
        say(
            f"mtvm 1 models=2 samples=2\n{result(0, bytes(22))}\n{result(0, bytes([1] * 22))}\ndone"
        )
    elif behaviour == "running":
        pass  # it greeted long ago
    elif behaviour == "running with other tensors":
        globals()["TENSORS"] = TENSORS.replace("half", "fourth")
    elif behaviour == "in the middle of a command":
        sys.stdin.readline()
        say("error inputs")
    elif behaviour == "slow":
        time.sleep(0.6)
        say(greeting)
    elif behaviour == "noise":
        sys.stdout.buffer.write(b"bootloader 1.2\r\n\x00\xff\xfe")
        say(greeting + "\r")
    elif behaviour == "silent":
        wait_for_ever()
    elif behaviour == "other text":
        say("login:")
        wait_for_ever()
    elif behaviour == "babble":
        while True:
            say("nothing of interest")
    elif behaviour == "endless line":
        while True:
            sys.stdout.write("x" * 1000)
    elif behaviour == "closes":
        sys.exit("out of memory")
    elif behaviour == "version":
        say("mtvm 2 inputs=many")
    elif behaviour == "damaged greeting":
        say("mtvm 1 models=")
    elif behaviour == "other project":
        say("mtvm 1 models=1 samples=7")
    elif behaviour == "fault at start":
        say("fault 0000beef 00000101")
    else:  # greets, takes one command, and answers with the argument
        say(greeting)
        sys.stdin.readline()
        sys.stdout.write(behaviour.encode().decode("unicode_escape"))
        sys.stdout.flush()
        if behaviour.endswith("..."):
            wait_for_ever()
        return
    serve()


if __name__ == "__main__":
    main(sys.argv[1])
