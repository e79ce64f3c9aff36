"""What checks are told is what questions are answered."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import crenel
from audit.pieces import DENY, deployment, node, policy, service
from command import ROOT
from crenel.audit.settings import Settings
from crenel.audit.subject import Material, Subject
from crenel.network.rules import Direction
from crenel.network.traffic import TCP
from crenel.questions.exposure.paths import State


def objects(text: str) -> list[dict[str, Any]]:
    """The documents of a text, parsed."""
    return [each for each in yaml.safe_load_all(text) if each]


def subject_of(text: str) -> Subject:
    """The subject of a text."""
    return Subject(Material(crenel.load(objects(text)).given))


def test_reach_is_what_can_says() -> None:
    """For every two workloads of the example and some ports, reach and `can` agree."""
    net = crenel.load(ROOT / "examples" / "shop")
    subject = Subject(Material(net.given))
    asked = 0
    for source in subject.applications:
        for target in subject.applications:
            for port in (5432, 8080, 9090) if source is not target else ():
                reached = subject.reach.into(target.index).sure(subject.mask([(TCP, port)])) >> source.index & 1
                assert bool(reached) == net.can(source.name, target.name, f"TCP/{port}").allowed, (source, target, port)
                asked += reached
    assert asked > 5


def test_isolation_is_what_the_trace_says() -> None:
    """Who is isolated by a policy is so for the subject, by direction; what is not understood is not known."""
    text = deployment("web") + deployment("db") + deployment("api")
    text += policy("web", "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]")
    text += """apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {selector: app == 'db', types: [Ingress]}
"""
    subject = subject_of(text)
    answers = {
        each.name: (subject.isolated(each, Direction.INGRESS), subject.isolated(each, Direction.EGRESS))
        for each in subject.applications
    }
    assert answers["shop/web"] == (False, True)
    assert answers["shop/api"] == (False, False)
    assert answers["shop/db"][0] is None


def test_everything_is_made_once() -> None:
    """Two checks that ask the same get the same object."""
    subject = subject_of(deployment("web"))
    for name in ("joined", "reach", "exposure", "paths", "outlets", "workloads", "templates", "service_ports", "dns"):
        assert getattr(subject, name) is getattr(subject, name), name


def test_the_dns_that_stands_in() -> None:
    """It takes part in the model and is nobody's workload; an input with a DNS of its own has no other."""
    subject = subject_of(deployment("web"))
    assert subject.dns.stand_in
    assert [each.name for each in subject.workloads] == ["shop/web"]
    own = deployment("coredns", "kube-system", port=53).replace("app: coredns", "k8s-app: kube-dns")
    assert not subject_of(deployment("web") + own).dns.stand_in


def test_paths_and_templates() -> None:
    """Paths are found by Service and by pod, pod specs with the field that they stand at."""
    subject = subject_of(
        deployment("web") + service("web", "type: NodePort, ports: [{port: 80, targetPort: 8080}]") + DENY + node()
    )
    (path,) = subject.paths_through["shop", "web"]
    assert path.state is State.CLOSED
    assert not subject.paths_to
    (template,) = subject.templates
    assert (template.thing.title, template.path) == ("deployment shop/web", ("spec", "template", "spec"))
    assert subject.service_ports == {subject.workloads[0].index: frozenset({(TCP, 8080)})}


def test_the_library() -> None:
    """A network is audited from Python too; objects that are no text have no file."""
    audit = crenel.load(objects(deployment("web"))).audit(Settings(select=("NP-01",)))
    (finding,) = audit.findings
    assert (finding.check.id, finding.file, finding.line, finding.place) == ("NP-01", "", None, "")
    assert audit.summary == {"critical": 0, "high": 1, "medium": 0, "low": 0}


@pytest.mark.parametrize("kind", ["CronJob", "Pod"])
def test_titles(kind: str) -> None:
    """A workload is called as what people wrote: by its kind, namespace and name."""
    spec = "{containers: [{name: a, image: a}]}"
    if kind == "CronJob":
        spec = f"{{schedule: x, jobTemplate: {{spec: {{template: {{spec: {spec}}}}}}}}}"
    version = "batch/v1" if kind == "CronJob" else "v1"
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
    assert [each.title for each in subject_of(text).workloads] == [f"{kind.lower()} shop/a"]
    (template,) = subject_of(text).templates
    assert template.path[-1] == "spec"
