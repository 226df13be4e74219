"""ARM without hardware: multiply-accumulate operations per cycle of our NEON kernels' inner loops
and of XNNPACK's, by llvm-mca's models of the cores.

    make arm-throughput

XNNPACK's kernels are those of LiteRT's wheel for aarch64, disassembled. README.md beside this file
tells what the figures mean and which traps there are."""

import argparse
import json
import re
import shutil
import sys
import tempfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

from aarch64_loops import (
    LLVM,
    Failure,
    Loop,
    busiest_loop,
    cycles_per_pass,
    functions,
    run,
    symbols,
)
from aarch64_tiles import whole_tile

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
SOURCES = REPOSITORY / "Sources" / "CMicrokernels"
FOLDER = REPOSITORY / ".build-peers" / "aarch64"
PLATFORMS = ["manylinux2014_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64"]

# llvm-mca's name of a core, what else it stands for, and the tiers that are measured on it. Neither
# A55 nor A76 multiplies matrices (i8mm): these have it.
CORES = {
    "cortex-a55": ("in order, as Cortex-A53 is", ["neon", "dotprod"]),
    "neoverse-n1": ("Cortex-A76", ["neon", "dotprod"]),
    "cortex-a510": ("in order, with i8mm", ["i8mm"]),
    "neoverse-n2": ("Cortex-A710, with i8mm", ["i8mm"]),
}
# The instruction that multiplies most in each tier, and its operations: what a core could do if
# it did nothing else.
BEST = {
    "neon": ("smlal v{}.8h, v30.8b, v31.8b", 8),
    "dotprod": ("sdot v{}.4s, v30.16b, v31.16b", 16),
    "i8mm": ("smmla v{}.4s, v30.16b, v31.16b", 32),
}
TILE, ROW, DEPTHWISE, SUM = "dense, tile", "dense, one row", "depthwise 3x3", "sum"
WINOGRAD = "3x3 by Winograd"
WORKS = (TILE, WINOGRAD, ROW, DEPTHWISE, SUM)
TAPS = 9
# Of 144 operations of a 3x3 convolution, Winograd's F(4x4, 3x3) keeps 36.
WINOGRAD_GAIN = 4
# Inputs of an output of the whole tiles, as of many a pointwise layer.
DEPTH = 64
ANY = "any"


@dataclass(frozen=True)
class Peer:
    """A kernel of XNNPACK, and the cores among ours on which it picks it (src/configs)."""

    name: str
    work: str
    tier: str
    picked_on: tuple[str, ...] = ()


GEMM = "xnn_qs8_qc8w_gemm_minmax_fp32_ukernel_"
# Its qs8_qc8w kernels that LiteRT links for Linux; igemm's inner loops are gemm's. Without dot
# product, it picks by core too: A53's kernel stands at A55, that of unknown cores at A76.
PEERS = [
    Peer(GEMM + "4x16__asm_aarch64_neon_mlal_lane_cortex_a53_prfm", TILE, "neon", ("cortex-a55",)),
    Peer(GEMM + "2x8c8__asm_aarch64_neon_mlal", TILE, "neon", ("neoverse-n1",)),
    Peer(GEMM + "4x16__asm_aarch64_neon_mlal_lane_ld64", TILE, "neon"),
    Peer(GEMM + "2x8c8__asm_aarch64_neon_mlal_prfm", TILE, "neon"),
    Peer(GEMM + "2x8c8__asm_aarch64_neon_mlal_cortex_a53_prfm", TILE, "neon"),
    Peer(GEMM + "1x16__neonv8_mlal_lane", ROW, "neon", ("cortex-a55",)),
    Peer(GEMM + "1x8c8__asm_aarch64_neon_mlal", ROW, "neon", ("neoverse-n1",)),
    Peer(GEMM + "1x8c8__asm_aarch64_neon_mlal_prfm", ROW, "neon"),
    Peer(GEMM + "1x8c8__asm_aarch64_neon_mlal_cortex_a53_prfm", ROW, "neon"),
    Peer(GEMM + "4x16c4__asm_aarch64_neondot_cortex_a55", TILE, "dotprod", ("cortex-a55",)),
    Peer(GEMM + "4x16c4__asm_aarch64_neondot_ld128", TILE, "dotprod", ("neoverse-n1",)),
    Peer(GEMM + "1x16c4__neondot", ROW, "dotprod", ("cortex-a55", "neoverse-n1")),
    Peer(GEMM + "4x16c8__neoni8mm", TILE, "i8mm", ("cortex-a510", "neoverse-n2")),
    Peer(GEMM + "1x16c8__neoni8mm", ROW, "i8mm", ("cortex-a510", "neoverse-n2")),
    Peer(
        "xnn_qs8_qc8w_dwconv_minmax_fp32_ukernel_9p16c__neonv8_mla8_ld64",
        DEPTHWISE,
        ANY,
        tuple(CORES),
    ),
    Peer("xnn_qs8_vadd_minmax_ukernel__neon_ld64_u32", SUM, ANY, tuple(CORES)),
]

