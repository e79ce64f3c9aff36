"""JV-03: something that is meant to be public, and is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import aws
from audit.asking import found, messages
from audit.checks.test_np_04 import NGINX
from audit.pieces import DENY, deployment, node, policy, service
from command import crenel

WEB = deployment("web")
PORTS = "ports: [{port: 80, targetPort: 8080}]"
OPEN = service("web", f"type: LoadBalancer, {PORTS}")
BLOCKED = "is declared public, and no packet of the internet gets to it by load balancer service shop/web:80"


def declared(folder: Path, *names: str) -> tuple[str, str]:
    """The option for a configuration that declares some names."""
    path = folder / "settings.toml"
    path.write_text(f"public = [{', '.join(repr(name) for name in names)}]\n")
    return "--config", str(path)


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at what opens it, with the layer that stops it first and the rules of each."""
    (tmp_path / "input.yaml").write_text(WEB + OPEN + DENY)
    (tmp_path / "crenel.toml").write_text('public = ["shop/web"]\n')
    ran = crenel("audit", "-f", "input.yaml", "--select", "JV-03", cwd=tmp_path)
    assert ran.code == 1
    line = f"  medium    JV-03  line 13: {BLOCKED}: the network policy at shop/web stops it first"
    assert line in ran.out.splitlines()


def test_every_layer(tmp_path: Path) -> None:
    """All layers that block are named, with their rules."""
    own = service("web", "type: NodePort, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]")
    text = node(aws.PROVIDER, public=aws.PUBLIC) + aws.pod() + own + DENY
    text += aws.network(aws.group("nodes", aws.permission("22")))
    (finding,) = found(text, "--select", "JV-03", *declared(tmp_path, "shop/web"))
    assert finding["message"].endswith("the cloud firewall at node n1 stops it first, and 1 more after that")
    assert [each.partition(":")[0] for each in finding["evidence"]] == [
        "cloud firewall at node n1",
        "network policy at shop/web",
    ]
    assert finding["fix"] == "open the cloud firewall at node n1, then the network policy at shop/web"


def test_nothing_leads_there(tmp_path: Path) -> None:
    """By its name it is a finding, by a pattern it is not."""
    text = WEB + service("web", PORTS)
    assert messages("JV-03", text, *declared(tmp_path, "shop/web")) == [
        "medium service shop/web: is declared public, and nothing leads to it from outside"
    ]
    assert messages("JV-03", text, *declared(tmp_path, "shop/*")) == []


def test_a_workload(tmp_path: Path) -> None:
    """A workload may be declared as well; the Service in front of it is the same thing."""
    hosted = deployment("web", more=", hostPort: 8080")
    assert messages("JV-03", hosted + DENY, *declared(tmp_path, "shop/web")) == [
        (
            "medium deployment shop/web: is declared public, and no packet of the internet gets to it by host port "
            "shop/web:8080: the network policy at shop/web stops it first"
        )
    ]
    assert len(messages("JV-03", WEB + OPEN + DENY, *declared(tmp_path, "shop/web"))) == 1


def test_behind_a_proxy(tmp_path: Path) -> None:
    """A Service that a rule of a proxy leads to counts as reached."""
    text = NGINX.replace("name: web, port", "name: api, port") + OPEN
    text += deployment("api") + service("api", PORTS)
    assert messages("JV-03", text, *declared(tmp_path, "shop/api")) == []
    closed = policy("api", "podSelector: {matchLabels: {app: api}}")
    (line,) = messages("JV-03", text + closed, *declared(tmp_path, "shop/api"))
    assert line.endswith("service shop/web:80 for http://*/: the network policy at shop/api stops it first")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (WEB + OPEN, ["shop/web"]),
        (WEB + OPEN + policy("web", "podSelector: {}, ingress: [{ports: [{port: 8080}]}]"), ["shop/web"]),
        (WEB + OPEN + DENY, []),
        (WEB + OPEN + DENY, ["shop/api"]),
    ],
    ids=["open", "open by a policy", "nothing declared", "something else"],
)
def test_clean(text: str, names: list[str], tmp_path: Path) -> None:
    """What may be reached, or is not declared, is no finding."""
    assert messages("JV-03", text, *declared(tmp_path, *names)) == []
