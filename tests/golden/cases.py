"""Which projects are golden: pairs of a model with a board, of either with options."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from tests.conftest import DATA, DIGITS

MODELS = (
    "foo_c",
    "foo_packed",
    "foo_graph",
    "float_c",
    "digits_c",
    "shapes_graph",
    "two_modules_pools_c",
    "pools_constants_c",
    "keywords_c",
)
# On a few boards only: what they differ in shows on any.
MORE_MODELS = tuple(
    sorted({path.stem for path in [*DATA.glob("*.tar"), *DIGITS.glob("*.tar")]} - set(MODELS))
)
BOARDS = (
    "host",
    "microbit",
    "mps2_an386",
    "mps2_an500",
    "mps2_an505",
    "netduinoplus2",
    "nucleo_h743zi",
    "stm32vldiscovery",
    "disco_l4",
    "qemu_m3",
    "native_posix_64",
)
# Of every option that changes files, a value that does; `{...}`: paths of the run.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "c": ("model_entrypoint_api=c",),
    "c minimal": ("model_entrypoint_api=c", "app=minimal", "optimization=speed", "checks=false"),
    "c more": ("model_entrypoint_api=c", "more_models=second:{data}/foo_c.tar"),
    "c separate": (
        "model_entrypoint_api=c",
        "more_models=second:{data}/foo_packed.tar",
        "activations=separate",
        "warning_as_error=true",
    ),
    "c extra": (
        "model_entrypoint_api=c",
        "optimization=none",
        "extra_files_tar={extra}",
        "compile_definitions=-DONE=1 -DTWO",
        "stack_size_bytes=2048",
        "workspace_size_bytes=4096",
    ),
    "packed": (),
    "packed sized": ("rpc_packet_bytes=1024", "tensor_heap_bytes=8192", "optimization=debug"),
    "packed more": ("more_models=second:{data}/foo_graph.tar",),
}
_ON_ZEPHYR = (
    "zephyr_config=CONFIG_FPU=n",
    "zephyr_conf={conf}",
    "zephyr_overlay={overlay}",
    "cmake_args=-DSHIELD=x",
)
_SPECIAL = (
    ("foo_c", "mps2_an386", ("model_entrypoint_api=c", "sample_inputs={samples}")),
    ("foo_c", "mps2_an386", ("model_entrypoint_api=c", "verbose=true", "tuning_load=rebuild")),
    ("foo_c", "mps2_an386", ("model_entrypoint_api=c", "pools=global_workspace:PSRAM")),
    ("pools_c", "mps2_an386", ("model_entrypoint_api=c", "pools=fast_memory:PSRAM")),
    ("foo_graph", "nucleo_h743zi", ("pools=storage:DTCMRAM,tensor_heap:DTCMRAM",)),
    ("pools_c", "nucleo_h743zi", ("model_entrypoint_api=c", "pools=fast_memory:DTCMRAM")),
    ("foo_graph", "host", ("model_entrypoint_api=c", "pools=storage:RAM")),
    ("operator", "mps2_an386", ()),
    ("operator_workspace", "host", ("platform=host",)),
    ("operator", "nucleo_h743zi", ("tensor_heap_bytes=16384",)),
    ("operator", "qemu_m3", ()),
    ("foo_c", "disco_l4", ("model_entrypoint_api=c", *_ON_ZEPHYR)),
    ("foo_packed", "qemu_m3", _ON_ZEPHYR),
    ("float_packed", "disco_l4", ()),
)
_MOST = 150


@dataclass(frozen=True)
class Case:
    """One `create`. `options` as the command line takes them behind -o."""

    model: str
    board: str
    label: str
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.model}, {self.board}, {self.label}"


def cases() -> tuple[Case, ...]:
    """At most 150, always the same ones."""
    found = [Case(*triple, OPTIONS[triple[2]]) for triple in _pairwise()]
    rest = zip(MORE_MODELS, _turns(BOARDS), _turns(tuple(OPTIONS)), strict=False)
    found += [Case(*triple, OPTIONS[triple[2]]) for triple in rest]
    found += [Case(model, board, " ".join(options), options) for model, board, options in _SPECIAL]
    assert len(found) <= _MOST
    return tuple(found)


def _turns(values: tuple[str, ...]) -> Iterator[str]:
    while True:
        yield from values


def _pairwise() -> list[tuple[str, str, str]]:
    """Every pair of two columns is in some row. Greedy: the row of those tried with most new."""
    columns = (MODELS, BOARDS, tuple(OPTIONS))
    rows = list(product(*columns))
    random.Random(12).shuffle(rows)
    missing = {pair for row in rows for pair in _pairs(row)}
    chosen = []
    while missing:
        best = max(rows, key=lambda row: len(missing & _pairs(row)))
        missing -= _pairs(best)
        chosen.append(best)
    return chosen


def _pairs(row: tuple[str, str, str]) -> set[tuple[int, int, str, str]]:
    return {(i, j, row[i], row[j]) for i, j in ((0, 1), (0, 2), (1, 2))}
