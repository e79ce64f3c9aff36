"""Pod to pod: mutual TLS alone, but for those whose clients would break."""

from __future__ import annotations

from pathlib import Path

from audit.pieces import deployment, service
from audit.routing_pieces import istio
from harden.services.planning import ids, planned, seen


def namespace(name: str, *, labels: str = "", annotations: str = "") -> str:
    """A Namespace."""
    return f"""apiVersion: v1
kind: Namespace
metadata: {{name: {name}, labels: {{{labels}}}, annotations: {{{annotations}}}}}
---
"""


ISTIO = namespace("shop", labels="istio-injection: enabled")
APPLICATION = ISTIO + deployment("web") + deployment("db") + service("db", "ports: [{port: 8080}]")
LEGACY = deployment("report", "legacy", pod="").replace(
    "ports: [", "env: [{name: DB, value: 'db.shop.svc:8080'}], ports: ["
)
ENCRYPTED = "tls: {to: 'shop/*'}"
SEEN = seen("shop/web", "shop/db", 8080)


def written(found: object) -> dict[str, object]:
    """The specs of the policies that were written, by name."""
    return {
        each.thing.name: each.data["spec"] for change in found.made for each in change.new  # type: ignore[attr-defined]
    }  # fmt: skip


def test_nobody_would_break(tmp_path: Path) -> None:
    """A namespace whose clients all have a proxy takes mutual TLS alone, when it is known that nobody else comes."""
    assert [each.question for each in planned(tmp_path, APPLICATION).waiting] == [
        "does anybody without a proxy come who is not in the input?"
    ]
    for found in (planned(tmp_path, APPLICATION, ENCRYPTED), planned(tmp_path, APPLICATION, observed=[SEEN])):
        assert ids(found.made) == ["peerauthentication shop/default: mtls"]
        assert written(found) == {"default": {"mtls": {"mode": "STRICT"}}}


def test_who_would_break(tmp_path: Path) -> None:
    """Those that somebody without a proxy is known to come to stay permissive, and it is said who that is."""
    found = planned(tmp_path, APPLICATION + LEGACY, ENCRYPTED)
    assert written(found) == {
        "default": {"mtls": {"mode": "STRICT"}},
        "db-permissive": {"selector": {"matchLabels": {"app": "db"}}, "mtls": {"mode": "PERMISSIVE"}},
    }
    assert found.made[0].notes == ("shop/db stays PERMISSIVE: legacy/report would break, as there is no proxy there",)
    texts = [each.text for each in found.made[0].new]
    assert "# Clients without a proxy come to shop/db: legacy/report." in texts[1]


def test_strangers_are_asked_about(tmp_path: Path) -> None:
    """Who gets there and is not known to come is named in the question."""
    other = deployment("other", "legacy")
    assert planned(tmp_path, APPLICATION + other).waiting[0].question == (
        "legacy/other get there and have no proxy: do they come?"
    )


def test_a_policy_that_is_there(tmp_path: Path) -> None:
    """The user's own policy is edited, and one that is still needed is left with the reason."""
    own = istio("PeerAuthentication", "mtls: {mode: PERMISSIVE}", "mine", group="security")
    found = planned(tmp_path, APPLICATION + own, ENCRYPTED)
    assert ids(found.made) == ["peerauthentication shop/mine: mtls"]
    assert "spec: {mtls: {mode: STRICT}}" in found.files[0].new.decode()
    needed = istio("PeerAuthentication", "selector: {matchLabels: {app: db}}, mtls: {mode: PERMISSIVE}", "db",
                   group="security")  # fmt: skip
    strict = istio("PeerAuthentication", "mtls: {mode: STRICT}", "all", group="security")
    left = planned(tmp_path, APPLICATION + LEGACY + needed + strict, ENCRYPTED)
    assert left.changes == []
    assert ("peerauthentication shop/db", "clients without a proxy need it: shop/db takes legacy/report") in [
        (each.subject, each.why) for each in left.stays
    ]


def test_linkerd(tmp_path: Path) -> None:
    """The namespace is annotated, unless somebody without a proxy would break."""
    space = namespace("shop", annotations="linkerd.io/inject: enabled")
    text = APPLICATION.replace(ISTIO, space)
    found = planned(tmp_path, text, observed=[SEEN])
    assert ids(found.made) == ["namespace shop: mtls"]
    key = "config.linkerd.io/default-inbound-policy: all-authenticated"
    assert key in found.files[0].new.decode()
    broken = planned(tmp_path, text + LEGACY, observed=[SEEN])
    assert [each.why for each in broken.withheld] == ["clients without a proxy would break: legacy/report to shop/db"]


def test_without_a_mesh(tmp_path: Path) -> None:
    """It is said that nothing encrypts, and what Cilium can do."""
    bare = planned(tmp_path, deployment("web"))
    assert [each.why for each in bare.stays] == [
        "no mesh is in the input: what they send each other is as plain as the applications leave it"
    ]
    agent = deployment("cilium", "kube-system").replace("example.org/cilium", "quay.io/cilium/cilium:v1.17.0")
    agent = agent.replace("kind: Deployment", "kind: DaemonSet").replace("{app: cilium}", "{k8s-app: cilium}")
    cilium = planned(tmp_path, deployment("web") + agent)
    assert "Cilium can encrypt between nodes" in cilium.stays[0].why
