"""microtvm-boards template-dir, rpc-server and tvmc: for those who work with TVM's own tools."""

from __future__ import annotations

import click

from microtvm_boards import resources
from microtvm_boards.cli.output import Output, json_option, standard, verbose_option


@click.command("template-dir")
@standard
def template_dir(output: Output) -> None:
    """Print the directory for tvmc's --template-dir."""
    directory = str(resources.template_dir())
    output.text(directory)
    output.document({"template_dir": directory})


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


class _Passthrough(click.Command):
    """Hands on every argument as it is; only `--help` alone is for us."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args == ["--help"]:
            return super().parse_args(ctx, args)
        ctx.params["arguments"] = tuple(args)
        return []


@click.command(
    "tvmc",
    cls=_Passthrough,
    options_metavar="",
    context_settings={"help_option_names": ["--help"]},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def tvmc(arguments: tuple[str, ...]) -> None:
    """Run TVM's tvmc with micro targets, also on a TVM that was built without them.

    All arguments are tvmc's, and so is the exit code; `-h` prints its help.
    """
    from microtvm_boards.relay.setup.tvmc import run_tvmc

    raise click.exceptions.Exit(run_tvmc(arguments))
