"""Labs as tests run them, and who still holds what they were made of."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from command import ROOT, SCRIPTS

CLUSTER = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web:1, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: example.org/db:1, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: database, namespace: shop}
spec: {selector: {app: db}, ports: [{port: 5432}]}
"""

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""


def files(folder: Path, *, policy: bool = True) -> str:
    """A cluster of two pods in a folder, with or without its policy."""
    (folder / "cluster.yaml").write_text(CLUSTER)
    if policy:
        (folder / "policy.yaml").write_text(POLICY)
    return str(folder)


@contextmanager
def started(*arguments: str, run: Path) -> Iterator[subprocess.Popen[str]]:
    """`crenel lab ARGUMENTS` in the background, in a process group of its own; ended when the block is left."""
    process = subprocess.Popen(
        [str(SCRIPTS / "crenel"), "lab", *arguments], cwd=ROOT, env={**os.environ, "XDG_RUNTIME_DIR": str(run)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def own_namespace() -> int:
    """The inode of the network namespace that this process is in."""
    return Path("/proc/self/ns/net").stat().st_ino


def holders(inode: int) -> list[str]:
    """What still refers to a network namespace: processes in it, and open descriptors."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            links = [process / "ns" / "net", *(process / "fd").iterdir()]
            for link in links:
                with suppress(OSError):
                    if str(link.readlink()) == f"net:[{inode}]":
                        found.append(str(link))
    return found


def gone(inode: int, seconds: float = 5.0) -> bool:
    """Whether nothing refers to a namespace any more, at the latest after some seconds."""
    end = time.monotonic() + seconds
    while holders(inode):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
