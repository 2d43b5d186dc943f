"""What planning asks: which files of our template a project gets, and what fills them."""

from microtvm_boards.project.plan.parts.port import Port
from microtvm_boards.project.target import TargetPlan
from microtvm_stellaris.options import StellarisOptions


class StellarisTarget(TargetPlan):
    name = "stellaris"
    port = Port(files=("link.ld.j2", "port.c.j2", "startup.c"), linker_script=True, cortex_m=True)

    def ring_bytes(self, draft):
        """The port polls."""
        return 0

    def context(self, draft):
        return {"stellaris": draft.options.of(StellarisOptions)}
