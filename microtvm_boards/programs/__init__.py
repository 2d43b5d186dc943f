"""Programs of others that we run: found, asked for their version, run with a log and an end."""

from microtvm_boards.programs.run import ProgramTimeoutError, run_logged
from microtvm_boards.programs.tool import Tool, find, require, version

__all__ = ["ProgramTimeoutError", "Tool", "find", "require", "run_logged", "version"]
