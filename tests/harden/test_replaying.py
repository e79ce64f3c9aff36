"""Observed traffic replayed against all of a hardening."""

from __future__ import annotations

from pathlib import Path

from crenel import load
from crenel.flows.observed import Observations, Observed, Verdict
from crenel.harden import services
from crenel.harden.replaying import replay
from crenel.harden.whole import Order, harden
from crenel.questions.verdict import Outcome

APP = """\
apiVersion: v1
kind: Node
metadata: {name: worker-1}
status: {addresses: [{type: InternalIP, address: 10.0.0.5}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example/web:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
"""
INTERNET = Observed("1.1.1.1", "node/worker-1", 6, 30080, 4)
OWN = Observed("192.168.7.7", "node/worker-1", 6, 30080, 2)


def test_ways_in_that_are_closed(tmp_path: Path) -> None:
    """Who came by a node port that a change takes away is cut off, and no policy is to blame; others are not asked."""
    (tmp_path / "app.yaml").write_text(APP)
    net = load(tmp_path)
    seen = Observations(
        (INTERNET, OWN, Observed("1.1.1.1", "node/worker-1", 6, 30081, 1),
         Observed("1.1.1.1", "node/worker-1", 6, 30080, 1, verdict=Verdict.DROPPED))
    )  # fmt: skip
    order = Order(services=services.Wishes(intents=net.declared, confirmed=("*",)))
    whole = harden(net, order)
    assert whole.plan is not None
    assert [each.id for each in whole.plan.made] == ["service shop/web: cluster-ip"]
    found = replay(net, whole, seen)
    assert [(each.observed, each.outcome, each.reasons) for each in found.broken] == [
        (client, Outcome.DENIED, ("the way in is closed: node port service shop/web:30080",))
        for client in (INTERNET, OWN)
    ]
    assert (found.kept, found.dropped, found.uncertain, found.unasked) == (1, 1, (), ())
    unconfirmed = harden(net, Order(services=services.Wishes(intents=net.declared)))
    assert replay(net, unconfirmed, seen).broken == ()
