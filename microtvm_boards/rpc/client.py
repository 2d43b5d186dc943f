"""The functions and the memory of a device in a session."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TypeAlias, TypeVar

from microtvm_boards.errors import DeviceError, UsageError
from microtvm_boards.rpc.codecs import Codec
from microtvm_boards.rpc.deadlines import Pace
from microtvm_boards.rpc.info import DeviceInfo, parse_info
from microtvm_boards.rpc.remote import RemoteHandle, RemoteTensor, parse_dtype
from microtvm_boards.rpc.seen import Seen, SessionError
from microtvm_boards.rpc.session import Session
from microtvm_boards.rpc.values import Handle, HandleKind, TensorRef, Value
from microtvm_boards.transports.base import Transport

# Gets, after every block, the bytes that are copied and the bytes in all.
Progress: TypeAlias = Callable[[int, int], None]
Argument: TypeAlias = Value | RemoteHandle | RemoteTensor
T = TypeVar("T")
C = TypeVar("C", bound="Client")

_ANSWER_BYTES = 1024  # of an answer without copied data: a text, a tensor's description
_ALIGNMENT = 16  # bytes, of allocated tensors
_HEAP_INFO = struct.Struct("<5I")  # size, free, largest free block, blocks in use, stack in use


class Client:
    """What `Device` does without knowing models. Not thread-safe."""

    def __init__(
        self,
        transport: Transport,
        codec: Codec,
        *,
        pace: Pace | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> None:
        """`open` and `close` open and close `transport`. `codec`: the firmware's."""
        self.codec = codec
        self.session = Session(transport, pace=pace, on_log=on_log)
        self._transport = transport
        self._globals: dict[str, RemoteHandle] = {}
        self._largest_packet = (0, 0)  # and the session's generation that it is of

    @property
    def transport(self) -> Transport:
        """The one that it was made with."""
        return self._transport

    def open(self) -> None:
        """Opens the transport and starts a session. Raises TransportError or SessionError."""
        self._transport.open()
        try:
            self.session.start()
        except BaseException:
            self._transport.close()
            raise

    def close(self) -> None:
        """Ends the session and closes the transport; harmless when closed."""
        try:
            self.session.end()
        finally:
            self._transport.close()

    def __enter__(self: C) -> C:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def get_function(self, name: str) -> RemoteHandle:
        """A global function of the firmware. Raises DeviceError when it has none of that name."""
        found = self.find_function(name)
        if found is None:
            raise DeviceError(f'The firmware has no function "{name}".')
        return found

    def find_function(self, name: str) -> RemoteHandle | None:
        """As `get_function`; None when the firmware has none of that name."""
        known = self._globals.get(name)
        if known is not None and self.is_current(known):
            return known
        found = self._value_of(self.codec.get_function(name), what=f"the function {name}")
        if not isinstance(found, Handle) or found.value == 0:
            return None
        handle = Handle(found.value, HandleKind.FUNCTION)
        self._globals[name] = RemoteHandle(handle, self.session.generation)
        return self._globals[name]

    def call(
        self,
        function: RemoteHandle | str,
        *arguments: Argument,
        work: float = 0.0,
        what: str = "a function's result",
    ) -> Argument:
        """Calls a function, or the global one of that name; `work`: seconds that it may compute.

        Raises RemoteError with the device's text when it fails.
        """
        if isinstance(function, str):
            function = self.get_function(function)
        address = self._value(function)
        if not isinstance(address, Handle) or address.kind is not HandleKind.FUNCTION:
            raise UsageError(f"{function} is no function.")
        packet = self.codec.call_function(address.value, [self._value(a) for a in arguments])
        result = self._ask(packet, self.codec.parse_function_result, work=work, what=what)
        if isinstance(result, tuple):
            return RemoteTensor(*result, self.session.generation)
        if isinstance(result, Handle):
            return RemoteHandle(result, self.session.generation)
        return result

    def module_function(self, module: RemoteHandle, name: str) -> RemoteHandle:
        """A function of a module. Raises DeviceError when it has none of that name."""
        found = self.call(self.codec.FUNCTIONS.module_function, module, name, 0)
        if not isinstance(found, RemoteHandle) or found.handle.value == 0:
            raise DeviceError(f'The module on the device has no function "{name}".')
        return found

    def system_library(self) -> RemoteHandle:
        """The module with the functions of the firmware's models."""
        found = self.call(self.codec.FUNCTIONS.system_library)
        if not isinstance(found, RemoteHandle):
            raise DeviceError(f"The firmware gave {found!r} for its system library.")
        return found

    def is_current(self, remote: RemoteHandle | RemoteTensor) -> bool:
        """Whether the session that `remote` is of still lives."""
        return self.session.established and remote.generation == self.session.generation

    def release(self, remote: RemoteHandle | RemoteTensor) -> None:
        """Gives back what `call` or `allocate` gave; harmless when its session has ended."""
        if not self.is_current(remote):
            return
        handle = remote.handle
        if isinstance(remote, RemoteTensor) and handle.kind is HandleKind.ADDRESS:
            self._value_of(self.codec.free_memory(handle))
        else:
            self._value_of(self.codec.free_handle(handle))

    def allocate(self, shape: Sequence[int], dtype: str) -> RemoteTensor:
        """Memory of the device's tensor heap, to be released.

        Raises RemoteError when there is not that much: the text says how much there was.
        """
        ref = TensorRef(0, parse_dtype(dtype), tuple(shape))
        address = self._value_of(self.codec.allocate(ref, _ALIGNMENT))
        if not isinstance(address, Handle) or address.value == 0:
            raise DeviceError(f"The device gave {address!r} for memory.")
        return RemoteTensor(replace(ref, data=address.value), address, self.session.generation)

    def copy_to(self, tensor: RemoteTensor, data: bytes, progress: Progress | None = None) -> None:
        """Writes `data`, as long as the tensor, in blocks that fit the device's packet buffer."""
        if len(data) != tensor.size_bytes:
            raise UsageError(f"{len(data)} bytes don't fill a tensor of {tensor.size_bytes} bytes.")
        block = self._block_bytes(tensor)
        for at in range(0, len(data), block):
            self._value(tensor)
            piece = data[at : at + block]
            packet = self.codec.copy_to_remote(replace(tensor.ref, byte_offset=at), piece)
            self._value_of(packet, what="the answer to an upload")
            if progress is not None:
                progress(at + len(piece), len(data))

    def copy_from(self, tensor: RemoteTensor, progress: Progress | None = None) -> bytes:
        """The tensor's bytes, row-major and little-endian.

        Answers have no numbers: a block that a line repeated would pass for the next one. So the
        last question is one that no block can answer.
        """
        size = tensor.size_bytes
        block = self._block_bytes(tensor)
        pieces: list[bytes] = []
        for at in range(0, size, block):
            self._value(tensor)
            count = min(block, size - at)
            packet = self.codec.copy_from_remote(replace(tensor.ref, byte_offset=at), count)
            parse = self.codec.parse_copied
            pieces.append(self._ask(packet, parse, expected=count, what="a download"))
            if len(pieces[-1]) != count:
                self.session.abandon()
                raise SessionError(
                    f"The device sent {len(pieces[-1])} bytes where {count} were due.",
                    Seen.WRONG_PROTOCOL,
                )
            if progress is not None:
                progress(at + count, size)
        self._value_of(self.codec.synchronize(), what="the end of a download")
        return b"".join(pieces)

    def info(self) -> DeviceInfo:
        """What the firmware says about itself. Raises DeviceError when it isn't one of ours."""
        return parse_info(self.call("mtvm.device_info"))

    def stack_used(self) -> int:
        """Bytes of the firmware's stack that were in use at most since reset; 0: not measured, or
        not by this firmware."""
        try:
            info = self.call("mtvm.heap_info")
        except DeviceError:
            return 0
        if not isinstance(info, bytes) or len(info) != _HEAP_INFO.size:
            return 0
        used: int = _HEAP_INFO.unpack(info)[-1]
        return used

    def _block_bytes(self, tensor: RemoteTensor) -> int:
        """The most bytes of one copy. Raises DeviceError when a packet has room for none."""
        self._value(tensor)
        largest, generation = self._largest_packet
        if generation != self.session.generation:
            found = self.call(self.codec.FUNCTIONS.largest_packet)
            largest = found if isinstance(found, int) else 0
            self._largest_packet = (largest, self.session.generation)
        block = self.codec.copy_block_bytes(largest, len(tensor.ref.shape))
        if block <= 0:
            raise DeviceError(
                f"The device takes packets of at most {largest} bytes: too few to copy a tensor of "
                f"{len(tensor.ref.shape)} dimensions.",
                hint="create the project with a larger rpc_packet_bytes",
            )
        return block

    def _value(self, argument: Argument) -> Value:
        """What goes over the wire. Raises DeviceError for what an ended session gave."""
        if not isinstance(argument, RemoteHandle | RemoteTensor):
            return argument
        if not self.is_current(argument):
            raise DeviceError(
                "This function, module or tensor is of a session that has ended.",
                hint="get it again",
            )
        return argument.handle if isinstance(argument, RemoteHandle) else argument.ref

    def _value_of(self, packet: bytes, what: str = "an answer") -> Value:
        return self._ask(packet, self.codec.parse_value, what=what)

    def _ask(
        self,
        packet: bytes,
        parse: Callable[[bytes], T],
        *,
        expected: int = 0,
        work: float = 0.0,
        what: str,
    ) -> T:
        answer = self.session.call(packet, expected=expected + _ANSWER_BYTES, work=work, what=what)
        try:
            return parse(answer)
        except SessionError:
            self.session.abandon()
            raise
