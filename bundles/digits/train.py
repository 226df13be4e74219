"""Trains the digits demo model and writes every file that the recipe names.

A small convolutional network in plain NumPy on scikit-learn's copy of the UCI handwritten digits:
same seed, same machine, same files. About half a minute on one core:

    pip install numpy scikit-learn onnx
    python3 train.py

scikit-learn gives the images and onnx writes the model; the training is all below.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # same sums everywhere

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

SEED = 7
TEST, REFERENCE, CALIBRATION = 540, 450, 300
EPOCHS, BATCH, RATE = 60, 32, 2e-3
HERE = Path(__file__).parent


# --- Layers: forward keeps what backward needs --------------------------------------------------


def patches(x):
    """[N, C, H, W] to [N, H, W, C * 9]: each pixel's 3x3 neighbourhood, zeros outside."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    n, c, h, w = x.shape
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, h, w, c * 9)


class Conv:
    """3x3, stride 1, same size; weights [out, in, 3, 3] as ONNX has them."""

    def __init__(self, rng, inputs, outputs):
        self.weight = he(rng, (outputs, inputs, 3, 3), inputs * 9)
        self.bias = np.zeros(outputs, np.float32)

    def forward(self, x):
        self.columns, self.channels = patches(x), x.shape[1]
        y = self.columns @ self.weight.reshape(len(self.weight), -1).T + self.bias
        return y.transpose(0, 3, 1, 2)

    def backward(self, dy):
        flat = dy.transpose(0, 2, 3, 1).reshape(-1, dy.shape[1])
        columns = self.columns.reshape(len(flat), -1)
        self.gradients = (flat.T @ columns).reshape(self.weight.shape), flat.sum(0)
        # The gradient of a correlation is the correlation with the mirrored kernel.
        mirrored = self.weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).reshape(self.channels, -1)
        return (patches(dy) @ mirrored.T).transpose(0, 3, 1, 2)


