"""Models that ship inside PyPI wheels, run by Swiftlet and by their own runtime.

    make wheels                     # installs the wheels, runs all, prints the table
    make wheels OPTIONS='--only silero'

Each model is given to `swiftlet run` as the wheel holds it, with seeded inputs; ONNX Runtime and
LiteRT say what should come out. README.md beside this file has the table's meaning."""

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import environment
from wheel_models import MODELS, WheelModel

WHEELS = environment.FOLDER / "wheels"
ITEMS = 3
# Largest difference of two float runtimes, of the largest value of an output.
TOLERANCE = 1e-3


@dataclass
class Outcome:
    """One row of the table."""

    model: WheelModel
    operators: Counter
    verdict: str
    detail: str


def parse() -> argparse.Namespace:
    release = environment.REPOSITORY / ".build" / "release" / "swiftlet"
    parser = argparse.ArgumentParser(prog="wheels", description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="models whose wheel or file name holds this")
    parser.add_argument("--swiftlet", type=Path, default=release, help="the executable")
    parser.add_argument("--json", type=Path, help="write the table here")
    return parser.parse_args()


def fetched(model: WheelModel) -> Path:
    """The model file, out of its wheel."""
    name, version = model.wheel.split("==")
    target = WHEELS / f"{name}-{version}" / model.path
    if target.exists():
        return target
    stem = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(WHEELS.glob(stem)):
        print(f"wheels: downloading {model.wheel}", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        only = ["--no-deps", "--only-binary=:all:", "--dest", str(WHEELS)]
        subprocess.run([*pip, *only, model.wheel], check=True)
    with zipfile.ZipFile(next(WHEELS.glob(stem))) as wheel:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(wheel.read(model.path))
    return target


def judged(model: WheelModel, swiftlet: Path) -> Outcome:
    """Runs one model twice."""
    import wheel_runtimes

    path = fetched(model)
    runtime = wheel_runtimes.open_model(path)
    items = runtime.items(model, ITEMS)
    expected = [runtime.run(item) for item in items]
    with tempfile.TemporaryDirectory() as folder:
        outputs, refusal = run_swiftlet(swiftlet, path, items, len(expected[0]), Path(folder))
    if refusal:
        return Outcome(model, runtime.operators, "refused", refusal)
    worst = 0.0
    for position, output in enumerate(outputs):
        worst = max(worst, difference(output, [item[position] for item in expected]))
    verdict = "equal" if worst <= TOLERANCE else "differs"
    return Outcome(model, runtime.operators, verdict, f"{worst:.1e}")


def run_swiftlet(
    swiftlet: Path, path: Path, items: list, outputs: int, folder: Path
) -> tuple[list, str]:
    """The output arrays, or in one line why there are none."""
    import numpy

    options: list[str] = []
    for position in range(len(items[0])):
        file = folder / f"input{position}.npy"
        column = numpy.stack([item[position] for item in items])
        numpy.save(file, column.astype("float32") if column.dtype == "float64" else column)
        options += ["--input", str(file)]
    results = [folder / f"output{position}.npy" for position in range(outputs)]
    for file in results:
        options += ["--output", str(file)]
    try:
        done = subprocess.run(
            [swiftlet, "run", path, *options], capture_output=True, text=True, timeout=600
        )
    except subprocess.TimeoutExpired:
        return [], "it runs longer than ten minutes"
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        reason = lines[0].replace(str(path), path.name).removeprefix("swiftlet: error: ")
        return [], f"exit {done.returncode}: {reason}"
    return [numpy.load(file) for file in results], ""


def difference(output, expected: list) -> float:
    """The largest difference, of the largest expected magnitude."""
    import numpy

    wanted = numpy.stack(expected)
    if output.size != wanted.size:
        return float("inf")
    error = numpy.abs(output.reshape(wanted.shape).astype("float64") - wanted.astype("float64"))
    return float(error.max() / max(float(numpy.abs(wanted).max()), 1e-12))


def table(outcomes: list[Outcome]) -> str:
    lines = ["| model | kind | wheel | operators | result |", "|---|---|---|---|---|"]
    for outcome in outcomes:
        kinds = len(outcome.operators)
        operators = f"{sum(outcome.operators.values())} of {kinds} kinds"
        result = f"{outcome.verdict} ({outcome.detail})"
        model = outcome.model
        lines.append(f"| {model.name} | {model.kind} | {model.wheel} | {operators} | {result} |")
    equal = sum(outcome.verdict == "equal" for outcome in outcomes)
    lines.append(f"\n{equal} of {len(outcomes)} equal their own runtime")
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
    WHEELS.mkdir(parents=True, exist_ok=True)
    chosen = [m for m in MODELS if arguments.only in m.wheel or arguments.only in m.name]
    outcomes = [judged(model, arguments.swiftlet) for model in chosen]
    print(table(outcomes))
    if arguments.json:
        rows = [
            {"model": o.model.path, "wheel": o.model.wheel, "kind": o.model.kind,
             "operators": dict(o.operators), "verdict": o.verdict, "detail": o.detail}
            for o in outcomes
        ]
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if any(outcome.verdict == "differs" for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
