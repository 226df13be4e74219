"""Models and data of our own choosing, made on the spot from what scikit-learn ships: no network, the
same bytes on every machine that has the same wheels.

Dense networks are scikit-learn's; the convolutional ones have filters learnt by k-means from patches of
their training data (Coates, Lee and Ng, 2011) and a logistic regression behind them."""

from dataclasses import dataclass
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclass
class Task:
    """A float model in a file, and data: calibration and test never share an item."""

    name: str
    path: Path
    calibration: numpy.ndarray
    test: numpy.ndarray
    # Classes; none for a regression.
    labels: numpy.ndarray | None


class Network:
    """Writes layers to an ONNX file."""

    def __init__(self, name: str, shape: tuple):
        self.name, self.shape, self.nodes, self.constants = name, shape, [], []
        self.value = "input"

    def node(self, operator: str, constants: list = (), **attributes):
        names = []
        for constant in constants:
            names.append(f"c{len(self.constants)}")
            self.constants.append(
                numpy_helper.from_array(numpy.asarray(constant, numpy.float32), names[-1]))
        output = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(
            operator, [self.value, *names], [output], name=output, **attributes))
        self.value = output
        return self

    def write(self, path: Path) -> Path:
        float32 = TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes, self.name,
            [helper.make_tensor_value_info("input", float32, ["N", *self.shape])],
            [helper.make_tensor_value_info(self.value, float32, None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        onnx.save(model, path)
        return path


def split(x, y):
    """Every third item tests; of the rest 256 at most calibrate."""
    from sklearn.utils import shuffle

    x, y = shuffle(x.astype(numpy.float32), y, random_state=1)
    held = numpy.arange(len(x)) % 3 == 0
    return x[~held], y[~held], x[held], y[held]


def dense(folder: Path, name: str, data, hidden: tuple, is_class: bool) -> Task:
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    x, y, test, labels = split(data.data, data.target)
    scaler = StandardScaler().fit(x)
    x, test = scaler.transform(x), scaler.transform(test)
    kind = MLPClassifier if is_class else MLPRegressor
    target = y if is_class else (y - y.mean()) / y.std()
    net = kind(hidden, max_iter=600, random_state=1, alpha=1e-3).fit(x, target)
    graph = Network(name, x.shape[1:])
    for position, (weights, bias) in enumerate(zip(net.coefs_, net.intercepts_)):
        graph.node("Gemm", [weights.T, bias], transB=1)
        if position + 1 < len(net.coefs_):
            graph.node("Relu")
    path = graph.write(folder / f"{name}.onnx")
    return Task(name, path, x[:256], test, labels if is_class and len(set(y)) > 2 else None)


def filters(x, size, count, seed) -> numpy.ndarray:
    """k-means of whitened patches; x is [items, channels, ...], kernels are as wide as `size`."""
    from sklearn.cluster import MiniBatchKMeans

    random = numpy.random.default_rng(seed)
    patches = []
    for item in x[random.integers(0, len(x), 6000)]:
        at = [random.integers(0, side - wide + 1) for side, wide in zip(item.shape[1:], size)]
        patches.append(item[(slice(None), *(slice(a, a + w) for a, w in zip(at, size)))].ravel())
    patches = numpy.array(patches)
    patches = patches - patches.mean(1, keepdims=True)
    patches /= patches.std(1, keepdims=True) + 0.1
    means = MiniBatchKMeans(count, random_state=seed, n_init=3).fit(patches).cluster_centers_
    means /= numpy.linalg.norm(means, axis=1, keepdims=True) + 1e-6
    return means.reshape(count, x.shape[1], *size).astype(numpy.float32)


def convolutional(folder: Path, name: str, x, y, size: tuple, widths: tuple) -> Task:
    """Two layers of filters with pooling between, then a linear layer on what they give."""
    import onnxruntime
    from sklearn.linear_model import LogisticRegression

    x, y, test, labels = split(x, y)
    graph = Network(name, x.shape[1:])
    features, pads = x, [side // 2 for side in size]
    for position, width in enumerate(widths):
        kernels = filters(features, size, width, position + 1)
        graph.node(
            "Conv", [kernels, numpy.full(width, -0.2)], kernel_shape=list(size), pads=[*pads, *pads])
        graph.node("Relu")
        graph.node("MaxPool", kernel_shape=[2] * len(size), strides=[2] * len(size))
        features = onnxruntime.InferenceSession(
            graph.write(folder / "part.onnx")).run(None, {"input": x})[0]
    graph.node("Flatten")
    linear = LogisticRegression(max_iter=400).fit(features.reshape(len(x), -1), y)
    graph.node("Gemm", [linear.coef_, linear.intercept_], transB=1)
    return Task(name, graph.write(folder / f"{name}.onnx"), x[:256], test, labels)


def signals(count: int = 1500):
    """Vibration of a machine in four states: whole, unbalanced, a damaged bearing, loose."""
    random = numpy.random.default_rng(3)
    time = numpy.arange(128) / 128
    x, y = [], random.integers(0, 4, count)
    for state in y:
        speed, phase = random.uniform(6, 9), random.uniform(0, 6.28)
        axes = []
        for axis in range(3):
            wave = 0.3 * numpy.sin(6.28 * speed * time + phase + axis)
            if state == 1:
                wave *= 4
            if state == 2:
                wave += 1.5 * numpy.exp(-((speed * 3.6 * time + phase) % 1) * 8) * random.uniform(0.6, 1)
            if state == 3:
                wave += 0.8 * numpy.sign(numpy.sin(3.14 * speed * time + phase))
            axes.append(wave + random.normal(0, 0.25, 128))
        x.append(axes)
    return numpy.array(x), y


def tasks(folder: Path) -> list[Task]:
    from sklearn import datasets

    digits = datasets.load_digits()
    images = (digits.images / 16)[:, None]
    return [
        dense(folder, "wine", datasets.load_wine(), (32, 32), True),
        dense(folder, "cancer", datasets.load_breast_cancer(), (64, 32), True),
        dense(folder, "diabetes", datasets.load_diabetes(), (64, 64, 32), False),
        dense(folder, "digits-mlp", digits, (128, 64), True),
        convolutional(folder, "digits-kmeans", images, digits.target, (3, 3), (16, 32)),
        convolutional(folder, "vibration", *signals(), (7,), (12, 24)),
    ]
