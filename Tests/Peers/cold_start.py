"""Cold start: from before a process exists to its first output, and to its end.

Swiftlet's is the static device executable: once with an installed model, whose manifest's signature
and whose image's digest it checks, once with a bundle, of which it checks and unpacks everything.
LiteRT's is a small C program on its shared library, which checks nothing. Files are in the page
cache for all of them."""

import os
import statistics
import subprocess
import time
from pathlib import Path

import environment
from contenders import Swiftlet
from models import Model

RUNS = 31


def commands(swiftlet: Swiftlet, model: Model, folder: Path) -> dict[str, list[str]]:
    litert = [str(environment.build_litert_program()), str(model.tflite)]
    for shape in (model.input_shape, model.output_shape):
        litert += map(str, [len(shape), *shape])
    once = [str(swiftlet.executable), "bench", "--once"]
    return {
        "swiftlet, installed": [*once, "--root", str(install(swiftlet, model, folder))],
        "swiftlet, bundle": [*once, str(model.bundle), *swiftlet.options(None)],
        "LiteRT, C program": litert,
    }


def install(swiftlet: Swiftlet, model: Model, folder: Path) -> Path:
    root = folder / "root"
    subprocess.run(["rm", "-rf", root], check=True)
    executable = swiftlet.executable
    for command in (
        [executable, "init", "--root", root, "--trust", swiftlet.trust],
        [executable, "install", "--root", root, model.bundle],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return root


def measure(swiftlet: Swiftlet, model: Model, folder: Path, processors: set[int]) -> dict:
    """Milliseconds to the first output and to the end, medians; the programs take turns."""
    programs = commands(swiftlet, model, folder)
    times: dict[str, list] = {name: [] for name in programs}
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        for _ in range(RUNS):
            for name, command in programs.items():
                times[name].append(once(command))
    finally:
        os.sched_setaffinity(0, before)
    return {
        name: {
            "first_output_ms": statistics.median(first for first, _ in pairs) / 1e6,
            "whole_process_ms": statistics.median(whole for _, whole in pairs) / 1e6,
        }
        for name, pairs in times.items()
    }


def once(command: list[str]) -> tuple[int, int]:
    reading, writing = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
    ]
    start = time.monotonic_ns()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status = os.waitpid(child, 0)
    end = time.monotonic_ns()
    os.close(writing)
    with os.fdopen(reading) as output:
        said = output.read()
    if status != 0 or not said.strip().isdigit():
        raise RuntimeError(f"{command[0]} ended with status {status}: {said!r}")
    # Both programs print when their result was there, on the same clock.
    return int(said) - start, end - start
