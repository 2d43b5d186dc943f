"""The Project API: JSON-RPC 2.0 in, calls into project, platforms and transports, JSON out."""

from microtvm_boards.server.process import main

__all__ = ["main"]
