"""The client against a device in Python: what it gives back, and what each failure looks like."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from microtvm_boards.errors import DeviceError, TransportClosedError, UsageError
from microtvm_boards.rpc import Device, Pace, RemoteError, Seen, SessionError
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.rpc.messages import Kind, Message
from microtvm_boards.rpc.remote import RemoteTensor, dtype_name, parse_dtype
from microtvm_boards.rpc.values import Handle
from tests.conftest import PATIENCE
from tests.rpc.codecs.devices import CLASSIC
from tests.rpc.conftest import DOUBLE, IMPATIENT, QUICK
from tests.rpc.line import Line
from tests.rpc.wire_device import LARGEST

MakeDevice = Callable[..., Device]


def inputs(first: int = 0) -> dict[str, Any]:
    a = np.arange(first, first + 6, dtype=np.int8).reshape(2, 3)
    return {"a": a, "b": np.array([0.5, -1, 2, 1e9], np.float32)}


def check(outputs: dict[str, Any], first: int = 0) -> None:
    assert list(outputs) == ["sum", "twice"]
    assert outputs["sum"].shape == () and outputs["sum"] == 6 * first + 15
    np.testing.assert_array_equal(outputs["twice"], np.array([1, -2, 4, 2e9], np.float32))


def test_a_model_runs(device: MakeDevice) -> None:
    with device("good") as one:
        one.open()
        model = one.model()
        assert (model.name, model.inputs, model.outputs) == (
            DOUBLE.name,
            DOUBLE.inputs,
            DOUBLE.outputs,
        )
        for first in range(3):
            check(model.run(inputs(first)), first)
        assert one.model("double") is model


def test_a_model_is_timed_by_the_device(device: MakeDevice) -> None:
    with device("good") as one:
        one.open()
        assert one.model().time(number=2, repeat=3, inputs=inputs()) == (0.25, 0.5, 0.75)
        outputs, seconds = one.model().run_timed(inputs())
        assert seconds == 0.25
        np.testing.assert_array_equal(outputs["twice"], np.zeros(4))  # its evaluator runs nothing
        with pytest.raises(UsageError):
            one.model().time(number=0)


def test_tensors_go_up_and_down_in_blocks_that_fit(device: MakeDevice) -> None:
    with device("good") as one:
        one.open()
        steps: list[tuple[int, int]] = []
        data = bytes(i * 7 % 256 for i in range(1000))
        tensor = one.allocate((250,), "int32")
        one.copy_to(tensor, data, progress=lambda *step: steps.append(step))
        block = LARGEST - 44 - 8
        assert steps[0] == (block, 1000) and steps[-1] == (1000, 1000)
        steps.clear()
        assert one.copy_from(tensor, progress=lambda *step: steps.append(step)) == data
        assert steps[-1] == (1000, 1000)
        one.release(tensor)
        with pytest.raises(UsageError, match="999 bytes"):
            one.copy_to(tensor, data[1:])


def test_values_of_every_kind_go_there_and_back(device: MakeDevice) -> None:
    with device("good") as one:
        one.open()
        for value in (-1, 2**62, 0.5, "text", "\u00b5", b"\xff\xfd\xff", "", None):
            assert one.call("test.echo", value) == value


def test_memory_that_is_not_there_is_told_in_the_devices_words(device: MakeDevice) -> None:
    with device("good") as one:
        one.open()
        with pytest.raises(RemoteError, match="8000 bytes asked, 4096 free"):
            one.allocate((1000,), "float64")
        check(one.model().run(inputs()))


def test_a_model_that_fails_is_an_error_and_the_session_goes_on(device: MakeDevice) -> None:
    with device("kernel fails") as one:
        one.open()
        for _ in range(2):
            with pytest.raises(RemoteError, match="MTVM_E_KERNEL"):
                one.model().run(inputs())
        assert one.session.generation == 1


def test_what_the_firmware_lacks_is_named(device: MakeDevice) -> None:
    with device("good") as one:
        one.open()
        with pytest.raises(DeviceError, match=r'no function "runtime\.Nothing"'):
            one.call("runtime.Nothing")
        with pytest.raises(DeviceError, match='no function "fly"'):
            one.module_function(one.system_library(), "fly")
        with pytest.raises(UsageError, match=r'no model "duble".* Did you mean "double"'):
            one.model("duble")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"a": np.zeros((2, 3), np.int8)}, "needs the inputs b too"),
        ({**inputs(), "c": np.zeros(1)}, 'has no input "c"'),
        ({**inputs(), "a": np.zeros((3, 2), np.int8)}, r"int8 of shape \(2, 3\)"),
        ({**inputs(), "b": np.zeros(4)}, "float32"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_is_sent(
    device: MakeDevice, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        device("good").model().run(wrong)  # not even open


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "seen", "message"),
    [
        ("silent later", Seen.SILENT, "was silent"),
        ("bad crc", Seen.BAD_CRC, "a frame with a bad CRC"),
        ("lost request", Seen.BAD_CRC, "MTVM_RPC_E_CRC"),
        ("garbage later", Seen.GARBAGE, "Hard fault!"),
        ("half an answer", Seen.LATE, "of 15 bytes"),
        ("reboots", Seen.REBOOTED, "rebooted"),
        ("dies", Seen.CLOSED, "out of memory"),
        ("another session", Seen.LATE, "5 other messages"),
        ("floods", Seen.LATE, "other messages"),
        ("babbles", Seen.GARBAGE, "Hello, world"),
        ("nonsense", Seen.WRONG_PROTOCOL, "makes no sense"),
    ],
)
def test_a_call_without_an_answer_says_what_was_seen(
    device: MakeDevice, behaviour: str, seen: Seen, message: str
) -> None:
    one = device(behaviour, IMPATIENT)
    one.open()
    began = time.monotonic()
    with pytest.raises(SessionError, match=message) as error:
        for _ in range(3):
            one.call("test.echo", "x")
    assert time.monotonic() - began < PATIENCE
    assert error.value.seen is seen
    assert seen.value in error.value.cause
    assert not one.session.established


@pytest.mark.parametrize("behaviour", ["silent later", "bad crc", "reboots", "nonsense"])
def test_after_a_failure_the_next_run_starts_a_session_and_is_right(
    device: MakeDevice, behaviour: str
) -> None:
    one = device(behaviour, IMPATIENT)
    one.open()
    with pytest.raises(SessionError):
        one.model().run(inputs())
    check(one.model().run(inputs(7)), 7)
    assert one.session.generation == 2


def test_what_an_ended_session_gave_is_not_used(device: MakeDevice) -> None:
    one = device("good")
    one.open()
    echo, tensor = one.get_function("test.echo"), one.allocate((4,), "int8")
    one.session.start()
    uses: list[Callable[[], object]] = [
        lambda: one.call(echo, 1),
        lambda: one.call("test.echo", tensor),
        lambda: one.copy_to(tensor, b"1234"),
        lambda: one.copy_from(tensor),
    ]
    for use in uses:
        with pytest.raises(DeviceError, match="session that has ended"):
            use()
    one.release(tensor)
    assert one.call("test.echo", 1) == 1


def test_a_block_that_comes_twice_is_never_taken_for_the_next(device: MakeDevice) -> None:
    one = device("repeats a block")
    one.open()
    tensor = one.allocate((1000,), "int8")
    one.copy_to(tensor, bytes(i % 251 for i in range(1000)))
    with pytest.raises(SessionError) as error:
        one.copy_from(tensor)
    assert error.value.seen is Seen.WRONG_PROTOCOL


def test_a_device_that_died_stays_closed_until_it_is_opened(device: MakeDevice) -> None:
    one = device("dies")
    one.open()
    with pytest.raises(TransportClosedError):
        one.model().run(inputs())
    with pytest.raises(TransportClosedError):
        one.model().run(inputs())
    one.close()
    one.open()
    assert one.call("test.echo", 1) == 1


@pytest.mark.slow
def test_a_model_that_takes_long_is_waited_for(device: MakeDevice) -> None:
    one = device("slow model", Pace(grace=0.3, first_run=5.0))
    one.open()
    check(one.model().run(inputs()))
    check(one.model().run(inputs()))


def test_a_model_that_takes_far_longer_than_before_is_not(device: MakeDevice) -> None:
    one = device("slow model", Pace(grace=0.1, first_run=0.1))
    one.open()
    with pytest.raises(SessionError, match="the end of model double"):
        one.model().run(inputs())


def test_a_buffer_that_no_copy_fits_is_told(device: MakeDevice) -> None:
    one = device("small packets")
    one.open()
    with pytest.raises(DeviceError, match="at most 40 bytes") as error:
        one.model().run(inputs())
    assert "rpc_packet_bytes" in error.value.hint


def test_another_projects_firmware_is_recognized(device: MakeDevice) -> None:
    one = device("other model")
    one.open()
    with pytest.raises(DeviceError, match="has 3 inputs; this one has 2") as error:
        one.model().run(inputs())
    assert "another project" in error.value.hint


@pytest.mark.slow
def test_a_device_that_does_not_start_leaves_no_process(device: MakeDevice) -> None:
    one = device("silent", QUICK)
    with pytest.raises(SessionError):
        one.open()
    with pytest.raises(TransportClosedError):
        one._transport.read(1, 0)


def test_log_messages_come_beside_answers(device: MakeDevice, caplog: Any) -> None:
    one = device("logs")
    one.open()
    with caplog.at_level("INFO", logger="microtvm_boards.device"):
        assert one.call("test.echo", 3) == 3
    assert caplog.messages == ["call 1", "call 2"]


def test_types_of_numbers_by_name() -> None:
    for name in ("int8", "uint16", "int64", "float16", "float32", "bool"):
        assert dtype_name(parse_dtype(name)) == name
    for name in ("", "int", "complex64", "int8x4", "floatx"):
        with pytest.raises(UsageError):
            parse_dtype(name)


def test_a_tensors_size_counts_whole_bytes(device: MakeDevice) -> None:
    one = device("good")
    one.open()
    assert one.allocate((3, 5), "bool").size_bytes == 15
    assert one.allocate((), "float64").size_bytes == 8
    assert isinstance(one.allocate((1,), "int8"), RemoteTensor)


class WatchedLine(Line):
    """Keeps how long each read may take."""

    def __init__(self) -> None:
        super().__init__(self.answer)
        self.waits: list[float] = []

    def read(self, n: int, timeout: float | None) -> bytes:
        self.waits.append(timeout or 0.0)
        return super().read(n, timeout)

    @staticmethod
    def answer(message: Message) -> bytes:
        code = int.from_bytes(message.body[8:12], "little")
        answers = {
            3: CLASSIC.returned(*CLASSIC.number_result(2048)),
            6: CLASSIC.copied(bytes(1900)),
            9: CLASSIC.returned(Handle(7)),
            13: CLASSIC.returned(Handle(8)),
        }
        body = answers.get(code, CLASSIC.returned(None))
        return Message(message.session_id, Kind.NORMAL, body).frame()


def test_an_answer_gets_the_time_that_its_bytes_take_on_the_line() -> None:
    """Any answer may have a kilobyte of text, a download has its data beside; every byte is sent as
    two at most, of ten bits each."""
    line = WatchedLine()
    device = Device(line, classic, pace=Pace(baud=1000, grace=0.0))
    device.open()
    line.waits.clear()
    device.get_function("f")
    assert 20.48 < line.waits[0] < 22
    tensor = device.allocate((1900,), "int8")
    line.waits.clear()
    assert device.copy_from(tensor) == bytes(1900)
    assert 20.48 + 38 < max(line.waits) < 62
