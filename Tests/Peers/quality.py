"""How near the integers come to the float model, beside what other quantisers reach.

    make quality                         # ../shared/quant, then models made here
    make quality OPTIONS='--json FILE'

Output SQNR over all test outputs, in dB; calibration sees none of the test items, and neither does
any choice Swiftlet makes. The output is not rounded to 8 bits, as in block B of shared/quant's README."""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import environment

environment.enter(Path(__file__))

import numpy  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import quality_models  # noqa: E402
from onnxruntime.quantization import (  # noqa: E402
    CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: E402

SHARED = environment.REPOSITORY.parent / "shared"


def parse() -> argparse.Namespace:
    release = environment.REPOSITORY / ".build" / "release" / "swiftlet"
    parser = argparse.ArgumentParser(prog="quality", description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet", type=Path, default=release, help="the executable")
    parser.add_argument("--only", default="", help="models whose name holds this")
    parser.add_argument("--json", type=Path, help="write the tables here")
    return parser.parse_args()


def decibels(truth, got) -> float:
    truth, got = (numpy.asarray(values, numpy.float64).reshape(-1) for values in (truth, got))
    noise = numpy.square(truth - got).sum()
    return 10 * math.log10(numpy.square(truth).sum() / noise) if noise else math.inf


class Swiftlet:
    """Packs and evaluates with the executable, in a folder of its own."""

    def __init__(self, path: Path, folder: Path):
        self.path, self.folder = path, folder

    def call(self, *arguments) -> str:
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise environment.Failure(done.stderr.strip())
        return done.stdout

    def quality(self, model: Path, calibration, test, labels, scale=None, target=None) -> dict:
        bundle = self.folder / "model.swb"
        calibration_path, test_path = self.folder / "calibration.npy", self.folder / "test.npy"
        numpy.save(calibration_path, calibration)
        numpy.save(test_path, test)
        options = ["--input-scale", repr(scale)] if scale else []
        options += ["--sqnr", target] if target else []
        self.call(
            "pack", model, "--name", "quality", "--calibration", calibration_path, "-o", bundle,
            *options)
        options = []
        if labels is not None:
            labels_path = self.folder / "labels.npy"
            numpy.save(labels_path, numpy.asarray(labels, numpy.int64))
            options = ["--labels", labels_path]
        result = json.loads(self.call(
            "eval", bundle, "--data", test_path, "--model", model, "--json",
            "--allow-development", *options))
        lines = self.call("inspect", bundle).splitlines()
        quality = next((line for line in lines if line.startswith("quality")), "")
        result["method"] = quality.removeprefix("quality").strip().rsplit(", ", 1)[0]
        return result


class Reader(CalibrationDataReader):
    def __init__(self, items, name):
        self.items, self.name, self.position = items, name, 0

    def get_next(self):
        if self.position == len(self.items):
            return None
        self.position += 1
        return {self.name: self.items[self.position - 1:self.position]}


def without_output_grid(path: Path) -> None:
    """Takes away the last rounding to 8 bits, as an application that reads reals would."""
    model = onnx.load(path)
    producer = {output: node for node in model.graph.node for output in node.output}
    for output in model.graph.output:
        dequantize = producer.get(output.name)
        if dequantize is None or dequantize.op_type != "DequantizeLinear":
            continue
        quantize = producer[dequantize.input[0]]
        source = producer[quantize.input[0]]
        source.output[list(source.output).index(quantize.input[0])] = output.name
        model.graph.node.remove(dequantize)
        model.graph.node.remove(quantize)
    onnx.save(model, path)


def onnxruntime_quality(folder: Path, task) -> dict[str, float]:
    """ONNX Runtime's static quantisation, int8 weights per channel, by each way of calibrating."""
    prepared, quantised = folder / "prepared.onnx", folder / "quantised.onnx"
    quant_pre_process(str(task.path), str(prepared))
    truth = run(task.path, task.test)
    results = {}
    methods = {
        "min-max": (CalibrationMethod.MinMax, {}),
        "percentile": (CalibrationMethod.Percentile, {"CalibPercentile": 99.99}),
        "entropy": (CalibrationMethod.Entropy, {"CalibNumBins": 2048}),
    }
    for name, (method, options) in methods.items():
        quantize_static(
            str(prepared), str(quantised), Reader(task.calibration, "input"), QuantFormat.QDQ,
            per_channel=True, activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
            calibrate_method=method, extra_options=options)
        without_output_grid(quantised)
        results[name] = round(decibels(truth, run(quantised, task.test)), 2)
    return results


def run(path: Path, items) -> numpy.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"input": items.astype(numpy.float32)})[0]


