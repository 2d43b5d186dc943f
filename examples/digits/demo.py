"""The demo: a model library becomes firmware for an emulated Cortex-M4 and reads handwriting.

Every step is a command that you can type yourself; they are shown as they run. Needs no TVM.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDER = ROOT / "build" / "demo"
MODEL = HERE / "digits_c.tar"
IMAGES = HERE / "test_images.npz"
BOARD = "mps2_an386"
SHADES = " .:-=+*#%@"


def command(*arguments: str | Path) -> dict[str, Any]:
    """Runs one microtvm-boards command, shows it, and returns its JSON."""
    words = [str(a) for a in arguments]
    shown = [w.replace(f"{ROOT}/", "") for w in words]
    print("$ microtvm-boards " + " ".join(shown), flush=True)
    tool = Path(sys.executable).parent / "microtvm-boards"
    result = subprocess.run([tool, *words, "--json"], stdout=subprocess.PIPE, text=True)
    answer: dict[str, Any] = json.loads(result.stdout)
    if result.returncode != 0:
        sys.exit(f"{answer['error']['cause']}\n{answer['error']['hint']}")
    return answer


def classify(board: str) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """Creates, builds, flashes and runs the model on `board`: its outputs and measurements."""
    project, outputs = FOLDER / board, FOLDER / f"{board}.npz"
    command("create", MODEL, project, "--board", board, "--model-entrypoint-api", "c")
    built = command("build", project)
    command("flash", project)
    ran = command("run", project, "--inputs", IMAGES, "--outputs", outputs)
    measured = {"memory": built["memory"], "stack": ran["stack"], "samples": ran["samples"]}
    return np.load(outputs)["logits"], measured


def show_digit(image: np.ndarray[Any, Any], label: int, answer: int) -> None:
    """One held-out image as text, with what the board says it is."""
    levels = image.reshape(8, 8).astype(int)
    levels -= levels.min()
    for row in levels * (len(SHADES) - 1) // levels.max():
        print("    " + "".join(SHADES[level] * 2 for level in row))
    print(f"    the board says {answer}, it is {label}\n")


def main() -> int:
    with np.load(IMAGES) as archive:
        images, labels = archive["image"], archive["labels"]
    shutil.rmtree(FOLDER, ignore_errors=True)
    board, measured = classify(BOARD)
    host, _ = classify("host")
    answers = board.reshape(len(labels), -1).argmax(axis=1)
    print()
    show_digit(images[0], labels[0], answers[0])
    right = int((answers == labels).sum())
    equal = int((board == host).all(axis=(1, 2)).sum())
    print(
        f"Accuracy on {BOARD}: {right} of {len(labels)} held-out images ({right / len(labels):.1%})"
    )
    print(f"Outputs that equal the host's, bit for bit: {equal} of {len(labels)}\n")
    show_measures(measured)
    return 0 if equal == len(labels) else 1


def show_measures(measured: dict[str, Any]) -> None:
    used = {row["memory"]: row["used_bytes"] for row in measured["memory"]}
    samples = measured["samples"]
    table = Table("Measure", "Value", title=f"digits on {BOARD}", title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("Flash", f"{used['FLASH']:,} B")
    stack = measured["stack"]["reserved_bytes"]
    table.add_row(f"RAM, with the stack's {stack:,} B", f"{used['RAM']:,} B")
    table.add_row("Stack used at most", f"{max(s['stack_bytes'] for s in samples):,} B")
    instructions = sorted(s["instructions"] for s in samples)[len(samples) // 2]
    table.add_row("Instructions per inference", f"{instructions:,}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
