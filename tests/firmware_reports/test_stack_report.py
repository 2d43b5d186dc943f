"""The worst case of the stack, from call graphs that GCC wrote for small programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from microtvm_boards.firmware.stack_report import StackReport, objects_of, stack_report

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(
        shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
    ),
]
USE = "volatile char sink; static void use(char *p) { sink = *p; }\n"


def report(
    tmp_path: Path,
    *sources: str,
    flags: str = "-O1 -fno-inline",
    once: frozenset[str] = frozenset(),
) -> StackReport:
    for number, source in enumerate(sources):
        file = tmp_path / f"file{number}.c"
        file.write_text(source)
        subprocess.run(
            [
                *("arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-ffreestanding"),
                *flags.split(),
                *("-fcallgraph-info=su", "-fno-optimize-sibling-calls", "-c", str(file)),
                *("-o", str(file.with_suffix(".o"))),
            ],
            check=True,
        )
    return stack_report(objects_of([tmp_path]), "main", inside=tmp_path, once=once)


def bound(found: StackReport) -> int:
    assert found.bound is not None, found.problems
    return found.bound


def test_the_deepest_chain_counts_across_files(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        "void deep(void); void flat(void); int main(void) { flat(); deep(); return 0; }",
        USE + "void deep(void) { char a[1000]; use(a); } void flat(void) { char a[10]; use(a); }",
    )
    assert [name for name, _ in found.chain] == ["main", "deep", *[n for n, _ in found.chain[2:]]]
    assert 1000 < bound(found) < 1060
    assert bound(found) == sum(frame for _, frame in found.chain)


def test_a_pointer_may_lead_to_every_function_whose_address_is_taken(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        USE
        + "static void small(void) { char a[8]; use(a); } void big(void) { char a[500]; use(a); }\n"
        "void unused(void) { char a[5000]; use(a); }\n"
        "void (*const table[])(void) = {small, big};\n"
        "int main(int n) { table[n](); return 0; }",
    )
    assert 500 < bound(found) < 560


def test_an_address_taken_in_code_counts_too(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        USE + "void big(void) { char a[500]; use(a); } void call(void (*f)(void)) { f(); }\n"
        "int main(void) { call(big); return 0; }",
    )
    assert 500 < bound(found) < 560


def test_functions_of_libraries_have_an_allowance(tmp_path: Path) -> None:
    found = report(tmp_path, "void k_sleep(int); int main(void) { k_sleep(1); return 0; }")
    assert found.allowances == {"k_sleep": 256}
    assert 256 < bound(found) < 280


def test_recursion_has_no_bound(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        "int odd(int); int even(int n) { return n ? odd(n - 1) + 1 : 0; }\n"
        "int odd(int n) { return n ? even(n - 1) + 1 : 0; } int main(void) { return even(9); }",
    )
    assert found.bound is None
    assert set(found.problems) == {"even calls itself", "odd calls itself"}


def test_recursion_that_is_known_to_end_is_counted_as_often_as_it_can_be(tmp_path: Path) -> None:
    source = (
        USE + "void call(int); void timer(int n) { char a[200]; use(a); call(n); }\n"
        "void leaf(void) { char a[100]; use(a); }\n"
        "void call(int n) { if (n) timer(n); else leaf(); } int main(void) { call(1); return 0; }"
    )
    found = report(tmp_path, source, once=frozenset({"timer"}))
    names = [name for name, _ in found.chain]
    assert names[:5] == ["main", "call", "timer", "call", "leaf"]
    assert 300 < bound(found) < 380


def test_a_circle_through_a_table_counts_once(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        USE + "void a(int); void b(int); void (*const table[])(int) = {a, b};\n"
        "void a(int n) { char x[100]; use(x); table[n](n); }\n"
        "void b(int n) { char x[50]; use(x); }\n"
        "int main(void) { a(1); return 0; }",
    )
    assert 150 < bound(found) < 230


def test_a_frame_of_unknown_size_has_no_bound(tmp_path: Path) -> None:
    found = report(tmp_path, USE + "int main(int n) { char a[n]; a[0] = 1; use(a); return 0; }")
    assert found.bound is None
    assert "frame of unknown size" in found.problems[0]


def test_objects_without_a_graph_have_no_bound(tmp_path: Path) -> None:
    (tmp_path / "kernel.o").write_bytes(b"\x7fELF")
    found = report(tmp_path, "int main(void) { return 0; }")
    assert found.bound is None
    assert found.problems == ("kernel.o has no call graph",)


def test_without_the_entry_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert "there is no function main" in report(tmp_path, "int f(void) { return 0; }").problems