def shared_rows(program: Swiftlet, only: str):
    """Models of shared/quant beside the best tuned peer of block B on each."""
    manifest = json.loads((SHARED / "quant" / "manifest.json").read_text())
    peers = json.loads((SHARED / "quant" / "peers.json").read_text())
    for name, entry in manifest.items():
        if only not in name:
            continue
        data = {
            part: numpy.fromfile(SHARED / "quant" / file["path"], file["dtype"]).reshape(file["shape"])
            for part, file in entry["files"].items()
        }
        scale = entry["input_scale"] if data["calib_x"].dtype == numpy.uint8 else None
        labels = data["test_y"] if data["test_y"].dtype != numpy.float32 else None
        ours = program.quality(
            SHARED / "quant" / entry["model"], data["calib_x"], data["test_x"], labels, scale)
        tuned = {
            peer: figures["sqnr"] for peer, figures in peers.get(name, {}).items()
            if (peer.endswith("_outf") or peer.startswith("nncf")) and "a16" not in peer}
        best = max(tuned, key=tuned.get) if tuned else None
        yield row(name, ours, tuned.get(best), best)


def own_rows(program: Swiftlet, folder: Path, only: str):
    """Models made here beside ONNX Runtime's best way on each, chosen on the test items."""
    for task in quality_models.tasks(folder):
        if only not in task.name:
            continue
        ours = program.quality(task.path, task.calibration, task.test, task.labels)
        peers = onnxruntime_quality(folder, task)
        best = max(peers, key=peers.get)
        yield row(task.name, ours, peers[best], f"ort {best}")


def row(name: str, ours: dict, peer: float | None, peer_name: str | None) -> dict:
    return {
        "model": name, "sqnr": ours["sqnr_db"], "peer": peer, "peer_name": peer_name,
        "gain": None if peer is None else round(ours["sqnr_db"] - peer, 2),
        "float_accuracy": ours.get("float_accuracy"), "accuracy": ours.get("accuracy"),
        "method": ours["method"],
    }


def show(title: str, rows: list[dict]) -> None:
    print(f"\n{title}\n\n| model | Swiftlet, dB | best peer, dB | gain | top-1 float → int8 | how |")
    print("|---|---:|---:|---:|---:|---|")
    for entry in rows:
        peer = "–" if entry["peer"] is None else f"{entry['peer']:.1f} ({entry['peer_name']})"
        gain = "–" if entry["gain"] is None else f"{entry['gain']:+.1f}"
        top = "–" if entry["accuracy"] is None else (
            f"{100 * entry['float_accuracy']:.2f} → {100 * entry['accuracy']:.2f} %")
        print(f"| {entry['model']} | {entry['sqnr']:.1f} | {peer} | {gain} | {top} | {entry['method']} |")
    gains = sorted(entry["gain"] for entry in rows if entry["gain"] is not None)
    if gains:
        print(f"\nmedian gain {numpy.median(gains):+.1f} dB, least {gains[0]:+.1f} dB")


def main() -> int:
    arguments = parse()
    os.environ.setdefault("SWIFTLET_TARGETS", str(environment.REPOSITORY / "targets"))
    tables = {}
    with tempfile.TemporaryDirectory(prefix="swiftlet-quality-") as name:
        folder = Path(name)
        program = Swiftlet(arguments.swiftlet, folder)
        if SHARED.exists():
            tables["shared"] = list(shared_rows(program, arguments.only))
            show("shared/quant, peers of peers.json", tables["shared"])
        else:
            print("quality: shared models are absent; only those made here", file=sys.stderr)
        tables["own"] = list(own_rows(program, folder, arguments.only))
        show("made here, ONNX Runtime beside it", tables["own"])
    if arguments.json:
        arguments.json.write_text(json.dumps(tables, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
