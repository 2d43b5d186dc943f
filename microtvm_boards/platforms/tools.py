"""Programs that a platform needs: found before anything is done, named when they are missing."""

from __future__ import annotations

import os
import shlex

from microtvm_boards.programs import Tool, find, require, version

__all__ = [
    "ARM_GCC",
    "ARM_GXX",
    "CMAKE",
    "NINJA",
    "NINJA_OR_MAKE",
    "Tool",
    "find",
    "host_compiler",
    "host_cxx_compiler",
    "require",
    "version",
]

CMAKE = Tool(("cmake",), "configures the build", ("cmake",))
NINJA = Tool(("ninja", "ninja-build"), "runs the build", ("ninja-build",))
NINJA_OR_MAKE = Tool((*NINJA.programs, "make", "gmake"), NINJA.purpose, NINJA.packages)
ARM_GCC = Tool(
    ("arm-none-eabi-gcc",),
    "compiles for Arm Cortex-M",
    ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi"),
)
ARM_GXX = Tool(
    ("arm-none-eabi-g++",),
    "compiles C++ for Arm Cortex-M",
    ("gcc-arm-none-eabi", "libstdc++-arm-none-eabi-newlib"),
)


def host_compiler() -> Tool:
    """What CMake takes for C: the command in CC, else the first of cc, gcc and clang."""
    chosen = shlex.split(os.environ.get("CC", ""))
    return Tool(tuple(chosen[:1]) or ("cc", "gcc", "clang"), "compiles C", ("gcc", "libc6-dev"))


def host_cxx_compiler() -> Tool:
    """What CMake takes for C++: the command in CXX, else the first of c++, g++ and clang++."""
    chosen = shlex.split(os.environ.get("CXX", ""))
    return Tool(tuple(chosen[:1]) or ("c++", "g++", "clang++"), "compiles C++", ("g++",))
