"""Results as tables that read well in a terminal and in Markdown."""

import math

from contenders import HELD_TIERS, WITHOUT_AMX
from models import TITLES

# What issue 3 asks of best peer over Swiftlet: at least, and aimed at; and without AMX at least.
GOALS = {
    "ad": (1.4, 1.8, 1.5),
    "kws": (2.0, 3.0, 2.6),
    "ic": (1.3, 2.1, 1.35),
    "vww": (2.0, 2.8, 3.0),
    "mbv2": (1.1, 1.65, 1.2),
}
HELD_LEAST, HELD_MEAN_LEAST = 1.1, 1.5
# The share of the reference's spread by which a right engine may be off.
USUAL_TOLERANCE = 0.25


def table(title: str, header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: list[str]) -> str:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        return f"| {' | '.join([cells[0].ljust(widths[0]), *padded[1:]])} |"

    # Markdown aligns a column of figures to the right by a colon.
    rule = [":" + "-" * (widths[0] + 1), *["-" * (width + 1) + ":" for width in widths[1:]]]
    return "\n".join([f"\n{title}\n", line(header), f"|{'|'.join(rule)}|", *map(line, rows)])


def best(engines: dict, accepts) -> tuple[str, float] | None:
    """The fastest engine among some, by the median."""
    medians = {name: figures["median_us"] for name, figures in engines.items() if accepts(name)}
    return min(medians.items(), key=lambda pair: pair[1]) if medians else None


def is_free_peer(name: str) -> bool:
    return not name.startswith("swiftlet") and "@" not in name


def is_litert_or_onnxruntime(name: str) -> bool:
    return name.startswith(("litert", "tflite", "onnxruntime"))


def versus(models: dict, title: str, ours: str, accepts, goals: dict[str, int]) -> str:
    """Ratios best peer over ours; `goals` are columns with their position in GOALS."""
    rows = []
    for name, engines in models.items():
        mine, peer = engines.get(ours), best(engines, accepts)
        if mine is None or peer is None:
            continue
        ratio = peer[1] / mine["median_us"]
        verdicts = [verdict(ratio, GOALS[name][position]) for position in goals.values()]
        times = [number(mine["median_us"]), number(peer[1])]
        rows.append([TITLES[name], *times, peer[0], f"{ratio:.2f}", *verdicts])
    header = ["model", "Swiftlet us", "best peer us", "best peer", "ratio", *goals]
    return table(title, header, rows) if rows else ""


def held(models: dict, tier: str) -> str:
    """The fastest import with right outputs counts; a faster one with wrong outputs is shown."""
    level = HELD_TIERS[tier]
    header = ["model", f"Swiftlet {tier} us", f"OpenVINO {level} us", "import", "its diff"]
    header += ["ratio", "must"]
    rows, counted, fastest = [], [], []
    for name, engines in models.items():
        mine = engines.get(f"swiftlet-{tier}")
        peers = {it: figures for it, figures in engines.items() if it.endswith(f"@{level}")}
        right = best(peers, lambda it: peers[it]["difference"] <= USUAL_TOLERANCE)
        first = best(peers, lambda it: True)
        if mine is None or right is None:
            continue
        for peer in [right] if right == first else [right, first]:
            ratio = peer[1] / mine["median_us"]
            judgement = verdict(ratio, HELD_LEAST) if peer == right else "wrong outputs"
            route = peer[0].split("@")[0].removeprefix("openvino-")
            times = [number(mine["median_us"]), number(peer[1])]
            difference = f"{peers[peer[0]]['difference']:.3f}"
            rows.append([TITLES[name], *times, route, difference, f"{ratio:.2f}", judgement])
        counted.append(right[1] / mine["median_us"])
        fastest.append(first[1] / mine["median_us"])
    if not rows:
        return ""
    mean = geometric_mean(counted)
    rows.append(["geometric mean", *[""] * 4, f"{mean:.2f}", verdict(mean, HELD_MEAN_LEAST)])
    if fastest != counted:
        rows.append(["with wrong outputs", *[""] * 4, f"{geometric_mean(fastest):.2f}", ""])
    return table(f"Same instructions: Swiftlet {tier}, OpenVINO held to {level}", header, rows)


def geometric_mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def latencies(models: dict, title: str) -> str:
    names = sorted({name for engines in models.values() for name in engines})
    header = ["engine"] + [f"{model} us" for model in models]
    rows = []
    for name in names:
        figures = [engines.get(name) for engines in models.values()]
        rows.append([name] + [number(it["median_us"]) if it else "-" for it in figures])
    return table(title, header, rows)


def details(model: str, engines: dict) -> str:
    header = [
        "engine",
        "median us",
        "rounds us",
        "p10 us",
        "p99 us",
        "load ms",
        "first ms",
        "memory MB",
        "largest diff",
        "diff",
    ]
    rows = []
    for name, it in sorted(engines.items(), key=lambda pair: pair[1]["median_us"]):
        rows.append(
            [
                name,
                number(it["median_us"]),
                f"{number(it['best_round_us'])}-{number(it['worst_round_us'])}",
                number(it["p10_us"]),
                number(it["p99_us"]),
                f"{it['load_ms']:.2f}",
                f"{it['first_ms']:.2f}",
                f"{(it['rss_kb'] - it['rss_base_kb']) / 1024:.1f}",
                str(it["largest_difference"]),
                f"{it['difference']:.3f}",
            ]
        )
    return table(f"{TITLES[model]}: all engines", header, rows)


def cold_start(results: dict) -> str:
    rows = [
        [name, f"{it['first_output_ms']:.2f}", f"{it['whole_process_ms']:.2f}"]
        for name, it in results.items()
    ]
    return table("Cold start of KWS", ["program", "first output ms", "whole process ms"], rows)


def idleness(results: dict, pause: float) -> str:
    rows = [
        [name, number(it["first_us"]), number(it["warm_us"]), f"{it['ratio']:.2f}"]
        for name, it in results.items()
        if "first_us" in it
    ]
    title = f"First call of KWS after {pause:g} s of idleness"
    return table(title, ["engine", "first us", "warm us", "ratio"], rows)


def everything(results: dict) -> str:
    models, two = results["one_thread"], results.get("two_threads", {})
    parts = [details(name, engines) for name, engines in models.items()]
    parts.append(latencies(models, "One thread, batch 1, median"))
    parts.append(
        versus(
            models,
            "All engines with all instructions of this processor",
            "swiftlet",
            is_free_peer,
            {"must": 0, "aim": 1},
        )
    )
    parts.append(
        versus(
            models,
            f"Without AMX: Swiftlet {WITHOUT_AMX}, against LiteRT and ONNX Runtime",
            f"swiftlet-{WITHOUT_AMX}",
            is_litert_or_onnxruntime,
            {"must": 2},
        )
    )
    parts += [held(models, tier) for tier in HELD_TIERS]
    if two:
        parts.append(latencies(two, "Two threads, models above 1 ms, median"))
        parts.append(versus(two, "Two threads, all instructions", "swiftlet", is_free_peer, {}))
    if results.get("cold_start"):
        parts.append(cold_start(results["cold_start"]))
    if results.get("idleness"):
        parts.append(idleness(results["idleness"], results["idle_seconds"]))
    return "\n".join(part for part in parts if part)


def number(microseconds: float) -> str:
    return f"{microseconds:.2f}" if microseconds < 100 else f"{microseconds:.0f}"


def verdict(ratio: float, goal: float) -> str:
    return f"{goal:g} {'met' if ratio >= goal else 'MISSED'}"
