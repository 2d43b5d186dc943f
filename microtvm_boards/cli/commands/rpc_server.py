"""microtvm-boards rpc-server: a board for AutoTVM and MetaSchedule on other computers."""

from __future__ import annotations

import click

from microtvm_boards.cli.output import json_option, verbose_option


@click.command(
    "rpc-server",
    options_metavar="[OPTIONS] --tracker HOST:PORT --key KEY",
    context_settings={"help_option_names": ["--help"], "ignore_unknown_options": True},
)
@click.option(
    "--serial-number", metavar="TEXT", help="Of the board's probe, where several are plugged in."
)
@click.option("--serial-port", metavar="PATH", help="Of the board, where the probe doesn't say it.")
@json_option
@verbose_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def rpc_server(
    arguments: tuple[str, ...], serial_number: str | None, serial_port: str | None
) -> None:
    """Serve a board to TVM's RPC tracker, until it is interrupted.

    All other arguments are those of `python -m tvm.exec.rpc_server`; `-h` prints its help.
    """
    from microtvm_boards.relay.session.rpc_server import run_rpc_server

    run_rpc_server(arguments, serial_number=serial_number, serial_port=serial_port)
