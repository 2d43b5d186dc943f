"""The digits network: what weights.npz holds, its int8 arithmetic in numpy, and its relay.

    image int8 [1,8,8,1] -> conv 3x3, 8 channels, ReLU -> conv 3x3, 12 channels, ReLU
                         -> dense 10 -> logits int8 [1,10]

Convolutions are NHWC/HWIO without padding. Everything is quantized symmetrically (zero points are
0): weights for each output channel, activations for each tensor. real = scale * stored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Weights = dict[str, Array]

HERE = Path(__file__).resolve().parent
WEIGHTS = HERE / "weights.npz"
TEST_IMAGES = HERE / "test_images.npz"

LAYERS = ("conv1", "conv2", "dense")
INPUT_SCALE = np.float32(1 / 127)  # a pixel is 0 to 16; as the network sees it, 0.0 to 1.0


def quantize_pixels(pixels: Array) -> Array:
    """Pixels 0 to 16, [n,8,8], as the network takes them: int8 [n,1,8,8,1], 0 to 127."""
    images: Array = np.rint(pixels * (127 / 16)).astype(np.int8).reshape(-1, 1, 8, 8, 1)
    return images


def load_weights(path: Path = WEIGHTS) -> Weights:
    """For each layer L: L_weight int8, L_bias int32, L_weight_scale float32 for each output
    channel, L_output_scale float32."""
    with np.load(path) as file:
        return dict(file)


def windows(images: Array) -> Array:
    """Every 3x3 patch of NHWC images, as rows for a matrix product: [n, h-2, w-2, 9*c]."""
    n, h, w, c = images.shape
    patches = [images[:, i : i + h - 2, j : j + w - 2] for i in range(3) for j in range(3)]
    rows: Array = np.stack(patches, axis=3).reshape(n, h - 2, w - 2, 9 * c)
    return rows


def input_scales(weights: Weights) -> dict[str, np.float32]:
    """The scale of what goes into each layer."""
    return {
        "conv1": INPUT_SCALE,
        "conv2": np.float32(weights["conv1_output_scale"]),
        "dense": np.float32(weights["conv2_output_scale"]),
    }


def run_int8(weights: Weights, images: Array) -> Array:
    """Logits int8 [n,10] of images int8 [n,1,8,8,1]: bit for bit what the compiled model gives."""
    x = images.reshape(-1, 8, 8, 1).astype(np.int64)
    scales = input_scales(weights)
    for layer in LAYERS:
        kernel = weights[f"{layer}_weight"].astype(np.int64)
        if layer == "dense":
            accumulated = x.reshape(len(x), -1) @ kernel.T
        else:
            accumulated = windows(x) @ kernel.reshape(-1, kernel.shape[-1])
        x = _requantize(
            accumulated + weights[f"{layer}_bias"],
            scales[layer] * weights[f"{layer}_weight_scale"],
            np.float32(weights[f"{layer}_output_scale"]),
        )
        x = np.clip(x, -128 if layer == "dense" else 0, 127)
    return x.astype(np.int8)


def _requantize(x: Array, input_scale: Array, output_scale: np.float32) -> Array:
    """TVM's qnn.requantize: multiply by a 31-bit fixed-point number, round halves upwards."""
    fraction, exponent = np.frexp(input_scale.astype(np.float64) / np.float64(output_scale))
    multiplier = np.rint(fraction * 2**31).astype(np.int64)
    shift = 31 - exponent.astype(np.int64)
    result: Array = (x * multiplier + (1 << (shift - 1))) >> shift
    return result


def to_relay(weights: Weights) -> tuple[Any, dict[str, Array]]:
    """(relay IRModule, parameters by name) with input `image` and output `logits`."""
    from microtvm_boards.tvm import load_tvm

    tvm = load_tvm()
    relay = tvm.relay
    params: dict[str, Array] = {}

    def parameter(name: str) -> Any:
        params[name] = weights[name]
        return relay.var(name, shape=weights[name].shape, dtype=str(weights[name].dtype))

    zero = relay.const(0, "int32")
    image = relay.var("image", shape=(1, 8, 8, 1), dtype="int8")
    x, x_scales = image, input_scales(weights)
    for layer in LAYERS:
        kernel, scale = parameter(f"{layer}_weight"), weights[f"{layer}_weight_scale"]
        quantization = (zero, zero, relay.const(x_scales[layer]), relay.const(scale))
        if layer == "dense":
            x = relay.reshape(x, (1, -1))
            x = relay.qnn.op.dense(x, kernel, *quantization, units=len(scale))
        else:
            x = relay.qnn.op.conv2d(
                x,
                kernel,
                *quantization,
                kernel_size=(3, 3),
                channels=len(scale),
                data_layout="NHWC",
                kernel_layout="HWIO",
            )
        x = relay.nn.bias_add(x, parameter(f"{layer}_bias"), axis=-1)
        x = relay.qnn.op.requantize(
            x,
            relay.const(x_scales[layer] * scale),
            zero,
            relay.const(np.float32(weights[f"{layer}_output_scale"])),
            zero,
            axis=-1,
            rounding="UPWARD",
            compute_dtype="int64",
            out_dtype="int8",
        )
        if layer != "dense":
            x = relay.clip(x, 0, 127)
    variables = relay.analysis.free_vars(x)
    function = relay.Function(variables, x).with_attr("output_tensor_names", ["logits"])
    return tvm.IRModule.from_expr(function), params
