"""Asks a loaded network many questions, and changes it, through the library; prints what that took as JSON.

Run in a process of its own: ``python -m benchmarks.questions DIR N``.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import yaml

import crenel
from benchmarks.generate import PORTS, Shape, place, policy


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print one line of JSON; all times in milliseconds of CPU."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("workloads", type=int, help="how many the folder has")
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--policies-per-workload", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    chance = random.Random(given.seed)
    shape = Shape(given.workloads, given.policies_per_workload, seed=given.seed)

    net, loading = timed(lambda: crenel.load(given.folder))
    _, first = timed(lambda: ask(net, chance, given.workloads))
    asked = [timed(lambda: ask(net, chance, given.workloads)) for _ in range(given.questions)]
    policies = [another(shape, chance) for _ in range(given.changes + 1)]
    _, prepared = timed(lambda: change(net, policies[0]))
    changed = [timed(lambda each=each: change(net, each)) for each in policies[1:]]
    print(
        json.dumps(
            {
                "load_ms": loading,
                "first_question_ms": first,
                "first_change_ms": prepared,
                "question_ms": summary([each for _, each in asked]),
                "allowed": sum(allowed for (allowed, _), _ in asked),
                "lines_read": sum(lines for (_, lines), _ in asked),
                "change_ms": summary([each for _, each in changed]),
                "connections_changed": sum(count for count, _ in changed),
            }
        )
    )
    return 0


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    """What an action returned, and the milliseconds of CPU that it took."""
    start = time.process_time_ns()
    result = action()
    return result, (time.process_time_ns() - start) / 1e6


def ask(net: crenel.Network, chance: random.Random, workloads: int) -> tuple[bool, int]:
    """One question about a random pair, its whole trace read; whether it is allowed, and how many lines were found."""
    source, target = chance.randrange(workloads), chance.randrange(workloads)
    verdict = net.can(place(source), place(target), f"TCP/{chance.choice(PORTS)}")
    lines = [step.line for step in verdict.trace]
    return verdict.allowed, sum(line is not None for line in lines)


def another(shape: Shape, chance: random.Random) -> dict[str, Any]:
    """Another policy for one of the workloads, as the object that a caller would have."""
    written: dict[str, Any] = yaml.safe_load(policy(chance.randrange(shape.workloads), 0, shape, chance))
    return written


def change(net: crenel.Network, written: dict[str, Any]) -> int:
    """Put a policy in the place of the one with its name, and say how many connections that changes."""
    found = net.diff(net.with_changes(add=[written]))
    return len(found.added) + len(found.removed)


def summary(times: Sequence[float]) -> dict[str, float]:
    """Mean, median, the 99th percentile and the worst."""
    ordered = sorted(times)
    return {
        "mean": statistics.fmean(ordered),
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
        "max": ordered[-1],
    }


if __name__ == "__main__":
    sys.exit(main())
