"""The machine: what its processor can do, and whether anything else keeps it busy."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

# What decides which integer kernels an engine picks.
FEATURES = [
    "sse4_1",
    "avx2",
    "avx_vnni",
    "avx512vl",
    "avx512_vnni",
    "avx512_vbmi",
    "amx_int8",
    "asimd",
    "asimddp",
    "i8mm",
    "sve",
]
# Above this share of all processors a run says nothing.
BUSY = 0.05


@dataclass
class Times:
    """Ticks of all processors since start."""

    total: int
    idle: int
    stolen: int


def times() -> Times:
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return Times(sum(fields[:8]), fields[3] + fields[4], fields[7])


def busy_share(seconds: float = 1.0) -> float:
    """How busy processors are while this process sleeps."""
    before = times()
    time.sleep(seconds)
    after = times()
    total = max(after.total - before.total, 1)
    return 1 - (after.idle - before.idle) / total


def stolen_share(before: Times, after: Times) -> float:
    """What a hypervisor gave to others."""
    return (after.stolen - before.stolen) / max(after.total - before.total, 1)


def describe() -> dict:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    flags = facts.get("flags", facts.get("Features", "")).split()
    return {
        "processor": facts.get("model name", facts.get("CPU part", "unknown")),
        "features": [feature for feature in FEATURES if feature in flags],
        "processors": os.cpu_count(),
        "load_average": load_average(),
    }


def load_average() -> list[float]:
    return list(os.getloadavg())


def available() -> set[int]:
    """Processors this process may use."""
    return os.sched_getaffinity(0)
