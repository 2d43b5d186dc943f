"""What each exit code means; the errors among them are the classes of errors.py."""

from __future__ import annotations

OK = 0
INTERNAL = 1
USAGE = 2
DIFFERENT = 9
INTERRUPTED = 130
OUTPUT_CLOSED = 141  # 128 + SIGPIPE, as a shell reports it for other programs

EXIT_CODES = {
    OK: "all went well",
    INTERNAL: "an error inside microtvm-boards, or the system refused (disk full, no permission)",
    USAGE: "an argument or option is unknown, missing or malformed",
    3: "the model can't be used",
    4: "the board is unknown or its file is wrong",
    5: "the project can't be written or read, or the model doesn't fit the board",
    6: "a tool is missing, or the build failed",
    7: "the firmware didn't get onto the board",
    8: "the connection to the device failed, or the firmware reported an error",
    DIFFERENT: "validate: the board computes something else",
    INTERRUPTED: "stopped by Ctrl-C",
    OUTPUT_CLOSED: "whoever read the output went away",
}
