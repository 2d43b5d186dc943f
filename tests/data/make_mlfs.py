"""Makes the MLF fixtures of this directory with a real TVM: python tests/data/make_mlfs.py.

Each <family>_<kind>.tar is one model as one kind of export. Beside it lies <family>.npz with
`in_<tensor>` and `out_<tensor>`: SAMPLES inputs and the outputs that TVM itself computes for them
on the host (LLVM, graph executor), stacked on a new first axis, so `in_zeta` of an int8 [1,8,8,3]
input is int8 [4,1,8,8,3]. Output names are those of the C interface.

Made again, the npz files come out the same; the tars may differ in the offsets inside the planned
buffer and in pool sizes, because TVM's memory planner walks hash maps of addresses.

kinds
-----
c          AOT, C interface, unpacked (USMP: the code carries its buffer)
c_nousmp   the same without USMP: the code calls TVMBackendAllocWorkspace
packed     AOT, packed interface, packed kernels, system-lib
pu         AOT, packed interface, unpacked kernels
graph      graph executor, parameters in parameters/, system-lib
graphlp    graph executor, parameters linked into the code, system-lib
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tvm
from tvm import relay, te
from tvm.contrib import graph_executor
from tvm.ir.memory_pools import (
    ConstantMemoryPools,
    ConstantPoolInfo,
    PoolInfoProperties,
    WorkspaceMemoryPools,
    WorkspacePoolInfo,
)
from tvm.relay.backend import Executor, Runtime

from microtvm_boards.relay.export import write_mlf

HERE = Path(__file__).resolve().parent
SAMPLES = 4
HOST = "llvm -mtriple=x86_64-linux-gnu"

Params = dict[str, np.ndarray[Any, Any]]
Relay = tuple[tvm.IRModule, Params]


def _weights(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
    if dtype == "float32":
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(-20, 20, size=shape).astype(dtype)


def _requantize(value: Any, in_scale: float, scale: float, zero_point: int) -> Any:
    return relay.qnn.op.requantize(
        value,
        relay.const(in_scale),
        relay.const(0),
        relay.const(scale),
        relay.const(zero_point),
        out_dtype="int8",
    )


def foo() -> Relay:
    """Two int8 inputs and two int8 outputs, neither in alphabetic order.

    zeta is quantized with (0.5, 3), alpha with (0.25, -7); scores has (0.125, -5) and features
    (2.0, 11). The padded convolutions make the kernels ask for workspace.
    """
    rng = np.random.default_rng(1)
    zeta = relay.var("zeta", shape=(1, 8, 8, 3), dtype="int8")
    alpha = relay.var("alpha", shape=(1, 8, 8, 3), dtype="int8")
    params = {
        "w_zeta": _weights(rng, (3, 3, 3, 4), "int8"),
        "w_alpha": _weights(rng, (3, 3, 3, 4), "int8"),
        "bias": _weights(rng, (4,), "int32"),
        "w_dense": _weights(rng, (5, 64), "int8"),
    }
    w = {n: relay.var(n, shape=a.shape, dtype=str(a.dtype)) for n, a in params.items()}

    def conv(x: Any, weight: Any, zero_point: int, scale: float) -> Any:
        return relay.qnn.op.conv2d(
            x,
            weight,
            relay.const(zero_point),
            relay.const(0),
            relay.const(scale),
            relay.const(0.5),
            kernel_size=(3, 3),
            channels=4,
            padding=(1, 1, 1, 1),
            data_layout="NHWC",
            kernel_layout="HWIO",
            out_dtype="int32",
        )

    left = relay.nn.bias_add(conv(zeta, w["w_zeta"], 3, 0.5), w["bias"], axis=3)
    right = conv(alpha, w["w_alpha"], -7, 0.25)
    features = _requantize(left, 0.25, 2.0, 11)
    mixed = relay.nn.max_pool2d(
        _requantize(relay.add(left, right), 0.125, 1.0, 0),
        pool_size=(2, 2),
        strides=(2, 2),
        layout="NHWC",
    )
    dense = relay.qnn.op.dense(
        relay.reshape(mixed, (1, 64)),
        w["w_dense"],
        relay.const(0),
        relay.const(0),
        relay.const(1.0),
        relay.const(0.5),
        units=5,
        out_dtype="int32",
    )
    scores = _requantize(dense, 0.001, 0.125, -5)
    function = relay.Function([zeta, alpha, *w.values()], relay.Tuple([scores, features]))
    function = function.with_attr("output_tensor_names", ["scores", "features"])
    return tvm.IRModule.from_expr(function), params


def float_model() -> Relay:
    """float32: a convolution, a dense layer and a softmax."""
    rng = np.random.default_rng(2)
    x = relay.var("image", shape=(1, 8, 8, 2), dtype="float32")
    params = {
        "w_conv": _weights(rng, (3, 3, 2, 4), "float32"),
        "b_conv": _weights(rng, (4,), "float32"),
        "w_dense": _weights(rng, (3, 64), "float32") * np.float32(0.1),
    }
    w = {n: relay.var(n, shape=a.shape) for n, a in params.items()}
    y = relay.nn.conv2d(
        x,
        w["w_conv"],
        channels=4,
        kernel_size=(3, 3),
        padding=(1, 1),
        data_layout="NHWC",
        kernel_layout="HWIO",
    )
    y = relay.nn.relu(relay.nn.bias_add(y, w["b_conv"], axis=3))
    y = relay.nn.avg_pool2d(y, pool_size=(2, 2), strides=(2, 2), layout="NHWC")
    y = relay.nn.softmax(relay.nn.dense(relay.reshape(y, (1, 64)), w["w_dense"], units=3))
    mod = tvm.IRModule.from_expr(relay.Function([x, *w.values()], y))
    return relay.transform.InferType()(mod), params  # so the relay text says the result's type


def shapes() -> Relay:
    """A 5-D tensor, tensors of one element, and a scalar; outputs have no names."""
    volume = relay.var("volume", shape=(1, 2, 3, 2, 2), dtype="int16")
    gain = relay.var("gain", shape=(1,), dtype="int32")
    offset = relay.var("offset", shape=(), dtype="int32")
    scaled = relay.add(relay.multiply(relay.cast(volume, "int32"), gain), offset)
    total = relay.sum(scaled, axis=[0, 1, 2, 3, 4])
    outputs = relay.Tuple([scaled, relay.reshape(total, (1,))])
    return tvm.IRModule.from_expr(relay.Function([volume, gain, offset], outputs)), {}


def keywords() -> Relay:
    """Names that are C keywords; build it with the module name `int`."""
    one = relay.var("for", shape=(1, 4), dtype="int8")
    two = relay.var("class", shape=(1, 4), dtype="int8")
    function = relay.Function([one, two], relay.maximum(relay.add(one, two), relay.negative(two)))
    function = function.with_attr("output_tensor_names", ["default"])
    return tvm.IRModule.from_expr(function), {}


def _small_conv(prefix: str, size: int, seed: int) -> Relay:
    rng = np.random.default_rng(seed)
    x = relay.var(f"{prefix}_in", shape=(1, size, size, 1), dtype="int8")
    params = {"w": _weights(rng, (3, 3, 1, 2), "int8")}
    w = relay.var("w", shape=params["w"].shape, dtype="int8")
    y = x
    y = relay.nn.conv2d(
        relay.cast(y, "int32"),
        relay.cast(w, "int32"),
        channels=2,
        kernel_size=(3, 3),
        padding=(1, 1),
        data_layout="NHWC",
        kernel_layout="HWIO",
    )
    y = relay.nn.max_pool2d(y, pool_size=(2, 2), strides=(2, 2), layout="NHWC")
    function = relay.Function([x, w], relay.sum(y, axis=[1, 2]))
    function = function.with_attr("output_tensor_names", [f"{prefix}_out"])
    return tvm.IRModule.from_expr(function), params


def first() -> Relay:
    return _small_conv("first", 8, 3)


def second() -> Relay:
    return _small_conv("second", 12, 4)


_EXECUTORS: Mapping[str, Callable[[], Any]] = {
    "c": lambda: Executor("aot", {"interface-api": "c", "unpacked-api": True}),
    "c_nousmp": lambda: Executor("aot", {"interface-api": "c", "unpacked-api": True}),
    "packed": lambda: Executor("aot", {"interface-api": "packed", "unpacked-api": False}),
    "pu": lambda: Executor("aot", {"interface-api": "packed", "unpacked-api": True}),
    "graph": lambda: Executor("graph"),
    "graphlp": lambda: Executor("graph", {"link-params": True}),
}


def build(
    model: Relay,
    kind: str,
    name: str,
    target: Any = "c",
    pools: Any = None,
    constant_pools: Any = None,
    config: Mapping[str, Any] | None = None,
) -> Any:
    mod, params = model
    config = {"tir.disable_vectorize": True, **(config or {})}
    if not kind.startswith("graph"):
        config["tir.usmp.enable"] = kind != "c_nousmp"
    with tvm.transform.PassContext(opt_level=3, config=config):
        return relay.build(
            mod,
            target=tvm.target.Target(target),
            params={n: tvm.nd.array(a) for n, a in params.items()},
            executor=_EXECUTORS[kind](),
            runtime=Runtime("crt", {"system-lib": kind in ("packed", "graph", "graphlp")}),
            mod_name=name,
            workspace_memory_pools=pools,
            constant_memory_pools=constant_pools,
        )


def export(modules: list[Any], path: Path) -> None:
    write_mlf(modules, path)
    print(f"{path.name}: {path.stat().st_size} bytes")


def reference(models: Mapping[str, Relay], output_names: list[str], path: Path) -> None:
    """Runs every model on the host and writes inputs and outputs of all of them to one npz."""
    rng = np.random.default_rng(7)
    arrays: dict[str, Any] = {}
    names = iter(output_names)
    for mod, params in models.values():
        with tvm.transform.PassContext(opt_level=3):
            lib = relay.build(mod, target=HOST, params=params)
        runner = graph_executor.GraphModule(lib["default"](tvm.cpu()))
        inputs = {}
        for var in mod["main"].params:
            if var.name_hint in params:
                continue
            shape = (SAMPLES, *(int(d) for d in var.type_annotation.shape))
            dtype = var.type_annotation.dtype
            if dtype == "float32":
                inputs[var.name_hint] = rng.normal(size=shape).astype(dtype)
            else:
                limit = 100 if dtype == "int32" else np.iinfo(dtype).max
                inputs[var.name_hint] = rng.integers(-limit - 1, limit + 1, shape).astype(dtype)
        stacks: list[list[Any]] = [[] for _ in range(runner.get_num_outputs())]
        for sample in range(SAMPLES):
            runner.run(**{n: np.asarray(a[sample]) for n, a in inputs.items()})
            for index, stack in enumerate(stacks):
                stack.append(runner.get_output(index).numpy())
        arrays |= {f"in_{n}": a for n, a in inputs.items()}
        arrays |= {f"out_{next(names)}": np.stack(stack) for stack in stacks}
    np.savez_compressed(path, **arrays)
    print(f"{path.name}: " + ", ".join(f"{n}{list(a.shape)}" for n, a in arrays.items()))


def operator() -> Any:
    """What autotuning exports: one kernel, no executor."""
    a = te.placeholder((4, 8), name="a", dtype="int8")
    b = te.placeholder((1, 8), name="b", dtype="int8")
    c = te.compute((4, 8), lambda i, j: a[i, j].astype("int32") + b[0, j].astype("int32"), name="c")
    schedule = te.create_schedule(c.op)
    return tvm.build(
        schedule,
        [a, b, c],
        target=tvm.target.Target("c"),
        runtime=Runtime("crt", {"system-lib": True}),
        name="bias_add",
    )


def operator_with_workspace() -> Any:
    """A kernel with a stage in between, for which it takes workspace (2592 bytes)."""
    a = te.placeholder((16, 16, 4), name="a", dtype="int8")
    padded = te.compute(
        (18, 18, 4),
        lambda i, j, k: tvm.tir.if_then_else(
            tvm.tir.all(i >= 1, i < 17, j >= 1, j < 17),
            a[i - 1, j - 1, k].astype("int16"),
            tvm.tir.const(0, "int16"),
        ),
        name="padded",
    )
    y, x, k = (te.reduce_axis((0, size)) for size in (3, 3, 4))
    total = te.compute(
        (16, 16),
        lambda i, j: te.sum(padded[i + y, j + x, k].astype("int32"), axis=[y, x, k]),
        name="total",
    )
    return tvm.build(
        te.create_schedule(total.op),
        [a, total],
        target=tvm.target.Target("c"),
        runtime=Runtime("crt", {"system-lib": True}),
        name="padded_sum",
    )


def caller_pools(target: Any) -> Any:
    """Two pools that the application owns: TVM fills the first, what is left goes to the second."""
    return WorkspaceMemoryPools(
        [
            WorkspacePoolInfo("fast_memory", [target], PoolInfoProperties(size_hint_bytes=1200)),
            WorkspacePoolInfo("slow_memory", [target]),
        ]
    )


def main() -> int:
    for kind in ("c", "packed", "pu", "graph", "graphlp", "c_nousmp"):
        export([build(foo(), kind, "foo")], HERE / f"foo_{kind}.tar")
    for kind in ("c", "packed", "graph"):
        export([build(float_model(), kind, "float")], HERE / f"float_{kind}.tar")
        export([build(shapes(), kind, "shapes")], HERE / f"shapes_{kind}.tar")
        export([build(keywords(), kind, "int")], HERE / f"keywords_{kind}.tar")
    both = [build(first(), "c", "first"), build(second(), "c", "second")]
    export(both, HERE / "two_modules_c.tar")
    export([operator()], HERE / "operator.tar")
    export([operator_with_workspace()], HERE / "operator_workspace.tar")
    target = tvm.target.Target("c")
    export([build(foo(), "c", "foo", target, caller_pools(target))], HERE / "pools_c.tar")
    one_pool = WorkspaceMemoryPools([WorkspacePoolInfo("sram", [target])])
    constants = ConstantMemoryPools([ConstantPoolInfo("flash", [target], [])])
    with_constants = build(foo(), "c", "foo", target, one_pool, constants)
    export([with_constants], HERE / "pools_constants_c.tar")
    io_in_pool = build(
        foo(), "c", "foo", target, one_pool, config={"tir.usmp.use_workspace_io": True}
    )
    export([io_in_pool], HERE / "pools_io_c.tar")
    two_pools = [
        build(first(), "c", "first", target, caller_pools(target)),
        build(second(), "c", "second", target, caller_pools(target)),
    ]
    export(two_pools, HERE / "two_modules_pools_c.tar")
    for name, llvm in (("x86", HOST), ("arm", "llvm -mtriple=thumbv7m-none-eabi -mcpu=cortex-m3")):
        kernels = tvm.target.Target(llvm, host="c")  # the top level stays C
        export([build(foo(), "c", "foo", kernels)], HERE / f"objects_{name}.tar")
        if name == "x86":
            export([build(foo(), "c_nousmp", "foo", kernels)], HERE / "objects_x86_nousmp.tar")
    for kind in ("packed", "graph"):  # nothing but objects
        export([build(keywords(), kind, "int", HOST)], HERE / f"objects_{kind}_x86.tar")
    reference({"foo": foo()}, ["scores", "features"], HERE / "foo.npz")
    reference({"float": float_model()}, ["output"], HERE / "float.npz")
    reference({"shapes": shapes()}, ["output0", "output1"], HERE / "shapes.npz")
    reference({"int": keywords()}, ["default"], HERE / "keywords.npz")
    pair = {"first": first(), "second": second()}
    reference(pair, ["first_out", "second_out"], HERE / "two_modules.npz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
