"""microtvm-boards profile"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.commands.run import find_models
from microtvm_boards.cli.device import (
    device_flags,
    models_option,
    open_project,
    project_argument,
    reflash_note,
    timeout_option,
)
from microtvm_boards.cli.output import Output, standard
from microtvm_boards.cli.show.stack import stack_json, stack_table
from microtvm_boards.cli.show.tables import Row, table
from microtvm_boards.errors import UsageError

if TYPE_CHECKING:
    from microtvm_boards.analysis.profile import OperatorCost, Profile
    from microtvm_boards.boards import Board
    from microtvm_boards.project.options.device import DeviceOptions


@click.command()
@project_argument
@click.option(
    "--runs",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    metavar="N",
    help="Inferences on random inputs; the median of each operator counts.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Write a report with a timeline of live memory.",
)
@models_option
@timeout_option
@device_flags
@standard
def profile(
    output: Output,
    project: Path,
    runs: int,
    html: Path | None,
    model_key: str | None,
    timeout: float,
    device: DeviceOptions,
) -> None:
    """Measure what each operator of the model costs on the board.

    Builds firmware of its own in the project's build/trace and brings that onto the board; the
    project's firmware stays as it is.
    """
    from microtvm_boards.analysis.profile import profile as measure

    opened, platform = open_project(project)
    numbers = find_models(opened, model_key)
    if html is not None and not html.absolute().parent.is_dir():
        raise UsageError(f"--html {html}: there is no directory {html.parent}.")
    names = ", ".join(opened.models[number].name for number in numbers)
    with output.work(f"Profiling {names} on {opened.board.name}") as work:
        found: list[Profile] = []
        for number in numbers:
            if found and found[-1].flashed:  # the next one may want the project's own firmware
                platform.flash(opened, device, progress=work.line)
            found.append(
                measure(
                    *(opened, number), runs=runs, device=device, timeout=timeout, progress=work.line
                )
            )
    documents = [profile_json(one, opened.board) for one in found]
    output.text("\n\n".join(_text(one, opened.board) for one in found))
    stack = platform.stack_use(opened)
    output.text("\n" + stack_table(stack) if stack else "")
    if html is not None:
        from microtvm_boards.cli.show.profile_html import report

        try:
            html.write_text(report(found, documents), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--html {html} can't be written: {error.strerror}.") from error
        output.text(f"Wrote {html}")
    if found[-1].flashed:
        output.text(reflash_note(opened, platform, device))
    document = documents[0] if len(documents) == 1 else {"models": documents}
    output.document({**document, "stack": stack_json(stack)})


def profile_json(found: Profile, board: Board) -> dict[str, Any]:
    return {
        "board": found.board,
        "model": found.model,
        "runs": found.runs,
        "clock_hz": found.clock_hz,
        "total_ticks": round(found.total_ticks, 1),
        "between_ticks": None if found.between_ticks is None else round(found.between_ticks, 1),
        "untraced_ticks": None if found.untraced_ticks is None else round(found.untraced_ticks),
        "total_instructions": _instructions(found.total_ticks, board),
        "workspace_bytes": found.workspace_bytes,
        "operators_unseen": found.unseen or None,
        "operators": [
            {
                "number": o.number,
                "function": o.function,
                "ticks": round(o.ticks, 1),
                "instructions": _instructions(o.ticks, board),
                "share": round(o.share, 5),
                "macs": o.macs,
                "read_bytes": o.read_bytes,
                "written_bytes": o.written_bytes,
                "live_bytes": o.live_bytes,
            }
            for o in found.operators
        ],
    }


def _text(found: Profile, board: Board) -> str:
    measure = "Ticks" if _instructions(0, board) is None else "Instructions"
    lines = [
        f"{found.model} on {found.board}: {_count(_amount(found.total_ticks, board))} "
        f"{measure.lower()} a run{_time(found)}" + (f"; {_macs(found)}" if found.operators else "")
    ]
    if found.unseen:
        lines.append(f"Its operators can't be told apart. {found.unseen}")
        return "\n".join(lines)
    numbers = ("Call", measure, "Share", "MACs", f"{measure} per MAC", "Read", "Written", "Live")
    rows = [_row(o, board) for o in found.operators]
    if found.between_ticks is not None:
        rows.append(
            (
                "",
                _count(_amount(found.between_ticks, board)),
                _percent(found.between_ticks, found.total_ticks),
                *("",) * 5,
                "(between operators)",
            )
        )
    lines.append(table((*numbers, "Operator"), rows, numbers=numbers))
    if found.untraced_ticks:
        operators = sum(o.ticks for o in found.operators)
        lines.append(
            f"The project's own firmware takes {_count(_amount(found.untraced_ticks, board))}; the "
            f"operators are {_percent(operators, found.untraced_ticks)} of that."
        )
    return "\n".join(lines)


def _row(o: OperatorCost, board: Board) -> Row:
    amount = _amount(o.ticks, board)
    return (
        str(o.number),
        _count(amount),
        f"{100 * o.share:.1f} %",
        _known(o.macs) if o.macs != 0 else "",
        f"{amount / o.macs:.2f}" if o.macs else "",
        _known(o.read_bytes),
        _known(o.written_bytes),
        _known(o.live_bytes),
        o.function,
    )


def _macs(found: Profile) -> str:
    known = sum(o.macs or 0 for o in found.operators)
    unknown = any(o.macs is None for o in found.operators)
    if unknown and not known:
        return "multiply-accumulates not known"
    more = " known" if unknown else ""
    return f"{known:,}{more} multiply-accumulates"


def _instructions(ticks: float, board: Board) -> int | None:
    from microtvm_boards.platforms.qemu import instructions

    executed = instructions(round(ticks), board)
    return None if executed is None else round(executed)


def _amount(ticks: float, board: Board) -> float:
    """Instructions where the board counts them, else ticks."""
    executed = _instructions(ticks, board)
    return ticks if executed is None else executed


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _known(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _time(found: Profile) -> str:
    if found.clock_hz is None:
        return ""
    milliseconds = 1e3 * found.total_ticks / found.clock_hz
    return f", {milliseconds:,.3f} ms at {found.clock_hz / 1e6:,.10g} MHz"
