"""The recorded failures: one line for each test that does not pass, with the reason."""

from pathlib import Path

from runs import Result

HEADER = """# Tests that do not pass, and why. Made by `make conformance OPTIONS=--record`; a test that is not
# here must pass, and one that is here must not.
"""

# Where the result alone does not tell why. Checked with onnxruntime 1.31.1 and onnx 1.23.2.
_WRAPS = (
    "the expected integers wrap round; the operator saturates, as onnxruntime and onnx's later "
    "reference do"
)
_TRUNCATES = "the expected numbers are cut off; onnx's own reference rounds to the nearest"
_SEQUENCE = "its data are a sequence or an optional; tensors are read"
CAUSES = {
    "test_qlinearmatmul_2D_int8_float16": _WRAPS,
    "test_qlinearmatmul_2D_int8_float32": _WRAPS,
    "test_qlinearmatmul_3D_int8_float16": _WRAPS,
    "test_qlinearmatmul_3D_int8_float32": _WRAPS,
    "test_cast_FLOAT_to_BFLOAT16": _TRUNCATES,
    "test_castlike_FLOAT_to_BFLOAT16": _TRUNCATES,
    "test_castlike_FLOAT_to_BFLOAT16_expanded": _TRUNCATES,
    "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True": (
        "the expected average divides by taps beyond the padding; onnxruntime and onnx's later "
        "reference do not"
    ),
    "test_identity_opt": _SEQUENCE,
    "test_identity_sequence": _SEQUENCE,
    "test_if_opt": _SEQUENCE,
    "test_if_seq": _SEQUENCE,
}


def path(kind: str) -> Path:
    return Path(__file__).resolve().parent / "expected" / f"{kind}.txt"


def read(kind: str) -> dict[str, str]:
    """Reasons by name."""
    lines = path(kind).read_text().splitlines() if path(kind).exists() else []
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def reason(result: Result) -> str:
    """Why, if known, else what went wrong, without the advice that follows a semicolon."""
    if result.case.name in CAUSES:
        return CAUSES[result.case.name]
    return result.detail.split(";")[0][:160].strip()


def write(kind: str, results: list[Result]) -> None:
    path(kind).parent.mkdir(exist_ok=True)
    lines = [f"{r.case.name}: {r.verdict}: {reason(r)}\n" for r in results if not r.is_pass]
    path(kind).write_text(HEADER + "".join(lines))


def differences(kind: str, results: list[Result]) -> list[str]:
    """What differs from the record, one line each."""
    recorded = read(kind)
    lines = []
    for result in results:
        name = result.case.name
        if result.is_pass and name in recorded:
            lines.append(f"{kind}/{name} passes now: record it")
        if not result.is_pass and name not in recorded:
            lines.append(f"{kind}/{name} {result.verdict}: {result.detail}")
        if result.verdict == "crashed" and name in recorded:
            lines.append(f"{kind}/{name} crashed: {result.detail}")
    gone = set(recorded) - {result.case.name for result in results}
    return lines + [f"{kind}/{name} is recorded and there is no such test" for name in sorted(gone)]
