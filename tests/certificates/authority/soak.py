"""Workloads that speak mutual TLS with each other all the time, while their CA is rotated by processes that get killed.

Every party reads its files anew at most every `STALE` seconds, as real servers and clients do; the policy gives them
some seconds (`reload`) to notice. A handshake counts when a message went each way.
"""

from __future__ import annotations

import random
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crenel.certificates.authority import authority, folders
from crenel.certificates.authority.identity import Identity
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.state import Consumer, State, load

STALE = 0.4
PATIENCE = 30.0

WORKER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from crenel.certificates.authority import authority
folder, pause = Path(sys.argv[1]), float(sys.argv[2])
while True:
    with authority.opened(folder, seconds=600) as opened:
        opened.renew(lambda: datetime.now(UTC))
    time.sleep(pause)
"""
"""What a process does that issues, renews and rotates, until it is killed."""

BEGIN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from crenel.certificates.authority import authority
with authority.opened(Path(sys.argv[1]), seconds=600) as opened:
    opened.rotate(datetime.now(UTC).replace(microsecond=0))
"""


@dataclass
class Party:
    """A workload that serves and calls."""

    name: str
    folder: Path
    server: tuple[float, str, ssl.SSLContext] | None = None
    client: tuple[float, str, ssl.SSLContext] | None = None
    port: int = 0

    def context(self, *, serving: bool) -> ssl.SSLContext:
        """What it speaks TLS with: of files that were looked at no more than `STALE` seconds ago."""
        known = self.server if serving else self.client
        now = time.monotonic()
        if known is not None and now - known[0] < STALE:
            return known[2]
        generation = str((self.folder / "..data").readlink())
        if known is None or known[1] != generation:
            known = (now, generation, loaded(self.folder / generation, serving=serving))
        known = (now, known[1], known[2])
        if serving:
            self.server = known
        else:
            self.client = known
        return known[2]