# Ours: the shape in a name tells the work.
OURS = re.compile(
    r"swl_qs8_(?P<family>conv|dwconv|vadd)_(?P<shape>\w+?)__(?P<tier>neon|dotprod|i8mm)$"
)
DECLARED = re.compile(r"\b(swl_qs8_\w+__(?:neon|dotprod|i8mm))\b")
# Every tier must have these, or the table would look complete without.
REQUIRED = {("neon", work) for work in WORKS} | {
    ("dotprod", TILE),
    ("dotprod", ROW),
    ("i8mm", TILE),
}


@dataclass(frozen=True)
class Kernel:
    """A kernel's inner loop and, of a dense one, a whole tile."""

    name: str
    work: str
    tier: str
    loop: Loop
    tile: Loop | None
    picked_on: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """Output channels of a dense tile, from its name: 4x16c4."""
        is_dense = self.tile or self.work == WINOGRAD
        return int(re.search(r"_\d+x(\d+)", self.name).group(1)) if is_dense else 0

    @property
    def done(self) -> int:
        """What a pass of the loop does: multiply-accumulate operations of a convolution, elements
        of a sum."""
        if self.work == SUM:
            return self.loop.stored_bytes
        if self.work == WINOGRAD:
            return WINOGRAD_GAIN * self.loop.operations
        # Not what the instructions multiply: a dot product of four takes zeros along.
        if self.work == DEPTHWISE:
            return TAPS * self.loop.stored_bytes
        return self.loop.operations // waste(self.work, self.loop)

    def per_cycle(self, core: str) -> float:
        return self.done / cycles_per_pass(self.loop.text, core)

    def tile_per_cycle(self, core: str) -> float | None:
        """Requantisation included, which depthwise kernels and sums have in their loop."""
        if self.tile is None:
            return None
        return DEPTH * self.tile.stored_bytes / cycles_per_pass(self.tile.text, core)


def waste(work: str, loop: Loop) -> int:
    """Operations for one of use. A matrix product multiplies two rows: one row twice, if there is
    but one."""
    multiplies_matrices = any(instruction.mnemonic == "smmla" for instruction in loop.body)
    return 2 if work == ROW and multiplies_matrices else 1


def kernel(name: str, work: str, tier: str, code: list, picked_on: tuple[str, ...] = ()) -> Kernel:
    stores = work in (DEPTHWISE, SUM)
    loop = busiest_loop(code, name, stores)
    is_whole = not stores and work != WINOGRAD
    tile = whole_tile(code, loop, name, DEPTH * waste(work, loop)) if is_whole else None
    found = Kernel(name, work, tier, loop, tile, picked_on)
    if work == DEPTHWISE and loop.operations < found.done:
        raise Failure(f"{name}: its loop stores more than its multiplications can make")
    return found


def work_of(name: str) -> tuple[str, str]:
    """The work and tier of a kernel of ours."""
    match = OURS.match(name)
    if not match:
        raise Failure(f"{name} is of no family that this table knows")
    family, shape, tier = match.groups()
    if shape.startswith("winograd"):
        return WINOGRAD, tier
    if family == "conv":
        return (ROW if shape.startswith("1x") else TILE), tier
    return (DEPTHWISE if family == "dwconv" else SUM), tier


