"""SV-10: a load balancer that is meant to be internal, and is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import DENY, deployment, node, service

WEB = deployment("web")
BETA = "service.beta.kubernetes.io/"
AZURE = node("azure:///subscriptions/s/virtualMachines/n1")
AWS = node("aws:///eu-west-1a/i-1")
MEANT = "high service shop/web: is meant to be internal, but"


def own(annotations: str = "", name: str = "web", more: str = "") -> str:
    """A Service with a load balancer; `more` is its status."""
    made = service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]", annotations=annotations)
    return made.replace("name: web,", f"name: {name},", 1).replace("---\n", f"{more}---\n")


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at the annotation that nobody knows."""
    text = WEB + own(f'{BETA}azure-loadbalancer-internal: "true"').replace("annotations: {", "annotations:\n    {")
    assert command("SV-10", text, tmp_path) == [
        (
            f"13 {MEANT} no load balancer knows its annotation {BETA}azure-loadbalancer-internal; "
            f"{BETA}azure-load-balancer-internal is meant"
        )
    ]


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (
            f"{BETA}aws-load-balancer-shceme: internal",
            (
                f"no load balancer knows its annotation {BETA}aws-load-balancer-shceme; "
                f"{BETA}aws-load-balancer-scheme is meant"
            ),
        ),
        (
            'azure-load-balancer-internal: "true"',
            (
                f"no load balancer knows its annotation azure-load-balancer-internal; "
                f"{BETA}azure-load-balancer-internal is meant"
            ),
        ),
        (
            "networking.gke.io/load-balancer-type: Intern",
            "Google Cloud does not know the value 'Intern' of its annotation networking.gke.io/load-balancer-type",
        ),
    ],
)
def test_wrong(annotation: str, said: str) -> None:
    """Misspelt names and values, and names without their prefix."""
    assert messages("SV-10", WEB + own(annotation)) == [f"{MEANT} {said}"]


def test_another_cloud() -> None:
    """An annotation of another cloud than that of the nodes does nothing; with both it is right."""
    text = WEB + AZURE + own(f'{BETA}aws-load-balancer-internal: "true"')
    assert messages("SV-10", text) == [
        f"{MEANT} its annotation {BETA}aws-load-balancer-internal is of AWS, and the cluster runs on Azure"
    ]
    both = f'{BETA}aws-load-balancer-internal: "true", {BETA}azure-load-balancer-internal: "true"'
    assert messages("SV-10", WEB + AZURE + own(both)) == []


def test_named() -> None:
    """A Service that is called internal, and nothing makes it so; medium where no cloud is known."""
    said = "service shop/web-internal: its name shop/web-internal calls it internal, and nothing makes it so"
    assert messages("SV-10", WEB + own(name="web-internal")) == [f"medium {said}"]
    assert messages("SV-10", WEB + AWS + own(name="web-internal")) == [f"high {said}"]
    labelled = own().replace("annotations: {}", "labels: {example.org/visibility: internal}")
    assert messages("SV-10", WEB + labelled) == [
        "medium service shop/web: its label example.org/visibility: internal calls it internal, and nothing makes it so"
    ]


def test_stopped_further_on() -> None:
    """Where a policy closes every path it is less."""
    (line,) = messages("SV-10", WEB + AWS + DENY + own(name="web-internal"))
    assert line.startswith("medium ")
    assert line.endswith("; lowered: every path is closed further on (network policy)")


@pytest.mark.parametrize(
    "text",
    [
        own(f'{BETA}azure-load-balancer-internal: "true"'),
        own(f'{BETA}azure-load-balancer-internal: "false"'),
        own(f"{BETA}azure-load-balancer-internal-subnet: internal"),
        own('networking.gke.io/internal-load-balancer-allow-global-access: "true"'),
        own(f"{BETA}alibaba-cloud-loadbalancer-address-type: intranet"),
        own(name="web-internal", more="status: {loadBalancer: {ingress: [{ip: 10.0.0.9}]}}\n"),
        own(f"{BETA}aws-load-balancer-scheme: internal", name="web-internal"),
        own(),
        own(name="internal-web").replace("LoadBalancer", "ClusterIP"),
    ],
    ids=[
        "right", "the contrary", "a subnet", "another setting", "a cloud that is not known", "a private address",
        "named and right", "nothing said", "no load balancer",
    ],
)  # fmt: skip
def test_clean(text: str) -> None:
    """What is right, says the contrary, or something else, is no finding."""
    assert messages("SV-10", WEB + text) == []


def test_fix(tmp_path: Path) -> None:
    """The annotation that was meant takes the place of the other."""
    path = tmp_path / "web.yaml"
    head = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  annotations:\n    example.org/team: a # ours\n"
    tail = "spec:\n  type: LoadBalancer\n  selector:\n    app: web\n  ports:\n    - port: 80\n"
    path.write_text(f"{head}    {BETA}azure-loadbalancer-internal: 'true'\n{tail}")
    inside("-f", str(path), "--select", "SV-10", "--fix", "--write")
    assert path.read_text() == f'{head}    {BETA}azure-load-balancer-internal: "true"\n{tail}'
