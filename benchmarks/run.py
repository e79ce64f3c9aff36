"""All measurements, as a table against the project's targets."""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import audit, authority, certificates, exposure, flows, hardening, kernel, probing
from benchmarks.generate import VARIANTS, Shape, write
from benchmarks.measure import CRENEL, PYTHON, Cost, best, run
from benchmarks.rows import Row

SIZES = (500, 1000, 2000, 5000)
LARGE = 5000
SECONDS = {1000: 1.0, 2000: 2.0}
"""CPU seconds of the whole process that the project allows itself, by workloads with one policy each."""
LARGE_SECONDS, LARGE_MEGABYTES = 6.0, 500.0
EXPONENT = 1.2
QUESTION_MS, CHANGE_MS = 1.0, 20.0
HELP_RATIO = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for, everything by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="workloads, separated by commas")
    parser.add_argument("--large", type=int, default=LARGE, help="workloads with two policies each, and for questions")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the least counts")
    parser.add_argument("--variants", action="store_true", help="the variants and layouts of the input as well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there too")
    given = parser.parse_args(arguments)
    sizes = [int(each) for each in given.sizes.split(",") if each]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="crenel-bench-") as folder:
        for row in measurements(Path(folder), sizes, given.large, given.repeat, variants=given.variants):
            print(row, flush=True)
            rows.append(row)
    if given.json is not None:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")
    return 0


def measurements(folder: Path, sizes: Sequence[int], large: int, repeat: int, *, variants: bool) -> Iterator[Row]:
    """All rows, as they are measured."""
    nothing = best([PYTHON, "-c", "pass"], 10).cpu
    yield Row("python -c pass", nothing, "s", note="the baseline of --help")
    helped = best([*CRENEL, "--help"], 10).cpu
    yield Row("crenel --help / python -c pass", helped / nothing, "", HELP_RATIO)
    yield Row("map, 1 workload", mapped(folder, Shape(1), repeat + 1).cpu, "s", note="starting and importing")
    spent: dict[int, float] = {}
    for size in sizes:
        cost = mapped(folder, Shape(size), repeat)
        spent[size] = cost.cpu
        yield from _map_rows(f"map, {size:,} workloads", cost, SECONDS.get(size), None)
    yield from _growth(spent)
    shape = Shape(large, 2)
    cost = mapped(folder, shape, repeat)
    full = large == LARGE
    yield from _map_rows(
        f"map, {large:,} workloads, two policies each", cost, LARGE_SECONDS if full else None, LARGE_MEGABYTES
    )
    yield from _questions(folder / "input", shape)
    yield from exposure.measurements()
    yield from audit.measurements()
    yield from certificates.measurements()
    yield from authority.measurements()
    yield from probing.measurements()
    yield from flows.measurements()
    yield from hardening.measurements()
    yield from kernel.measurements()
    if variants:
        yield from _variants(folder, repeat)


def mapped(folder: Path, shape: Shape, repeat: int) -> Cost:
    """What the whole map of a generated cluster costs."""
    write(shape, folder / "input")
    return best([*CRENEL, "map", "-f", str(folder / "input"), "-o", "json"], repeat)


def _map_rows(what: str, cost: Cost, seconds: float | None, megabytes: float | None) -> Iterator[Row]:
    note = f"{len(cost.output) / 1e6:.1f} MB of JSON"
    yield Row(what, cost.cpu, "s", seconds, note)
    yield Row("  peak memory", cost.memory, "MB", megabytes)
    phases = {name: cost.phases.get(name, 0.0) for name in ("read", "decode", "translate", "solve", "render")}
    if cost.phases:
        total = cost.phases.get("total", sum(phases.values())) or 1.0
        shares = ", ".join(f"{name} {part / total:.0%}" for name, part in phases.items())
        yield Row("  share of reading files", phases["read"] / total * 100, "%", note=shares)
        reading = phases["read"] + phases["decode"]
        solving = phases["translate"] + phases["solve"]
        if reading:
            yield Row("  translating and solving / reading and decoding", solving / reading, "", 1.0)


def _growth(spent: dict[int, float]) -> Iterator[Row]:
    """The exponent of the growth between the smallest and the largest size."""
    if len(spent) > 1:
        small, big = min(spent), max(spent)
        exponent = math.log(spent[big] / spent[small]) / math.log(big / small)
        yield Row(f"growth exponent, {small:,} to {big:,} workloads", exponent, "", EXPONENT)


def _questions(folder: Path, shape: Shape) -> Iterator[Row]:
    """Questions and changes through the library, in a process of their own."""
    options = ["--policies-per-workload", str(shape.policies_per_workload)]
    cost = run([PYTHON, "-m", "benchmarks.questions", str(folder), str(shape.workloads), *options])
    found = json.loads(cost.output.splitlines()[-1])
    asked, changed = found["question_ms"], found["change_ms"]
    note = f"p50 {asked['p50']:.2f}, p99 {asked['p99']:.2f}, first {found['first_question_ms']:.0f}"
    yield Row(f"can, {shape.workloads:,} workloads, with its trace", asked["mean"], "ms", QUESTION_MS, note)
    note = f"p50 {changed['p50']:.2f}, worst {changed['max']:.1f}, first {found['first_change_ms']:.0f}"
    yield Row("one policy changed, and what that changes", changed["mean"], "ms", CHANGE_MS, note)


def _variants(folder: Path, repeat: int) -> Iterator[Row]:
    for variant in VARIANTS[1:]:
        cost = mapped(folder, Shape(1000, variant=variant), repeat)
        yield from _map_rows(f"map, 1,000 workloads, variant {variant}", cost, None, None)
    for layout in ("one-file", "per-object"):
        cost = mapped(folder, Shape(1000, layout=layout), repeat)
        yield from _map_rows(f"map, 1,000 workloads, {layout}", cost, None, None)
