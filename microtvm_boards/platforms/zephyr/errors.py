"""What to do about the failures that only Zephyr's build has."""

from __future__ import annotations

import os
import re

from microtvm_boards.boards import Board
from microtvm_boards.platforms.build_errors import FirstError
from microtvm_boards.platforms.zephyr.board.devicetree import UART_CHOICES, Devicetree
from microtvm_boards.platforms.zephyr.board.tree import ZephyrTree, missing_modules, modules

_MISSING_FILE = re.compile(
    r"(?P<gcc>\S+\.\w+): No such file or directory|'(?P<clang>\S+)' file not"
)
# How the files of a module are called -> the module.
_MODULES = (
    (r"stm32|^st/", "hal_stm32"),
    (r"nrf|^nordic|^hal/nrf", "hal_nordic"),
    (r"core_c\w*\.h|cmsis|arm_math", "cmsis"),
    (r"fsl_|^nxp/|imx|lpc|kinetis|S32", "hal_nxp"),
    (r"^esp|soc/.*esp32|xtensa", "hal_espressif"),
    (r"^sam|atmel", "hal_atmel"),
    (r"^em_|efr32|efm32|silabs", "hal_silabs"),
    (r"^gd32", "hal_gigadevice"),
    (r"pico|rp2|hardware/", "hal_rpi_pico"),
    (r"driverlib|^ti/|cc13|cc32|msp432", "hal_ti"),
    (r"^cy|psoc|xmc", "hal_infineon"),
    (r"renesas|^bsp_|^r_|smartbond", "hal_renesas"),
)


def hint(failure: FirstError, tree: ZephyrTree) -> str:
    """The next command for `failure`; "" when Zephyr has nothing to do with it."""
    missing = _MISSING_FILE.search(failure.message)
    if missing:
        file = (missing["gcc"] or missing["clang"]).strip("<>\"'")
        module = _module_of(file, missing_modules(tree))
        if module:
            where = f" in {tree.workspace}" if tree.workspace else ""
            return f"west update {module}{where} (the module with {file} isn't beside {tree.base})"
        chosen = os.environ.get("ZEPHYR_MODULES")
        present = _module_of(file, tuple(modules(tree)))
        if chosen and present and str(modules(tree)[present]) not in chosen:
            return f"add {modules(tree)[present]} to ZEPHYR_MODULES, or unset it"
    if "bits/libc-header-start.h" in failure.message or "gnu/stubs-32.h" in failure.message:
        return "apt-get install gcc-multilib, or a host board with 64 bits (native_posix_64)"
    if "Kconfig" in failure.message or "assigned the value" in failure.message:
        return "correct the setting (prj.conf, options zephyr_config and zephyr_conf)"
    return failure.hint


def _module_of(file: str, missing: tuple[str, ...]) -> str | None:
    for pattern, name in _MODULES:
        if re.search(pattern, file):
            fitting = [m for m in missing if m.startswith(name)]
            if fitting:
                return fitting[0]
    return None


def unusable_uart(board: Board, devicetree: Devicetree) -> tuple[str, list[str], str]:
    """Cause, details and hint of a board without a UART to talk over."""
    chosen = [name for name in UART_CHOICES if devicetree.chosen(name) is not None]
    cause = f"board {board.name} has no UART to talk over: its devicetree "
    if chosen:
        cause += f"chooses one for {chosen[0]} that is disabled"
    else:
        cause += "chooses none (" + ", ".join(UART_CHOICES) + ")"
    known = devicetree.uarts()
    details = [f"UARTs that are on: {', '.join(known) or 'none'}"]
    example = known[0] if known else "uart0"
    return (
        cause,
        details,
        "create the project with zephyr_overlay=FILE, a file with "
        f"/ {{ chosen {{ mtvm,uart = &{example}; }}; }};",
    )