class Dense:
    """weights [out, in], as Gemm with transB has them."""

    def __init__(self, rng, inputs, outputs):
        self.weight = he(rng, (outputs, inputs), inputs)
        self.bias = np.zeros(outputs, np.float32)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dy):
        self.gradients = dy.T @ self.x, dy.sum(0)
        return dy @ self.weight


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class MaxPool:
    """2x2, stride 2."""

    def forward(self, x):
        n, c, h, w = x.shape
        blocks = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5)
        self.shape, blocks = x.shape, blocks.reshape(n, c, h // 2, w // 2, 4)
        self.first = np.eye(4, dtype=np.float32)[blocks.argmax(-1)]
        return blocks.max(-1)

    def backward(self, dy):
        n, c, h, w = self.shape
        spread = (self.first * dy[..., None]).reshape(n, c, h // 2, w // 2, 2, 2)
        return spread.transpose(0, 1, 2, 4, 3, 5).reshape(self.shape)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape)


def he(rng, shape, inputs):
    return (rng.standard_normal(shape) * np.sqrt(2 / inputs)).astype(np.float32)


# --- Training -------------------------------------------------------------------------------------


class Adam:
    def __init__(self, layers):
        self.layers, self.step = layers, 0
        self.moments = [[np.zeros_like(p) for p in (l.weight, l.bias) * 2] for l in layers]

    def update(self, rate):
        self.step += 1
        for layer, moments in zip(self.layers, self.moments):
            for k, (value, gradient) in enumerate(zip((layer.weight, layer.bias), layer.gradients)):
                mean, square = moments[k], moments[k + 2]
                mean += 0.1 * (gradient - mean)
                square += 0.001 * (gradient**2 - square)
                unbiased = mean / (1 - 0.9**self.step)
                value -= rate * unbiased / (np.sqrt(square / (1 - 0.999**self.step)) + 1e-8)


def train(network, images, labels, rng):
    adam = Adam([layer for layer in network if hasattr(layer, "weight")])
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order, loss = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            logits = forward(network, jitter(images[rows], rng))
            likelihood = np.exp(logits - logits.max(1, keepdims=True))
            likelihood /= likelihood.sum(1, keepdims=True)
            loss -= np.log(likelihood[np.arange(len(rows)), labels[rows]]).sum()
            gradient = (likelihood - np.eye(10, dtype=np.float32)[labels[rows]]) / len(rows)
            for layer in reversed(network):
                gradient = layer.backward(gradient)
            adam.update(rate)
        print(f"epoch {epoch + 1:2}  loss {loss / len(images):.4f}", flush=True)


def jitter(images, rng):
    """Each image moved by up to a pixel, in fractions: few rows must teach much."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    for axis in (2, 3):
        shift = rng.uniform(-1, 1, (len(images), 1, 1, 1)).astype(np.float32)
        moved = np.where(shift > 0, np.roll(padded, 1, axis), np.roll(padded, -1, axis))
        padded = padded + abs(shift) * (moved - padded)
    return padded[:, :, 1:-1, 1:-1]


def forward(network, x):
    for layer in network:
        x = layer.forward(x)
    return x


# --- Files ----------------------------------------------------------------------------------------


def export(network, path):
    nodes, initializers, counts, value = [], [], {}, "image"
    operators = {"Dense": "Gemm", "ReLU": "Relu"}
    attributes = {
        "Conv": {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]},
        "MaxPool": {"kernel_shape": [2, 2], "strides": [2, 2]},
        "Dense": {"transB": 1},
    }
    for layer in network:
        kind = type(layer).__name__
        operator = operators.get(kind, kind)
        counts[operator] = counts.get(operator, 0) + 1
        name, inputs = f"{operator.lower()}{counts[operator]}", [value]
        if hasattr(layer, "weight"):
            for part in ("weight", "bias"):
                inputs.append(f"{name}.{part}")
                initializers.append(numpy_helper.from_array(getattr(layer, part), inputs[-1]))
        value = "logits" if layer is network[-1] else name
        nodes.append(helper.make_node(operator, inputs, [value], name, **attributes.get(kind, {})))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])
    graph = helper.make_graph(nodes, "digits", [image], [logits], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def dirty_lens(images, rng):
    """A camera whose lens gathers dirt: from a clean first item to the last, contrast falls, stray
    light rises, the lower right corner is smeared and the sensor's gain brings noise."""
    age = np.linspace(0, 1, len(images), dtype=np.float32).reshape(-1, 1, 1, 1)
    rows, columns = np.mgrid[0:8, 0:8] / 7
    smear = (rows * columns).astype(np.float32)
    blurred = patches(images).mean(-1)[:, None]
    faded = images * (1 - 0.5 * age) + 3 * age
    smeared = faded + age * smear * (blurred - faded)
    noise = rng.standard_normal(images.shape, dtype=np.float32) * 1.5 * age
    return np.clip(np.round(smeared + noise), 0, 16)  # a sensor gives whole levels


def main():
    rng = np.random.default_rng(SEED)
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 1, 8, 8).astype(np.float32)  # intensities 0 to 16, as they come
    order = rng.permutation(len(images))
    images, labels = images[order], labels[order].astype(np.int32)
    test, reference = slice(0, TEST), slice(TEST, TEST + REFERENCE)
    training = slice(TEST + REFERENCE, None)

    channels = 12
    network = [
        Conv(rng, 1, channels), ReLU(), Conv(rng, channels, channels), ReLU(), MaxPool(), Flatten(),
        Dense(rng, channels * 16, 32), ReLU(), Dense(rng, 32, 10),
    ]  # fmt: skip
    network[0].weight /= 16  # the network takes raw intensities
    train(network, images[training], labels[training], rng)

    drift = dirty_lens(images[test], rng)
    for name, data in (("test", images[test]), ("drift", drift)):
        accuracy = (forward(network, data).argmax(1) == labels[test]).mean()
        print(f"{name}: {accuracy:.4f} of {len(data)}")

    export(network, HERE / "model.onnx")
    np.save(HERE / "calibration.npy", images[training][:CALIBRATION])
    # Drift is judged against rows the network never saw: it is surer of those it was trained on.
    np.savez_compressed(HERE / "reference.npz", image=images[reference])
    np.save(HERE / "test.npy", images[test])
    np.save(HERE / "test_labels.npy", labels[test])
    np.save(HERE / "drift.npy", drift)


if __name__ == "__main__":
    main()
