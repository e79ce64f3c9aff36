"""A small authority with one consumer of each kind, whose every move is looked at: at a time of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from crenel.certificates.authority import authority, places, secrets, state
from crenel.certificates.authority.authority import Authority, Done
from crenel.certificates.authority.contents import Held
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.identity import Identity
from crenel.certificates.authority.ledger import Ledger
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.state import Consumer
from crenel.certificates.material import chains
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.pem import read

AT = datetime(2026, 6, 1, tzinfo=UTC)
RELOAD = timedelta(minutes=10)
POLICY = Policy(trust_domain="example.org", seed="tests", reload=RELOAD)


@dataclass
class Small:
    """The authority, a cluster, and what users of files may still have in memory."""

    folder: Path
    policy: Policy = POLICY
    now: datetime = AT
    seen: list[tuple[datetime, dict[str, Held]]] = field(default_factory=list)
    """What was in use, and until when: the last is in use now."""
    cluster: secrets.Files = field(default_factory=dict)
    """The Secrets that were applied."""

    @property
    def ca(self) -> Path:
        """The folder of the authority."""
        return self.folder / "ca"

    @property
    def consumers(self) -> list[Consumer]:
        """A folder, a Secret, and one that only trusts."""
        return [
            Consumer("shop/web", "folder", str(self.folder / "out" / "web"), identity=identity("web")),
            Consumer("shop/api", "secret", str(self.folder / "secrets.yaml"), "shop/api-tls", identity("api")),
            Consumer("client", "folder", str(self.folder / "out" / "client")),
        ]

    def init(self) -> None:
        """Make the authority; where all was made but the revocation lists, whatever comes next makes them."""
        try:
            authority.init(self.ca, self.policy, self.now)
        except AuthorityError as error:
            if not str(error).endswith("is an authority already"):
                raise
            self.renew()

    def issue(self) -> None:
        """Enrol the consumers and give them what they lack."""
        with self.opened() as opened:
            opened.enrol(self.consumers)
            opened.issue([each.name for each in self.consumers], self.now)
        self.apply()

    def rotate(self) -> None:
        """Begin a rotation."""
        with self.opened() as opened:
            opened.rotate(self.now)

    def renew(self) -> Done:
        """Do what is due, apply the Secrets that were written, and do what that makes due."""
        with self.opened() as opened:
            done = opened.renew(lambda: self.now, self.cluster)
        if self.apply():
            with self.opened() as opened:
                done = opened.renew(lambda: self.now, self.cluster)
        return done

    def apply(self) -> bool:
        """Apply the Secrets that were written, and say whether that changed any."""
        before, self.cluster = self.cluster, secrets.read(self.folder / "secrets.yaml")
        return self.cluster != before

    def opened(self) -> _Opened:
        """The authority, opened."""
        return _Opened(self.ca)

    def state(self) -> state.State:
        """The state on disk."""
        return state.load(self.ca)

    def held(self) -> dict[str, Held]:
        """What each consumer has in use."""
        return places.seen(self.consumers, places.read(self.consumers), self.cluster)

    def look(self) -> None:
        """Note what is in use from now on, and demand that all who may talk to each other can."""
        self.seen.append((self.now, self.held()))
        for problem in self.broken():
            raise AssertionError(problem)

    def broken(self) -> Iterator[str]:
        """The pairs that cannot talk: any bundle that may still be in use, against any leaf that may and is valid."""
        recent = [held for _, held in self._recent()]
        for name in {name for held in recent for name in held}:
            for trust in {held[name].bundle: held[name] for held in recent if held[name].bundle}.values():
                bundle = trust.contents.bundle if trust.contents is not None else b""
                for other, leaf, chain in self._shown(recent):
                    if reason := _refusal(bundle, leaf, chain, self.now):
                        yield f"{name} does not accept {other} at {self.now}: {reason}"

    def _recent(self) -> Iterator[tuple[datetime, dict[str, Held]]]:
        """What users of files may still have read: all that was replaced less than `reload` ago."""
        for (since, held), (until, _) in zip(self.seen, [*self.seen[1:], (self.now, {})], strict=True):
            if until > self.now - self.policy.reload or held is self.seen[-1][1]:
                yield since, held

    def _shown(self, recent: list[dict[str, Held]]) -> list[tuple[str, Certificate, tuple[Certificate, ...]]]:
        found = {}
        for held in recent:
            for name, each in held.items():
                if each.leaf is not None and each.leaf.not_after > self.now:
                    found[each.leaf.serial] = (name, each.leaf, each.chain)
        return list(found.values())

    def summary(self) -> object:
        """All that matters of where things stand, but for keys and serial numbers."""
        known = self.state()
        files = {path.name for path in (self.ca / "keys").iterdir() if path.suffix == ".key"}
        handles = {f"{each.key}.key" for hierarchy in known.hierarchies
                   for each in (hierarchy.root, *hierarchy.intermediates)}  # fmt: skip
        held = self.held()
        numbers = {each.root.certificate.fingerprint: each.number for each in known.hierarchies if each.root.pem}
        consumers = {
            name: (
                each.problem,
                sorted(numbers.get(root, 0) for root in each.bundle),
                each.leaf is not None and [found[0].number if (found := known.issuer(each.leaf.aki)) else 0],
            )
            for name, each in held.items()
        }
        hierarchies = {each.number: [bool(one.pem) for one in each.intermediates] for each in known.hierarchies}
        return known.signer, known.rotation, hierarchies, consumers, files ^ handles, sorted(self.lists())

    def lists(self) -> Iterator[str]:
        """The revocation lists that are there: whose, by number; none is there that should not be."""
        known = {f"{each.key}.pem": f"{hierarchy.number} {each is hierarchy.root}" for hierarchy in
                 self.state().hierarchies for each in (hierarchy.root, *hierarchy.intermediates)}  # fmt: skip
        for path in (self.ca / "crl").iterdir():
            yield known.get(path.name, "all" if path.name == "all.pem" else "left over")

    def lost(self) -> list[str]:
        """Certificates that somebody has and the ledger does not."""
        written = {each.serial for each in Ledger(self.ca, mend=False).entries}
        return [name for name, each in self.held().items() if each.leaf is not None and each.leaf.serial not in written]


@lru_cache(maxsize=1000)
def _refusal(bundle: bytes, leaf: Certificate, chain: tuple[Certificate, ...], at: datetime) -> str:
    """Why a leaf is not accepted under a bundle; empty where it is."""
    found = chains.build(leaf, chain, read(bundle).certificates, at, chains.Purpose.SERVER)
    return found.reason.value if isinstance(found, chains.Broken) else ""


class _Opened:
    """`authority.opened` as a class, so that its type is short."""

    def __init__(self, folder: Path) -> None:
        self._inner = authority.opened(folder, seconds=20)

    def __enter__(self) -> Authority:
        return self._inner.__enter__()

    def __exit__(self, *rest: object) -> None:
        self._inner.__exit__(*rest)  # type: ignore[arg-type]


def identity(name: str) -> Identity:
    """The identity of a workload of the shop."""
    return Identity.of(f"spiffe://example.org/ns/shop/sa/{name}", (f"{name}.shop.svc",))
