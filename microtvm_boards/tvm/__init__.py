"""The only room that imports `tvm`, and only when one of these functions is called.

After `import microtvm_boards.tvm`, `import tvm.micro` works on a TVM that was built without it
(USE_MICRO=OFF), and its Session opens. A TVM that has its own micro session stays as it is.
"""

from microtvm_boards.tvm.enable import enable_micro, load_tvm
from microtvm_boards.tvm.export import build_module, export_mlf, write_mlf
from microtvm_boards.tvm.finder import install
from microtvm_boards.tvm.importers import import_tflite
from microtvm_boards.tvm.reference import compile_reference, reference_outputs

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
