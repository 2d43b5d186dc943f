"""Reads Model Library Format tars: `load(path) -> Model`."""

from microtvm_boards.mlf.load import load

__all__ = ["load"]
