"""How much stack is planned before anything is compiled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.mlf.c.features import function_features
from microtvm_boards.project.needs.code_size import code_size_table
from microtvm_boards.project.needs.margin import with_margin
from microtvm_boards.project.needs.stack_estimate import (
    exception_frame,
    frame_features,
    has_fpu,
    role,
)
from microtvm_boards.project.plan.stack import DEFAULT_STACK_BYTES, STACK_SPARE
from tests.project.test_preflight import planned

FUNCTION = """
TVM_DLL int32_t tvmgen_m_fused_add(int8_t* p0, int8_t* p1) {
  int32_t conv[100];
  TVMValue stack[3];
  for (int32_t i = 0; i < 4; ++i) {
    int64_t wide = ((int64_t)p0[i]) * 3;
    void* at = p1;
  }
  return 0;
}
"""


def test_local_variables_of_generated_code_are_counted() -> None:
    (function,) = function_features(FUNCTION)
    assert (function.array_bytes, function.scalar_bytes) == (400 + 24, 4 + 8 + 4)


def test_a_function_has_one_of_three_roles() -> None:
    names = ["tvmgen_m_run", "tvmgen_m___tvm_main__", "tvmgen_m_fused_add"]
    assert [role(name) for name in names] == ["run", "main", "operator"]


def test_a_frame_grows_with_what_its_role_was_measured_by() -> None:
    """One, then what code_size.json has a weight for: parameters, loops, ...; whether there are
    arrays at all, where their bytes are added."""
    (operator,) = function_features(FUNCTION)
    assert frame_features(operator, False) == (1, 0, 2, True, False, False, 3, 1)
    in_frame = operator.scalar_bytes  # every variable, without optimization
    assert frame_features(operator, True) == (1, in_frame, 2, True, False, False, 3, 1)
    for name, without, with_arrays in (
        ("tvmgen_m_run", (1, False), (1, True)),
        ("tvmgen_m___tvm_main__", (1, 16, 0, False), (1, 16, 0, True)),
    ):
        function = replace(operator, name=name)
        assert frame_features(function, False) == with_arrays
        assert frame_features(replace(function, array_bytes=0), False) == without


def test_there_are_figures_for_every_optimization_and_interface() -> None:
    (operator,) = function_features(FUNCTION)
    stack = code_size_table()["stack"]
    for by_optimization in stack["frames"].values():
        assert by_optimization.keys() == {"none", "debug", "size", "speed"}
        for frames in by_optimization.values():
            assert frames.keys() == {"run", "main", "operator"}
            assert len(frames["operator"]) == len(frame_features(operator, False))
    for by_arch in stack["own"].values():
        for by_kind in by_arch.values():
            assert by_kind.keys() == {"minimal", "harness", "packed"}
            for by_interface in by_kind.values():
                assert by_interface.keys() == {"c", "packed", "graph"}


def test_the_plan_follows_what_the_firmware_has_to_do() -> None:
    c = planned("foo_c").stack
    assert c.estimated and c.least_bytes == max(256, c.size_bytes - STACK_SPARE)
    assert c.size_bytes < planned("foo_packed").stack.size_bytes  # TVM's arguments are on it
    assert c.size_bytes < planned("foo_c", model_entrypoint_api="packed").stack.size_bytes
    assert c.size_bytes < planned("foo_c", optimization="none").stack.size_bytes
    assert c.size_bytes < planned("foo_c_nousmp").stack.size_bytes  # large arrays of its kernels


def test_an_interrupt_saves_the_fpus_registers_where_there_is_one() -> None:
    assert has_fpu(load_board("mps2_an386").cpu) and not has_fpu(load_board("mps2_an385").cpu)
    assert exception_frame(load_board("mps2_an386").cpu) == 4 * (8 + 16 + 1 + 1) + 8
    assert exception_frame(load_board("mps2_an385").cpu) == 4 * 8 + 8
    with_fpu = planned("foo_c", board="mps2_an386").stack.size_bytes
    assert with_fpu > planned("foo_c", board="mps2_an385").stack.size_bytes


def test_a_size_that_was_chosen_stays() -> None:
    stack = planned("foo_c", stack_size_bytes=1001).stack
    assert (stack.size_bytes, stack.least_bytes, stack.estimated) == (1008, None, False)


def test_nothing_is_known_of_kernels_in_objects() -> None:
    stack = planned("objects_arm", board="mps2_an385").stack
    assert (stack.size_bytes, stack.estimated) == (DEFAULT_STACK_BYTES, False)


@pytest.mark.parametrize(("worst", "size"), [(0, 256), (255, 288), (1000, 1152), (4000, 4512)])
def test_there_is_a_margin_of_an_eighth(worst: int, size: int) -> None:
    assert with_margin(worst) == size
