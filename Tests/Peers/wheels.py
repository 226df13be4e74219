"""Models that ship inside PyPI wheels, run by Swiftlet and by their own runtime.

    make wheels                     # installs the wheels, runs all, prints the table
    make wheels OPTIONS='--only silero'

Each model is given to `swiftlet run` as the wheel holds it, with seeded inputs; ONNX Runtime and
LiteRT say what should come out. What equals them is packed, and its integers run on other inputs
than it was calibrated with. README.md beside this file has the table's meaning."""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import environment
import wheel_files
from wheel_models import MODELS, WheelModel

COMPARED_ITEMS = 3
CALIBRATION_ITEMS = 8
HELD_OUT_ITEMS = 4
# Largest difference of two float runtimes, of the largest value of an output.
TOLERANCE = 1e-3
SECONDS = 600


@dataclass
class Outcome:
    """One row of the table."""

    model: WheelModel
    operators: Counter
    parameters: int
    # Against the model's own runtime: equal, differs, refused.
    verdict: str
    # The largest relative difference, or why it is refused.
    detail: str
    # Of the float reference, without the time to start.
    seconds_per_item: float | None = None
    # Of the integers against the float reference, decibels, or why there are none.
    integers: str = ""


def parse() -> argparse.Namespace:
    release = environment.REPOSITORY / ".build" / "release" / "swiftlet"
    parser = argparse.ArgumentParser(prog="wheels", description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="models whose wheel or file name holds this")
    parser.add_argument("--no-pack", action="store_true", help="the float reference only")
    parser.add_argument("--swiftlet", type=Path, default=release, help="the executable")
    parser.add_argument("--json", type=Path, help="write the table here")
    return parser.parse_args()