def our_kernels(sources: Path) -> list[Kernel]:
    """Compiled as targets/sdk does; each that the headers declare must be there."""
    declared = set()
    for header in sources.glob("include/*.h"):
        declared |= set(DECLARED.findall(header.read_text()))
    if not declared:
        raise Failure(f"the headers in {sources} declare no kernel for ARM")
    kernels = []
    with tempfile.TemporaryDirectory() as folder:
        for source in sorted(sources.glob("*.c")):
            if not DECLARED.search(source.read_text()):
                continue
            binary = Path(folder) / f"{source.stem}.o"
            flags = ["--target=aarch64-linux-gnu", "-Os", "-fno-pie"]
            run([compiler(), *flags, "-ffreestanding", "-c", source, "-o", binary])
            names = sorted(symbols(binary) & declared)
            if names:
                for name, code in functions(binary, names).items():
                    kernels.append(kernel(name, *work_of(name), code))
    missing = declared - {kernel.name for kernel in kernels}
    if missing:
        raise Failure(f"declared, but not compiled for aarch64: {', '.join(sorted(missing))}")
    lacking = REQUIRED - {(kernel.tier, kernel.work) for kernel in kernels}
    if lacking:
        raise Failure(f"no kernel for {'; '.join(sorted(map(', '.join, lacking)))}")
    return sorted(kernels, key=lambda kernel: (list(BEST).index(kernel.tier), kernel.work))


def compiler() -> str:
    """The clang of the Swift toolchain, which builds the product."""
    swift = shutil.which("swift")
    clang = Path(swift).resolve().parent / "clang" if swift else None
    if clang is None or not clang.exists():
        raise Failure("no clang beside swift: put the Swift toolchain's usr/bin on PATH")
    return str(clang)


def their_kernels(library: Path) -> list[Kernel]:
    code = functions(library, [peer.name for peer in PEERS])
    return [
        kernel(peer.name, peer.work, peer.tier, code[peer.name], peer.picked_on) for peer in PEERS
    ]


def xnnpack_library() -> Path:
    """The shared object of LiteRT's wheel that defines XNNPACK's kernels; downloaded once."""
    requirement = next(
        line
        for line in (HERE / "requirements.txt").read_text().splitlines()
        if line.startswith("ai-edge-litert==")
    )
    version = requirement.partition("==")[2]
    folder = FOLDER / requirement
    wheels = list(folder.glob("*.whl"))
    if not wheels:
        download(requirement, folder)
        wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise Failure(f"expected one wheel of LiteRT {version} in {folder}")
    extracted = folder / "extracted"
    if not extracted.exists():
        partial = folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(partial, [name for name in wheel.namelist() if ".so" in name])
        partial.rename(extracted)
    for library in sorted(extracted.rglob("*.so*")):
        if PEERS[0].name.encode() in library.read_bytes():
            return library
    raise Failure(f"no library of {wheels[0].name} names {PEERS[0].name}: is it stripped?")


def download(requirement: str, folder: Path) -> None:
    print(f"arm-throughput: downloading {requirement} for aarch64", file=sys.stderr)
    tools = FOLDER / "venv"
    python = tools / "bin" / "python"
    if not python.exists():
        venv.create(tools, clear=True, with_pip=True)
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    pip = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    target = ["--only-binary=:all:", "--python-version", "3.12", *platforms]
    run([*pip, *target, "--dest", folder, requirement])


def limit(tier: str, core: str) -> float:
    """Operations per cycle if a core did nothing but multiply."""
    form, operations = BEST[tier]
    accumulators = range(16)
    text = "\n".join(["start:", *(form.format(i) for i in accumulators), ""])
    return len(accumulators) * operations / cycles_per_pass(text, core)


def running(kernels: list[Kernel], tier: str) -> list[Kernel]:
    """What runs on a tier: its own kernels, and where it has none for a work, those of the next
    tier below."""
    chosen: dict[str, list[Kernel]] = {}
    for level in [tier, *reversed(list(BEST)[: list(BEST).index(tier)]), ANY]:
        for work in WORKS:
            # A tier with a dense kernel of its own prefers that.
            if work == WINOGRAD and level != tier:
                continue
            chosen[work] = chosen.get(work) or [
                kernel for kernel in kernels if (kernel.tier, kernel.work) == (level, work)
            ]
    return [kernel for found in chosen.values() for kernel in found]


