"""Upstream's second names for one thing (TVM v0.18, apps/microtvm/zephyr/template_project)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.declare import Method, OptionSpec, Reach, option
from microtvm_boards.project.options.resolve import Value

_GENERATE: tuple[Method, ...] = ("generate_project",)

# Upstream's project types and the entry point that each stands for.
PROJECT_TYPES = {"host_driven": "packed", "aot_standalone_demo": "c"}


def _refuse_fvp(wanted: bool) -> bool:
    if wanted:
        raise UsageError(
            "use_fvp=true asks for Arm's FVP, which this template doesn't run.",
            hint="leave use_fvp out: board mps3_an547 is the same Corstone-300, in QEMU",
        )
    return wanted


@dataclass(frozen=True)
class UpstreamOptions:
    """Taken, and then known by our own names or not at all: see `renamed`."""

    project_type: str | None = option(
        None,
        OptionSpec(
            "Upstream's name for the entry point: host_driven is 'packed', aot_standalone_demo is "
            "'c'.",
            optional=_GENERATE,
            choices=tuple(PROJECT_TYPES),
        ),
    )
    config_main_stack_size: int | None = option(
        None, OptionSpec("Upstream's name for stack_size_bytes.", optional=_GENERATE)
    )
    use_fvp: bool = option(
        False,
        OptionSpec(
            "Upstream's name for running on Arm's FVP; only false, since boards run in QEMU here.",
            optional=_GENERATE,
            reach=Reach.NOTHING,
            read=_refuse_fvp,
        ),
    )
    arm_fvp_path: str | None = option(
        None,
        OptionSpec(
            "Upstream's path of the FVP program; accepted and not used.",
            optional=("generate_project", "open_transport"),
            reach=Reach.NOTHING,
        ),
    )


def renamed(values: Mapping[str, Value]) -> dict[str, Value]:
    """`values` with upstream's names as our own. Raises UsageError where the two contradict."""
    ours = dict(values)
    kind = ours.pop("project_type", None)
    if kind is not None:
        implied = PROJECT_TYPES[str(kind.value)]
        chosen = ours.setdefault("model_entrypoint_api", Value(implied, kind.origin)).value
        if chosen != implied:
            raise UsageError(
                f"project_type={kind.value} means model_entrypoint_api={implied}, "
                f"but model_entrypoint_api={chosen} was given too.",
                hint="give one of the two",
            )
    stack = ours.pop("config_main_stack_size", None)
    if stack is not None:
        ours.setdefault("stack_size_bytes", stack)
    for name in ("use_fvp", "arm_fvp_path"):
        ours.pop(name, None)
    return ours