class Program:
    """The executable under test, in a folder of its own."""

    def __init__(self, path: Path, folder: Path):
        self.path, self.folder = path, folder

    def call(self, *arguments) -> str:
        """Runs it; in one line why it did not work, or nothing."""
        try:
            done = subprocess.run(
                [self.path, *arguments], capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return f"it runs longer than {SECONDS} s"
        if done.returncode == 0:
            return ""
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        reason = next((line for line in lines if "error: " in line), lines[-1])
        reason = reason.split("error: ", 1)[-1]
        for argument in arguments:
            reason = reason.removeprefix(f"{argument}: ")
        return f"exit {done.returncode}: {reason}"

    def saved(self, items: list, name: str, option: str) -> list[str]:
        """The items in files, one for each input, and the options that name them."""
        import numpy

        options: list[str] = []
        for position in range(len(items[0])):
            file = self.folder / f"{name}{position}.npy"
            column = numpy.stack([item[position] for item in items])
            numpy.save(file, column.astype("float32") if column.dtype == "float64" else column)
            options += [option, str(file)]
        return options

    def run(self, path: Path, items: list, outputs: int) -> tuple[list, str]:
        """The output arrays, or in one line why there are none."""
        import numpy

        options = self.saved(items, "input", "--input")
        results = [self.folder / f"output{position}.npy" for position in range(outputs)]
        for file in results:
            options += ["--output", str(file)]
        refusal = self.call("run", path, *options)
        return ([] if refusal else [numpy.load(file) for file in results]), refusal


def judged(model: WheelModel, program: Program, packs: bool) -> Outcome:
    """Runs one model in its own runtime, in the float reference and in integers."""
    import numpy
    import wheel_runtimes

    path = wheel_files.fetched(model.wheel, model.path)
    runtime = wheel_runtimes.open_model(model, path)
    items = runtime.items(model, COMPARED_ITEMS, "compared")
    usual, other = zip(*[runtime.runs(item) for item in items])
    start = time.monotonic()
    outputs, refusal = program.run(path, items, len(usual[0]))
    seconds = (time.monotonic() - start) / COMPARED_ITEMS
    if refusal:
        return Outcome(model, runtime.operators, runtime.parameters, "refused", refusal)
    nearest = min(worst_difference(outputs, usual), worst_difference(outputs, other))
    spread = worst_difference([numpy.stack(column) for column in zip(*other)], usual)
    verdict = "equal" if nearest <= TOLERANCE else "differs"
    detail = f"{nearest:.1e}"
    if spread > TOLERANCE:
        detail += f"; its runtime from itself {spread:.1e}"
    outcome = Outcome(model, runtime.operators, runtime.parameters, verdict, detail, seconds)
    if packs and verdict == "equal":
        outcome.integers = integer_quality(model, program, path, runtime, len(outputs))
    return outcome


def integer_quality(
    model: WheelModel, program: Program, path: Path, runtime, outputs: int
) -> str:
    """How far the integers of a bundle are from the float reference, output by output, on inputs that
    calibration did not see; or why there is no bundle."""
    calibration = runtime.items(model, CALIBRATION_ITEMS, "calibration")
    held_out = runtime.items(model, HELD_OUT_ITEMS, "held out")
    bundle = program.folder / "model.swb"
    options = program.saved(calibration, "calibration", "--calibration")
    refusal = program.call("pack", path, *options, "--name", "model", "--output", bundle)
    if refusal:
        return refusal
    reals, refusal = program.run(path, held_out, outputs)
    if not refusal:
        integers, refusal = program.run(bundle, held_out, outputs)
    if refusal:
        return refusal
    return " ".join(f"{signal_to_noise(*pair):.1f}" for pair in zip(reals, integers)) + " dB"


def signal_to_noise(expected, got) -> float:
    import numpy

    expected, got = expected.astype("float64").ravel(), got.astype("float64").ravel()
    noise = float(numpy.square(expected - got).sum())
    signal = float(numpy.square(expected).sum())
    return math.inf if noise == 0 else 10 * math.log10(max(signal, 1e-300) / noise)


def worst_difference(outputs: list, items: tuple) -> float:
    """Of the outputs, each of all items, from those of the items one by one."""
    return max(
        difference(output, [item[position] for item in items])
        for position, output in enumerate(outputs)
    )


def difference(output, expected: list) -> float:
    """The largest difference, of the largest expected magnitude."""
    import numpy

    wanted = numpy.stack(expected)
    if output.size != wanted.size:
        return math.inf
    error = numpy.abs(output.reshape(wanted.shape).astype("float64") - wanted.astype("float64"))
    return float(error.max() / max(float(numpy.abs(wanted).max()), 1e-12))


def count(parameters: int) -> str:
    return f"{parameters / 1e6:.1f} M" if parameters >= 1e6 else f"{parameters / 1e3:.0f} k"


def table(outcomes: list[Outcome]) -> str:
    lines = [
        "| model | wheel | kind | format | parameters | float | s/item | int8 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        model = outcome.model
        seconds = "" if outcome.seconds_per_item is None else f"{outcome.seconds_per_item:.2f}"
        cells = [
            model.name, model.wheel, model.kind, model.format, count(outcome.parameters),
            f"{outcome.verdict} ({outcome.detail})", seconds, outcome.integers,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    equal = sum(outcome.verdict == "equal" for outcome in outcomes)
    packed = sum(outcome.integers.endswith("dB") for outcome in outcomes)
    lines.append(
        f"\n{equal} of {len(outcomes)} equal their own runtime; {packed} run in integers")
    return "\n".join(lines)


def main() -> int:
    arguments = parse()
    try:
        if not arguments.swiftlet.exists():
            raise environment.Failure(f"{arguments.swiftlet} is missing: 'make wheels' builds it")
        environment.enter(Path(__file__).resolve())
    except environment.Failure as failure:
        print(f"wheels: error: {failure}", file=sys.stderr)
        return 1
    chosen = [m for m in MODELS if arguments.only in m.wheel or arguments.only in m.name]
    outcomes = []
    for model in chosen:
        print(f"wheels: {model.wheel} {model.name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            program = Program(arguments.swiftlet.resolve(), Path(folder))
            outcomes.append(judged(model, program, not arguments.no_pack))
    print(table(outcomes))
    if arguments.json:
        rows = [
            {"model": o.model.path, "wheel": o.model.wheel, "kind": o.model.kind,
             "parameters": o.parameters, "operators": dict(o.operators), "verdict": o.verdict,
             "detail": o.detail, "seconds_per_item": o.seconds_per_item, "int8": o.integers}
            for o in outcomes
        ]
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if any(outcome.verdict == "differs" for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
