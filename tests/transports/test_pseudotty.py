"""Programs that don't name the terminal of their UART, or name one that isn't there."""

from __future__ import annotations

import sys

import pytest

from microtvm_boards.errors import TransportError
from microtvm_boards.transports.pseudotty import PseudottyTransport


def program(code: str, **options: float) -> PseudottyTransport:
    return PseudottyTransport([sys.executable, "-I", "-S", "-c", code], name="native", **options)


def test_a_program_that_ends_is_quoted() -> None:
    with pytest.raises(TransportError, match="ended with exit status 1 before it named") as caught:
        program("import sys; sys.exit('no terminals left')").open()
    assert "no terminals left" in caught.value.details


def test_a_program_that_says_nothing_is_given_up() -> None:
    with pytest.raises(TransportError, match=r"has not named its UART within 0\.3 s"):
        program("import time; time.sleep(60)", connect_timeout=0.3).open()


def test_a_terminal_that_is_not_there_is_named() -> None:
    code = "print('x connected to pseudotty: /dev/nosuch', flush=True); import time; time.sleep(60)"
    with pytest.raises(TransportError, match="/dev/nosuch of native can't be opened"):
        program(code).open()
