"""Probes of many servers on the loopback interface: whole process, seconds that pass. Needs nginx; left out without."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import CRENEL, ROOT, run
from benchmarks.rows import Row

SERVERS, REPEAT = 500, 3
SECONDS = 10.0
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
PLAIN = "ssl_protocols TLSv1.2 TLSv1.3; location / { return 200; }"
"""All suites that this machine's OpenSSL offers by default: there is more to find than with the recommended ones."""
SHORT = "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305;"


def measurements() -> Iterator[Row]:
    """All rows, as they are measured: the median of several runs."""
    if NGINX is None:
        return
    with tempfile.TemporaryDirectory(prefix="crenel-bench-") as name:
        folder = Path(name)
        _material(folder)
        mutual = f"{PLAIN} ssl_client_certificate {folder}/crt; ssl_verify_client on;"
        cases = (("Mozilla's suites", SHORT + PLAIN), ("all suites", PLAIN), ("all suites, mutual TLS proved", mutual))
        for what, directives in cases:
            with _nginx(folder, directives) as ports:
                passed = sorted(_probe(folder, ports) for _ in range(REPEAT))
            note = f"CPU {min(cpu for _, cpu in passed):.1f} s, worst of {REPEAT} {passed[-1][0]:.1f} s"
            yield Row(f"{SERVERS} probes, {what}", passed[REPEAT // 2][0], "s", SECONDS, note)


def _material(folder: Path) -> None:
    """A certificate that signs itself, for servers and clients alike."""
    keys = f"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {folder}/key"
    names = ["-addext", "subjectAltName=DNS:web.example", "-addext", "basicConstraints=critical,CA:FALSE"]
    command = ["openssl", "req", "-x509", "-subj", "/CN=web", "-out", f"{folder}/crt", *keys.split(), *names]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def _nginx(folder: Path, directives: str) -> Iterator[list[int]]:
    """Many servers in one process, from when it is listening."""
    from certificates.probing.servers import ADDRESS, running
    from certificates.probing.servers import NGINX as CONFIG
    from certificates.probing.servers import ports as free

    ports = free(SERVERS)
    certificate = f"ssl_certificate {folder}/crt; ssl_certificate_key {folder}/key;"
    servers = "\n".join(f"server {{ listen {ADDRESS}:{port} ssl; {certificate} {directives} }}" for port in ports)
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, servers=servers), "utf-8")
    with running([str(NGINX), "-p", folder, "-c", folder / "nginx.conf"], *ports):
        yield ports


def _probe(folder: Path, ports: list[int]) -> tuple[float, float]:
    """Seconds that pass in one run, and of CPU; all servers have to have been found, and their certificates right."""
    targets = [f"web.example:{port}" for port in ports]
    options = ["--connect-to", "127.0.0.1", "--ca", str(folder / "crt"), "-o", "json"]
    begun = time.monotonic()
    cost = run([*CRENEL, "certs", "probe", *options, *targets])
    passed = time.monotonic() - begun
    if cost.output.count('"verified":true') != len(ports):
        raise RuntimeError(f"not all servers were probed: {cost.output[-500:]}")
    return passed, cost.cpu


sys.path.append(str(ROOT / "tests"))

if __name__ == "__main__":
    for row in measurements():
        print(row, flush=True)
    sys.exit(0)
