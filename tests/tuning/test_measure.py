"""What a function on a device takes, as honestly as its clock can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.boards import find_board
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.rpc import Device, Pace, RemoteError, RemoteHandle, SessionTimeoutError
from microtvm_boards.tuning.host.kernel_host import KernelHost
from microtvm_boards.tuning.trials.measure import (
    COUNTED,
    Limits,
    Timer,
    counted,
    counts_instructions,
    outliers,
    spread,
)
from tests.tuning import kernels
from tests.tuning.conftest import prepare

times = st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=20)
HERE = DeviceOptions()


@given(repeats=times)
def test_spread_and_outliers_are_of_the_median(repeats: list[float]) -> None:
    middle = median(repeats)
    assert spread(repeats) >= 0
    far = outliers(repeats)
    assert len(far) < max(1, len(repeats) / 2 + 1)
    near = [abs(v - middle) for n, v in enumerate(repeats) if n not in far]
    assert all(abs(repeats[n] - middle) > max(near) for n in far)


def test_an_interrupted_repeat_is_an_outlier_and_moves_nothing() -> None:
    repeats = [1.0, 1.01, 0.99, 9.0, 1.0]
    assert outliers(repeats) == (3,)
    assert median(repeats) == 1.0
    assert spread(repeats) == pytest.approx(0.01)
    assert outliers([1.0, 1.0, 1.0]) == ()
    assert outliers([1.0, 1.0, 1.0001]) == ()  # less than anybody wants to know
    assert spread([0.0, 0.0]) == 0.0


def test_only_an_emulator_counts_instructions() -> None:
    board = find_board("mps2_an386")
    assert counts_instructions(board, HERE)
    assert not counts_instructions(board, DeviceOptions(port="/dev/ttyACM0"))
    assert not counts_instructions(find_board("host"), HERE)
    # 25 MHz, one instruction every 64 ns of the machine's time.
    assert counted(64e-9 * 1000, board) == pytest.approx(1000)


@pytest.fixture(scope="module")
def host() -> KernelHost:
    return prepare("host")


@pytest.fixture
def device(host: KernelHost) -> Iterator[Device]:
    with host.open(HERE) as opened:
        yield opened


def loaded(
    host: KernelHost, device: Device, folder: Path, body: str, work: int = 0
) -> RemoteHandle:
    return host.load(device, host.build(kernels.sources(body, work).files, folder))


def tensors(device: Device) -> list:  # type: ignore[type-arg]
    arguments = kernels.operator().arguments
    made = [device.allocate(a.shape or (), a.dtype) for a in arguments]
    for tensor in made:
        device.copy_to(tensor, bytes(tensor.size_bytes))
    return made


@pytest.mark.tools
def test_it_repeats_until_it_is_steady_or_a_limit_is_reached(
    host: KernelHost, device: Device, tmp_path: Path
) -> None:
    module = loaded(host, device, tmp_path, "slow", work=10_000)
    arguments = tensors(device)

    def measured(**limits: float) -> tuple[int, bool]:
        chosen = Limits(**{"least": 4, "most": 12, **limits})  # type: ignore[arg-type]
        timer = Timer(device, host.project.board, HERE, chosen)
        found = timer.measure(module, kernels.FUNCTION, arguments, timeout=5)
        assert found.steady == (found.spread <= chosen.spread)
        assert found.instructions is None
        return len(found.repeats), found.steady

    assert measured(spread=10.0) == (4, True)
    count, steady = measured(spread=-1.0)  # never steady enough
    assert (count, steady) == (12, False)
    count, steady = measured(spread=-1.0, seconds=0.0)
    assert (count, steady) == (4, False)


@pytest.mark.tools
def test_short_kernels_are_called_often_and_the_timer_is_subtracted(
    host: KernelHost, device: Device, tmp_path: Path
) -> None:
    module = loaded(host, device, tmp_path, "good")
    timer = Timer(device, host.project.board, HERE, Limits(repeat_seconds=0.001))
    found = timer.measure(module, kernels.FUNCTION, tensors(device), timeout=5)
    assert found.number > 10
    assert found.overhead is not None and 0 < found.overhead < median(found.repeats)
    assert found.seconds == pytest.approx(median(found.repeats) - found.overhead)


@pytest.mark.tools
def test_a_kernel_that_fails_or_never_ends_is_told(
    host: KernelHost, device: Device, tmp_path: Path
) -> None:
    device.session.pace = Pace(grace=0.2)
    timer = Timer(device, host.project.board, HERE, COUNTED)
    arguments = tensors(device)
    failing = loaded(host, device, tmp_path / "failed", "failed")
    with pytest.raises(RemoteError, match="a kernel failed"):
        timer.measure(failing, kernels.FUNCTION, arguments, timeout=5)
    hanging = loaded(host, device, tmp_path / "hang", "hang")
    with pytest.raises(SessionTimeoutError, match="silent"):
        timer.measure(hanging, kernels.FUNCTION, arguments, timeout=0.2)
