"""AArch64 machine code as the static throughput needs it: a kernel's innermost loop, what one pass
of it computes, and how many cycles llvm-mca says a pass takes."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

LLVM = 19
# llvm-mca fills its pipelines first: what counts is the difference of two runs.
FEW, MANY = 100, 400

SYMBOL = re.compile(r"^[0-9a-f]+ <(?P<name>[^>]+)>:$")
INSTRUCTION = re.compile(r"^\s*(?P<address>[0-9a-f]+):\s+(?P<text>\S.*)$")
CONDITIONAL = re.compile(r"^(b\.\w+|cbn?z|tbn?z)$")
TARGET = re.compile(r"0x([0-9a-f]+)(\s|$)")
LEAVES = {"bl", "blr", "br", "ret", "brk", "udf"}
# Multiply-accumulate operations of one instruction, by mnemonic and the arrangement of its result.
# A product counts once; adding a pair of products to a wider sum (sadalp) adds nothing.
OPERATIONS = {
    ("sdot", "4s"): 16,
    ("sdot", "2s"): 8,
    ("smmla", "4s"): 32,
    ("usmmla", "4s"): 32,
    **{(name + half, "8h"): 8 for name in ("smull", "smlal", "smlsl") for half in ("", "2")},
    **{(name + half, "4s"): 4 for name in ("smull", "smlal", "smlsl") for half in ("", "2")},
    ("mul", "8h"): 8,
    ("mla", "8h"): 8,
}
STORED = {"b": 1, "h": 2, "s": 4, "d": 8, "q": 16, "16b": 16, "8b": 8}


class Failure(Exception):
    """Something a person can mend; its text says what."""


@dataclass(frozen=True)
class Instruction:
    address: int
    mnemonic: str
    operands: str

    @property
    def operations(self) -> int:
        shape = re.match(r"v\d+\.(\w+)", self.operands)
        return OPERATIONS.get((self.mnemonic, shape.group(1)), 0) if shape else 0

    @property
    def stored_bytes(self) -> int:
        """Of vector registers: outputs. Spilled registers go to the stack and do not count."""
        if not self.mnemonic.startswith("st") or "[sp" in self.operands:
            return 0
        plain = re.findall(r"\b([bhsdq])\d+\b", self.operands.split("[")[0])
        lane = re.match(r"\{ v\d+\.([bhsd]) \}", self.operands)
        listed = re.findall(r"v\d+\.(\d+\w)", self.operands)
        return sum(STORED[kind] for kind in plain or (lane and [lane.group(1)]) or listed)

    @property
    def target(self) -> int | None:
        if self.mnemonic != "b" and not CONDITIONAL.match(self.mnemonic):
            return None
        found = TARGET.search(self.operands.split(",")[-1])
        return int(found.group(1), 16) if found else None

    @property
    def text(self) -> str:
        """As the assembler reads it; where a branch goes is of no matter to llvm-mca."""
        if self.target is None:
            return f"{self.mnemonic} {self.operands.split(' <')[0]}"
        kept = self.operands.split(",")[:-1]
        return f"{self.mnemonic} {', '.join([*kept, 'start'])}"


@dataclass(frozen=True)
class Loop:
    """The instructions of one pass."""

    body: tuple[Instruction, ...]

    @property
    def operations(self) -> int:
        return sum(instruction.operations for instruction in self.body)

    @property
    def stored_bytes(self) -> int:
        return sum(instruction.stored_bytes for instruction in self.body)

    @property
    def text(self) -> str:
        return "\n".join(["start:", *(instruction.text for instruction in self.body), ""])

    @property
    def mix(self) -> str:
        """Which instructions multiply, how many of each, and of how many in all."""
        counts: dict[str, int] = {}
        for instruction in self.body:
            if instruction.operations:
                counts[instruction.mnemonic] = counts.get(instruction.mnemonic, 0) + 1
        listed = ", ".join(f"{count} {name}" for name, count in counts.items())
        return f"{listed or '-'} of {len(self.body)}"


def tool(name: str) -> str:
    return f"{name}-{LLVM}"


def run(command: list, stdin: str | None = None) -> str:
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    except FileNotFoundError:
        hint = "'.ci/install arm-throughput' installs it"
        raise Failure(f"{command[0]} is missing: {hint}") from None
    if done.returncode != 0:
        raise Failure(f"{Path(command[0]).name} failed: {done.stderr.strip()[:2000]}")
    return done.stdout


def symbols(binary: Path) -> set[str]:
    """Names of the functions that a file defines."""
    table = run([tool("llvm-objdump"), "--syms", binary])
    return {line.split()[-1] for line in table.splitlines() if re.search(r"\sF \.text", line)}


def functions(binary: Path, names: list[str]) -> dict[str, list[Instruction]]:
    """The instructions of the named functions. One that is missing is an error."""
    listing = run(
        [
            tool("llvm-objdump"),
            "--disassemble",
            "--no-show-raw-insn",
            "--mattr=+all",
            f"--disassemble-symbols={','.join(names)}",
            binary,
        ]
    )
    found: dict[str, list[Instruction]] = {}
    current = None
    for line in listing.splitlines():
        if heading := SYMBOL.match(line):
            current = found.setdefault(heading.group("name"), [])
        elif current is not None and (match := INSTRUCTION.match(line)):
            mnemonic, _, operands = match.group("text").partition("\t")
            current.append(
                Instruction(int(match.group("address"), 16), mnemonic.strip(), operands.strip())
            )
    for name in names:
        if not found.get(name):
            raise Failure(f"{binary.name} has no function {name}")
    return found


def loop_spans(code: list[Instruction]) -> dict[int, int]:
    """Where loops begin and end: a branch back, and where it goes."""
    index = {instruction.address: i for i, instruction in enumerate(code)}
    spans: dict[int, int] = {}
    for i, instruction in enumerate(code):
        start = index.get(instruction.target)
        if start is not None and start <= i:
            spans[start] = max(spans.get(start, 0), i)
    return spans


def innermost_loops(code: list[Instruction]) -> list[Loop]:
    """Each loop without another one inside, along its busiest path."""
    spans = loop_spans(code)
    innermost = [
        (start, end)
        for start, end in spans.items()
        if not any((a, b) != (start, end) and start <= a and b <= end for a, b in spans.items())
    ]
    paths = (busiest_path(code[start : end + 1]) for start, end in innermost)
    return [Loop(path) for path in paths if path]


def busiest_path(body: list[Instruction]) -> tuple[Instruction, ...] | None:
    """From a loop's first instruction back to it: of all ways through its forward branches the one
    that computes most, then stores most, then is shortest."""
    index = {instruction.address: i for i, instruction in enumerate(body)}
    best: list[tuple | None] = [None] * len(body)  # (operations, bytes, -length, next)
    for i in reversed(range(len(body))):
        instruction = body[i]
        if instruction.mnemonic in LEAVES:
            continue
        target = instruction.target
        following = [] if instruction.mnemonic == "b" else [i + 1]
        if target is not None and target in index:
            following.append(index[target])
        own = (instruction.operations, instruction.stored_bytes, -1)
        for successor in following:
            if successor == 0:
                candidate = (*own, None)
            elif i < successor < len(body) and best[successor]:
                ahead = best[successor]
                candidate = (*(a + b for a, b in zip(own, ahead[:3])), successor)
            else:
                continue
            if best[i] is None or candidate[:3] > best[i][:3]:
                best[i] = candidate
    if best[0] is None:
        return None
    path, at = [], 0
    while at is not None:
        path.append(body[at])
        at = best[at][3]
    return tuple(path)


def busiest_loop(code: list[Instruction], name: str, stores: bool) -> Loop:
    """A kernel's loop: the one with most multiply-accumulate operations, or, of kernels that
    `store` in it, the one that computes and stores most. Of equals the shortest."""
    loops = [loop for loop in innermost_loops(code) if not stores or loop.stored_bytes]
    ranked = sorted(loops, key=lambda loop: (loop.operations, loop.stored_bytes, -len(loop.body)))
    if not ranked or not (ranked[-1].operations or stores):
        raise Failure(f"found no loop in {name} that {'stores' if stores else 'multiplies'}")
    return ranked[-1]


def cycles_per_pass(text: str, core: str) -> float:
    """By llvm-mca's model of a core, all loads hitting the first-level cache."""
    few, many = (total_cycles(text, core, passes) for passes in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def total_cycles(text: str, core: str, passes: int) -> int:
    command = [tool("llvm-mca"), "-mtriple=aarch64", f"-mcpu={core}", f"-iterations={passes}"]
    report = json.loads(run([*command, "-json"], text))
    return report["CodeRegions"][0]["SummaryView"]["TotalCycles"]
