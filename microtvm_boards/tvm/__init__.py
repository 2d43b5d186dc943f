"""The face of room relay, classic TVM, which is imported when one of these functions is called.

After `import microtvm_boards.tvm`, `import tvm.micro` works on a TVM that was built without it
(USE_MICRO=OFF), and its Session opens. A TVM that has its own micro session stays as it is.
"""

from microtvm_boards.relay.export import build_module, export_mlf, write_mlf
from microtvm_boards.relay.importers import import_tflite
from microtvm_boards.relay.native import compile_reference, reference_outputs
from microtvm_boards.relay.setup.enable import enable_micro
from microtvm_boards.relay.setup.finder import install
from microtvm_boards.relay.setup.load import load_tvm

__all__ = [
    "build_module",
    "compile_reference",
    "enable_micro",
    "export_mlf",
    "import_tflite",
    "load_tvm",
    "reference_outputs",
    "write_mlf",
]

install()
