"""Compiles weights.npz with TVM, three ways, and adds TVM's own outputs to test_images.npz.

    python export.py [DIRECTORY]    (default: here)

Needs TVM (pip install 'microtvm-boards[tvm]', CPython 3.10). The same weights give the same files,
byte for byte.

- digits_c.tar: for the C API. AOT, C interface, memory planned with hill_climb.
- digits_packed.tar: for Python over RPC. AOT, packed, with a system library.
- digits_graph.tar: the graph executor, with a system library.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import network
import numpy as np

from microtvm_boards.tvm import compile_reference, export_mlf

# TVM's legalization for CPUs widens int8 operands to int16, which doubles the weights in flash.
WIDENING = "QnnLegalize"

KINDS: dict[str, dict[str, Any]] = {
    "digits_c.tar": {
        "executor": "aot",
        "interface": "c",
        "unpacked": True,
        "usmp": True,
        "usmp_algorithm": "hill_climb",
    },
    "digits_packed.tar": {"executor": "aot", "interface": "packed", "system_lib": True},
    "digits_graph.tar": {"executor": "graph", "system_lib": True},
}


def export(directory: Path) -> None:
    weights = network.load_weights()
    mod, params = network.to_relay(weights)
    for tar, choices in KINDS.items():
        export_mlf(mod, params, directory / tar, name="digits", disabled_pass=[WIDENING], **choices)
    with np.load(network.TEST_IMAGES) as file:
        images, labels = file["image"], file["labels"]
    run = compile_reference(mod, params)
    reference = np.stack([run({"image": image})[0] for image in images])
    np.savez(directory / network.TEST_IMAGES.name, image=images, labels=labels, reference=reference)


if __name__ == "__main__":
    export(Path(sys.argv[1]) if len(sys.argv) > 1 else network.HERE)
