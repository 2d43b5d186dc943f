"""From relay to a Model Library Format tar that is the same, byte for byte, on any day."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from microtvm_boards.errors import UsageError
from microtvm_boards.relay.setup.enable import enable_micro
from microtvm_boards.relay.setup.load import load_tvm
from microtvm_boards.relay.setup.reproducible import normalize, read_members, write_tar
from microtvm_boards.relay.setup.steady import steady_compiler


def export_mlf(
    mod: Any,
    params: Mapping[str, Any],
    path: str | Path,
    *,
    name: str = "default",
    executor: Literal["aot", "graph"] = "aot",
    interface: Literal["c", "packed"] = "packed",
    unpacked: bool = False,
    system_lib: bool = False,
    target: str = "c",
    link_params: bool = False,
    usmp: bool | None = None,
    usmp_algorithm: str | None = None,
    pass_config: Mapping[str, Any] | None = None,
    disabled_pass: Sequence[str] = (),
) -> Path:
    """Compiles one model for TVM's C runtime and writes it to the tar `path`.

    Same as `write_mlf([build_module(...)], path)`; see there.
    """
    built = build_module(
        mod,
        params,
        name=name,
        executor=executor,
        interface=interface,
        unpacked=unpacked,
        system_lib=system_lib,
        target=target,
        link_params=link_params,
        usmp=usmp,
        usmp_algorithm=usmp_algorithm,
        pass_config=pass_config,
        disabled_pass=disabled_pass,
    )
    return write_mlf([built], path)


def build_module(
    mod: Any,
    params: Mapping[str, Any],
    *,
    name: str = "default",
    executor: Literal["aot", "graph"] = "aot",
    interface: Literal["c", "packed"] = "packed",
    unpacked: bool = False,
    system_lib: bool = False,
    target: str = "c",
    link_params: bool = False,
    usmp: bool | None = None,
    usmp_algorithm: str | None = None,
    pass_config: Mapping[str, Any] | None = None,
    disabled_pass: Sequence[str] = (),
    instruments: Sequence[Any] = (),
) -> Any:
    """Compiles relay for TVM's C runtime (opt_level 3, no vector code): TVM's factory module.

    Parameters
    ----------
    executor : who calls the operators; `interface` and `unpacked` are for "aot" alone.
    interface : "c" gives `tvmgen_<name>_run` with structs, and needs `unpacked`.
    unpacked : kernels take plain pointers instead of TVMValues.
    system_lib : add the registry of functions by name that the use over RPC needs.
    link_params : "graph" alone: the parameters become constants in the generated code.
    usmp, usmp_algorithm : TVM's static memory planner ("greedy_by_size", "hill_climb", ...);
        None leaves TVM's default, which is on for "aot".
    pass_config, disabled_pass, instruments : further entries for TVM's PassContext, passes to
        leave out, who watches them.

    Raises UsageError when the choices exclude each other, and ToolNotFoundError without a TVM.
    """
    if executor == "graph" and (interface == "c" or unpacked):
        raise UsageError(
            "The graph executor has the packed interface only; "
            f"asked for was interface={interface!r}, unpacked={unpacked}.",
            hint='executor="aot"',
        )
    if executor == "aot" and interface == "c" and not unpacked:
        raise UsageError('interface="c" needs unpacked=True.', hint="unpacked=True")
    if executor == "aot" and link_params:
        raise UsageError("link_params is for the graph executor; AOT always links parameters.")

    tvm = load_tvm()
    backend = importlib.import_module("tvm.relay.backend")
    options: dict[str, Any]
    if executor == "aot":
        options = {"interface-api": interface, "unpacked-api": unpacked}
    else:
        options = {"link-params": link_params}
    config: dict[str, Any] = {"tir.disable_vectorize": True}
    if usmp is not None:
        config["tir.usmp.enable"] = usmp
    if usmp_algorithm is not None:
        config["tir.usmp.algorithm"] = usmp_algorithm
    config.update(pass_config or {})
    # The relay text in the tar is this module's, and has a result type only when it is inferred.
    mod = tvm.relay.transform.InferType()(mod)
    context = tvm.transform.PassContext(
        opt_level=3,
        config=config,
        disabled_pass=list(disabled_pass),
        instruments=list(instruments),
    )
    with context, steady_compiler():
        return tvm.relay.build(
            mod,
            target=tvm.target.Target(target),
            params=dict(params),
            executor=backend.Executor(executor, options),
            runtime=backend.Runtime("crt", {"system-lib": system_lib}),
            mod_name=name,
        )


def write_mlf(built: Sequence[Any], path: str | Path) -> Path:
    """Exports what `build_module` or `tvm.build` gave, as a reproducible tar.

    Several full models may share one tar when their names differ; of `tvm.build`'s operator
    modules there can be only one. Writes `path` whole or not at all.
    """
    enable_micro()
    mlf = importlib.import_module("tvm.micro.model_library_format")
    path = Path(path)
    with tempfile.TemporaryDirectory(prefix="microtvm-boards-") as scratch:
        exported = Path(scratch) / "exported.tar"
        mlf.export_model_library_format(list(built), exported)
        members = normalize(read_members(exported))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write_tar(partial, members)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
