"""Runs the model of a `c` project: `Harness(project, transport)`; inputs and outputs as .npz."""

from microtvm_boards.harness.client import Harness, RunResult
from microtvm_boards.harness.npz import load_inputs, load_outputs, save_outputs
from microtvm_boards.harness.protocol import TensorInfo

__all__ = ["Harness", "RunResult", "TensorInfo", "load_inputs", "load_outputs", "save_outputs"]
