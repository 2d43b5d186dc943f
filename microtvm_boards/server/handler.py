"""The methods of the Project API, on one template or project directory."""

from __future__ import annotations

import base64
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microtvm_boards.errors import ProjectError, TransportClosedError, UsageError
from microtvm_boards.project.options.parse import parse_options
from microtvm_boards.project.options.resolve import CALLER, Layer
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.server.info import is_project, server_info

if TYPE_CHECKING:
    from microtvm_boards.platforms import Progress
    from microtvm_boards.transports.base import Transport

Options = dict[str, Any]


class Handler:
    """Holds the open transport; everything else is in the directory. Parameters: see params.py.

    The heavy rooms are imported by the methods that need them: server_info_query is what tvmc
    waits for on each command line, `--help` included.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._transport: Transport | None = None

    def server_info_query(self, tvm_version: str) -> dict[str, Any]:
        """Every TVM that has this API is served (0.8 to 0.18), so `tvm_version` decides nothing."""
        return server_info(self.directory)

    def generate_project(
        self,
        model_library_format_path: str,
        standalone_crt_dir: str,
        project_dir: str,
        options: Options,
    ) -> None:
        from microtvm_boards.mlf import load
        from microtvm_boards.project.generate import create
        from microtvm_boards.project.options.presets import preset_layer
        from microtvm_boards.tuning.host.trial_project import create_trial, is_trial

        if is_project(self.directory):
            raise ProjectError(
                f"{self.directory} is a generated project; projects are generated from a template.",
                hint="microtvm-boards template-dir prints the template's directory",
            )
        given = [Layer(CALLER, options), preset_layer(self.directory)]
        parsed = parse_options(given, "generate_project", standalone_crt_dir=standalone_crt_dir)
        mlf = _absolute(model_library_format_path, "The model")
        model = load(mlf)
        make = create_trial if is_trial(model, parsed) else create
        project = make(model, _absolute(project_dir, "The project"), parsed)
        if parsed.verbose:
            say(
                f"{project.directory}: {project.board.name}, platform {project.platform}, "
                f"entry point {project.entrypoint}"
            )

    def build(self, options: Options) -> None:
        from microtvm_boards.platforms import get_platform
        from microtvm_boards.project.project import Project

        parsed = parse_options(options, "build")
        project = Project.open(self.directory).with_options(parsed)
        if project.manifest.trial:
            from microtvm_boards.tuning.host.trial_project import build_trial

            build_trial(project, progress=_progress(parsed))
            return
        result = get_platform(project.platform).build(project, progress=_progress(parsed))
        if result.stack is not None and result.stack.warning is not None:
            say(f"Warning: {result.stack.warning}.")

    def flash(self, options: Options) -> None:
        from microtvm_boards.platforms import get_platform
        from microtvm_boards.project.project import Project

        parsed = parse_options(options, "flash")
        project = Project.open(self.directory).with_options(parsed)
        if project.manifest.trial:
            from microtvm_boards.tuning.host.trial_project import flash_trial

            done = flash_trial(project, parsed.device, progress=_progress(parsed))
        else:
            done = get_platform(project.platform).flash(
                project, parsed.device, progress=_progress(parsed)
            )
        if parsed.verbose:
            say(done)

    def open_transport(self, options: Options) -> dict[str, Any]:
        """Opens anew when a transport is open already: the firmware starts from its beginning."""
        from microtvm_boards.platforms import transport_to
        from microtvm_boards.project.project import Project
        from microtvm_boards.server.timeouts import session_timeouts

        parsed = parse_options(options, "open_transport")
        project = Project.open(self.directory)
        self.close_transport()
        if project.manifest.trial:
            from microtvm_boards.tuning.host.trial_project import open_trial

            self._transport = open_trial(project, parsed.device)
            return {"timeouts": session_timeouts(project, parsed.device)}
        # Kept before open(): a signal in between must not leave a child.
        self._transport = transport_to(project, parsed.device)
        try:
            self._transport.open()
        except BaseException:
            self.close_transport()
            raise
        return {"timeouts": session_timeouts(project, parsed.device)}

    def close_transport(self) -> None:
        """Harmless when nothing is open."""
        if self._transport is None:
            return
        try:
            self._transport.close()
        except Exception:
            self._transport = None
            raise
        self._transport = None  # only now: a signal during close() lets main() close again

    def read_transport(self, n: int, timeout_sec: float | None) -> dict[str, str]:
        data = self._opened().read(n, timeout_sec)
        return {"data": base64.b85encode(data).decode("ascii")}

    def write_transport(self, data: bytes, timeout_sec: float | None) -> None:
        self._opened().write(data, timeout_sec)

    def _opened(self) -> Transport:
        if self._transport is None:
            raise TransportClosedError("The transport is not open.", hint="open_transport first")
        return self._transport


def say(line: str) -> None:
    """One line for the user. TVM lets the server's stderr through to the terminal."""
    with contextlib.suppress(OSError):  # a closed terminal is no reason to end a build
        print(line, file=sys.stderr, flush=True)


def _progress(options: ProjectOptions) -> Progress | None:
    return say if options.verbose else None


def _absolute(path: str, what: str) -> Path:
    """TVM starts the server in the template's directory, so a relative path would mean that one."""
    result = Path(path)
    if not result.is_absolute():
        raise UsageError(
            f'{what} needs an absolute path; found "{path}".',
            hint="pathlib.Path(...).resolve()",
        )
    return result
