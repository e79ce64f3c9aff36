"""Changes that would do something else than they promise are withheld, and the others are made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audit.pieces import DENY_INGRESS, deployment, policy, service
from crenel.dialects.entries import EntryKind
from crenel.editing.patches import Edit, Remove, Set
from crenel.harden.services.context import Context
from crenel.harden.services.model import Change, Promise, Wishes
from crenel.harden.services.proving import prove
from crenel.loading import load, load_intents
from harden.services.planning import AZURE, seen

TEXT = (
    AZURE
    + deployment("web")
    + deployment("db")
    + deployment("job")
    + service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    + service("db", "type: NodePort, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]")
    + DENY_INGRESS
    + policy("web", "podSelector: {matchLabels: {app: web}}, ingress: [{}]")
    + policy(
        "db",
        "podSelector: {matchLabels: {app: db}}, "
        "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}, {ipBlock: {cidr: 10.0.1.10/32}}]}]",
    )
)
NODE = {"ipBlock": {"cidr": "10.0.1.10/32"}}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A small application, of which the web is meant for the internet."""
    (tmp_path / "app.yaml").write_text(TEXT)
    intents = tmp_path / "intents"
    intents.write_text("schema: crenel/intents/v1\nintents:\n- {allow: {from: internet, to: 'shop/web:8080'}}\n")
    wishes = Wishes(intents=load_intents(intents), observed=[seen("8.8.8.8", "shop/db", 8080)])
    return Context(load(tmp_path / "app.yaml"), wishes)


def change(context: Context, kind: str, name: str, *edits: Edit, promise: Promise | None = None) -> Change:
    """A change of an object, as somebody may think of it."""
    found = next(
        each.origin for each in context.network.documents
        if (each.data["kind"], each.data["metadata"]["name"]) == (kind, name)
    )  # fmt: skip
    thing = context.thing(found)
    assert thing is not None
    return Change(str(edits[0].path[-1]), "", thing, (), edits, "", promise=promise or Promise())


def entrance(name: str, kind: EntryKind = EntryKind.BALANCER) -> Promise:
    """What closing the way in of a Service promises."""
    return Promise(entries=frozenset({(kind, f"service shop/{name}")}))


@pytest.mark.parametrize(
    ("kind", "name", "edits", "promise", "why"),
    [
        ("Service", "web", [Set(("spec", "type"), "ClusterIP")], Promise(),
         "it would also cut load balancer service shop/web:80 to shop/web"),
        ("Service", "web", [Set(("spec", "type"), "ClusterIP")],
         Promise(entries=frozenset({(each, "service shop/web") for each in EntryKind})),
         "it would cut a need: "),
        ("Service", "web", [Set(("spec", "loadBalancerSourceRanges"), ["10.0.0.0/8"])], entrance("web"),
         "it would cut a need: "),
        ("Service", "db", [Set(("spec", "type"), "LoadBalancer")], entrance("db", EntryKind.NODE_PORT),
         "it would open load balancer service shop/db:80 to shop/db"),
        ("Service", "db", [Set(("spec", "type"), "ExternalName")], entrance("db", EntryKind.NODE_PORT),
         "the result would be wrong: service shop/db: "),
        ("Service", "db", [Remove(("spec", "nonsense"))], Promise(), "there is no spec.nonsense"),
        ("NetworkPolicy", "db", [Set(("spec", "ingress", 0, "from"), [NODE])], entrance("db", EntryKind.NODE_PORT),
         "shop/web would not reach shop/db any more"),
        ("NetworkPolicy", "db", [Set(("spec", "ingress", 0, "from", 0, "podSelector"), {})], Promise(),
         "shop/job would reach shop/db"),
    ],
    ids=["unpromised", "declared", "narrowed", "opened", "rejected", "not there", "cut inside", "opened inside"],
)  # fmt: skip
def test_withheld(context: Context, kind: str, name: str, edits: list[Edit], promise: Promise, why: str) -> None:
    """What speaks against each of them is said in a line."""
    proved = prove(context, [change(context, kind, name, *edits, promise=promise)])
    assert proved.changes == ()
    assert why in proved.withheld[0].why


def test_findings_that_stay(context: Context) -> None:
    """A change that does not mend what it says it mends is withheld."""
    port = change(context, "Service", "db", Set(("metadata", "annotations", "a"), "b"))
    proved = prove(context, [replace(port, mends=(("SV-01", "service shop/db"),))])
    assert proved.withheld[0].why == "SV-01 would still find service shop/db"


def test_the_others_are_made(context: Context) -> None:
    """Among several the one that is to blame is found; the network that comes out is that of the others."""
    harmless = [
        change(context, "Deployment", name, Set(("metadata", "annotations", key), "x"))
        for name in ("web", "db") for key in ("a", "b")
    ]  # fmt: skip
    wrong = change(context, "Service", "web", Set(("spec", "loadBalancerSourceRanges"), ["10.0.0.0/8"]),
                   promise=entrance("web"))  # fmt: skip
    proved = prove(context, [*harmless[:3], wrong, harmless[3]])
    assert proved.changes == tuple(harmless)
    assert [each.change for each in proved.withheld] == [wrong]
    found = {each.name: each for each in proved.after.network.given.decoded.services}["web"]
    assert found.spec is not None
    assert found.spec.load_balancer_source_ranges is None
