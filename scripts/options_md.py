#!/usr/bin/env python3
"""Writes docs/options.md: every option, from its declaration.

.venv/bin/python scripts/options_md.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from microtvm_boards.project.options.declare import METHODS, OptionSpec
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.known import known_options
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.options.upstream import UpstreamOptions

FILE = Path(__file__).resolve().parent.parent / "docs" / "options.md"
HEAD = """\
# Options

Made from the declarations (`microtvm_boards/project/options/`) by `scripts/options_md.py`.

`create` takes them as `-o NAME=VALUE`; those marked `--` have a flag of their own as well, in which
`_` is `-`. `flash`, `run` and the other commands on a device have flags for options of the device.
tvmc takes all as `--project-option NAME=VALUE`, Python as a dict.

The step is the method of the Project API that looks at the option. Where a value comes from more
than one place, the flag and `-o` win over what the template directory sets, and that over the
default. A list is separated by blanks, or JSON.
"""
TITLES = {
    ProjectOptions: "The project",
    DeviceOptions: "The device",
    UpstreamOptions: "Upstream's names",
}
KINDS = {"str": "text", "int": "number", "bool": "`true`, `false`", "list": "list"}


def options_md() -> str:
    """The text of the file."""
    known = known_options()
    parts = [HEAD]
    for group, title in TITLES.items():
        parts.append(section(title, known.of_group(group)))
    for platform, group in known.of_platforms.items():
        parts.append(section(f"Platform {platform}", known.of_group(group)))
    return "\n".join(parts)


def section(title: str, specs: Sequence[OptionSpec]) -> str:
    return "\n".join([f"## {title}", "", *rows(specs), ""])


def rows(specs: Sequence[OptionSpec]) -> Iterator[str]:
    yield "| option | value | default | step | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for spec in specs:
        yield "| " + " | ".join(cells(spec)) + " |"


def cells(spec: OptionSpec) -> tuple[str, ...]:
    name = f"`{spec.name}`{' `--`' if spec.flag else ''}"
    value = KINDS[spec.kind]
    if spec.choices:
        value = ", ".join(f"`{choice}`" for choice in spec.choices)
    if spec.least:
        value += f" from {spec.least.value}"
    default = "required" if spec.required else ""
    if spec.kind != "list" and spec.default is not None:
        default = f"`{str(spec.default).lower() if spec.kind == 'bool' else spec.default}`"
    steps = "all" if spec.methods == METHODS else ", ".join(f"`{m}`" for m in spec.methods)
    return name, value, default, steps, spec.help.replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(options_md())
    print(f"Wrote {FILE.name}")
