"""A platform, a board and a flasher for microtvm-boards that live outside of it.

What is here is imported whenever somebody lists platforms, so it names the rest and imports little.
"""

from pathlib import Path

from microtvm_boards.plugins import PlatformPlugin

PLUGIN = PlatformPlugin(
    name="stellaris",
    help="TI's Stellaris LM3S without an operating system",
    platform="microtvm_stellaris.platform:StellarisPlatform",
    boards="microtvm_stellaris.boards:StellarisBoards",
    target="microtvm_stellaris.target:StellarisTarget",
    options="microtvm_stellaris.options:StellarisOptions",
    templates=Path(__file__).parent / "template",
)
