"""Run as a script: becomes the program in its arguments, which dies when the parent dies.

Arguments: pid of the parent, path of the program, its arguments. Linux keeps the parent-death
signal over exec (prctl(2), PR_SET_PDEATHSIG); elsewhere the program runs without it. It is not a
preexec_fn because that runs Python between fork and exec, where another thread's lock may be held
for ever (subprocess documentation).
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the call
            sys.exit(1)
    # Python ignores these two, and exec would hand that down.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"can't run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
