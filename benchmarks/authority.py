"""An own certificate authority: certificates for many workloads, keys, ledger and files included."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rows import Row

LEAVES, REPEAT = 1000, 3
SECONDS = 2.0


def measurements() -> Iterator[Row]:
    """All rows, as they are measured: elapsed seconds, the least of several runs, and CPU seconds of that run."""
    for kind, what in (("folder", "into folders"), ("secret", "as Secrets")):
        elapsed, cpu = min(_issued(kind) for _ in range(REPEAT))
        note = f"{cpu:.2f} s of CPU; every file and folder flushed to the disk"
        yield Row(f"issuing {LEAVES:,} P-256 leaves {what}", elapsed, "s", SECONDS, note)


def _issued(kind: str) -> tuple[float, float]:
    """Elapsed and CPU seconds of issuing to consumers of a kind."""
    from crenel.certificates.authority import authority
    from crenel.certificates.authority.identity import Identity
    from crenel.certificates.authority.policy import Policy
    from crenel.certificates.authority.state import Consumer

    with tempfile.TemporaryDirectory(prefix="crenel-bench-") as name:
        folder, now = Path(name), datetime.now(UTC).replace(microsecond=0)
        names = [f"shop-{number % 20}/web-{number}" for number in range(LEAVES)]
        consumers = []
        for each in names:
            namespace, _, workload = each.partition("/")
            dns = tuple(f"{workload}.{namespace}.{end}" for end in ("svc", "svc.cluster.local"))
            own = Identity.of(f"spiffe://example.org/ns/{namespace}/sa/{workload}", dns)
            if kind == "folder":
                consumers.append(Consumer(each, "folder", str(folder / "out" / each), identity=own))
            else:
                consumers.append(Consumer(each, "secret", str(folder / "secrets.yaml"), f"{each}-tls", own))
        authority.init(folder / "ca", Policy(trust_domain="example.org"), now)
        elapsed, cpu = time.perf_counter(), time.process_time()
        with authority.opened(folder / "ca") as opened:
            opened.enrol(consumers)
            done = opened.issue(names, now)
        elapsed, cpu = time.perf_counter() - elapsed, time.process_time() - cpu
        if {each.action for each in done.values()} != {"issued"}:
            raise RuntimeError("not every certificate was issued")
        return elapsed, cpu


if __name__ == "__main__":
    for row in measurements():
        print(row, flush=True)
    sys.exit(0)
