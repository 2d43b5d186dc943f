"""The harness and a firmware that is a real child process: good ones, and all the bad ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from microtvm_boards.errors import (
    DeviceError,
    MicroTvmBoardsError,
    TransportClosedError,
    TransportTimeoutError,
    UsageError,
)
from microtvm_boards.harness import Harness, TensorInfo
from microtvm_boards.transports.base import Transport
from tests.conftest import PATIENCE
from tests.harness.conftest import project_with
from tests.manifests import manifest

pytestmark = pytest.mark.slow

Device = Callable[[str], Transport]
A = np.array([[1, 2, 3], [4, 5, -128]], np.int8)
B = np.array([1, 2, 3, 5], np.float32)


def test_a_sample_goes_in_and_every_output_comes_back_typed(device: Device) -> None:
    with device("good") as transport:
        harness = Harness(project_with(), transport)
        harness.start()
        result = harness.run({"b": B, "a": A})
    assert (result.model, result.status, result.status_name) == (0, 0, "MTVM_OK")
    assert (result.ticks, result.stack_bytes) == (2**32 - 1, 48)
    assert list(result.outputs) == ["sum", "half", "signs"]
    assert result.outputs["sum"] == np.array(-113, np.int32)
    np.testing.assert_array_equal(result.outputs["half"], np.array([0.5, 1, 1.5, 2.5], np.float16))
    np.testing.assert_array_equal(result.outputs["signs"], [True, False])
    dtypes = [array.dtype for array in result.outputs.values()]
    assert dtypes == [np.int32, np.float16, np.bool_]


def test_a_tensor_without_a_shape_is_a_flat_array(device: Device) -> None:
    with device("good") as transport:
        harness = Harness(project_with(), transport)
        harness.start()
        result = harness.run({"x": np.arange(5, dtype=np.uint8)}, model=1)
    np.testing.assert_array_equal(result.outputs["y"], [4, 3, 2, 1, 0])


def test_many_samples_run_one_after_the_other(device: Device) -> None:
    with device("good") as transport:
        harness = Harness(project_with(), transport)
        harness.start()
        for number in range(100):
            x = np.full(5, number, np.uint8)
            np.testing.assert_array_equal(harness.run({"x": x}, model=1).outputs["y"], x)


def test_a_model_that_fails_gives_its_status_and_no_outputs(device: Device) -> None:
    with device("good") as transport:
        harness = Harness(project_with(), transport)
        harness.start()
        result = harness.run({"a": np.full((2, 3), -128, np.int8), "b": B})
    assert (result.status, result.status_name, result.outputs) == (-6, "MTVM_E_KERNEL", {})


def test_the_results_of_baked_samples_are_collected(device: Device) -> None:
    with device("samples") as transport:
        harness = Harness(project_with(samples=2), transport)
        harness.start()
        assert [int(r.outputs["sum"]) for r in harness.samples] == [0, 6]
        assert harness.run({"a": A, "b": B}).status == 0


def test_the_firmware_tells_of_its_tensors(device: Device) -> None:
    with device("good") as transport:
        harness = Harness(project_with(), transport)
        harness.start()
        tensors = harness.tensors()
    assert tensors[0] == TensorInfo(0, True, 0, "a", "int8", 6, (2, 3), 0.5, -3)
    assert tensors[2] == TensorInfo(0, False, 0, "sum", "int32", 4, (), None, 0)
    assert tensors[-1] == TensorInfo(1, False, 0, "y", "uint8", 5, None, None, 0)


@pytest.mark.parametrize("behaviour", ["running", "in the middle of a command"])
def test_a_board_that_runs_already_is_asked_with_a_newline(device: Device, behaviour: str) -> None:
    with device(behaviour) as transport:
        harness = Harness(project_with(), transport, timeout=1)
        harness.start()
        assert harness.run({"a": A, "b": B}).status == 0


def test_a_board_that_runs_already_is_checked_to_hold_this_project(device: Device) -> None:
    with device("running with other tensors") as transport:
        with pytest.raises(DeviceError, match="other tensors than this project") as caught:
            Harness(project_with(), transport, timeout=1).start()
        assert "found fourth, 8 bytes" in caught.value.details


def test_a_slow_board_gets_the_newline_too_and_its_answer_confuses_nothing(device: Device) -> None:
    with device("slow") as transport:
        harness = Harness(project_with(), transport, timeout=1)
        harness.start()
        for _ in range(3):
            assert harness.run({"a": A, "b": B}).status == 0


def test_noise_before_the_greeting_is_skipped(device: Device) -> None:
    with device("noise") as transport:
        harness = Harness(project_with(), transport)
        harness.start()
        assert harness.run({"a": A, "b": B}).status == 0


@pytest.mark.parametrize(
    ("behaviour", "error", "message"),
    [
        ("silent", TransportTimeoutError, "said nothing while the greeting was awaited"),
        ("other text", DeviceError, r'not the greeting of the harness.\n.*"login:\\x0a"'),
        ("babble", DeviceError, 'no answer: "nothing of interest"'),
        ("endless line", DeviceError, "a line of more than"),
        ("closes", TransportClosedError, r"(?s)went away while the greeting.*out of memory"),
        ("version", DeviceError, "speaks version 2 of the text protocol"),
        ("damaged greeting", DeviceError, 'no answer: "mtvm 1 models="'),
        ("other project", DeviceError, "1 models and 7 baked samples; this project has 2 and 0"),
        ("fault at start", DeviceError, "faulted at 0x0000beef"),
    ],
)
def test_a_bad_start_says_what_was_needed_and_what_was_seen(
    device: Device, behaviour: str, error: type[MicroTvmBoardsError], message: str
) -> None:
    with device(behaviour) as transport, pytest.raises(error, match=message) as caught:
        Harness(project_with(), transport, timeout=0.6).start()
    assert type(caught.value) is error
    assert caught.value.hint or behaviour == "closes"


# Written as Python escapes; "..." at the end: then the device hangs, else it ends.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ("...", TransportTimeoutError, "went silent while a result was awaited"),
        ("result 0 0 MT...", TransportTimeoutError, r"(?s)went silent.*result 0 0 MT"),
        ("", TransportClosedError, "went away while a result was awaited"),
        (r"fault 00000123 00000456\n", DeviceError, r"(?s)faulted at 0x00000123.*addr2line"),
        (r"\nfault 00000123 00000456\n", DeviceError, "faulted at 0x00000123"),
        (r"result 0 \nfault 00000123 00000456\n", DeviceError, "faulted at 0x00000123"),
        (r"result 0 \nresult 0 \n", DeviceError, 'no answer: "result 0 "'),
        (r"mtvm 1 models=2 samples=0\n", DeviceError, "restarted while a result was awaited"),
        (r"error inputs\n", DeviceError, 'refused the command: "error inputs"'),
        (r"done\n", DeviceError, r"Done\(\) where a result of model 0 was due"),
        (r"result 1 0 MTVM_OK ticks=1 stack=1 01\n", DeviceError, "sent a result of model 1"),
        (r"result 0 0 MTVM_OK ticks=1 stack=1 01\n", DeviceError, "1 bytes .* gives 14"),
        (r"result 0 -1 MTVM_E_NULL ticks=1 stack=1 01\n", DeviceError, "1 bytes .* gives 0"),
        (r"result 0 0 MTVM_OK ticks=1 stack=1 0G\n", DeviceError, "no answer"),
        (r"\xe9\x00\n", DeviceError, "no answer"),
    ],
)
def test_a_bad_answer_says_what_was_needed_and_what_was_seen(
    device: Device, answer: str, error: type[MicroTvmBoardsError], message: str
) -> None:
    with device(answer) as transport:
        harness = Harness(project_with(), transport, timeout=0.5)
        harness.start()
        with pytest.raises(error, match=message) as caught:
            harness.run({"a": A, "b": B})
    assert type(caught.value) is error


def test_a_board_that_dies_under_a_long_input_is_reported_by_its_last_words(
    device: Device,
) -> None:
    large = replace(project_with().models[1].inputs[0], size_bytes=1 << 20)
    model = replace(project_with().models[1], inputs=(large,))
    made = manifest(models=(project_with().models[0], model))
    project = replace(project_with(), manifest=made)
    with device("good") as transport:
        harness = Harness(project, transport, timeout=20)
        harness.start()
        with pytest.raises(DeviceError, match='refused the command: "error inputs"'):
            harness.run({"x": np.zeros(1 << 20, np.uint8)}, model=1)


def test_deadlines_hold(device: Device) -> None:
    start = time.monotonic()
    with device("silent") as transport, pytest.raises(TransportTimeoutError):
        Harness(project_with(), transport, timeout=0.3).start()
    assert time.monotonic() - start < PATIENCE


@pytest.mark.slow
@pytest.mark.parametrize("baud", [None, 921600, 1200])
def test_a_deadline_has_time_for_the_bytes_at_the_rate_of_the_line(
    device: Device, baud: int | None
) -> None:
    """Whatever the board file says: --baud, and a rate that is negotiated, are the transport's."""
    with device("late") as transport:
        harness = Harness(project_with(), transport, timeout=1.5)
        harness.start()
        transport.baud = baud
        if baud == 1200:
            assert harness.run({"x": np.arange(5, dtype=np.uint8)}, model=1).status == 0
        else:
            with pytest.raises(TransportTimeoutError):
                harness.run({"x": np.arange(5, dtype=np.uint8)}, model=1)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"a": A}, "needs the inputs b too"),
        ({"a": A, "b": B, "c": B}, 'has no input "c"'),
        ({"a": A.astype(np.int16), "b": B}, r'Input "a" needs int8 of shape \(2, 3\); found int16'),
        ({"a": A.ravel(), "b": B}, r"found int8 of shape \(6,\)"),
        ({"a": A, "b": np.array([None] * 4)}, "found object"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_is_sent(
    device: Device, inputs: dict[str, Any], message: str
) -> None:
    with device("good") as transport:
        harness = Harness(project_with(), transport)
        harness.start()
        with pytest.raises(UsageError, match=message):
            harness.run(inputs)
        assert harness.run({"a": A, "b": B}).status == 0


@pytest.mark.parametrize("model", [-1, 2, 10])
def test_a_model_that_is_not_there_is_refused(device: Device, model: int) -> None:
    with pytest.raises(UsageError, match="no model number"):
        Harness(project_with(), device("good")).run({}, model=model)


@pytest.mark.parametrize(("entrypoint", "app"), [("packed", "harness"), ("c", "minimal")])
def test_a_project_without_the_harness_is_refused(
    device: Device, entrypoint: str, app: str
) -> None:
    with pytest.raises(UsageError, match="has no harness") as caught:
        Harness(project_with(entrypoint=entrypoint, app=app), device("good"))
    assert "app=harness" in caught.value.hint
