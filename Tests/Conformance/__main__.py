"""ONNX's own test cases through Swiftlet's importer and float reference.

    python3 Tests/Conformance [OPTIONS]        or: make conformance

README.md beside this file tells what is compared and how."""

import argparse
import sys
from collections import Counter
from pathlib import Path

import environment

VERDICTS = ("passed", "bound", "failed", "refused", "crashed")


def parse() -> argparse.Namespace:
    built = environment.REPOSITORY / ".build" / "release" / "ConformanceRunner"
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--kind", action="append", help="node, pytorch-operator, pytorch-converted or light")
    add("--operator", help="only node tests of this operator; prints each")
    add("--core", action="store_true", help="prints each failing test of the core operators")
    add("--record", action="store_true", help="writes the failures down as the expected ones")
    add("--runner", type=Path, default=built, help="the Swift executable")
    return parser.parse_args()


def row(name: str, results: list) -> str:
    counts = Counter(result.verdict for result in results)
    good = sum(result.is_pass for result in results)
    columns = "".join(f"{counts[verdict]:9d}" for verdict in VERDICTS)
    share = 100 * good / max(len(results), 1)
    return f"{name:24}{len(results):7d}{columns}{share:8.1f} %"


def tables(results: list) -> None:
    header = f"{'':24}{'tests':>7}" + "".join(f"{verdict:>9}" for verdict in VERDICTS)
    print(header)
    core = [result for result in results if result.case.is_core]
    for operator in sorted({result.case.operator for result in core}):
        print(row(operator, [result for result in core if result.case.operator == operator]))
    print()
    print(header)
    if core:
        print(row("core operators", core))
    for kind in dict.fromkeys(result.case.kind for result in results):
        print(row(kind, [result for result in results if result.case.kind == kind]))


def show(results: list) -> None:
    for result in results:
        print(f"{result.verdict:8} {result.case.name}  {result.detail}")


def main() -> int:
    arguments = parse()
    try:
        if not arguments.runner.exists():
            raise environment.Failure(f"{arguments.runner} is missing: 'make conformance' builds it")
        environment.enter(environment.HERE, environment.HERE / "requirements.txt")
    except environment.Failure as failure:
        print(f"conformance: error: {failure}", file=sys.stderr)
        return 1
    import cases
    import records
    import runs

    kinds = arguments.kind or list(cases.KINDS if not arguments.operator else ["node"])
    chosen = cases.all_cases(kinds, environment.FOLDER)
    if arguments.operator:
        chosen = [case for case in chosen if case.operator == arguments.operator]
    results = runs.run(arguments.runner, chosen)
    if arguments.operator:
        show(results)
        return 0
    if arguments.core:
        show([result for result in results if result.case.is_core and not result.is_pass])
    tables(results)
    differences = []
    for kind in kinds:
        of_kind = [result for result in results if result.case.kind == kind]
        if arguments.record:
            records.write(kind, of_kind)
        differences += records.differences(kind, of_kind)
    for line in differences:
        print(f"conformance: error: {line}", file=sys.stderr)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
