"""Which board an RPC server has, for the processes that it starts (microtvm-boards rpc-server)."""

# Environment variables: whatever a client calls the board.
SERIAL_NUMBER = "MICROTVM_BOARDS_SERIAL_NUMBER"
PORT = "MICROTVM_BOARDS_SERIAL_PORT"
