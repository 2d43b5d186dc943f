"""What TVM launches in a template or project directory: a Project API server on two descriptors."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
POINTER = HERE / ".microtvm-boards"  # in a generated project: where the tool is imported from

if POINTER.is_file():
    sys.path.append(POINTER.read_text().strip())
else:
    sys.path.insert(0, str(HERE))

try:
    from microtvm_boards.server import main
except ImportError as error:
    sys.exit(
        f"microtvm-boards can't start under {sys.executable}: {error}.\n"
        f"Try: {sys.executable} -m pip install microtvm-boards"
    )

if __name__ == "__main__":
    sys.exit(main(HERE))
