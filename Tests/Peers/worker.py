"""One engine with one model in a process of its own, doing what it is told line by line.

    worker.py ENGINE MODEL_FOLDER THREADS

The first line it prints says how loading went and how far outputs are from the reference. Then it
answers as `swiftletd bench --harness` does: to a number N with the times of N ms, to `idle N` with
that of the first call after sleeping for N ms."""

import ctypes
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

import engines
import models

CAPACITY = 1 << 20


class Timer:
    """Times calls from C."""

    def __init__(self, engine):
        self.call = engine.call
        # PyDLL keeps the interpreter's lock, which Python bindings need; nobody else waits for it.
        self.library = ctypes.PyDLL(os.environ["PEERS_TIMED_CALLS"])
        self.library.timed_calls.restype = ctypes.c_size_t
        self.library.timed_call_after.restype = ctypes.c_uint64
        self.times = (ctypes.c_uint64 * CAPACITY)()

    def measure(self, nanoseconds: int) -> list[int]:
        count = self.library.timed_calls(
            self.call.function,
            self.call.words,
            ctypes.c_uint64(nanoseconds),
            self.times,
            ctypes.c_size_t(CAPACITY),
        )
        return self.times[:count]

    def after_pause(self, nanoseconds: int) -> int:
        return self.library.timed_call_after(
            self.call.function, self.call.words, ctypes.c_uint64(nanoseconds)
        )


def peak_kilobytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    return 0


def differences(engine, model: models.Model) -> dict:
    """How far this engine is from the reference over all items: steps of the output's scale, and
    their share of the reference's own spread. That share is 1 for an engine that gives the same for
    every input, and more for one that computes something else."""
    reference = np.load(model.reference).astype(np.int32)
    outputs = []
    for item in np.load(model.inputs):
        engine.fill(item[None])
        engine.run()
        outputs.append(engine.result()[0].astype(np.int32))
    steps = np.abs(np.stack(outputs) - reference)
    spread = np.abs(reference - np.median(reference)).mean()
    return {"largest_difference": int(steps.max()), "difference": float(steps.mean() / spread)}


def main() -> None:
    name, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    # Engines write to standard output as they please; answers go to the original one.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    model = models.open_model(folder)
    item = np.load(model.inputs)[:1]
    base = peak_kilobytes()
    begin = time.perf_counter_ns()
    engine = engines.load(name, model, threads)
    engine.fill(item)
    loaded = time.perf_counter_ns()
    engine.run()
    done = time.perf_counter_ns()
    ready = {"load_ms": (loaded - begin) / 1e6, "first_ms": (done - loaded) / 1e6}
    ready |= {"rss_kb": peak_kilobytes(), "rss_base_kb": base}
    ready |= differences(engine, model)
    engine.fill(item)
    timer = Timer(engine)
    print(json.dumps(ready), file=answers)
    for line in sys.stdin:
        word, _, rest = line.rpartition(" ")
        nanoseconds = int(float(rest) * 1e6)
        if word == "idle":
            times = [timer.after_pause(nanoseconds)]
        else:
            timer.measure(nanoseconds // 10)
            times = timer.measure(nanoseconds)
        print(json.dumps({"ns": times, "rss_kb": peak_kilobytes()}), file=answers)


if __name__ == "__main__":
    main()