def loaded(generation: Path, *, serving: bool) -> ssl.SSLContext:
    """A context of one generation of files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if serving else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(generation / "tls.crt", generation / "tls.key")
    context.load_verify_locations(generation / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@dataclass
class Figures:
    """What came of it."""

    handshakes: int = 0
    pairs: set[tuple[int, int]] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    serials: set[str] = field(default_factory=set)
    kills: Counter[str] = field(default_factory=Counter)
    rotations: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.handshakes} handshakes, {len(self.pairs)} pairs, {len(self.serials)} certificates seen, "
            f"{self.rotations} rotations, {sum(self.kills.values())} processes killed {dict(self.kills)}, "
            f"{len(self.failures)} failed handshakes, {self.seconds:.0f} s"
        )


class Soak:
    """One run."""

    def __init__(
        self, folder: Path, leaves: int, policy: Policy, seed: int, *, rotations: int = 3, callers: int = 8,
        pause: float = 0.0,
    ) -> None:  # fmt: skip
        self.ca = folder / "ca"
        self.policy = policy
        self.random = random.Random(seed)
        self.callers = callers
        self.wanted = rotations
        self.pause = pause
        self.parties = [Party(f"w{number}", folder / "out" / f"w{number}") for number in range(leaves)]
        self.figures = Figures()
        self.over = threading.Event()
        self.lock = threading.Lock()

    def run(self, longest: float) -> Figures:
        """Rotate the CA so many times under load; `longest` bounds the seconds that it takes."""
        begun = time.monotonic()
        self._prepare()
        threads = [threading.Thread(target=self._serve, args=(each,), daemon=True) for each in self.parties]
        threads += [threading.Thread(target=self._call, args=(number,), daemon=True) for number in range(self.callers)]
        for each in threads:
            each.start()
        workers = [
            Killed([WORKER, str(self.ca), "0.1"], "renewing", self),
            Killed([WORKER, str(self.ca), "0.3"], "rotating", self),
        ]
        try:
            while time.monotonic() - begun < longest and not self._is_over():
                self._begin_rotation()
                for worker in workers:
                    worker.tick()
                time.sleep(0.05)
        finally:
            for worker in workers:
                worker.end()
            self.over.set()
            for each in threads:
                each.join(PATIENCE)
        self.figures.seconds = time.monotonic() - begun
        if self.figures.rotations < self.wanted:
            self.figures.failures.append(f"only {self.figures.rotations} rotations in {longest:.0f} s")
        return self.figures

    def _is_over(self) -> bool:
        """Whether all rotations are, and everybody has called everybody."""
        pairs = len(self.parties) * (len(self.parties) - 1)
        return self.figures.rotations >= self.wanted and len(self.figures.pairs) >= pairs

    def _prepare(self) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        authority.init(self.ca, self.policy, now)
        consumers = [
            Consumer(
                each.name,
                "folder",
                str(each.folder),
                identity=Identity.of(f"spiffe://example.org/ns/soak/sa/{each.name}", (f"{each.name}.soak.svc",)),
            )
            for each in self.parties
        ]
        with authority.opened(self.ca) as opened:
            opened.enrol(consumers)
            opened.issue([each.name for each in consumers], now)

    def _begin_rotation(self) -> None:
        """Begin the next rotation when the one before is over; the process that does may be killed, too."""
        state = load(self.ca)
        if state.rotation is not None or state.signer > self.wanted:
            self.figures.rotations = state.signer - 1 if state.rotation is None else self.figures.rotations
            return
        self.figures.rotations = state.signer - 1
        process = subprocess.Popen([sys.executable, "-c", BEGIN, str(self.ca)])
        try:
            process.wait(self.random.uniform(0.2, 2.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.figures.kills["beginning"] += 1

    def _serve(self, party: Party) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
            listening.settimeout(0.5)
            party.port = listening.getsockname()[1]
            while not self.over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                self._answer(party, connection)

    def _answer(self, party: Party, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with connection:
            try:
                with party.context(serving=True).wrap_socket(connection, server_side=True) as secured:
                    secured.sendall(secured.recv(16))
            except (OSError, ValueError) as error:
                self._failed(f"{party.name} serving", error)

    def _call(self, number: int) -> None:
        own = random.Random(number)
        everybody = range(len(self.parties))
        pairs: list[tuple[int, int]] = []
        while not self.over.is_set():
            if not pairs:
                pairs = [(a, b) for a in everybody for b in everybody if a != b and (a + b) % self.callers == number]
                own.shuffle(pairs)
            self._shake(*pairs.pop())
            time.sleep(self.pause)

    def _shake(self, caller: int, called: int) -> None:
        mine, other = self.parties[caller], self.parties[called]
        if not other.port:
            time.sleep(0.05)
            return
        try:
            serial = self._exchange(mine, other)
        except (OSError, ValueError) as error:
            self._failed(f"{mine.name} calling {other.name}", error)
            return
        with self.lock:
            self.figures.handshakes += 1
            self.figures.pairs.add((caller, called))
            self.figures.serials.add(serial)

    def _exchange(self, mine: Party, other: Party) -> str:
        """Shake hands and exchange a message; the serial number that was served."""
        with socket.create_connection(("127.0.0.1", other.port), PATIENCE) as connection:
            host = f"{other.name}.soak.svc"
            with mine.context(serving=False).wrap_socket(connection, server_hostname=host) as secured:
                secured.sendall(b"hello")
                if secured.recv(16) != b"hello":
                    raise OSError("no answer")
                served = secured.getpeercert()
                assert served is not None
                return str(served["serialNumber"]).lower().lstrip("0")

    def _failed(self, who: str, error: Exception) -> None:
        if not self.over.is_set():
            with self.lock:
                self.figures.failures.append(f"{who}: {type(error).__name__}: {error}")

    def lost(self) -> list[str]:
        """What of the state is not as it has to be at the end."""
        state: State = load(self.ca)
        found = (
            [] if state.signer == self.wanted + 1 and len(state.hierarchies) == 1 else ["the rotations are not over"]
        )
        with authority.opened(self.ca) as opened:
            opened.renew(lambda: datetime.now(UTC))
            issued = {each.serial for each in opened.ledger.entries}
            state = opened.state
        found += [f"{serial} was served and is not in the ledger" for serial in sorted(self.figures.serials - issued)]
        handles = {each.key for hierarchy in state.hierarchies for each in (hierarchy.root, *hierarchy.intermediates)}
        keys = {path.stem for path in (self.ca / "keys").iterdir() if path.suffix == ".key"}
        found += [f"key {each}: not what the state has" for each in sorted(handles ^ keys)]
        if len(state.consumers) != len(self.parties):
            found.append("a consumer was lost")
        for each in self.parties:
            held = folders.read(each.folder)
            if held.leaf is None or held.bundle != state.bundle or len(folders.generations(each.folder)) > 3:
                found.append(f"{each.name}: {held.problem or 'not what it has to have'}")
        return found


class Killed:
    """A process that is killed at a random moment and started again, over and over."""

    def __init__(self, arguments: list[str], what: str, soak: Soak) -> None:
        self._command = [sys.executable, "-c", *arguments]
        self._what = what
        self._soak = soak
        self._start()

    def tick(self) -> None:
        """Kill it if its time has come."""
        if self._process.poll() is not None:
            self._soak.figures.failures.append(f"{self._what}: ended by itself with {self._process.returncode}")
            self._start()
        elif time.monotonic() > self._until:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._soak.figures.kills[self._what] += 1
            self._start()

    def end(self) -> None:
        """Kill it for good."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command)
        self._until = time.monotonic() + self._soak.random.uniform(0.3, 4.0)


def main() -> int:
    """The long run: 200 leaves, or as many as the first argument says."""
    leaves = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    policy = Policy(
        trust_domain="example.org",
        leaf=timedelta(minutes=4),
        intermediate=timedelta(minutes=10),
        backdate=timedelta(seconds=30),
        reload=timedelta(seconds=6),
    )
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), leaves, policy, seed=leaves)
        print(soak.run(1800.0), flush=True)
        failures, lost = soak.figures.failures, soak.lost()
        for each in (*failures[:10], *lost[:10]):
            print(each)
        return 1 if failures or lost else 0


if __name__ == "__main__":
    sys.exit(main())
