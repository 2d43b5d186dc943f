#!/usr/bin/env bash
# Everything that has to hold: style, types, the order of the rooms, tests.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

scripts/lint.sh
status=0
# A file at a time on each processor: a file's tests share what they build.
python -m pytest -q -n logical --dist loadfile "$@" || status=$?
if ! python -c 'import tvm.relay' >/dev/null 2>&1; then
  echo "Tests with real TVM were skipped: no CPython 3.10 was found for its wheel."
fi
exit $status
