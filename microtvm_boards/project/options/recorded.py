"""Options as project.json has them, back as ProjectOptions."""

from __future__ import annotations

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.declare import specs_of
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.known import known_options
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.records import from_json, read_fields


def read_options(document: object, where: str = "options") -> ProjectOptions:
    """The inverse of `ProjectOptions.to_json`. What nobody declares, such as the options of a
    platform that isn't installed any more, is left out.

    Raises ValueError that says where what was needed and what was found.
    """
    own = [*(spec.name for spec in specs_of(ProjectOptions)), "standalone_crt_dir"]
    try:
        return ProjectOptions(
            **read_fields(ProjectOptions, document, where, own),
            device=from_json(DeviceOptions, document, where),
            of_platforms=tuple(
                from_json(group, document, where) for group in known_options().of_platforms.values()
            ),
        )
    except UsageError as error:  # a number below its least
        raise ValueError(f"{where}: {error.cause}") from error
