"""Options of platform zephyr."""

from __future__ import annotations

from dataclasses import dataclass

from microtvm_boards.platforms.zephyr.kconfig import settings
from microtvm_boards.project.options.declare import Method, OptionSpec, Reach, option

_GENERATE: tuple[Method, ...] = ("generate_project",)


@dataclass(frozen=True)
class ZephyrOptions:
    """Of platform zephyr."""

    west_cmd: str | None = option(
        None,
        OptionSpec(
            "The west command that flashes (platform zephyr).",
            optional=("flash",),
            reach=Reach.NOTHING,
        ),
    )
    zephyr_base: str | None = option(
        None,
        OptionSpec(
            "Path of the Zephyr tree; $ZEPHYR_BASE, a west workspace or ~/zephyrproject when "
            "unset.",
            optional=("generate_project", "build", "flash"),
        ),
    )
    zephyr_config: tuple[str, ...] = option(
        (),
        OptionSpec(
            "Kconfig settings, e.g. 'CONFIG_FPU=n CONFIG_HW_STACK_PROTECTION=y' (':' for '=' in "
            "tvmc).",
            optional=_GENERATE,
            read=settings,
        ),
    )
    zephyr_conf: str | None = option(
        None,
        OptionSpec(
            "A .conf file with more Kconfig settings (platform zephyr).", optional=_GENERATE
        ),
    )
    zephyr_overlay: str | None = option(
        None,
        OptionSpec(
            "A devicetree overlay; chosen { mtvm,uart = &uart1; } chooses the UART (platform "
            "zephyr).",
            optional=_GENERATE,
        ),
    )
    cmake_args: tuple[str, ...] = option(
        (),
        OptionSpec(
            "More arguments for CMake's configure step, e.g. '-DSHIELD=x' (platform zephyr).",
            optional=_GENERATE,
        ),
    )
