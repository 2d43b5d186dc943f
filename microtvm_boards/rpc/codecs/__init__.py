"""How calls are written down for a device: its codec, which project.json names (rpc.codec)."""

from __future__ import annotations

from microtvm_boards.errors import ProjectError
from microtvm_boards.rpc.codecs.codec import Codec, Functions

__all__ = ["CODECS", "Codec", "Functions", "codec_named"]

CODECS = ("classic",)


def codec_named(name: str) -> Codec:
    """The codec of that name. Raises ProjectError when there is none, as in a manifest of a later
    version."""
    if name == "classic":
        from microtvm_boards.rpc.codecs import classic

        return classic
    raise ProjectError(
        f'The firmware speaks the RPC codec "{name}"; this version speaks {", ".join(CODECS)}.',
        hint="create the project again with this version, build it and flash it",
    )
