"""What the doctor finds, here and with made-up ports and probes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.doctor import Finding, State, detect, look_at_computer, look_at_project
from microtvm_boards.flashers import FLASHERS
from microtvm_boards.flashers.probes import Probe
from microtvm_boards.flashers.wear import USUAL_ENDURANCE, count_write, wear_file
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.transports.ports import SerialPort

pytestmark = pytest.mark.slow

DAPLINK = (0x0D28, 0x0204)  # of the micro:bit
HERE = DeviceOptions()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def port() -> Iterator[str]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    os.close(slave)
    yield name
    os.close(master)


def area(findings: list[Finding], name: str) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings if finding.area == name}


def look(*ports: SerialPort, probes: tuple[Probe, ...] = ()) -> list[Finding]:
    return look_at_computer(ports=ports, probes=probes)


# This computer


def test_whatever_is_wrong_or_absent_comes_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.delenv("ZEPHYR_BASE", raising=False)
    monkeypatch.chdir(tmp_path)
    findings = look()
    assert all(f.advice for f in findings if f.state is not State.OK)
    assert area(findings, "Tools")["cmake"] == Finding(
        "Tools",
        "cmake",
        State.ABSENT,
        "cmake is not installed; it configures the build",
        "apt-get install cmake",
    )
    assert area(findings, "Flashers").keys() == set(FLASHERS) - {"emulator"}
    programs = [f for f in findings if f.area == "Flashers" and f.subject != "pyocd"]
    assert {f.state for f in programs} == {State.ABSENT}
    assert area(findings, "Trees")["zephyr"].state is State.ABSENT
    assert area(findings, "Emulators")["qemu-system-arm"].state is State.ABSENT
    assert area(findings, "Ports")["serial ports"].state is State.ABSENT
    assert area(findings, "Probes")["debug probes"].state is State.ABSENT


@pytest.mark.tools
def test_what_is_there_is_named_with_version_and_place() -> None:
    cc = area(look(), "Tools")["cmake"]
    assert cc.state is State.OK
    assert cc.found.startswith("cmake version ")
    assert cc.found.endswith("/cmake)")


def test_a_wrong_zephyr_base_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEPHYR_BASE", str(tmp_path))
    finding = area(look(), "Trees")["zephyr"]
    assert finding.state is State.PROBLEM
    assert "$ZEPHYR_BASE names" in finding.found


def test_a_free_port_with_its_owner(port: str) -> None:
    finding = area(look(SerialPort(port, "STM32 STLink", "066A", (0x0483, 0x374B))), "Ports")[port]
    assert finding.state is State.OK
    assert finding.found.startswith(f"{port} 0483:374b serial number 066A (STM32 STLink) (")


def test_a_port_in_use_names_who_uses_it(port: str) -> None:
    code = "import os, sys; os.open(sys.argv[1], os.O_RDWR); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-I", "-S", "-c", code, port]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        finding = area(look(SerialPort(port, "")), "Ports")[port]
        other.kill()
    assert finding.state is State.PROBLEM
    assert f"in use by pid {other.pid} (python" in finding.found
    assert finding.advice == "close that program"


def test_a_port_that_has_just_gone() -> None:
    finding = area(look(SerialPort("/dev/ttyNONE", "")), "Ports")["/dev/ttyNONE"]
    assert finding.state is State.PROBLEM
    assert "No such file" in finding.found


def test_wear_is_shown_and_becomes_a_problem() -> None:
    count_write("066A")
    assert area(look(), "Flash wear")["066A"].found.startswith("flashed 1 times")
    wear_file().write_text(json.dumps({"066A": USUAL_ENDURANCE + 1}))
    finding = area(look(), "Flash wear")["066A"]
    assert finding.state is State.PROBLEM
    assert "worn out" in finding.advice


# Boards that are plugged in


def test_a_probe_and_its_port_are_one_board() -> None:
    probe = Probe("CMSIS-DAP", DAPLINK, "9900", "BBC micro:bit CMSIS-DAP")
    other = SerialPort("/dev/ttyUSB0", "USB Serial", None, (0x1A86, 0x7523))
    own, wired = SerialPort("/dev/ttyACM0", "BBC", "9900", DAPLINK), SerialPort("/dev/ttyS0", "")
    found = detect(ports=[own, other, wired], probes=[probe])
    assert [(d.kind, d.serial_number, d.ports) for d in found] == [
        ("CMSIS-DAP", "9900", ("/dev/ttyACM0",)),
        ("serial port", None, ("/dev/ttyUSB0",)),
    ]
    assert "microbit" in found[0].boards
    assert found[1].boards == ()


def test_nothing_plugged_in() -> None:
    assert detect(ports=[SerialPort("/dev/ttyS0", "")], probes=[]) == []


# A project's board


def built(make_project: Callable[..., Project], **options: object) -> Project:
    project = make_project(
        "foo_packed" if options.get("model_entrypoint_api") == "packed" else "foo_c", **options
    )
    get_platform(project.platform).build(project)
    return project


@pytest.mark.tools
@pytest.mark.parametrize(
    ("api", "subjects"),
    [
        ("packed", ["build", "port", "identity", "echo", "time"]),
        ("c", ["build", "port", "identity", "answer", "time"]),
    ],
)
def test_a_board_that_answers(
    make_project: Callable[..., Project], api: str, subjects: list[str]
) -> None:
    project = built(make_project, model_entrypoint_api=api)
    findings = list(look_at_project(project, HERE))
    assert [finding.subject for finding in findings] == subjects
    assert {finding.state for finding in findings} == {State.OK}
    assert " ms in the middle" in findings[-1].found
    if api == "packed":
        mlf = replace(project.manifest.model_library_format, sha256=64 * "0")
        other = replace(project, manifest=replace(project.manifest, model_library_format=mlf))
        *_, last = look_at_project(other, HERE)
        assert last.state is State.PROBLEM
        assert last.found.startswith("The firmware on the board is another project's.")


def test_a_project_that_is_not_built(make_project: Callable[..., Project]) -> None:
    (finding,) = look_at_project(make_project("foo_c"), HERE)
    assert (finding.subject, finding.state) == ("build", State.PROBLEM)
    assert finding.advice.startswith("microtvm-boards build ")


@pytest.mark.tools
def test_an_app_of_ones_own_answers_nothing(make_project: Callable[..., Project]) -> None:
    project = built(make_project, app="minimal")
    *_, last = look_at_project(project, HERE)
    assert (last.subject, last.state) == ("answer", State.ABSENT)


# The command


def run_doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "microtvm_boards.cli", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.tools
def test_the_command_prints_what_it_found(make_project: Callable[..., Project]) -> None:
    project = make_project("foo_c")
    done = run_doctor("--project", str(project.directory))
    assert done.returncode == 1
    assert "  ok cmake " in done.stdout
    assert "  !! build " in done.stdout
    assert f"Try: microtvm-boards build {project.directory}" in done.stdout
    document = json.loads(run_doctor("--json").stdout)
    assert {"area", "subject", "state", "found", "advice"} == document["findings"][0].keys()


def test_boards_detect_is_a_command() -> None:
    command = [sys.executable, "-m", "microtvm_boards.cli", "boards", "detect", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert isinstance(json.loads(done.stdout)["detected"], list)
