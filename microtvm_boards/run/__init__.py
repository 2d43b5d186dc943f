"""Opens a project and runs samples on it, whichever entry point it has.

`connect` gives the device of a `packed` project, with its functions and tensors; `running` runs
samples on the firmware of any project.
"""

from microtvm_boards.run.connection import connect, connect_to, pace_of, pace_within, require_packed
from microtvm_boards.run.running import Firmware, clock_hz_of, run_samples, running

__all__ = [
    "Firmware",
    "clock_hz_of",
    "connect",
    "connect_to",
    "pace_of",
    "pace_within",
    "require_packed",
    "run_samples",
    "running",
]
