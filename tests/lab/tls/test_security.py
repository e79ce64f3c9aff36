"""The proof in the kernel: what is as declared passes, and every port that is not is found."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

import crenel
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.lab import Lab
from crenel.lab.run import run
from crenel.lab.stage import stage
from crenel.lab.tls import proof, watching
from crenel.lab.tls.findings import TLS, Fate
from crenel.lab.tls.kinds import Client, Kind
from crenel.lab.tls.ports import Secured
from crenel.lab.tls.security import Security, secure
from crenel.lab.tls.serving import Conversation, Server
from crenel.lab.tls.watching import Watch
from crenel.output import lab_tls_words
from kernel.needs import needs_namespaces
from lab.tls.pieces import MESH, peers, pod, service

pytestmark = needs_namespaces

POLICY = {
    "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "db", "namespace": "shop"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "db"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 5432}]}],
    },
}  # fmt: skip
OBJECTS = [
    MESH,
    pod("web", 8080),
    pod("db", 5432),
    service("db", {"port": 5432}),
    pod("api", ("https", 8443), namespace="other"),
    service("api", {"port": 443, "targetPort": 8443}, namespace="other"),
    pod("agent", 9443, namespace="other", spec={"hostNetwork": True}, annotations={"crenel.dev/tls": "mtls"}),
    peers("db", selector={"matchLabels": {"app": "db"}}, mtls={"mode": "STRICT"}),
    POLICY,
]


@contextmanager
def built(*objects: dict[str, object], families: tuple[int, ...] = (4,)) -> Iterator[tuple[Lab, Security]]:
    with Lab(stage(place(crenel.load(list(objects)).model, Wishes(families=families, tls=True)))) as lab:  # type: ignore[arg-type]
        yield lab, secure(lab)


@dataclass
class Twin:
    lab: Lab
    security: Security

    def target(self, name: str) -> Secured:
        return next(each for each in self.security.targets if each.name == name)

    def put(self, name: str, server: Server) -> None:
        """Let a port answer in another way."""
        target = self.target(name)
        self.lab.prober.listeners.secured[target.address, target.port] = server.conversation


@pytest.fixture(scope="module")
def shared() -> Iterator[Twin]:
    with built(*OBJECTS) as (lab, security):
        yield Twin(lab, security)


@pytest.fixture
def twin(shared: Twin) -> Iterator[Twin]:
    """One lab for all, whose ports are as they should be at the beginning of each test."""
    yield shared
    shared.security.follow()


def wrong(tls: TLS) -> list[str]:
    """What is not as declared: between whom, and the words up to what came back."""
    found = [f"{each.name}: {each.why}" for each in tls.ports if each.why]
    found += [f"{each.source} to {each.port.name}: {each.why}" for each in tls.handshakes if each.why]
    return [*found, *tls.wire.faults]


def test_what_is_as_declared(twin: Twin) -> None:
    """Clients get what the kind of the port says, who is denied is not asked, and nothing crosses in plain text."""
    tls = twin.security.prove()
    assert wrong(tls) == []
    assert tls.disagreements == 0
    assert {(each.name, each.port, each.kind, each.served) for each in tls.ports} == {
        ("shop/web", 8080, Kind.PERMISSIVE, "spiffe://cluster.local/ns/shop/sa/web"),
        ("shop/db", 5432, Kind.MUTUAL, "spiffe://cluster.local/ns/shop/sa/db"),
        ("other/api", 8443, Kind.TLS, "spiffe://cluster.local/ns/other/sa/api"),
        ("other/agent", 9443, Kind.MUTUAL, "spiffe://cluster.local/ns/other/sa/agent"),
    }
    assert {(each.source, each.port.name) for each in tls.handshakes} == {
        ("shop/db", "shop/web"), ("other/api", "shop/web"), ("other/agent", "shop/web"),
        ("shop/web", "shop/db"), ("other/agent", "shop/db"),  # the agent is on the network of the pod's own node
        ("shop/web", "other/api"), ("shop/db", "other/api"), ("other/agent", "other/api"),
        ("shop/web", "other/agent"), ("shop/db", "other/agent"), ("other/api", "other/agent"),
    }  # fmt: skip
    assert (tls.denied, tls.undecided, tls.left_out) == (1, 0, 0)  # the api and the database
    fates = {each.client: each.fate for one in tls.handshakes if one.port.name == "shop/db" for each in one.attempts}
    assert fates == {each: Fate.ACCEPTED if each is Client.OWN else Fate.REFUSED for each in Client}
    wire = tls.wire
    assert (wire.controls, wire.controls_seen, wire.plain) == (2, 2, 1)
    assert wire.packets > 100
    assert list(wire.nodes) == ["node/node-1"]


def test_probes_of_packets_are_as_ever(twin: Twin) -> None:
    """Ports that speak TLS are probed like all others, through Services too, and the report has both."""
    report = run(twin.lab)
    assert report.disagreements == []
    assert {each.candidate.title for each in report.results if each.candidate and not each.probe.direct} == {
        "shop/db", "other/api"
    }  # fmt: skip
    assert report.tls is not None
    assert wrong(report.tls) == []


def anonymous(twin: Twin) -> Server:
    """As if nobody had to show a certificate."""
    return twin.security.server(twin.target("shop/db"), kind=Kind.TLS)


def changed(change: Callable[[ssl.SSLContext], object]) -> Callable[[Twin], Server]:
    def server(twin: Twin) -> Server:
        made = twin.security.server(twin.target("shop/db"))
        assert made.context is not None
        change(made.context)
        return made

    return server


def plain_too(twin: Twin) -> Server:
    return twin.security.server(twin.target("shop/db"), kind=Kind.PERMISSIVE)


OPTIONAL = changed(lambda context: setattr(context, "verify_mode", ssl.CERT_OPTIONAL))
TIMELESS = changed(lambda context: setattr(context, "verify_flags", context.verify_flags | 0x200000))
"""X509_V_FLAG_NO_CHECK_TIME: openssl/x509_vfy.h."""
OK = "HTTP 200"


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (anonymous, [f"no certificate: accepted ({OK}), it should be refused"]),
        (OPTIONAL, [f"no certificate: accepted ({OK}), it should be refused"]),
        (TIMELESS, [f"an expired certificate: accepted ({OK}), it should be refused"]),
        (plain_too, [f"plain text: accepted ({OK}), it should be refused"]),
    ],
    ids=["asks for none", "asks, and takes none", "does not look at the time", "answers plain text"],
)
def test_a_strict_port_that_is_not(twin: Twin, server: Callable[[Twin], Server], words: list[str]) -> None:
    """STRICT is declared, and somebody else is answered: found from every client, and nowhere else."""
    twin.put("shop/db", server(twin))
    tls = twin.security.prove()
    bad = {each.source: each.why for each in tls.handshakes if each.why}
    assert set(bad) == {"shop/web", "other/agent"}
    for why in bad.values():
        assert all(each in why for each in words), why
    assert {each.port.name for each in tls.handshakes if each.why} == {"shop/db"}
    assert list(tls.wire.faults) == (
        ["an answer of shop/db:5432 was seen in plain text"] if server is plain_too else []
    )


def test_a_port_without_tls(twin: Twin) -> None:
    """Where TLS is declared and plain text is spoken, the certificate is missing, and the answer is on the wire."""
    twin.put("other/api", Server("other/api", None, plain=True))
    tls = twin.security.prove()
    found = wrong(tls)
    assert found[0].startswith("other/api: it speaks no TLS: it answered with ")
    assert "an answer of other/api:8443 was seen in plain text" in found
    assert {each.source for each in tls.handshakes if each.why} == {"shop/web", "shop/db", "other/agent"}


def test_a_port_that_demands_too_much(twin: Twin) -> None:
    """A port for everybody that wants certificates, and a permissive one that takes no plain text, are found too."""
    twin.put("other/api", twin.security.server(twin.target("other/api"), kind=Kind.MUTUAL))
    twin.put("shop/web", twin.security.server(twin.target("shop/web"), kind=Kind.MUTUAL))
    tls = twin.security.prove()
    whys = {each.port.name: each.why for each in tls.handshakes if each.why}
    assert whys == {
        "other/api": "no certificate: refused (alert certificate_required), it should be accepted",
        "shop/web": "plain text: refused (the connection was ended without an answer), it should be accepted",
    }


def test_the_certificate_of_another_workload(twin: Twin) -> None:
    """It chains to the same root, and is found by the names in it."""
    other = twin.security.server(twin.target("shop/web"), kind=Kind.MUTUAL)
    twin.put("shop/db", replace(other, title="shop/db"))
    assert wrong(twin.security.prove()) == [
        (
            "shop/db: its certificate is not that of spiffe://cluster.local/ns/shop/sa/db; "
            "its certificate does not cover db.shop.svc"
        )
    ]


def test_a_certificate_of_another_ca(twin: Twin) -> None:
    """Nobody but strangers talks to a port whose certificate is not the lab's."""
    with built(*OBJECTS) as (_, strange):
        twin.put("shop/db", strange.server(twin.target("shop/db")))
        found = wrong(twin.security.prove())
    assert found[0].startswith("shop/db: ")
    assert {line.split(":")[0] for line in found} == {"shop/db", "shop/web to shop/db", "other/agent to shop/db"}
    assert "its own certificate: unclear (TLS failed on our side: certificate_verify_failed)" in found[1]


