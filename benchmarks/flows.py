"""Ten million flow lines, whole process: VPC flow logs and CSV, mapped to a thousand workloads of a cluster.

``python -m benchmarks.flows`` measures this alone; a number as argument is another number of lines.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.measure import CRENEL, run
from benchmarks.rows import Row

LINES, PODS, EDGES = 10_000_000, 1000, 20_000
SECONDS, MEGABYTES = 30.0, 2000.0
BEGIN = 1_700_000_000

_FLOWS = """
CREATE VIEW flows AS
SELECT n, e.client, e.server, e.port, 32768 + (hash(n, 1) % 28232)::INTEGER AS ephemeral, hash(n, 2) % 2 = 0 AS back,
       $begin + n // 200 AS moment, 60 + (hash(n, 3) % 9000)::INTEGER AS size
FROM (SELECT range AS n, (hash(range, 4) % $edges)::BIGINT AS edge FROM range($lines)) r JOIN edges e ON e.edge = r.edge
"""
_EDGES = """
CREATE TABLE edges AS
SELECT range AS edge, '10.0.' || (hash(range, 5) % $pods) // 250 || '.' || (hash(range, 5) % $pods) % 250 + 1 AS server,
       CASE WHEN range % 5 = 0 THEN 20 + hash(range, 6) % 80 || '.' || hash(range, 7) % 250 || '.' ||
                                    hash(range, 8) % 250 || '.' || hash(range, 9) % 250
            ELSE '10.0.' || (hash(range, 10) % $pods) // 250 || '.' || (hash(range, 10) % $pods) % 250 + 1
       END AS client,
       [80, 443, 5432, 8080, 9090, 6379, 53, 3306][1 + (hash(range, 11) % 8)::INTEGER] AS port
FROM range($edges)
"""
_VPC = """
SELECT 2 AS version, 123456789010 AS "account-id", 'eni-1235b8ca123456789' AS "interface-id",
       CASE WHEN back THEN server ELSE client END AS srcaddr, CASE WHEN back THEN client ELSE server END AS dstaddr,
       CASE WHEN back THEN port ELSE ephemeral END AS srcport, CASE WHEN back THEN ephemeral ELSE port END AS dstport,
       6 AS protocol, 1 + size // 1400 AS packets, size AS bytes, moment AS start, moment + 60 AS "end",
       CASE WHEN n % 33 = 0 THEN 'REJECT' ELSE 'ACCEPT' END AS action, 'OK' AS "log-status"
FROM flows
"""
_CSV = """
SELECT client AS source, ephemeral AS source_port, server AS destination, port AS destination_port, 'TCP' AS protocol,
       moment AS start, size AS bytes, CASE WHEN n % 33 = 0 THEN 'deny' ELSE 'allow' END AS action
FROM flows
"""


def measurements(lines: int = LINES) -> Iterator[Row]:
    """All rows, as they are measured; seconds on the clock, of the whole process."""
    with tempfile.TemporaryDirectory(prefix="crenel-bench-") as name:
        folder = Path(name)
        _cluster(folder / "cluster.json")
        for what, query, delimiter in (("VPC flow log", _VPC, " "), ("CSV", _CSV, ",")):
            log = folder / "flows.log"
            _write(log, query, delimiter, lines)
            begin = time.monotonic()
            command = [*CRENEL, "flows", str(log), "-f", str(folder / "cluster.json"), "-o", "csv"]
            cost = run(command)
            seconds = time.monotonic() - begin
            found = cost.output.count("\n") - 1
            note = f"{found:,} rows, {cost.cpu:.0f} s of CPU, {log.stat().st_size / 1e6:.0f} MB of text"
            full = lines == LINES
            yield Row(f"flows, {lines:,} lines of {what}", seconds, "s", SECONDS if full else None, note)
            yield Row("  memory", cost.memory, "MB", MEGABYTES if full else None)


def _write(path: Path, query: str, delimiter: str, lines: int) -> None:
    connection = duckdb.connect()
    numbers = {"edges": EDGES, "pods": PODS, "lines": lines, "begin": BEGIN}
    for statement in (_EDGES, _FLOWS):
        connection.execute(re.sub(r"\$(\w+)", lambda found: str(numbers[found[1]]), statement))
    connection.sql(query).write_csv(str(path), sep=delimiter, header=True)
    connection.close()


def _cluster(path: Path) -> None:
    """A thousand pods with their addresses, since before the first line."""
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"app-{number}", "namespace": f"ns-{number % 20}", "labels": {"app": f"app-{number}"},
                "creationTimestamp": "2023-11-01T00:00:00Z",
            },
            "spec": {"containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": "Running", "podIP": f"10.0.{number // 250}.{number % 250 + 1}"},
        }
        for number in range(PODS)
    ]  # fmt: skip
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}), "utf-8")


if __name__ == "__main__":
    for row in measurements(int(sys.argv[1]) if len(sys.argv) > 1 else LINES):
        print(row, flush=True)
