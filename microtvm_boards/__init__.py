"""From a TVM Model Library Format tar to a board that answers with the model's outputs."""

__version__ = "0.1.0"
