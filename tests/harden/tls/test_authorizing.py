"""Policies of a mesh that let in whom the needs name, and nobody else."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.pieces import deployment, node, service
from crenel.audit.linkerd import Linkerd
from crenel.audit.peers import Istio
from crenel.dialects.admission import Client, truth
from crenel.harden.services import Plan
from crenel.harden.services.context import Context
from crenel.harden.services.model import Wishes
from harden.services.planning import ids, planned
from harden.tls.test_meshes import namespace

ISTIO = namespace("shop", labels="istio-injection: enabled")
LINKERD = namespace("shop", annotations="linkerd.io/inject: enabled")


def workload(name: str, *targets: str, where: str = "shop", pod: str = "", port: int = 8080) -> str:
    """A Deployment that refers to others by `targets`, with a service account of its own and a Service."""
    text = deployment(name, where, pod=f"serviceAccountName: {name}, {pod}", port=port)
    env = ", ".join(f"{{name: T{number}, value: '{each}'}}" for number, each in enumerate(targets))
    text = text.replace("ports: [", f"env: [{env}], ports: [")
    return text + service(name, f"ports: [{{port: 80, targetPort: {port}}}]", where)


WEB, DB = workload("web", "db:80"), workload("db")
SCRAPED = DB.replace(
    "metadata: {labels: {app: db}}",
    "metadata: {labels: {app: db}, annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '8080'}}",
)
PROMETHEUS = deployment("prometheus", "monitoring").replace("example.org/", "prom/")


def authorized(folder: Path, text: str, *intents: str, **wishes: Any) -> Plan:
    """The plan with policies of the mesh."""
    return planned(folder, text, *intents, services=False, mesh_policies=True, **wishes)


def written(found: Plan) -> dict[str, Any]:
    """The specs of the objects that are written for authorization, by kind and name."""
    return {
        f"{each.thing.kind} {each.thing.name}": each.data["spec"]
        for change in found.made if change.name == "authorization" for each in change.new
    }  # fmt: skip


def refused(found: Plan) -> dict[str, str]:
    return {each.subject: each.why for each in found.stays if each.subject.startswith("mesh policies")}


def test_istio(tmp_path: Path) -> None:
    """One policy for each workload: those who need it by their service accounts, at the ports of the pods."""
    found = authorized(tmp_path, ISTIO + WEB + DB)
    assert ids(found.made) == [
        "authorizationpolicy shop/web: authorization",
        "authorizationpolicy shop/db: authorization",
    ]
    assert written(found) == {
        "AuthorizationPolicy web": {"selector": {"matchLabels": {"app": "web"}}, "action": "ALLOW"},
        "AuthorizationPolicy db": {
            "selector": {"matchLabels": {"app": "db"}},
            "action": "ALLOW",
            "rules": [
                {
                    "from": [{"source": {"principals": ["cluster.local/ns/shop/sa/web"]}}],
                    "to": [{"operation": {"ports": ["8080"]}}],
                }
            ],
        },
    }
    assert found.made[0].what == "shop/web: the mesh lets in nobody"
    assert found.made[1].what == "shop/db: the mesh lets in shop/web, and nobody else"
    assert '# shop/web: variable T0 is "db:80"' in found.made[1].new[0].text


def test_linkerd(tmp_path: Path) -> None:
    """A Server for each port; an authentication and an authorization for each sort of client."""
    found = authorized(tmp_path, LINKERD + WEB + DB)
    assert ids(found.made) == [
        "server shop/web-8080: authorization", "server shop/db-8080: authorization", "namespace shop: mtls",
    ]  # fmt: skip
    server = {"port": 8080, "accessPolicy": "deny"}
    assert written(found) == {
        "Server web-8080": {"podSelector": {"matchLabels": {"app": "web"}}, **server},
        "Server db-8080": {"podSelector": {"matchLabels": {"app": "db"}}, **server},
        "MeshTLSAuthentication db-8080": {
            "identityRefs": [{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}]
        },
        "AuthorizationPolicy db-8080": {
            "targetRef": {"group": "policy.linkerd.io", "kind": "Server", "name": "db-8080"},
            "requiredAuthenticationRefs": [
                {"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": "db-8080"}
            ],
        },
    }


def test_only_on_request(tmp_path: Path) -> None:
    """Whoever asks for mutual TLS has not asked for this."""
    found = planned(tmp_path, ISTIO + WEB + DB, services=False)
    assert not [each for each in found.changes if each.name == "authorization"]


@pytest.mark.parametrize("mesh", [ISTIO, LINKERD])
def test_a_client_without_a_proxy(tmp_path: Path, mesh: str) -> None:
    """It is let in by the addresses that pods have, those of nodes for one in their network; it is said who is too."""
    found = authorized(tmp_path, node() + mesh + SCRAPED + PROMETHEUS)
    note = found.made[0].notes[0]
    assert note.startswith("monitoring/prometheus shows no certificate: whoever ")
    assert note.endswith("comes from 10.244.0.0/24 is let in as well")
    specs = written(found)
    if mesh == ISTIO:
        source = {"notPrincipals": ["*"], "ipBlocks": ["10.244.0.0/24"]}
        assert specs["AuthorizationPolicy db"]["rules"][0]["from"] == [{"source": source}]
    else:
        assert specs["NetworkAuthentication db-8080-networks"] == {"networks": [{"cidr": "10.244.0.0/24"}]}
    hosted = PROMETHEUS.replace("spec: {containers", "spec: {hostNetwork: true, containers")
    assert "10.0.1.10/32" in str(written(authorized(tmp_path, node() + mesh + SCRAPED + hosted)))
    assert "0.0.0.0/0" not in str(specs)


@pytest.mark.parametrize("mesh", [ISTIO, LINKERD])
def test_clients_from_outside(tmp_path: Path, mesh: str) -> None:
    """Whoever the intents name is let in by his address, with a certificate or without."""
    found = authorized(tmp_path, node() + mesh + DB, "allow: {from: 192.0.2.0/24, to: 'shop/db:8080'}")
    assert "192.0.2.0/24" in str(written(found))
    assert "notPrincipals" not in str(written(found))


@pytest.mark.parametrize("mesh", [ISTIO, LINKERD])
def test_again_on_its_own_result(tmp_path: Path, mesh: str) -> None:
    """Nothing is written twice, and nothing is said against what was written."""
    text = mesh + WEB + SCRAPED + PROMETHEUS + workload("job", "web:80", pod="serviceAccount: web,")
    found = authorized(tmp_path, text)
    base = next((each.new.decode() for each in found.files if each.old is not None), text)
    result = "---\n".join([base, *(each.text for change in found.made for each in change.new)])
    again = authorized(tmp_path, result)
    assert not [each for each in again.changes if each.name == "authorization"]
    assert refused(again) == {}


def test_who_cannot_be_told_apart(tmp_path: Path) -> None:
    """Workloads with one service account are one to a mesh, those with the same labels to its policies: it is said."""
    other = workload("other").replace("serviceAccountName: other", "serviceAccountName: web")
    found = authorized(tmp_path, ISTIO + WEB + DB + other)
    notes = {each.what.partition(":")[0]: each.notes for each in found.made}
    assert notes["shop/db"] == ("shop/other let in as well: shop/web has the same service account shop/web",)
    twin = DB.replace("name: db,", "name: twin,").partition("---")[0] + "---\n"
    for mesh in (ISTIO, LINKERD):
        alike = authorized(tmp_path, mesh + WEB + DB + twin)
        told = [each for each in alike.made if "shop/db, shop/twin: " in each.what]
        assert told[0].notes == ("no label tells shop/db, shop/twin apart: who may come to one may come to all",)
    more = workload("more").replace("labels: {app: more}", "labels: {app: db, tier: x}")
    more = more.replace("matchLabels: {app: more}", "matchLabels: {tier: x}").replace(
        "selector: {app: more}", "selector: {tier: x}"
    )
    wider = authorized(tmp_path, ISTIO + WEB + DB + more + workload("api", "more:80"))
    notes = {each.what.partition(":")[0]: each.notes for each in wider.made}
    assert notes["shop/db"] == ()
    assert notes["shop/more"] == (
        "shop/web is let in as well: no label keeps the policy of a workload that it comes to from these pods",
    )


def test_policies_that_are_there(tmp_path: Path) -> None:
    """They stay: what they let in beside is said, and to add to those that name somebody is asked."""
    head = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: own, namespace: shop}\n"
    wide = head + "spec: {selector: {matchLabels: {app: db}}, rules: [{from: [{source: {namespaces: [shop]}}]}]}\n---\n"
    found = authorized(tmp_path, ISTIO + WEB + DB + workload("other") + wide)
    assert "AuthorizationPolicy db" not in written(found)
    assert refused(found)["mesh policies of shop/db"].startswith(
        "authorizationpolicy shop/own: service account shop/db to shop/db TCP/8080"
    )
    narrow = wide.replace("namespaces: [shop]", "principals: [cluster.local/ns/shop/sa/other]")
    asked = authorized(tmp_path, ISTIO + WEB + DB + workload("other") + narrow)
    assert "shop/web to shop/db TCP/8080 kept out, and needed" in asked.waiting[-1].question
    nothing = head + "spec: {}\n---\n"
    assert "AuthorizationPolicy db" in written(authorized(tmp_path, ISTIO + WEB + DB + nothing))


def test_what_may_keep_out_whom_it_lets_in(tmp_path: Path) -> None:
    """Where clients do not show the certificate of the mesh, or show that of a waypoint, nothing is written."""
    rule = """apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: plain, namespace: shop}
