"""Options of platform stm32cube."""

from __future__ import annotations

from dataclasses import dataclass

from microtvm_boards.project.options.declare import OptionSpec, option


@dataclass(frozen=True)
class Stm32CubeOptions:
    """Of platform stm32cube."""

    stm32cube_path: str | None = option(
        None,
        OptionSpec(
            "Path of ST's STM32Cube package; $STM32CUBE_F4_PATH (F1, L4, ...) or CubeMX's when "
            "unset.",
            optional=("generate_project",),
        ),
    )