class Mute(Conversation):
    """Makes the handshake, and never says a word: what looks at handshakes alone takes it for a server."""

    def _page(self, *_: object) -> bytes:
        return b""


def test_a_handshake_is_no_answer(twin: Twin) -> None:
    """A client with the right certificate has to get data back."""
    target = twin.target("shop/db")
    mute = twin.security.server(target)
    twin.lab.prober.listeners.secured[target.address, target.port] = lambda: Mute(mute)
    found = {each.why for each in twin.security.prove().handshakes if each.why}
    assert len(found) == 1
    assert "its own certificate: unclear (the connection was ended without an answer), it should be accepted" in str(
        found
    )


class Leaking(Conversation):
    """Says what it was asked through TLS once more beside it, where everybody can read it."""

    def feed(self, data: bytes) -> bytes:
        said = super().feed(data)
        return said + self.asked

    asked = b""

    def _page(self, asked: bytes, client: str) -> bytes:
        self.asked = asked
        return super()._page(asked, client)


def test_a_leak_is_seen_on_the_wire(twin: Twin) -> None:
    """All clients get what they should; only the capture shows that it crosses in plain text."""
    target = twin.target("shop/db")
    server = twin.security.server(target)
    twin.lab.prober.listeners.secured[target.address, target.port] = lambda: Leaking(server)
    tls = twin.security.prove()
    assert [each.why for each in tls.handshakes if each.why] == []
    assert list(tls.wire.faults) == ["what was sent through TLS was seen in plain text to or from shop/db:5432"]
    assert tls.disagreements == 1


