#!/usr/bin/env bash
# Installs what a command needs on a Debian machine, and says what it installs.
# Usage: scripts/setup.sh check|demo|test
set -euo pipefail
cd "$(dirname "$0")/.."

goal=${1:?check, demo or test}
packages=(gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm cmake ninja-build gcc libc6-dev)
extras=""
if [ "$goal" = check ]; then
  packages=()
  extras="[test]"
fi
if [ "$goal" = test ]; then
  # make: CMake's other generator; g++: TVM links its reference build with it;
  # libclang-rt: clang's sanitizers and libFuzzer; gdb, stm32flash: flash without hardware
  packages+=(clang gdb-multiarch libclang-rt-14-dev g++ make stm32flash)
  extras="[test,tvm,train,zephyr,flash]"
fi

# The newest TVM wheel that has tvm.micro is for CPython 3.10; everything else runs on 3.10 and up.
find_python() {
  local candidate
  for candidate in python3.10 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10*/bin/python3.10; do
    if "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  echo python3
}
python=$(find_python)
if [ "$python" = python3 ]; then
  packages+=(python3 python3-venv)
fi

missing=()
for package in "${packages[@]}"; do
  if ! dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing Debian packages: ${missing[*]}"
  as_root=(env DEBIAN_FRONTEND=noninteractive)
  if [ "$(id -u)" != 0 ]; then as_root=(sudo "${as_root[@]}"); fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ ! -x .venv/bin/python ]; then
  echo "Creating the virtual environment .venv with $("$python" --version)"
  "$python" -m venv .venv
fi
stamp=".venv/installed-$goal"
wanted() { echo "$extras" && cat pyproject.toml; }
if ! wanted | cmp -s - "$stamp"; then
  echo "Installing Python packages into .venv: microtvm-boards$extras"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".$extras"
  wanted >"$stamp"
fi
