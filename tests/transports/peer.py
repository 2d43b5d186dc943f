"""The other side: `peer.py BEHAVIOUR` talks over stdin and stdout, `... SOCKET` listens there."""

import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

TIOCGPTN = 0x80045430  # asm-generic/ioctls.h: the number of a master's pty


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

    def wait_until_read() -> None:
        """The end of a pty throws away what is unread, as unplugging a serial port does."""
        if not os.isatty(write_fd):
            return
        number = struct.unpack("i", fcntl.ioctl(write_fd, TIOCGPTN, bytes(4)))[0]
        other = os.open(f"/dev/pts/{number}", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        arrived, deadline = False, time.monotonic() + 1
        while time.monotonic() < deadline:
            unread = struct.unpack("i", fcntl.ioctl(other, termios.FIONREAD, bytes(4)))[0]
            if arrived and not unread:
                return
            arrived = arrived or unread > 0
            time.sleep(0.001)

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
        wait_until_read()
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