spec: {host: db, trafficPolicy: {tls: {mode: DISABLE}}}
---
"""
    found = authorized(tmp_path, ISTIO + WEB + DB + rule)
    assert refused(found)["mesh policies of shop/db"] == (
        "destinationrule shop/plain has clients send without the certificate of the mesh"
    )
    waypoint = namespace("shop", labels="istio.io/dataplane-mode: ambient, istio.io/use-waypoint: w")
    assert "reached by a waypoint" in refused(authorized(tmp_path, waypoint + DB))["mesh policies of shop/db"]
    off = """apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: plain, namespace: shop}
spec: {mtls: {mode: DISABLE}}
---
"""
    plain = written(authorized(tmp_path, node() + ISTIO + WEB + DB + off))["AuthorizationPolicy db"]["rules"]
    assert plain[0]["from"] == [{"source": {"ipBlocks": ["10.244.0.0/24"]}}]


def test_a_refusal_of_the_user_stays(tmp_path: Path) -> None:
    """A policy is written for whom a DENY policy keeps out: that he is kept out is as it was."""
    deny = """apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: never, namespace: shop}
spec: {action: DENY, rules: [{from: [{source: {principals: ['*/sa/web']}}]}]}
---
"""
    assert "AuthorizationPolicy db" in written(authorized(tmp_path, ISTIO + WEB + DB + deny))


def test_probes(tmp_path: Path) -> None:
    """The kubelet is let in where the mesh does not see to it: by gRPC to Linkerd, unrewritten to Istio."""
    grpc = DB.replace("image: example.org/db,", "image: example.org/db, livenessProbe: {grpc: {port: 8080}},")
    http = grpc.replace("grpc: {port: 8080}", "httpGet: {port: main}")
    assert "NetworkAuthentication db-8080-networks" in written(authorized(tmp_path, LINKERD + grpc))
    assert "NetworkAuthentication db-8080-networks" not in written(authorized(tmp_path, LINKERD + http))
    assert "rules" not in written(authorized(tmp_path, ISTIO + http))["AuthorizationPolicy db"]
    said = "labels: {app: db}, annotations: {sidecar.istio.io/rewriteAppHTTPProbers: 'false'}}"
    bare = http.replace("metadata: {labels: {app: db}}", f"metadata: {{{said}")
    specs = written(authorized(tmp_path, node() + ISTIO + bare))
    assert specs["AuthorizationPolicy db"]["rules"][0]["from"] == [
        {"source": {"notPrincipals": ["*"], "ipBlocks": ["10.0.1.10/32", "10.244.0.0/24"]}}
    ]


def test_opaque_ports(tmp_path: Path) -> None:
    """A Server takes the place of what says that a port is opaque, and says so itself."""
    postgres = workload("pg", port=5432)
    assert written(authorized(tmp_path, LINKERD + postgres))["Server pg-5432"]["proxyProtocol"] == "opaque"
    assert refused(authorized(tmp_path, LINKERD + postgres + workload("x", "pg:80"))) == {}
    own = LINKERD.replace("enabled", "enabled, config.linkerd.io/opaque-ports: '9000,8000-8100'")
    assert "proxyProtocol" not in written(authorized(tmp_path, own + postgres))["Server pg-5432"]
    assert written(authorized(tmp_path, own + DB))["Server db-8080"]["proxyProtocol"] == "opaque"
    called = DB.replace("annotations: {}", "annotations: {config.linkerd.io/opaque-ports: '80'}")
    assert written(authorized(tmp_path, LINKERD + called))["Server db-8080"]["proxyProtocol"] == "opaque"


def test_the_version_of_the_input(tmp_path: Path) -> None:
    """Servers are as those of the input, of which the older have no accessPolicy. Those stay, and are told of."""
    own = """apiVersion: policy.linkerd.io/v1beta1
