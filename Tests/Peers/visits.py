"""Workers and the order in which they are visited.

Every engine keeps its process and its loaded model for the whole of a model's run. They are visited
round robin, one at a time, so that the machine's noise meets all of them alike; the others sleep on
a pipe."""

import json
import os
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Contender:
    """An engine in one configuration: how to start it."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


class Worker:
    def __init__(self, contender: Contender, processors: set[int], log: Path):
        self.name = contender.name
        self.rounds: list[list[int]] = []
        self.log = log
        self.process = subprocess.Popen(
            contender.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
            env=os.environ | contender.environment,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )
        self.ready = self.answer()

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            said = self.log.read_text().strip().splitlines()
            raise RuntimeError(said[-1] if said else "ended without a word")
        return json.loads(line)

    def ask(self, line: str) -> list[int]:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer = self.answer()
        if "ns" not in answer:
            raise RuntimeError(answer.get("error", "no times"))
        return answer["ns"]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def figures(self) -> dict:
        """Microseconds. The median is that of the rounds' medians: a disturbed one is one vote."""
        medians = [statistics.median(times) for times in self.rounds]
        times = sorted(time for round in self.rounds for time in round)

        def quantile(share: float) -> float:
            return times[min(int(len(times) * share), len(times) - 1)] / 1e3

        return {
            "median_us": statistics.median(medians) / 1e3,
            "best_round_us": min(medians) / 1e3,
            "worst_round_us": max(medians) / 1e3,
            "min_us": times[0] / 1e3,
            "p10_us": quantile(0.1),
            "p99_us": quantile(0.99),
            "calls": len(times),
        } | self.ready


def start(contenders: list[Contender], processors: set[int], logs: Path) -> tuple[list, dict]:
    """Workers that are ready, and why the others are not."""
    logs.mkdir(parents=True, exist_ok=True)
    workers, failures = [], {}
    for contender in contenders:
        try:
            workers.append(Worker(contender, processors, logs / f"{contender.name}.log"))
        except RuntimeError as error:
            failures[contender.name] = str(error)
    return workers, failures


def interleave(workers: list[Worker], rounds: int, milliseconds: float) -> None:
    for number in range(rounds):
        # The neighbour before one matters a little: it leaves its data in the caches.
        order = workers if number % 2 == 0 else workers[::-1]
        for worker in order:
            worker.rounds.append(worker.ask(str(milliseconds)))
