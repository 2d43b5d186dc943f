"""What is tried for a model on a processor. Runs without TVM."""

from __future__ import annotations

from microtvm_boards.relay.recipes import Recipe, recipes

CONVOLUTIONS = {"qnn.conv2d", "qnn.requantize", "nn.softmax"}


def test_a_core_with_dsp_instructions_gets_every_recipe() -> None:
    found = recipes("cortex-m4", CONVOLUTIONS)
    assert found[0] == Recipe("c keys, greedy_by_size (TVM's default)", "c", "greedy_by_size")
    assert {r.target for r in found} == {"c", "c -keys=arm_cpu,cpu -mcpu=cortex-m4"}
    assert {r.disabled_pass for r in found} == {(), ("QnnLegalize",), ("AlterOpLayout",)}
    assert {r.kernel_layout for r in found} == {None, "HWOI"}
    assert len({r.name for r in found}) == len(found) <= 8


def test_what_makes_no_difference_for_a_model_or_a_core_is_not_tried() -> None:
    without_dsp = recipes("cortex-m0", CONVOLUTIONS)
    assert all(r.kernel_layout is None for r in without_dsp)
    assert any("-mcpu=cortex-m0" in r.target for r in without_dsp)
    for unknown in ("", "cortex-m23", "cortex-a53"):
        assert {r.target for r in recipes(unknown, CONVOLUTIONS)} == {"c"}
    floats = recipes("cortex-m4", {"nn.dense", "add"})
    assert all(r.disabled_pass == () and r.kernel_layout is None for r in floats)
