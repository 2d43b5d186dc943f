"""`pty_peer.py BEHAVIOUR`: peer.py behind a pseudo-terminal whose name it prints first, as the
host boards of Zephyr do."""

import os
import pty
import sys
import tty
from pathlib import Path

master, slave = pty.openpty()
tty.setraw(slave)
print(f"UART_0 connected to pseudotty: {os.ttyname(slave)}", flush=True)
os.set_inheritable(slave, True)  # without a slave, reading the master fails
os.dup2(master, 0)
os.dup2(master, 1)
peer = str(Path(__file__).with_name("peer.py"))
os.execv(sys.executable, [sys.executable, "-I", "-S", peer, *sys.argv[1:]])
