"""Deltas between releases that were really fine-tuned.

    make deltas                     # trains, packs, prints the table
    make deltas OPTIONS='--base'    # packs each fine-tune with `pack --base`

A convolutional network of 126,000 weights learns scikit-learn's digits from the first writers' rows;
then each of three fine-tunes goes on from it with all training rows: its head, its last block, all of
it. `swiftlet delta` says what leads from the first release to each. Percentages are of the new weights
as zstd -19 compresses them. Everything is seeded; only numpy computes."""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import environment

IMAGE, CLASSES = 8, 10
FIRST_ROWS, TRAINING_ROWS, CALIBRATION_ROWS = 600, 1200, 256
BATCH = 32


@dataclass
class FineTune:
    """How a release goes on from the first."""

    name: str
    # Layers that learn, from the end; 0 for all.
    layers: int
    rate: float
    # Passes over the training rows.
    epochs: int


FINE_TUNES = [
    FineTune("head", 1, 1e-3, 5),
    FineTune("block", 2, 2e-4, 3),
    FineTune("all", 0, 1e-4, 1),
]


def parse() -> argparse.Namespace:
    release = environment.REPOSITORY / ".build" / "release" / "swiftlet"
    parser = argparse.ArgumentParser(prog="fine_tunes", description=__doc__.split("\n")[0])
    parser.add_argument("--base", action="store_true", help="pack each fine-tune with `pack --base`")
    parser.add_argument("--dead-zone", help="and with this dead zone, in steps")
    parser.add_argument("--keep", type=Path, help="leave models and data in this folder")
    parser.add_argument("--swiftlet", type=Path, default=release, help="the executable")
    return parser.parse_args()


