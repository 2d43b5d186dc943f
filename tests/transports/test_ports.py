"""Which port is the board's, from injected lists: found, listed, never guessed."""

from __future__ import annotations

import pytest

from microtvm_boards.errors import TransportError
from microtvm_boards.transports.ports import SerialPort, find_port, list_ports

ST_LINK, J_LINK = (0x0483, 0x374B), (0x1366, 0x0105)
NUCLEO = SerialPort("/dev/ttyACM0", "STM32 STLink", "066AFF485550", ST_LINK)
SECOND = SerialPort("/dev/ttyACM1", "STM32 STLink", "0671FF495651", ST_LINK)
CLONE = SerialPort("/dev/ttyACM2", "STM32 STLink", None, ST_LINK)
OTHER = SerialPort("/dev/ttyUSB0", "USB Serial", None, (0x1A86, 0x7523))
TWO_IN_ONE = [
    SerialPort("/dev/ttyACM3", "J-Link", "000775218399", J_LINK),
    SerialPort("/dev/ttyACM4", "J-Link", "000775218399", J_LINK),
]
WIRED = SerialPort("/dev/ttyS0", "")


def find(*ports: SerialPort, serial_number: str | None = None, port: str | None = None) -> str:
    return find_port([ST_LINK], board="b", serial_number=serial_number, port=port, ports=ports)


def refusal(*ports: SerialPort, serial_number: str | None = None) -> TransportError:
    with pytest.raises(TransportError) as caught:
        find(*ports, serial_number=serial_number)
    return caught.value


def test_the_only_port_with_the_boards_usb_id_is_taken() -> None:
    assert find(OTHER, NUCLEO, WIRED, *TWO_IN_ONE) == "/dev/ttyACM0"


def test_a_serial_number_chooses_in_any_case_of_letters() -> None:
    assert find(NUCLEO, SECOND, serial_number="0671FF495651") == "/dev/ttyACM1"
    assert find(NUCLEO, SECOND, serial_number="0671ff495651") == "/dev/ttyACM1"


def test_two_ports_are_listed_and_none_is_guessed() -> None:
    error = refusal(NUCLEO, SECOND, OTHER)
    assert error.cause == "2 serial ports have USB id 0483:374b; which one is meant?"
    assert error.details == (
        "/dev/ttyACM0 0483:374b serial number 066AFF485550 (STM32 STLink)",
        "/dev/ttyACM1 0483:374b serial number 0671FF495651 (STM32 STLink)",
    )
    assert error.hint == "--serial-number or --port with one of them"


def test_where_numbers_dont_tell_ports_apart_only_the_port_does() -> None:
    assert refusal(NUCLEO, CLONE).hint == "--port with one"
    error = refusal(*TWO_IN_ONE, serial_number="000775218399")
    assert error.cause == "2 serial ports have serial number 000775218399; which one is meant?"
    assert error.hint == "--port with one"


def test_no_port_says_what_was_looked_for_and_what_was_seen() -> None:
    error = refusal(OTHER, WIRED)
    assert error.cause == "Board b needs a serial port with USB id 0483:374b; there is none."
    assert error.details == ("seen: /dev/ttyUSB0 1a86:7523 (USB Serial)", "seen: /dev/ttyS0")
    assert refusal().details == ("seen: no serial port at all",)


def test_a_part_of_a_serial_number_is_not_enough() -> None:
    error = refusal(NUCLEO, serial_number="066AFF")
    assert "serial number 066AFF; there is none" in error.cause
    error = refusal(NUCLEO, serial_number="066AFF485551")
    assert 'Did you mean "066AFF485550"?' in error.cause


def test_a_board_without_usb_ids_has_to_be_told_its_port() -> None:
    with pytest.raises(TransportError, match="Board b doesn't say which USB id") as caught:
        find_port([], board="b", ports=[NUCLEO])
    assert caught.value.details == (f"seen: {NUCLEO}",)
    assert find_port([], board="b", port="/dev/ttyACM0", ports=[NUCLEO]) == "/dev/ttyACM0"


def test_a_named_port_need_not_be_listed() -> None:
    assert find(port="/dev/pts/7") == "/dev/pts/7"
    assert find_port([], board="b", port="/dev/pts/7") == "/dev/pts/7"


def test_a_named_port_of_another_probe_is_refused() -> None:
    assert find(NUCLEO, port="/dev/ttyACM0", serial_number="066aff485550") == "/dev/ttyACM0"
    assert find(CLONE, port="/dev/ttyACM2", serial_number="066AFF") == "/dev/ttyACM2"
    with pytest.raises(TransportError, match="is not the port of 0671FF495651"):
        find(NUCLEO, SECOND, port="/dev/ttyACM0", serial_number="0671FF495651")


def test_the_ports_of_this_computer_can_be_listed() -> None:
    assert all(port.device.startswith("/dev/") for port in list_ports())
