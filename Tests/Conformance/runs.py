"""Test cases through the Swift runner, which may die on one of them."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from cases import Case

# A minute is a hundred times what the slowest case takes.
SECONDS = 60


@dataclass(frozen=True)
class Result:
    """What became of a case: passed, bound, failed, refused or crashed."""

    case: Case
    verdict: str
    detail: str

    @property
    def is_pass(self) -> bool:
        return self.verdict in ("passed", "bound")


def run(runner: Path, cases: list[Case]) -> list[Result]:
    """Results in the order of the cases; after a crash the rest goes to another runner."""
    results: list[Result] = []
    while len(results) < len(cases):
        rest = cases[len(results) :]
        lines, died = batch(runner, rest)
        for case, line in zip(rest, lines):
            verdict, folder, detail = line.split("\t", 2)
            assert folder == str(case.folder), f"{folder} instead of {case.folder}"
            results.append(Result(case, verdict, detail))
        if len(lines) < len(rest):
            results.append(Result(rest[len(lines)], "crashed", died))
    return results


def batch(runner: Path, cases: list[Case]) -> tuple[list[str], str]:
    """The lines of one process, and how it ended."""
    folders = "".join(f"{case.folder}\n" for case in cases)
    try:
        done = subprocess.run(
            [runner], input=folders.encode(), capture_output=True, timeout=SECONDS + len(cases)
        )
        output, died = done.stdout, f"exit code {done.returncode}"
    except subprocess.TimeoutExpired as expired:
        output, died = expired.stdout or b"", "it does not end"
    # A line without its end was cut off by the crash.
    return [line for line in output.decode().split("\n")[:-1]], died