class Network:
    """Two convolutions, a pool, one more, a pool, two dense layers; float32, channels last."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        shapes = [(9 * 1, 32), (9 * 32, 64), (9 * 64, 128), (2 * 2 * 128, 64), (64, CLASSES)]
        self.weights = [(random.standard_normal(s) * np.sqrt(2 / s[0])).astype(np.float32) for s in shapes]
        self.biases = [np.zeros(s[1], np.float32) for s in shapes]
        self.pooled = [False, True, True]

    def forward(self, x):
        """Scores, and what the way back needs."""
        trail = []
        for layer in range(3):
            patches = im2col(x)
            y = np.maximum(patches @ self.weights[layer] + self.biases[layer], 0)
            mask = None
            out = y
            if self.pooled[layer]:
                n, h, w, c = y.shape
                windows = y.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4).reshape(n, h // 2, w // 2, c, 4)
                best = windows.argmax(-1)
                mask = np.eye(4, dtype=np.float32)[best]
                out = windows.max(-1)
            trail.append((patches, y, mask))
            x = out
        flat = x.reshape(len(x), -1)
        hidden = np.maximum(flat @ self.weights[3] + self.biases[3], 0)
        scores = hidden @ self.weights[4] + self.biases[4]
        return scores, (trail, flat, hidden)

    def gradients(self, x, labels):
        scores, (trail, flat, hidden) = self.forward(x)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        shares[np.arange(len(labels)), labels] -= 1
        back = shares / len(labels)
        found = [None] * 5
        found[4] = (hidden.T @ back, back.sum(0))
        back = (back @ self.weights[4].T) * (hidden > 0)
        found[3] = (flat.T @ back, back.sum(0))
        back = (back @ self.weights[3].T).reshape(len(x), 2, 2, 128)
        for layer in (2, 1, 0):
            patches, y, mask = trail[layer]
            if mask is not None:
                n, h, w, c = y.shape
                back = (back[..., None] * mask).reshape(n, h // 2, w // 2, c, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(n, h, w, c)
            back = back * (y > 0)
            columns = back.reshape(-1, back.shape[-1])
            found[layer] = (patches.reshape(len(columns), -1).T @ columns, columns.sum(0))
            if layer > 0:
                back = col2im(back @ self.weights[layer].T)
        return found

    def learn(self, x, labels, *, layers, rate, epochs, seed, noise=0.05):
        """Adam (Kingma and Ba 2015) on the last `layers` layers; 0 for all."""
        random = np.random.default_rng(seed)
        chosen = range(5 - layers, 5) if layers else range(5)
        state = {(k, p): [0.0, 0.0] for k in chosen for p in (0, 1)}
        step = 0
        for _ in range(epochs):
            order = random.permutation(len(x))
            for start in range(0, len(x), BATCH):
                rows = order[start : start + BATCH]
                seen = x[rows] + noise * random.standard_normal(x[rows].shape).astype(np.float32)
                found = self.gradients(seen, labels[rows])
                step += 1
                for (k, p), moments in state.items():
                    g = found[k][p].astype(np.float32)
                    moments[0] = 0.9 * moments[0] + 0.1 * g
                    moments[1] = 0.999 * moments[1] + 0.001 * g * g
                    move = (moments[0] / (1 - 0.9**step)) / (np.sqrt(moments[1] / (1 - 0.999**step)) + 1e-8)
                    target = self.weights if p == 0 else self.biases
                    target[k] = (target[k] - rate * move).astype(np.float32)

    def copy(self):
        other = Network(0)
        other.weights = [w.copy() for w in self.weights]
        other.biases = [b.copy() for b in self.biases]
        return other

    def save(self, path: Path) -> None:
        """As ONNX, channels first as exporters write it."""
        nodes, constants, value = [], [], "x"
        for k in range(3):
            size = self.weights[k].shape[0] // 9
            kernel = self.weights[k].reshape(3, 3, size, -1).transpose(3, 2, 0, 1)
            constants += [array(f"w{k}", kernel), array(f"b{k}", self.biases[k])]
            nodes.append(helper.make_node("Conv", [value, f"w{k}", f"b{k}"], [f"c{k}"], name=f"conv{k}", pads=[1, 1, 1, 1]))
            nodes.append(helper.make_node("Relu", [f"c{k}"], [f"r{k}"], name=f"relu{k}"))
            value = f"r{k}"
            if self.pooled[k]:
                nodes.append(helper.make_node("MaxPool", [value], [f"p{k}"], name=f"pool{k}", kernel_shape=[2, 2], strides=[2, 2]))
                value = f"p{k}"
        nodes.append(helper.make_node("Flatten", [value], ["flat"], name="flatten"))
        # Flattened channels first; the network flattens channels last.
        dense = self.weights[3].reshape(2, 2, 128, -1).transpose(2, 0, 1, 3).reshape(512, -1)
        constants += [array("w3", dense.T), array("b3", self.biases[3]), array("w4", self.weights[4].T), array("b4", self.biases[4])]
        nodes.append(helper.make_node("Gemm", ["flat", "w3", "b3"], ["d"], name="dense", transB=1))
        nodes.append(helper.make_node("Relu", ["d"], ["h"], name="relu3"))
        nodes.append(helper.make_node("Gemm", ["h", "w4", "b4"], ["scores"], name="head", transB=1))
        graph = helper.make_graph(
            nodes, "digits", [helper.make_tensor_value_info("x", 1, ["N", 1, IMAGE, IMAGE])],
            [helper.make_tensor_value_info("scores", 1, ["N", CLASSES])], constants)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)

    def accuracy(self, x, labels) -> float:
        return float((self.forward(x)[0].argmax(1) == labels).mean())


def array(name, values):
    return numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name)


def im2col(x):
    n, h, w, c = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return np.concatenate([padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], -1)


def col2im(patches):
    n, h, w, wide = patches.shape
    c = wide // 9
    padded = np.zeros((n, h + 2, w + 2, c), np.float32)
    for position in range(9):
        i, j = divmod(position, 3)
        padded[:, i : i + h, j : j + w] += patches[..., position * c : (position + 1) * c]
    return padded[:, 1:-1, 1:-1]


def run(program: Path, *arguments) -> str:
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise environment.Failure(f"swiftlet {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def make(folder: Path) -> list[str]:
    """Models and calibration data; one line per model."""
    images, labels = load_digits(return_X_y=True)
    images = (images.astype(np.float32) / 16).reshape(-1, IMAGE, IMAGE, 1)
    order = np.random.default_rng(7).permutation(len(images))
    images, labels = images[order], labels[order]
    test = (images[TRAINING_ROWS:], labels[TRAINING_ROWS:])
    first = Network(1)
    first.learn(images[:FIRST_ROWS], labels[:FIRST_ROWS], layers=0, rate=1e-3, epochs=8, seed=1)
    first.save(folder / "first.onnx")
    np.save(folder / "calibration.npy", images[:CALIBRATION_ROWS].transpose(0, 3, 1, 2))
    lines = [f"first: {first.accuracy(*test):.1%} of {len(test[1])} test rows"]
    for tune in FINE_TUNES:
        network = first.copy()
        network.learn(
            images[:TRAINING_ROWS], labels[:TRAINING_ROWS], layers=tune.layers, rate=tune.rate,
            epochs=tune.epochs, seed=5)
        network.save(folder / f"{tune.name}.onnx")
        lines.append(f"{tune.name}: {network.accuracy(*test):.1%}")
    return lines


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Packs and prints."""
    program = options.swiftlet
    pack = ["--calibration", folder / "calibration.npy", "--name", "digits"]
    first = folder / "first.swb"
    print(run(program, "pack", folder / "first.onnx", *pack, "-o", first).splitlines()[1])
    extra = ["--base", first] if options.base or options.dead_zone else []
    if options.dead_zone:
        extra += ["--dead-zone", options.dead_zone]
    for number, tune in enumerate(FINE_TUNES, 2):
        bundle = folder / f"{tune.name}.swb"
        said = run(program, "pack", folder / f"{tune.name}.onnx", *pack, "--sequence", number, *extra, "-o", bundle)
        print(f"\n{tune.name}  " + said.splitlines()[1])
        print(run(program, "delta", first, bundle, "-o", folder / f"{tune.name}.swd").rstrip())


def main() -> int:
    options = parse()
    try:
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.keep or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            for line in make(folder):
                print(line, file=sys.stderr)
            measure(folder, options)
    except environment.Failure as failure:
        print(f"fine_tunes: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    environment.enter(Path(__file__).resolve())
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper
    from sklearn.datasets import load_digits

    sys.exit(main())
