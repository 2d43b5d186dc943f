"""Trains the digits network on scikit-learn's digits data and quantizes it.

    python train.py           writes weights.npz and the held-out images to test_images.npz
    python train.py --check   trains again, writes nothing, fails when the accuracy isn't reached

Then run export.py. Needs scikit-learn (pip install 'microtvm-boards[train]'), no download.
"""

from __future__ import annotations

import argparse

import network
import numpy as np
from network import LAYERS, Array, Weights

ACCURACY = 0.96  # of the int8 network on held-out images
EPOCHS = 100
BATCH = 32
RATE = 3e-3
SEED = 1

Floats = dict[str, Array]


def load_data() -> tuple[Array, Array, Array, Array]:
    """Training pixels [n,8,8] (0 to 16) and labels, then the held-out ones: every fifth image."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    held_out = np.arange(len(digits.images)) % 5 == 4
    return (
        digits.images[~held_out],
        digits.target[~held_out],
        digits.images[held_out],
        digits.target[held_out],
    )


def initial(rng: np.random.Generator) -> Floats:
    shapes = {"conv1": (9, 8), "conv2": (72, 12), "dense": (192, 10)}
    params: Floats = {}
    for layer, shape in shapes.items():
        params[f"{layer}_weight"] = rng.normal(0, np.sqrt(2 / shape[0]), shape)
        params[f"{layer}_bias"] = np.zeros(shape[1])
    return params


def forward(params: Floats, x: Array) -> dict[str, Array]:
    """What goes into each layer as rows (L_in), and what comes out after its ReLU (L_out)."""
    values: dict[str, Array] = {}
    for layer in LAYERS:
        rows = x.reshape(len(x), -1) if layer == "dense" else network.windows(x)
        x = rows @ params[f"{layer}_weight"] + params[f"{layer}_bias"]
        if layer != "dense":
            x = np.maximum(x, 0)
        values[f"{layer}_in"], values[f"{layer}_out"] = rows, x
    return values


def gradients(params: Floats, x: Array, labels: Array) -> Floats:
    """Of the mean cross-entropy."""
    values = forward(params, x)
    logits = values["dense_out"]
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    delta = (probabilities - np.eye(10)[labels]) / len(x)
    grads: Floats = {}
    for layer, below in (("dense", "conv2"), ("conv2", "conv1"), ("conv1", None)):
        rows = values[f"{layer}_in"]
        outputs = delta.shape[-1]
        grads[f"{layer}_weight"] = rows.reshape(-1, rows.shape[-1]).T @ delta.reshape(-1, outputs)
        grads[f"{layer}_bias"] = delta.reshape(-1, outputs).sum(axis=0)
        if below is None:
            break
        to_rows = delta @ params[f"{layer}_weight"].T
        output = values[f"{below}_out"]
        delta = to_rows.reshape(output.shape) if layer == "dense" else fold(to_rows, output.shape)
        delta = delta * (output > 0)
    return grads


def fold(rows: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of network.windows: adds every 3x3 patch to where it came from."""
    n, h, w, c = shape
    patches = rows.reshape(n, h - 2, w - 2, 3, 3, c)
    image = np.zeros(shape)
    for i in range(3):
        for j in range(3):
            image[:, i : i + h - 2, j : j + w - 2] += patches[:, :, :, i, j]
    return image


def augmented(pixels: Array, rng: np.random.Generator) -> Array:
    """About half of the images moved by up to one pixel: more to learn from than 1438 images."""
    padded = np.pad(pixels, ((0, 0), (1, 1), (1, 1)))
    by = rng.integers(0, 3, (len(pixels), 2))
    by[rng.random(len(pixels)) < 0.5] = 1  # the middle: where it was
    return np.stack([p[i : i + 8, j : j + 8] for p, (i, j) in zip(padded, by, strict=True)])


def train(pixels: Array, labels: Array) -> Floats:
    """Adam with a rate that falls to zero; float64 and a fixed seed."""
    rng = np.random.default_rng(SEED)
    params = initial(rng)
    mean = {name: np.zeros_like(value) for name, value in params.items()}
    square = {name: np.zeros_like(value) for name, value in params.items()}
    steps_per_epoch = len(pixels) // BATCH
    step = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(pixels))
        for k in range(steps_per_epoch):
            batch = order[k * BATCH : (k + 1) * BATCH]
            x = augmented(pixels[batch], rng)[..., None] / 16
            rate = RATE * (1 - step / (EPOCHS * steps_per_epoch))
            step += 1
            for name, grad in gradients(params, x, labels[batch]).items():
                mean[name] = 0.9 * mean[name] + 0.1 * grad
                square[name] = 0.999 * square[name] + 0.001 * grad**2
                corrected = mean[name] / (1 - 0.9**step)
                params[name] -= (
                    rate * corrected / (np.sqrt(square[name] / (1 - 0.999**step)) + 1e-8)
                )
    return params


def quantize(params: Floats, pixels: Array) -> Weights:
    """Int8 weights for each output channel; activations by their largest value on `pixels`."""
    values = forward(params, pixels[..., None] / 16)
    weights: Weights = {}
    scale_in = network.INPUT_SCALE
    for layer in LAYERS:
        matrix = params[f"{layer}_weight"]
        scale = (np.abs(matrix).max(axis=0) / 127).astype(np.float32)
        scale_out = np.float32(np.abs(values[f"{layer}_out"]).max() / 127)
        stored = np.rint(matrix / scale).astype(np.int8)
        if layer == "dense":
            stored = np.ascontiguousarray(stored.T)
        else:
            stored = stored.reshape(3, 3, -1, stored.shape[1])  # HWIO
        weights[f"{layer}_weight"] = stored
        weights[f"{layer}_bias"] = np.rint(params[f"{layer}_bias"] / (scale_in * scale)).astype(
            np.int32
        )
        weights[f"{layer}_weight_scale"] = scale
        weights[f"{layer}_output_scale"] = np.array(scale_out)
        scale_in = scale_out
    return weights


def accuracy(weights: Weights, images: Array, labels: Array) -> float:
    return float(np.mean(network.run_int8(weights, images).argmax(axis=1) == labels))


def main() -> int:
    from threadpoolctl import threadpool_limits

    parser = argparse.ArgumentParser(description="Trains and quantizes the digits network.")
    parser.add_argument("--check", action="store_true", help="write nothing, check the accuracy")
    check = parser.parse_args().check

    pixels, labels, test_pixels, test_labels = load_data()
    with threadpool_limits(1):  # the order of additions must not depend on the number of cores
        weights = quantize(train(pixels, labels), pixels)
    images = network.quantize_pixels(test_pixels)
    reached = accuracy(weights, images, test_labels)
    print(f"int8 accuracy on {len(images)} held-out images: {reached:.2%}")
    if reached < ACCURACY:
        print(f"That is below {ACCURACY:.0%}.")
        return 1
    if not check:
        np.savez(network.WEIGHTS, **weights)
        np.savez(network.TEST_IMAGES, image=images, labels=test_labels.astype(np.int64))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
