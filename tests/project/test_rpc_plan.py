"""How large the buffers of the entry point `packed` are made. The sums are written out: what is too
small fails on the board, what is too large doesn't fit it."""

from __future__ import annotations

import pytest

from microtvm_boards.errors import UsageError
from microtvm_boards.project.manifest import RpcSettings
from tests.project.test_buffers import planned

# foo: int8 inputs of 192 bytes each, outputs of 5 and 256 bytes; alignment 16.
EXECUTOR = (192 + 192 + 16 + 256) + 16  # one block, with its header
ARRAYS = (192 + 16) + (192 + 16) + (16 + 16) + (256 + 16)  # of a host, a block for each


def rpc_of(mlf: str, board: str = "mps2_an386", **options: object) -> RpcSettings:
    rpc = planned(mlf, board, model_entrypoint_api="packed", **options).rpc
    assert rpc is not None
    return rpc


@pytest.mark.parametrize(
    ("board", "packet"), [("microbit", 1024), ("netduinoplus2", 2048), ("mps2_an386", 4096)]
)
def test_the_packet_follows_the_ram_and_the_ring_holds_two(board: str, packet: int) -> None:
    rpc = rpc_of("foo_packed", board)
    assert rpc.packet_bytes == packet
    assert rpc.ring_bytes == 2 * (packet + 11)  # start to CRC


def test_this_computer_has_room_and_needs_no_ring() -> None:
    rpc = rpc_of("foo_packed", "host")
    assert (rpc.packet_bytes, rpc.tensor_heap_bytes, rpc.ring_bytes) == (16384, 4 << 20, 0)


def test_the_heap_holds_the_executor_and_the_arrays_of_a_host() -> None:
    assert rpc_of("foo_packed").tensor_heap_bytes == EXECUTOR + ARRAYS + 1024
    # The graph executor is on the host: all tensors of the graph are its arrays.
    assert rpc_of("foo_graph").tensor_heap_bytes > EXECUTOR + ARRAYS + 1024


def test_a_packet_holds_the_call_that_looks_the_models_function_up() -> None:
    least = 11 + 96 + len("tvmgen_foo___tvm_main__")
    assert rpc_of("foo_packed", rpc_packet_bytes=least).packet_bytes == 136  # in steps of 8
    with pytest.raises(UsageError, match=f"this model needs at least {least}"):
        rpc_of("foo_packed", rpc_packet_bytes=least - 1)


def test_a_heap_that_is_chosen_holds_a_run() -> None:
    assert rpc_of("foo_packed", tensor_heap_bytes=EXECUTOR).tensor_heap_bytes == EXECUTOR
    with pytest.raises(UsageError, match=f"a run of the model needs takes {EXECUTOR}"):
        rpc_of("foo_packed", tensor_heap_bytes=EXECUTOR - 1)
