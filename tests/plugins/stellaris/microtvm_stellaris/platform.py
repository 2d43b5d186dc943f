"""Builds, flashes and runs: as platform baremetal does, whose CMake variables ours sets too."""

from microtvm_boards.platforms.baremetal import BaremetalPlatform


class StellarisPlatform(BaremetalPlatform):
    name = "stellaris"
