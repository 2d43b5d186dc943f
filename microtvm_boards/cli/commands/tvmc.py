"""microtvm-boards tvmc: TVM's own command line."""

from __future__ import annotations

import click


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
