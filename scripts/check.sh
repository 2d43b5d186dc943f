#!/usr/bin/env bash
# The quick loop: style, types, the order of the rooms, and the tests that need no compiler, no
# emulator and no TVM. Those see no program but Python's, so that one which needs more shows it.
set -euo pipefail
cd "$(dirname "$0")/.."

found=$(mktemp)
trap 'rm -f "$found"' EXIT
scripts/lint.sh >"$found" 2>&1 &
lint=$!
status=0
env -u ZEPHYR_BASE -u TVM_HOME PATH="$PWD/.venv/bin" MICROTVM_BOARDS_CHECK=1 \
  .venv/bin/python -m pytest -q -n logical --dist loadfile \
  -m "not (tools or slow or tvm or qemu or zephyr or stm32cube)" "$@" || status=$?
wait "$lint" || status=$?
cat "$found"
exit "$status"
