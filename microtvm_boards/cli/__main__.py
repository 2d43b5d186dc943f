"""python -m microtvm_boards.cli: the console script, where it isn't on PATH."""

import sys

from microtvm_boards.cli import main

sys.exit(main())
