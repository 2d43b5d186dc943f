"""A transcript holds a session, and stands in for the device of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from microtvm_boards.errors import TransportClosedError, TransportError, TransportTimeoutError
from microtvm_boards.transports.process import ProcessTransport
from microtvm_boards.transports.transcript import RecordingTransport, ReplayTransport
from tests.transports.conftest import PEER

SOON = 10.0


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    """Of two sessions with an echo: "hello" in two reads, then silence, then "again"; and "x"."""
    path = tmp_path / "session.jsonl"
    recording = RecordingTransport(ProcessTransport([*PEER, "echo"]), path)
    with recording:
        recording.write(b"hello", SOON)
        assert recording.read(2, None) == b"he"
        assert recording.read(3, None) == b"llo"
        with pytest.raises(TransportTimeoutError):
            recording.read(1, 0.01)
        recording.write(b"again", SOON)
        assert recording.read(5, None) == b"again"
    with recording:
        recording.write(b"x", SOON)
        assert recording.read(1, None) == b"x"
    return path


def test_each_line_says_when_which_way_and_what(transcript: Path) -> None:
    lines = [json.loads(line) for line in transcript.read_text().splitlines()]
    assert [(line["way"], bytes.fromhex(line["hex"])) for line in lines] == [
        ("open", b""),
        ("write", b"hello"),
        ("read", b"he"),
        ("read", b"llo"),
        ("write", b"again"),
        ("read", b"again"),
        ("close", b""),
        ("open", b""),
        ("write", b"x"),
        ("read", b"x"),
        ("close", b""),
    ]
    times = [line["t"] for line in lines[:7]]
    assert times == sorted(times)
    assert times[0] >= 0


def test_a_replay_answers_as_the_device_did_in_other_pieces_too(transcript: Path) -> None:
    replay = ReplayTransport(transcript)
    with replay:
        replay.write(b"hel", SOON)
        replay.write(b"lo", SOON)
        assert replay.read(1, SOON) == b"h"
        assert replay.read(4, None) == b"ello"
        with pytest.raises(TransportTimeoutError, match=r"says nothing here \(line 5\)"):
            replay.read(1, SOON)
        replay.write(b"again", SOON)
        assert replay.read(100, SOON) == b"again"
        for _ in range(2):
            with pytest.raises(TransportClosedError, match="ends here"):
                replay.read(1, SOON)
    with replay:
        replay.write(b"x", SOON)
        assert replay.read(1, 0) == b"x"
    with pytest.raises(TransportError, match="no further session"):
        replay.open()


def test_what_was_not_read_is_still_there_after_the_next_write(transcript: Path) -> None:
    with ReplayTransport(transcript) as replay:
        replay.write(b"helloagain", SOON)
        assert replay.read(10, None) == b"helloagain"


def test_a_write_that_differs_is_told_with_its_line(transcript: Path) -> None:
    with ReplayTransport(transcript) as replay:
        with pytest.raises(TransportError, match=r"\(line 2\)") as caught:
            replay.write(b"help!", SOON)
        assert caught.value.details == ("recorded: 68 65 6c 6c 6f", "now:      68 65 6c 70 21")


def test_writing_more_than_was_written_is_an_end(transcript: Path) -> None:
    replay = ReplayTransport(transcript)
    with replay, pytest.raises(TransportClosedError, match="ends here"):
        replay.write(b"helloagainandagain", SOON)


def test_how_the_device_ended_is_played_back(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    recording = RecordingTransport(ProcessTransport([*PEER, "last words"]), path)
    with recording, pytest.raises(TransportClosedError):
        while True:
            recording.read(4, None)
    with ReplayTransport(path) as replay:
        assert replay.read(4, None) == b"last"
        with pytest.raises(TransportClosedError, match=r"As recorded: .*exit status 3"):
            replay.read(1, SOON)


def test_before_open_nothing_is_read(transcript: Path) -> None:
    replay = ReplayTransport(transcript)
    with pytest.raises(TransportClosedError, match="is not open"):
        replay.read(1, 0)
    with replay, pytest.raises(TransportError, match="open already"):
        replay.open()


def test_a_transcript_that_can_not_be_written(tmp_path: Path) -> None:
    recording = RecordingTransport(ProcessTransport([*PEER, "echo"]), tmp_path / "none" / "t")
    with pytest.raises(TransportError, match="can't be written: No such file"):
        recording.open()
    recording.close()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"hello\n", "line 1 is 'hello'"),
        (b'{"t": 0, "way": "open"}\n', "line 1 is"),
        (b'{"t": 0, "way": "open", "hex": "0"}\n', "line 1 is"),
        (b'{"t": 0, "way": "open", "hex": ""}\n[]\n', "line 2 is"),
        (b'{"t": 0, "way": "sing", "hex": ""}\n', 'unknown way "sing"'),
        (b"\xff\n", "can't be read"),
    ],
)
def test_what_is_no_transcript(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "session.jsonl"
    path.write_bytes(content)
    with pytest.raises(TransportError, match=expected.replace("[", r"\[")):
        ReplayTransport(path)


def test_a_transcript_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="can't be read"):
        ReplayTransport(tmp_path / "none")
