"""What a bundle takes of an int8 .tflite file, beside the same file under zstd -19.

    make sizes

Plan and weights stand for the model; the rest is signatures, manifest and golden vectors."""

import argparse
import ctypes
import hashlib
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import environment

SHARED = environment.REPOSITORY.parent / "shared"
FOLDERS = ["models/mlperf-tiny", "quant/tflite"]
# Smaller files are single operators.
LEAST_BYTES = 30_000


def zstd19(data: bytes) -> int:
    library = ctypes.CDLL("libzstd.so.1")
    for function in (library.ZSTD_compressBound, library.ZSTD_compress):
        function.restype = ctypes.c_size_t
    room = library.ZSTD_compressBound(ctypes.c_size_t(len(data)))
    buffer = ctypes.create_string_buffer(room)
    return library.ZSTD_compress(
        buffer, ctypes.c_size_t(room), data, ctypes.c_size_t(len(data)), 19)


def sections(text: str) -> dict[str, float]:
    """Stored bytes by section, as `inspect` prints them."""
    units = {"B": 1, "KiB": 1024, "MiB": 1 << 20}
    found = re.findall(r"^section\s+(\S+)\s+([\d.,]+) (B|KiB|MiB) of", text, re.MULTILINE)
    return {name: float(size.replace(",", "")) * units[unit] for name, size, unit in found}


def main() -> int:
    release = environment.REPOSITORY / ".build" / "release" / "swiftlet"
    parser = argparse.ArgumentParser(prog="sizes", description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet", type=Path, default=release, help="the executable")
    program = parser.parse_args().swiftlet
    os.environ.setdefault("SWIFTLET_TARGETS", str(environment.REPOSITORY / "targets"))
    if not SHARED.exists():
        print("sizes: the shared models are absent", file=sys.stderr)
        return 0
    print("| model | zstd -19 of the file | plan and weights | ratio | rest of the bundle |")
    print("|---|---:|---:|---:|---:|")
    seen, ratios = set(), []
    with tempfile.TemporaryDirectory(prefix="swiftlet-sizes-") as name:
        bundle = Path(name) / "model.swb"
        for path in sorted(path for folder in FOLDERS for path in (SHARED / folder).rglob("*.tflite")):
            data = path.read_bytes()
            digest = hashlib.sha256(data).digest()
            if len(data) < LEAST_BYTES or digest in seen:
                continue
            seen.add(digest)
            packed = subprocess.run(
                [program, "pack", path, "--name", "measured", "-o", bundle], capture_output=True)
            # Float models want calibration data: not of this table.
            if packed.returncode != 0:
                continue
            stored = sections(subprocess.run(
                [program, "inspect", bundle], capture_output=True, text=True, check=True).stdout)
            model, whole = stored["plan"] + stored["weights"], zstd19(data)
            ratios.append(model / whole)
            rest = bundle.stat().st_size - model
            print(f"| {path.stem} | {whole} | {model:.0f} | {model / whole:.3f} | {rest:.0f} |")
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"\ngeometric mean {mean:.4f}, largest {max(ratios):.3f}, of {len(ratios)} models")
    return 0


if __name__ == "__main__":
    sys.exit(main())
