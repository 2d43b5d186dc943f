"""Whole sessions over a pty: the real C link in a process, the real session, a bad line between.

As test_link.py, but in real time, through the kernel's buffers, with reads that end anywhere.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.rpc import Pace, Session
from tests.conftest import PATIENCE, series
from tests.faults.cable import HERE, INCLUDES, LINK_SOURCES, answer_to
from tests.faults.damage import Damage, random_damage
from tests.faults.line import PtyLine

pytestmark = pytest.mark.tools

SESSIONS = series(100, 400)
PACE = Pace(baud=10_000_000, grace=0.05, start=2.0, retry=0.05)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("device") / "device"
    sources = [HERE / "link_main.c", HERE / "link_device.c", *LINK_SOURCES]
    command = ["gcc", "-std=gnu99", "-O1", "-g", "-fsanitize=address,undefined", *INCLUDES]
    subprocess.run([*command, *map(str, sources), "-o", str(found)], check=True)
    return found


@pytest.fixture
def line(program: Path) -> Iterator[PtyLine]:
    line = PtyLine([str(program)])
    with line:
        yield line


def test_a_session_on_a_bad_line_is_right_or_an_error_and_the_next_one_works(
    line: PtyLine,
) -> None:
    rng = random.Random(6)
    outcomes: Counter[str] = Counter()
    for number in range(SESSIONS):
        session = Session(line, pace=PACE, on_log=lambda text: None)
        body = number.to_bytes(4, "little") + rng.randbytes(rng.choice((0, 8, 100, 1900)))
        damages: tuple[list[Damage], list[Damage]] = ([], [])
        for _ in range(rng.choice((1, 1, 2, 4))):
            damage = random_damage(rng, 2 * len(body) + 40, stall=0.1)
            damages[rng.randrange(2)].append(damage)
        chunk = rng.choice(((0, 0), (1, 1), (1, 9), (100, 3000)))
        line.damage(*damages, chunk=chunk, seed=number)
        began = time.monotonic()
        try:
            session.start()
            answer = session.call(body, expected=len(body))
        except MicroTvmBoardsError as error:
            seen = getattr(error, "seen", None)
            outcomes[seen.value if seen is not None else type(error).__name__] += 1
        else:
            assert answer == answer_to(body)
            outcomes["right"] += 1
        assert time.monotonic() - began < PATIENCE
        line.damage()
        recovered(line, body)
    print(f"{sum(outcomes.values())} sessions: {dict(outcomes.most_common())}")
    assert sum(outcomes.values()) == SESSIONS
    assert 0 < outcomes["right"] < SESSIONS


def test_a_flood_of_garbage_doesnt_move_the_deadline(line: PtyLine) -> None:
    """Eight megabytes come while an answer is awaited; the line is usable right after."""
    session = Session(line, pace=PACE, on_log=lambda text: None)
    session.start()
    garbage = random.Random(7).randbytes(1 << 20)
    flood = [Damage("insert", 0, data=garbage) for _ in range(8)]
    for side in ((), flood), (flood, ()):
        line.damage(*side)
        began = time.monotonic()
        with suppress(MicroTvmBoardsError):
            assert session.call(b"x" * 8) == answer_to(b"x" * 8)
        assert time.monotonic() - began < PATIENCE
        line.damage()
        recovered(line, b"after the flood")


def recovered(line: PtyLine, body: bytes) -> None:
    """A new session works. The pace is that of a busy computer: it only bounds a hang."""
    session = Session(line, pace=Pace(grace=5.0, start=10.0, retry=0.2), on_log=lambda text: None)
    for attempt in range(2):
        try:
            session.start()
            assert session.call(body, expected=len(body)) == answer_to(body)
            return
        except MicroTvmBoardsError:
            if attempt:
                raise
