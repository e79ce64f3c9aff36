"""How the kernel came to its answer: a probe sent again while nft writes down every rule that it meets.

The packet is marked for tracing on every node as soon as it comes in, or where it is made; ``nft monitor trace`` then
prints the rules of our own tables on its way.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from crenel.enforce.text import protocol_text
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables
from crenel.kernel.processes import die_with_parent
from crenel.lab.probing.prober import Prober
from crenel.lab.probing.probes import Probe
from crenel.network.traffic import TCP

TABLE = "crenel-trace"
"""The table of the rules that ask for a trace."""
_START, _SETTLE = 0.15, 0.15
"""Seconds that nft takes to listen, and to write the last line."""
_LINE = re.compile(r"trace id \w+ inet (?P<table>\S+) (?P<chain>\S+) (?P<what>packet:|rule|policy) (?P<text>.*)")


def program() -> str | None:
    """Where nft is; it is in a folder that only root has on its path on many machines."""
    return shutil.which("nft", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))


def trace(nodes: Mapping[str, Namespace], prober: Prober, probe: Probe) -> tuple[str, ...]:
    """The rules that a probe meets on each node, a line each; nothing where nft is not installed."""
    nft = program()
    if nft is None:
        return ()
    with ExitStack() as stack:
        running = {}
        for name, namespace in nodes.items():
            stack.enter_context(_marked(namespace, probe))
            running[name] = stack.enter_context(_monitor(nft, namespace))
        time.sleep(_START)
        prober.run([probe])
        time.sleep(_SETTLE)
        names = sorted(running, key=lambda name: name != probe.source.node)
        return tuple(line for name in names for line in running[name].lines(name))


@dataclass(slots=True)
class _Monitor:
    process: subprocess.Popen[str]

    def lines(self, node: str) -> Iterator[str]:
        """The packet as it came in, and the rules that it met; what every packet meets is left out."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=5)
        seen = False
        for found in map(_LINE.match, output.splitlines()):
            if found is None or found["table"] == TABLE or found["what"] == "policy" or "essential" in found["text"]:
                continue
            if found["what"] == "rule" or not seen:
                yield f"node/{node}: {found['chain']}: {found['text'].strip()}"
            seen = seen or found["what"] == "packet:"


@contextmanager
def _monitor(nft: str, namespace: Namespace) -> Iterator[_Monitor]:
    with namespace.entered():
        process = subprocess.Popen(  # noqa: S603 - the program was found on the path, its arguments are constants
            [nft, "monitor", "trace"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            text=True, preexec_fn=die_with_parent,  # noqa: PLW1509 - there are no threads
        )  # fmt: skip
    try:
        yield _Monitor(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def _marked(namespace: Namespace, probe: Probe) -> Iterator[None]:
    """Rules that ask for the trace of every first packet of a probe's protocol: nothing else is sent meanwhile.

    Addresses and ports are no part of it, for they are others behind source NAT and destination NAT.
    """
    first = (
        "tcp flags & (syn | ack) == syn" if probe.protocol == TCP else f"meta l4proto {protocol_text(probe.protocol)}"
    )
    chains = "".join(
        f"chain {hook} {{\n type filter hook {hook} priority -310\n {first} meta nftrace set 1\n}}\n"
        for hook in ("prerouting", "output")
    )
    with Nftables(namespace) as nft:
        nft.run(f"table inet {TABLE} {{\n{chains}}}\n")
        try:
            yield
        finally:
            nft.run(f"delete table inet {TABLE}")
