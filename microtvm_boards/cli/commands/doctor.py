"""microtvm-boards doctor"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.device import device_flags
from microtvm_boards.cli.output import Output, standard

if TYPE_CHECKING:
    from microtvm_boards.doctor import Finding
    from microtvm_boards.project.options.device import DeviceOptions

_MARKS = {"ok": "ok", "absent": "--", "problem": "!!"}
_PROBLEMS = 1  # exit status


@click.command()
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    help="A project whose board is opened and asked, too.",
)
@device_flags
@standard
def doctor(output: Output, project: Path | None, device: DeviceOptions) -> None:
    """Look at tools, trees, ports and boards.

    Says what to do about what is wrong. What is merely absent (--) is no problem for who doesn't
    need it. The exit code is 1 when there is a problem (!!).
    """
    from microtvm_boards.doctor import look_at_computer, look_at_project

    with output.work("Looking at this computer"):
        findings = look_at_computer()
    if project is not None:
        from microtvm_boards.project.project import Project

        opened = Project.open(project)
        with output.work(f"Asking {opened.board.name}") as work:
            for finding in look_at_project(opened, device):
                work.line(f"{finding.subject}: {finding.found}")
                findings.append(finding)
    output.text("\n".join(_lines(findings)))
    output.document({"findings": [_document(finding) for finding in findings]})
    if any(finding.state.value == "problem" for finding in findings):
        click.get_current_context().exit(_PROBLEMS)


def _lines(findings: list[Finding]) -> list[str]:
    lines: list[str] = []
    area = ""
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        if finding.area != area:
            area = finding.area
            lines.append(area)
        lines.append(f"  {_MARKS[finding.state.value]} {finding.subject:<{width}}  {finding.found}")
        if finding.advice and finding.state.value != "ok":
            lines.append(f"     {'':<{width}}  Try: {finding.advice}")
    return lines


def _document(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "state": finding.state.value}
