"""What a codec is: the bytes of each request, what an answer's bytes mean, and remote names.

Codecs are modules. Beside this interface each has a module `arguments` with `encode_values` and
`decode_values`, which its other packets are made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from microtvm_boards.rpc.values import Handle, Result, TensorRef, Value


@dataclass(frozen=True)
class Functions:
    """Names of the remote functions that a client needs. Those of our own (mtvm.*) are the same
    with every codec."""

    system_library: str  # () -> module
    module_function: str  # (module, name, look in imports too: 0 or 1) -> function, or nothing
    largest_packet: str  # () -> bytes of a packet, for `copy_block_bytes`
    executor: str  # (module, device, name of a model) -> module
    time_evaluator: str  # (module, name, device, settings) -> function -> float64 in bytes


class Codec(Protocol):
    """Requests are one RPC packet each, as the body of a session's message. Whatever an answer's
    bytes are, parsing raises nothing but RemoteError, with the device's own words when it refused,
    and SessionError (wrong protocol) for what is no answer of that kind."""

    FUNCTIONS: Functions

    def call_function(self, function: int, values: Sequence[Value]) -> bytes:
        """`function`: the address in a FUNCTION handle. Raises OverflowError for an int that has
        no 64 bits. Answer: `parse_function_result`."""

    def get_function(self, name: str) -> bytes:
        """Looks a global function up. Answer: `parse_value`, a handle that is 0 for none."""

    def free_handle(self, handle: Handle) -> bytes:
        """Gives back a module, function or NDArray. Answer: `parse_value`."""

    def allocate(self, tensor: TensorRef, alignment: int) -> bytes:
        """Memory for `tensor`, at a multiple of `alignment` bytes. Answer: `parse_value`."""

    def free_memory(self, address: Handle) -> bytes:
        """Gives back what `allocate` gave. Answer: `parse_value`."""

    def synchronize(self) -> bytes:
        """Answered when everything before it is done: `parse_value`."""

    def copy_to_remote(self, tensor: TensorRef, data: bytes) -> bytes:
        """Writes `data` to the tensor's memory, from its byte_offset on. Answer: `parse_value`."""

    def copy_from_remote(self, tensor: TensorRef, size: int) -> bytes:
        """Asks for `size` bytes of the tensor's memory, from its byte_offset on. Answer:
        `parse_copied`."""

    def copy_block_bytes(self, largest_packet: int, dimensions: int) -> int:
        """The most data bytes of one copy packet. `largest_packet`: what FUNCTIONS.largest_packet
        gives."""

    def parse_value(self, answer: bytes) -> Value:
        """The one value of an answer."""

    def parse_function_result(self, answer: bytes) -> Result:
        """What a function returned."""

    def parse_copied(self, answer: bytes) -> bytes:
        """The bytes of a copy."""
