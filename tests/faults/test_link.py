"""Damage in both directions between the session of Python and the link and session in C.

Property: an answer is right, or an error is raised within its deadline; and then the line, whole
again, works. All in one process and in virtual time (cable.py); over a pty: test_sessions.py.
"""

from __future__ import annotations

import ctypes
import random
from binascii import crc_hqx
from collections import Counter
from collections.abc import Iterator

import pytest

from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.rpc import Pace, Session
from microtvm_boards.rpc.frames import Decoder, encode
from tests.conftest import series
from tests.faults.cable import CAPACITY, Cable, Clock, answer_to, build_device
from tests.faults.damage import BadLine, Damage, random_damage
from tests.faults.oracle import frames_in

pytestmark = pytest.mark.tools

# `make soak`: with the 3,150 places below, more than 100,000 cases.
CALLS = series(5_000, 80_000)  # damaged calls of the random test
LINES = series(2_000, 20_000)  # damaged lines for the two decoders
PACE = Pace(grace=1.0, start=5.0, retry=0.1)
STALL = 3.0  # seconds, longer than a call has and shorter than the start of a session
# A checksum of 16 bits can't see 1 of 65536 damages that change more than 16 bits in a row. Such
# answers are told from real mistakes by the frame itself: it came whole and was never sent.
UNSEEN = CALLS // 5_000


class Conversation:
    """A session over a cable, and what came of its calls."""

    def __init__(self, library: ctypes.CDLL, clock: Clock) -> None:
        self.clock = clock
        self.cable = Cable(library, clock)
        self.session = Session(self.cable, pace=PACE, on_log=lambda text: None)
        self.session.start()
        self.outcomes: Counter[str] = Counter()
        self._calls = 0

    def body(self, rng: random.Random) -> bytes:
        """Never the same twice, so that no answer but its own is right."""
        self._calls += 1
        size = rng.choice((0, 0, 8, 8, 60, 60, rng.randrange(CAPACITY - 8)))
        fill = rng.choice((b"\xff", b"\xff\xfd", rng.randbytes(size)))
        return self._calls.to_bytes(8, "little") + (fill * size)[:size]

    def damaged_call(
        self, body: bytes, up: tuple[Damage, ...], down: tuple[Damage, ...], start: bool
    ) -> None:
        """One call on a bad line, in a new session with `start`; then it must work again."""
        self.cable.damage(up, down)
        began = self.clock.now
        try:
            if start:
                self.session.start()
            answer = self.session.call(body, expected=len(body))
        except MicroTvmBoardsError as error:
            outcome = getattr(error, "seen", error)
            self.outcomes[getattr(outcome, "value", type(error).__name__)] += 1
        else:
            self.judge(answer, body)
        # The handshakes' deadlines, the call's, and one stall.
        limit = 2 * (PACE.start + STALL) + PACE.grace + 1.0
        assert self.clock.now - began < limit, "it went on after its deadline"
        self.recover()

    def judge(self, answer: bytes, body: bytes) -> None:
        if answer == answer_to(body):
            self.outcomes["right"] += 1
            return
        for side in (0, 1):
            was_sent = frames_in(bytes(self.cable.sent[side]))
            if any(frame not in was_sent for frame in frames_in(bytes(self.cable.came[side]))):
                self.outcomes["unseen by the checksum"] += 1
                self.session.abandon()
                return
        pytest.fail(f"a wrong answer: {answer.hex()} to {body.hex()}")

    def recover(self) -> None:
        """The line is whole: at most what is still on it may spoil one call."""
        self.cable.clear()
        body = self._calls.to_bytes(8, "little") + b"again"
        try:
            assert self.session.call(body) == answer_to(body)
        except MicroTvmBoardsError:
            self.outcomes["error right after"] += 1
            self.session.start()
            assert self.session.call(body) == answer_to(body)
        self._calls += 1


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build_device(tmp_path_factory.mktemp("device"))


@pytest.fixture
def conversation(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversation]:
    random.seed(1)  # the session's first nonce
    clock = Clock()
    clock.rule(monkeypatch)
    yield Conversation(library, clock)


def test_a_damaged_call_is_right_or_an_error_and_the_next_one_works(
    conversation: Conversation,
) -> None:
    rng = random.Random(3)
    for _ in range(CALLS):
        body = conversation.body(rng)
        start = rng.random() < 0.2
        length = 2 * len(body) + 32
        damages: list[list[Damage]] = [[], []]
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            damages[rng.randrange(2)].append(random_damage(rng, length, stall=STALL))
        conversation.cable.largest_read = rng.choice((1, 7, 1 << 16))
        conversation.damaged_call(body, tuple(damages[0]), tuple(damages[1]), start)
    outcomes = conversation.outcomes
    judged = sum(outcomes.values()) - outcomes["error right after"]
    print(f"{judged} damaged calls: {dict(outcomes.most_common())}")
    assert judged == CALLS
    assert outcomes["unseen by the checksum"] <= UNSEEN
    assert outcomes["right"] < 0.9 * CALLS  # the damage does damage
    for seen in ("right", "silent", "bad CRC", "late"):
        assert outcomes[seen] > 0


