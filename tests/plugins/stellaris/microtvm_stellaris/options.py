"""Options of the platform: on the command line, in TVM's list and in a project's project.json."""

from dataclasses import dataclass

from microtvm_boards.project.options.declare import OptionSpec, option


@dataclass(frozen=True)
class StellarisOptions:
    stellaris_note: str = option(
        "",
        OptionSpec(
            "A text that the firmware carries, e.g. a serial number (platform stellaris).",
            optional=("generate_project",),
        ),
    )
