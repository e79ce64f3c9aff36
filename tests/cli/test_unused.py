"""The command `crenel unused`: what rules allow and nobody was seen to use."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from cli.shop import APP
from cli.test_flows import FLOWS
from command import crenel
from output.shapes import UnusedRules

WIDE = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {}}]
    - from: [{ipBlock: {cidr: 203.0.113.0/24}}]
  egress:
    - to: [{podSelector: {matchLabels: {app: cart}}}]
      ports: [{port: 8080}]
    - to: [{namespaceSelector: {}}]
"""

SUBJECT = WIDE.partition("  policyTypes")[0]
EGRESS = "  policyTypes: [Egress]\n  egress:\n"
CART = "{podSelector: {matchLabels: {app: cart}}}"

TABLE = """\
networkpolicy shop/web ingress rule 1 (web.yaml:8): never used
  shop/* to shop/web all

networkpolicy shop/web egress rule 2 (web.yaml:13): used in part: 4 records, last 2024-01-03T12:00:00Z
  shop/web to data/db all except TCP/5432
  shop/web to shop/cart all except TCP/8080

networkpolicy shop/web ingress rule 2 (web.yaml:9): used in part: 1 record, last 2024-01-02T00:00:00Z
  203.0.113.0/24 to shop/web all except TCP/8080

1 of 4 allowing rules never used, 2 used in part.
Observed over 2 days, from 2024-01-01T00:00:00Z to 2024-01-03T12:00:00Z. What runs more seldom than that, or was not \
logged, looks unused as well.
No policy isolates the ingress of 2 workloads (shop/cart, data/db): all of it is allowed.
No policy isolates the egress of 2 workloads (shop/cart, data/db): all of it is allowed.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "app.yaml").write_text(APP)
    (tmp_path / "web.yaml").write_text(WIDE)
    (tmp_path / "log.csv").write_text(FLOWS)
    return tmp_path


def test_each_rule_with_what_of_it_was_never_used(shop: Path) -> None:
    """Rules never used, then those used in part, with file and line; a rule that is used in full is not listed."""
    ran = crenel("unused", "--flows", "log.csv", "-f", "app.yaml", "-f", "web.yaml", cwd=shop)
    assert (ran.code, ran.out) == (1, TABLE)


def test_json_has_every_connection(shop: Path) -> None:
    """Other programs read the same."""
    ran = crenel("unused", "--flows", "log.csv", "--never", "-f", "app.yaml", "-f", "web.yaml", "-o", "json", cwd=shop)
    msgspec.json.decode(ran.out, type=UnusedRules)
    (rule,) = json.loads(ran.out)["rules"]
    assert (rule["policy"], rule["direction"], rule["rule"], rule["file"], rule["line"], rule["used"]) == (
        "networkpolicy shop/web", "ingress", 1, "web.yaml", 8, False,
    )  # fmt: skip
    assert [(each["source"], each["destination"]) for each in rule["unused"]] == [({"group": ["shop/*"]}, "shop/web")]


def test_nothing_unused_is_a_yes(shop: Path) -> None:
    """Where all that rules allow was seen, the exit code is 0; what was dropped is no use."""
    (shop / "web.yaml").write_text(f"{SUBJECT}{EGRESS}    - to: [{CART}]\n      ports: [{{port: 8080}}]\n")
    assert crenel("unused", "--flows", "log.csv", "-f", "app.yaml", "-f", "web.yaml", cwd=shop).code == 0
    (shop / "log.csv").write_text(
        "source,destination,port,protocol,verdict\nshop/web,shop/cart,8080,tcp,deny\nshop/cart,shop/web,1,tcp,allow\n"
    )
    ran = crenel("unused", "--flows", "log.csv", "-f", "app.yaml", "-f", "web.yaml", "-o", "md", cwd=shop)
    assert ran.code == 1
    assert "1 of 1 allowing rule never used, 0 used in part." in ran.out
    assert "The log bears no times: how long was observed is not known." in ran.out


def test_a_use_through_a_service_is_a_use(shop: Path) -> None:
    """What is asked of a Service is booked for what stands behind it, at the port that it leads to."""
    (shop / "log.csv").write_text("source,destination,port,protocol\nshop/web,data/svc/db,15432,tcp\n")
    (shop / "web.yaml").write_text(
        f"{SUBJECT}{EGRESS}    - to: [{{namespaceSelector: {{}}}}]\n      ports: [{{port: 5432}}]\n"
    )
    ran = crenel("unused", "--flows", "log.csv", "-f", "app.yaml", "-f", "web.yaml", cwd=shop)
    assert "used in part: 1 record" in ran.out
    assert "shop/web to shop/* TCP/5432" in ran.out
    assert "data/db TCP/5432" not in ran.out