def test_a_blind_capture_proves_nothing(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the connections in plain text are not seen, that nothing else is seen means nothing."""
    monkeypatch.setattr(Watch, "_look", lambda *_: None)
    tls = twin.security.prove()
    assert tls.wire.faults[0] == "the capture on node/node-1 did not see a connection in plain text: it proves nothing"
    assert "nothing of what was said to shop/db:5432 was seen" in tls.wire.faults


def test_a_capture_that_loses_packets_proves_nothing(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss is a fault, though everything that was looked for was found."""
    monkeypatch.setattr(Watch, "lost", lambda _: {"node-1": 3})
    tls = twin.security.prove()
    assert list(tls.wire.faults) == ["the capture on node/node-1 lost 3 packets"]
    assert lab_tls_words.wire(tls).endswith("; it is not proved that nothing of TLS is in plain text")
    assert lab_tls_words.conclusion(tls).startswith("1 disagreement with what is declared of 4 TLS ports in ")


def test_a_port_that_nobody_answers_at(twin: Twin) -> None:
    """Where the connection is refused that is said, and the other ports are asked all the same."""
    tls_before = twin.security.prove()
    target = twin.target("other/api")
    twin.security.targets[twin.security.targets.index(target)] = replace(target, port=8444)
    found = wrong(twin.security.prove())
    assert "other/api: no connection: connection refused" in found
    assert len(found) == 1 + sum(each.port.name == "other/api" for each in tls_before.handshakes)


def test_too_many_pairs(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every port is asked by somebody before one is asked by more; what is left out is counted."""
    monkeypatch.setattr(proof, "MOST", 5)
    tls = twin.security.prove()
    assert wrong(tls) == []
    assert {each.port.name for each in tls.handshakes} == {each.name for each in tls.ports}
    assert (len(tls.handshakes), tls.left_out) == (5, 6)


def test_what_is_seen_of_many_clients_hides_nothing(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often plain text is answered as declared, a connection beside it is seen afterwards."""
    monkeypatch.setattr(watching, "_SIGHTINGS", 7)
    tls = twin.security.prove()
    assert wrong(tls) == []
    assert (tls.wire.controls_seen, tls.wire.plain) == (2, 1)


def test_a_lab_follows_its_input() -> None:
    """After a change of policies and annotations the ports serve, and are judged by, what is declared then."""
    web, db = pod("web", 8080), pod("db", 5432)
    strict = peers("all", mtls={"mode": "STRICT"})
    with built(MESH, web, db, strict) as (lab, security):
        assert {each.kind for each in security.targets} == {Kind.MUTUAL}
        permissive = peers("all", mtls={"mode": "PERMISSIVE"})
        lab.apply(crenel.load([MESH, web, db, permissive]).model)
        assert {each.kind for each in security.targets} == {Kind.PERMISSIVE}
        tls = security.prove()
        assert wrong(tls) == []
        assert {each.fate for one in tls.handshakes for each in one.attempts if each.client is Client.PLAIN} == {
            Fate.ACCEPTED
        }
        lab.apply(crenel.load([web, db]).model)
        assert security.targets == []
        assert security.prove().handshakes == []


def test_both_families_on_two_nodes() -> None:
    """Each address of a pod is asked by its own family, and every node with such a pod is listened on."""
    objects = [pod("one", ("https", 8443)), pod("two", ("https", 8443))]
    for number, each in enumerate(objects):
        each["spec"]["nodeName"] = f"n{number}"
    with built(*objects, families=(4, 6)) as (_, security):
        tls = security.prove()
    assert wrong(tls) == []
    assert {(":" in each.port.address, each.source) for each in tls.handshakes} == {
        (family, source) for family in (False, True) for source in ("shop/one", "shop/two")
    }
    assert sorted(tls.wire.nodes) == ["node/n0", "node/n1"]
    assert (tls.wire.controls, tls.wire.controls_seen) == (8, 8)


def test_who_gets_no_certificate() -> None:
    """A workload whose pods run under several ServiceAccounts has none, and says so; the others are asked."""
    owner = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "w", "uid": "u", "controller": True}]
    pods = [
        pod(name, ("https", 8443), ownerReferences=owner, labels={"app": "w"}, spec={"serviceAccountName": name})
        for name in ("w-1", "w-2")
    ]
    with built(*pods, pod("web", ("https", 8443))) as (_, security):
        tls = security.prove()
    assert [each.name for each in tls.ports] == ["shop/web"]
    assert any("several ServiceAccounts: w-1, w-2" in note for note in tls.notes)
    assert any(note.endswith("has no certificate, and serves no TLS") for note in tls.notes)


def test_nothing_is_left_open(twin: Twin) -> None:
    """After a run there are as many descriptors as before."""
    before = _descriptors()
    twin.security.prove()
    assert _descriptors() <= before


def _descriptors() -> int:
    probe = socket.socket()
    try:
        return probe.fileno()
    finally:
        probe.close()
