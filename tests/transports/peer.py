"""The other side: `peer.py BEHAVIOUR` talks over stdin and stdout, `... SOCKET` listens there."""

import os
import signal
import socket
import subprocess
import sys
import time


def main(behaviour: str, path: str = "") -> None:
    read_fd, write_fd = 0, 1
    if path:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen(1)
            connection, _ = server.accept()
        read_fd = write_fd = connection.detach()

    def write(data: bytes) -> None:
        while data:
            data = data[os.write(write_fd, data) :]

    if behaviour == "echo":
        while data := os.read(read_fd, 65536):
            write(data)
    elif behaviour == "drip":
        for i in range(8):
            write(b"%d" % i)
            time.sleep(0.005)
        os.read(read_fd, 1)
    elif behaviour == "last words":
        write(b"last")
        print("something is wrong\nvery wrong", file=sys.stderr)
        sys.exit(3)
    elif behaviour == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif behaviour == "hang up":
        os.close(read_fd)
        if write_fd != read_fd:
            os.close(write_fd)
        time.sleep(60)
    elif behaviour == "chatter":
        print("x" * (1 << 20), "the end", sep="\n", file=sys.stderr, flush=True)
        write(b"ok")
        sys.exit(1)
    elif behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        write(b"%d\n" % os.getpid())
        time.sleep(60)
    elif behaviour == "family":
        code = "import time; time.sleep(60)"
        child = subprocess.Popen([sys.executable, "-I", "-S", "-c", code])
        write(b"%d %d\n" % (os.getpid(), child.pid))
        time.sleep(60)
    elif behaviour == "silent":
        time.sleep(60)
    else:
        sys.exit(f"no such behaviour: {behaviour}")


if __name__ == "__main__":
    main(*sys.argv[1:])
