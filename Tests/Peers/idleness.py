"""The first call after the machine was idle, against the same engine's warm latency."""

import statistics
from pathlib import Path

import contenders
from models import Model
from visits import Contender, start

NAMES = ["litert-xnnpack", "tflite-interpreter"]


def measure(
    swiftlet: Contender, model: Model, processors: set[int], logs: Path, count: int, pause: float
) -> dict:
    """Medians of `count` first calls. Each follows a pause of its own, for a call of another engine
    would already have woken the processor; and the engine's own process sleeps it, for so would
    whatever reads a request."""
    taking_part = [swiftlet, *[contenders.peer(name, model, 1) for name in NAMES]]
    workers, failures = start(taking_part, processors, logs)
    times = {worker.name: [] for worker in workers}
    for _ in range(count):
        for worker in workers:
            times[worker.name] += worker.ask(f"idle {pause * 1e3:g}")
    results = {}
    for worker in workers:
        warm = statistics.median(worker.ask("100"))
        first = statistics.median(times[worker.name])
        results[worker.name] = {"first_us": first / 1e3, "warm_us": warm / 1e3}
        results[worker.name]["ratio"] = first / warm
        worker.close()
    return results | {name: {"failure": reason} for name, reason in failures.items()}
