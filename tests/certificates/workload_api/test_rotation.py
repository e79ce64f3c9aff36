"""A CA that is replaced while callers listen: every message is complete, and no two callers ever refuse each other."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spiffe import WorkloadApiClient
from spiffe.workloadapi.x509_context import X509Context

from certificates.workload_api.serving import PATIENCE, made, now, place, served
from crenel.certificates.authority import authority
from crenel.certificates.authority.policy import Policy
from crenel.certificates.material.certificate import Certificate

POLICY = Policy(trust_domain="example.org", reload=timedelta(seconds=2), renew_at=0.4, jitter=0.0)


@dataclass
class Caller:
    """One that listens, and what it was sent: the leaf, its chain and the roots to trust."""

    socket: Path
    sent: list[tuple[Certificate, tuple[Certificate, ...], frozenset[Certificate]]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def listen(self) -> WorkloadApiClient:
        client = WorkloadApiClient(f"unix://{self.socket}")
        client.stream_x509_contexts(self._take, self.errors.append)
        return client

    def _take(self, context: X509Context) -> None:
        svid = context.default_svid
        leaf, *rest = [Certificate.of(each) for each in svid.cert_chain]
        bundle = context.x509_bundle_set.get_bundle_for_trust_domain(svid.spiffe_id.trust_domain)
        assert bundle is not None
        self.sent.append((leaf, tuple(rest), frozenset(map(Certificate.of, bundle.x509_authorities))))


def accepts(roots: frozenset[Certificate], leaf: Certificate, chain: tuple[Certificate, ...]) -> bool:
    """Whether who trusts some roots takes a chain now."""
    alive = leaf.not_before <= datetime.now(UTC) <= leaf.not_after
    return alive and leaf.signed_by(chain[0]) and any(chain[0].signed_by(each) for each in roots)


def test_rotation_while_streaming() -> None:
    """Renewed before the end, both roots while they are needed, the new CA's leaf, and the old root gone at last."""
    with place() as folder:
        ca, path = made(folder, POLICY), folder / "s"
        with served(ca, path, "--entry", "shop/web=any", "--life", "3s") as found:
            callers = [Caller(path), Caller(path)]
            clients = [each.listen() for each in callers]
            try:
                _wait(lambda: all(each.sent for each in callers))
                old = callers[0].sent[0][2]
                with authority.opened(ca) as opened:
                    opened.rotate(now())
                refusals = _rotated(ca, callers)
                _wait(lambda: all(len(each.sent[-1][2]) == 1 and each.sent[-1][2] != old for each in callers))
                assert [each.errors for each in callers] == [[], []]
            finally:
                for each in clients:
                    each.close()
            assert found.stop() == 0
    assert refusals == []
    for caller in callers:
        bundles = [roots for _, _, roots in caller.sent]
        assert [len(each) for i, each in enumerate(bundles) if i == 0 or each != bundles[i - 1]] == [1, 2, 1]
        assert len({leaf.serial for leaf, _, _ in caller.sent}) >= 3
        assert len({chain[0].serial for _, chain, _ in caller.sent}) == 2


def _rotated(ca: Path, callers: list[Caller]) -> list[str]:
    """Go on until the rotation is over; whoever would have refused somebody meanwhile."""
    refusals: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.05):
            shown = [each.sent[-1] for each in callers]
            for leaf, chain, _ in shown:
                refusals.extend(leaf.serial for _, _, roots in shown if not accepts(roots, leaf, chain))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        end = time.monotonic() + 2 * PATIENCE
        while True:
            with authority.opened(ca) as opened:
                opened.renew(lambda: datetime.now(UTC))
                if opened.state.rotation is None:
                    return refusals
            assert time.monotonic() < end
            time.sleep(0.2)
    finally:
        stop.set()
        watcher.join()


def _wait(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
