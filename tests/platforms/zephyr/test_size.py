"""What Zephyr takes before it is configured: measured for some boards, estimated for others."""

from __future__ import annotations

import pytest

from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.platforms.zephyr.size import measured_base, short_release, zephyr_cpu


def target(board: str, **facts: str) -> ZephyrSection:
    known = {"release": "3.4.0", "arch": "arm", "cpu": "cortex-m3", **facts}
    return ZephyrSection(board, known["release"], known["arch"], known["cpu"], facts.get("soc", ""))


@pytest.mark.parametrize("kind", ["harness", "minimal", "packed"])
@pytest.mark.parametrize("optimization", ["none", "debug", "size", "speed"])
def test_a_board_that_was_measured_is_no_estimate(kind: str, optimization: str) -> None:
    base = measured_base(target("mps2_an385", release="3.3.0"), kind, optimization)
    assert base is not None and (base.like, base.estimated) == ("", False)
    assert min(base.flash, base.ram, base.stack) > 0


def test_an_optimization_that_was_not_measured_follows_that_of_another_board() -> None:
    size, speed = (measured_base(target("mps2_an521"), "packed", o) for o in ("size", "speed"))
    assert size is not None and speed is not None
    assert speed.like == "optimization size"
    assert speed.flash > size.flash


@pytest.mark.parametrize(
    ("other", "like"),
    [
        # The board itself with the nearest release goes before all others, ...
        (target("qemu_cortex_m3", release="4.1.0", soc="ti"), "qemu_cortex_m3, Zephyr 3.4"),
        # ... then a board with the same SoC, ...
        (target("nucleo_f767zi", cpu="cortex-m7", soc="st/f7", release="3.3.0"), "Zephyr 3.3"),
        (target("nucleo_f767zi", cpu="cortex-m7", soc="st/f7"), "f746"),
        # ... then one with the same kind of core.
        (target("mps2_an383", cpu="cortex-m0plus", soc="other"), ", Zephyr 3.4"),
    ],
)
def test_what_was_not_measured_follows_what_is_nearest(other: ZephyrSection, like: str) -> None:
    base = measured_base(other, "harness", "size")
    assert base is not None and base.estimated
    assert like in base.like


def test_programs_of_this_computer_are_compared_with_their_kind() -> None:
    base = measured_base(target("native_sim", arch="posix", cpu=""), "packed", "size")
    assert base is not None and base.hosted
    assert "native_posix_64" in base.like


def test_the_fpu_is_in_the_name_of_the_core_or_was_seen_in_a_build() -> None:
    assert zephyr_cpu(target("x", cpu="cortex-m4f")).name == "cortex-m4"
    assert zephyr_cpu(target("x", cpu="cortex-m4f")).flags
    assert zephyr_cpu(target("x", cpu="cortex-m7")).flags
    assert not zephyr_cpu(target("x", cpu="cortex-m4")).flags
    assert not zephyr_cpu(target("mps2_an385")).flags


@pytest.mark.parametrize("release", ["3.4.0", "3.4", "3.4.99-rc1"])
def test_patch_levels_are_alike(release: str) -> None:
    assert short_release(release) == "3.4"
