"""Errors as a user reads them: rendered by TVM's rule, which the first function repeats."""

from pathlib import Path

from microtvm_boards.errors import (
    BoardError,
    BuildError,
    MicroTvmBoardsError,
    TransportClosedError,
    TransportError,
    TransportTimeoutError,
)
from microtvm_boards.flashers.failures import Failure, FlashFailedError
from microtvm_boards.rpc.seen import SessionError
from microtvm_boards.server.failures import to_rpc_error
from microtvm_boards.server.jsonrpc import SERVER_ERROR, RpcError
from microtvm_boards.tuning.trials.bench import TrialFailedError


def as_tvm_prints(error: RpcError, method: str) -> str:
    """ServerError.__str__, TVM v0.8 to v0.18 (project_api/server.py); see test_tvm_client.py."""
    text = f"calling method {method}: JSON-RPC error # {error.code}: {error.message}"
    if error.data:
        text += "\n" + (error.data.get("traceback") or repr(error.data))
    return text


def printed(error: Exception) -> str:
    return as_tvm_prints(to_rpc_error(error, "build"), "build")


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_cause_details_hint_and_log_read_as_one_message() -> None:
    error = BuildError(
        "main.c:3: unknown type name 'itn'.",
        details=["main.c:3:1: error: unknown type name 'itn'", "    itn x;"],
        hint="correct main.c",
        log=Path("/p/build/build.log"),
    )
    assert printed(raised(error)) == (
        "calling method build: JSON-RPC error # -32000: main.c:3: unknown type name 'itn'.\n"
        "  main.c:3:1: error: unknown type name 'itn'\n"
        "      itn x;\n"
        "Try: correct main.c\n"
        "Full log: /p/build/build.log"
    )


def test_a_cause_alone_is_followed_by_the_kind_of_error() -> None:
    assert printed(raised(BoardError("There is no board."))).endswith(
        "There is no board.\nBoardError"
    )


def test_every_error_of_the_tree_has_a_traceback_for_those_who_look_for_one() -> None:
    def kinds(kind: type[MicroTvmBoardsError]) -> list[type[MicroTvmBoardsError]]:
        return [kind, *(k for sub in kind.__subclasses__() for k in kinds(sub))]

    for kind in kinds(MicroTvmBoardsError):
        if issubclass(kind, SessionError | TrialFailedError):
            # Take more than a cause. The one reaches the server as what it is derived from, the
            # other is no business of its.
            continue
        more = [Failure.VERIFY] if issubclass(kind, FlashFailedError) else []
        cause = kind("Cause.", *more)
        error = to_rpc_error(raised(cause), "build")
        assert error.code == SERVER_ERROR
        assert error.data is not None
        assert error.data["traceback"]
        assert "File " not in printed(cause)


def test_transport_errors_get_the_names_that_tvm_turns_into_exceptions() -> None:
    assert to_rpc_error(TransportTimeoutError("Silent."), "x").message == "IoTimeoutError"
    assert to_rpc_error(TransportClosedError("Gone."), "x").message == "TransportClosedError"
    assert to_rpc_error(TransportError("Odd."), "x").message == "Odd."
    assert "Silent.\nTry: power" in printed(TransportTimeoutError("Silent.", hint="power"))


def test_a_missing_python_package_says_what_to_install() -> None:
    text = printed(raised(ModuleNotFoundError("No module named 'yaml'", name="yaml")))
    assert "'yaml'" not in text
    assert '"yaml" is missing' in text
    assert "-m pip install microtvm-boards" in text


def test_what_the_operating_system_refuses_is_told_without_a_stack() -> None:
    text = printed(raised(PermissionError(13, "Permission denied", "/srv/p")))
    assert text.endswith("build: [Errno 13] Permission denied: '/srv/p'\nPermissionError")


def test_a_defect_of_ours_is_called_one_and_brings_its_stack() -> None:
    text = printed(raised(KeyError("board")))
    assert "KeyError: 'board' (a defect of microtvm-boards, please report)" in text
    assert "test_failures.py" in text


def test_an_error_of_the_protocol_stays_as_it_is() -> None:
    error = RpcError(-32602, "n is missing")
    assert to_rpc_error(error, "read_transport") is error
