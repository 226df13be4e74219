"""Swiftlet beside the engines a user would pick, on this machine, in one run.

    python3 Tests/Peers [OPTIONS]        or: make peers

README.md beside this file tells what is compared and which traps there are."""

import argparse
import json
import os
import platform
import shutil
import sys
from pathlib import Path

import environment

ARCHITECTURES = {"x86_64": "x86-64", "aarch64": "arm64"}


def parse() -> argparse.Namespace:
    release = environment.REPOSITORY / ".build" / "release" / "swiftlet"
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    device = environment.REPOSITORY / f".build-{architecture}" / "release" / "swiftletd"
    parser = argparse.ArgumentParser(prog="peers", description="Swiftlet beside its peers.")
    add = parser.add_argument
    add("--only", default="ad,kws,ic,vww,mbv2", help="models, by comma")
    add("--peers", default="all", help="engines, by comma; 'none' for Swiftlet alone")
    add("--rounds", type=int, default=9, help="visits of each engine for each model")
    add("--ms", type=float, default=40, help="milliseconds of each visit")
    add("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="processor to measure on")
    add("--swiftlet", type=Path, default=release, help="the executable that packs")
    add("--swiftletd", type=Path, default=device, help="the executable under test")
    add("--shared", type=Path, default=shared(), help="folder of the MLPerf Tiny models")
    add("--json", type=Path, help="write all figures here")
    add("--idle-count", type=int, default=30, help="first calls after idleness; 0 for none")
    add("--idle-seconds", type=float, default=5, help="idleness before each")
    add("--no-threads", action="store_true", help="leave out the runs with two threads")
    add("--no-cold-start", action="store_true", help="leave out the cold start")
    add("--force", action="store_true", help="go on though the machine is busy")
    return parser.parse_args()


def shared() -> Path:
    """As the tests find it: SWIFTLET_SHARED, else `shared` beside the package."""
    folder = os.environ.get("SWIFTLET_SHARED") or environment.REPOSITORY.parent / "shared"
    return Path(folder) / "models"


def check(arguments: argparse.Namespace) -> None:
    for path in (arguments.swiftlet, arguments.swiftletd):
        if not path.exists():
            raise environment.Failure(f"{path} is missing: 'make peers' builds it")
    if not arguments.shared.exists():
        raise environment.Failure(f"no models in {arguments.shared}: set SWIFTLET_SHARED")
    if shutil.which("cc") is None and shutil.which("clang") is None:
        raise environment.Failure("no C compiler on PATH: install gcc or clang")


def main() -> int:
    arguments = parse()
    try:
        check(arguments)
        environment.enter()
        import comparison
        import tables

        results = comparison.Comparison(arguments).run()
    except environment.Failure as failure:
        print(f"peers: error: {failure}", file=sys.stderr)
        return 1
    print(tables.everything(results))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
