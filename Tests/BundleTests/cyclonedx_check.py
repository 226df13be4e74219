"""Whether a file is what CycloneDX 1.6 calls a bill of materials: `cyclonedx_check.py BOM.json`.

By the official JSON schema, strictly, then the rules that a schema cannot hold: every reference
leads to a component, none is given twice, and every licence expression is one."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing


def walk(value, visit):
    visit(value)
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        walk(child, visit)


def main() -> int:
    text = open(sys.argv[1], encoding="utf-8").read()
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error is not None:
        print(f"the schema refuses it: {error}", file=sys.stderr)
        return 1
    declared, used, expressions = [], [], []

    def visit(value):
        if not isinstance(value, dict):
            return
        if "bom-ref" in value:
            declared.append(value["bom-ref"])
        if isinstance(value.get("ref"), str):
            used.append(value["ref"])
        used.extend(value.get("dependsOn", []))
        if "expression" in value:
            expressions.append(value["expression"])

    walk(json.loads(text), visit)
    licensing = get_spdx_licensing()
    faults = [f"{reference} is declared twice" for reference in set(declared) if declared.count(reference) > 1]
    faults += [f"{reference} is declared nowhere" for reference in set(used) - set(declared)]
    faults += [f"{expression}: {fault}" for expression in expressions for fault in licensing.validate(expression).errors]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(declared)} components and parts, {len(used)} references")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