kind: Server
metadata: {name: own, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, port: main}
---
"""
    found = authorized(tmp_path, LINKERD + WEB + DB + workload("x", "web:80") + own)
    assert {each.data["apiVersion"] for change in found.made for each in change.new if each.thing.kind == "Server"} == {
        "policy.linkerd.io/v1beta1"
    }
    assert "accessPolicy" not in str(written(found))
    assert "Server web-8080" not in written(found)
    assert refused(found)["mesh policies of shop/web"] == (
        "server shop/own: shop/x to shop/web TCP/8080 kept out, and needed"
    )


def test_a_port_that_is_not_declared(tmp_path: Path) -> None:
    """Linkerd takes no policy for it: that is said, and the default is left as it is where somebody would break."""
    text = LINKERD + WEB + DB.replace("ports: [{name: main, containerPort: 8080}]", "ports: []")
    assert refused(authorized(tmp_path, text))["mesh policies of shop/db"] == (
        "shop/web comes to TCP/8080, which its pods do not declare: the default policy decides there"
    )


NAMES = ("a", "b", "c", "d")
PAIRS = st.frozensets(st.sampled_from(list(permutations(NAMES, 2))), max_size=6)


@settings(max_examples=40)
@given(PAIRS, st.sampled_from([ISTIO, LINKERD]), st.frozensets(st.sampled_from(NAMES), max_size=2))
def test_just_those_who_need_it(
    tmp_path_factory: pytest.TempPathFactory, pairs: frozenset[tuple[str, str]], mesh: str, outer: frozenset[str]
) -> None:
    """Of random workloads, in the mesh or outside, those who refer to another are let in there, and no others are."""
    homes = {name: "out" if name in outer else "shop" for name in NAMES}
    text = node() + mesh + "".join(
        workload(name, *(f"{to}.{homes[to]}:80" for one, to in sorted(pairs) if one == name), where=homes[name])
        for name in NAMES
    )  # fmt: skip
    found = authorized(tmp_path_factory.mktemp("x"), text)
    context = Context(found.after, Wishes())
    subject, ranges = context.subject, context.pod_ranges
    asked = Istio(subject) if mesh == ISTIO else Linkerd(subject)
    for each in subject.workloads:
        if each.namespace != "shop":
            continue
        clients = {one for one, to in pairs if to == each.group.workload}
        bare = bool(clients & outer)
        assert asked.admits(each, 8080, Client(None, ranges)) is truth(bare)
        for name in set(NAMES) - outer:
            if mesh == ISTIO or not bare:  # Linkerd lets in by address whoever comes from there
                assert asked.admits(each, 8080, Client(("shop", name))) is truth(name in clients), name


def test_yaml_of_what_is_written(tmp_path: Path) -> None:
    """The texts say what the values do."""
    found = authorized(tmp_path, ISTIO + WEB + DB)
    for change in found.made:
        for each in change.new:
            assert yaml.safe_load(each.text) == each.data