def test_every_byte_of_a_call_may_be_where_the_damage_is(conversation: Conversation) -> None:
    """Cut, lost, doubled, each bit flipped, and every trick inserted, at every byte, both ways."""
    rng = random.Random(4)
    tricks = (b"\xff", b"\xfe", b"\xff\xfd", b"\xff\xfe", b"\xff\xff", b"\xff\x00", b"\x00")
    oversized = (b"\xff\xfd" + b"\xff\xff" * 4, b"\xff\xfd\xfe\xff\xff\x7f")
    cases = 0
    for start in (False, True):
        length = 50 if start else 25
        for at in range(length):
            each = [Damage("drop", at, count=length), Damage("drop", at, count=1)]
            each.append(Damage("duplicate", at, count=1))
            each += [Damage("flip", at, data=bytes([1 << bit])) for bit in range(8)]
            each += [Damage("insert", at, data=trick) for trick in tricks + oversized]
            each += [Damage("insert", at, data=rng.randbytes(5000))]
            for damage in each:
                for up, down in (((damage,), ()), ((), (damage,))):
                    body = conversation.body(rng)[:8] + b"\xff\x01\xff\xfd"
                    conversation.damaged_call(body, up, down, start)
                    cases += 1
    print(f"{cases} cases: {dict(conversation.outcomes.most_common())}")
    assert cases == 2 * 75 * 21
    assert conversation.outcomes["unseen by the checksum"] == 0  # one burst is always seen


def test_an_answer_that_comes_twice_is_never_the_next_one(conversation: Conversation) -> None:
    for index in range(200):
        body = index.to_bytes(8, "little")
        frame = len(encode(b"\0\0\x10" + answer_to(body)))
        both = (Damage("duplicate", 0, count=frame),)
        up, down = (both, ()) if index % 2 else ((), both)
        conversation.damaged_call(body, up, down, start=False)
    assert conversation.outcomes["right"] == 200
    assert conversation.outcomes["error right after"] > 0


def test_both_decoders_find_the_same_frames_on_any_line(library: ctypes.CDLL) -> None:
    """And only frames that were sent, or that the line itself made whole."""
    rng = random.Random(5)
    found = ctypes.create_string_buffer(1 << 17)
    whole = made = 0
    for _ in range(LINES):
        payloads = [rng.randbytes(rng.randrange(40)) for _ in range(rng.randrange(1, 5))]
        payloads = [p.replace(b"\x42", b"\xff") for p in payloads]
        sent = b"\xfe".join(rng.choice((encode, with_nothing))(p) for p in payloads)
        line = BadLine(random_damage(rng, len(sent)) for _ in range(rng.randrange(4)))
        came = b"".join(piece for piece in line.feed(sent) if isinstance(piece, bytes))
        size = library.decode(came, len(came), found)
        in_c = split(found.raw[:size])
        # Without a limit: the C side doesn't give up a frame for its length either.
        decoder, in_python, at = Decoder(1 << 32), [], 0
        while at < len(came):
            count = rng.choice((1, 2, 5, 1000))
            in_python += decoder.feed(came[at : at + count])
            at += count
        assert in_python == in_c
        possible = frames_in(came)
        assert all(payload in possible for payload in in_c)
        whole += len(in_c)
        made += sum(payload not in payloads for payload in in_c)
    print(f"{LINES} damaged lines: {whole} frames came whole, {made} of them were never sent")
    assert whole > LINES
    assert made <= 5


def with_nothing(payload: bytes) -> bytes:
    """A frame with an FF FE, which means nothing, between any two bytes of length and payload."""
    plain = len(payload).to_bytes(4, "little") + payload
    escaped = [bytes([byte]).replace(b"\xff", b"\xff\xff") for byte in plain]
    frame = b"\xff\xfd" + b"\xff\xfe".join(escaped)
    return frame + crc_hqx(frame, 0xFFFF).to_bytes(2, "little").replace(b"\xff", b"\xff\xff")


def split(found: bytes) -> list[bytes]:
    payloads = []
    while found:
        length = int.from_bytes(found[:4], "little")
        payloads.append(found[4 : 4 + length])
        found = found[4 + length :]
    return payloads