def measure(core: str, ours: list[Kernel], theirs: list[Kernel]) -> dict:
    tiers = {}
    for tier in CORES[core][1]:
        best = limit(tier, core)
        peers = [entry(peer, core, best) for peer in running(theirs, tier)]
        rows = []
        for mine in (entry(kernel, core, best) for kernel in running(ours, tier)):
            # XNNPACK has no Winograd in integers.
            work = TILE if mine["work"] == WINOGRAD else mine["work"]
            rivals = [peer for peer in peers if peer["work"] == work]
            picked = next(peer for peer in rivals if core in peer["picked_on"])
            for figure in ("loop", "tile"):
                if mine[figure] is not None:
                    fastest = max(useful(peer, mine, figure) for peer in rivals)
                    mine[f"{figure}_to_picked"] = mine[figure] / useful(picked, mine, figure)
                    mine[f"{figure}_to_fastest"] = mine[figure] / fastest
            rows.append(mine)
        tiers[tier] = {"limit": best, "swiftlet": rows, "xnnpack": peers}
    return tiers


def useful(peer: dict, mine: dict, figure: str) -> float:
    """A rival's figure for as many channels as ours computes: the rest of its tile is padding."""
    if mine["channels"] < peer["channels"]:
        return peer[figure] * mine["channels"] / peer["channels"]
    return peer[figure]


def entry(kernel: Kernel, core: str, best: float) -> dict:
    rate = kernel.per_cycle(core)
    return {
        "kernel": kernel.name,
        "work": kernel.work,
        "channels": kernel.channels,
        "loop": rate,
        "share": None if kernel.work == SUM else rate / best,
        "tile": kernel.tile_per_cycle(core),
        "multiplies_by": kernel.loop.mix,
        "picked_on": list(kernel.picked_on),
    }


def short(name: str) -> str:
    return re.sub(r"^(swl|xnn)_qs8_(qc8w_)?|_minmax(_fp32)?_ukernel|asm_aarch64_", "", name)


def line(name: str, row: dict) -> str:
    share = "" if row["share"] is None else f"{row['share']:.0%}"
    cells = [f"  {name:<51} {row['loop']:6.2f} {share:>5}"]
    for figure in ("loop", "tile"):
        if figure == "tile":
            cells.append(f"{row['tile']:8.2f}" if row["tile"] is not None else " " * 8)
        for rival in ("picked", "fastest"):
            ratio = row.get(f"{figure}_to_{rival}")
            cells.append(f"{ratio:7.2f}" if ratio is not None else " " * 7)
    return " ".join([*cells, "", row["multiplies_by"]])


def show(core: str, tiers: dict) -> None:
    for tier, table in tiers.items():
        print(f"\n{core} ({CORES[core][0]}), {tier}: at most {table['limit']:.0f} MAC per cycle")
        ratios = "/picked  /fast."
        print(f"  {'':<51}   loop share {ratios}     tile {ratios}  the loop multiplies by")
        for work in WORKS:
            if all(row["work"] != work for row in table["swiftlet"] + table["xnnpack"]):
                continue
            print(f" {work}" + (" (elements per cycle)" if work == SUM else ""))
            for row in table["swiftlet"]:
                if row["work"] == work:
                    print(line("swiftlet " + short(row["kernel"]), row))
            for row in table["xnnpack"]:
                if row["work"] == work:
                    mark = "*" if core in row["picked_on"] else ""
                    print(line("XNNPACK  " + short(row["kernel"]) + mark, row))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="arm-throughput", description="Static throughput of NEON kernels beside XNNPACK's."
    )
    parser.add_argument("--sources", type=Path, default=SOURCES, help="folder of the C kernels")
    parser.add_argument("--json", type=Path, help="write all figures here")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    try:
        ours = our_kernels(arguments.sources)
        library = xnnpack_library()
        theirs = their_kernels(library)
        results = {core: measure(core, ours, theirs) for core in CORES}
    except Failure as failure:
        print(f"arm-throughput: error: {failure}", file=sys.stderr)
        return 1
    print(f"Static estimate by llvm-mca {LLVM}; nothing ran. XNNPACK's kernels, by symbol, from")
    print(f"{library.relative_to(FOLDER)}; * is what it picks on the core.")
    print(f"A tile: the loop and all around it from tile to tile, at depth {DEPTH}.")
    for core, tiers in results.items():
        show(core, tiers)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
