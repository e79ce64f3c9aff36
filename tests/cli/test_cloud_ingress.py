"""Ingresses that a load balancer of a cloud serves, on the clouds' own JSON: every layer opens, closes and is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command import ROOT, crenel
from output.shapes import Exposure
from output.shapes import Path as Shape

LAYERS = ROOT / "examples" / "layers"
URL = "https://shop.example.com/cart"

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: web, image: "example.org/web:1", ports: [{name: https, containerPort: 8443}]}]}
status: {phase: Running, podIPs: [{ip: POD_ADDRESS}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{ipBlock: {cidr: LB_RANGE}}], ports: [{port: https}]}]
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: "PROVIDER_ID"}
status: {addresses: [{type: InternalIP, address: NODE_ADDRESS}]}
---
"""
AWS = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{name: https, port: 443, targetPort: https, nodePort: 30443}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: ingress.k8s.aws/alb}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: shop
  annotations:
    alb.ingress.kubernetes.io/scheme: internet-facing
    alb.ingress.kubernetes.io/certificate-arn: arn:aws:acm:eu-west-1:111122223333:certificate/1
    alb.ingress.kubernetes.io/inbound-cidrs: 0.0.0.0/0
    alb.ingress.kubernetes.io/target-type: instance
spec:
  ingressClassName: alb
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: https}}}}]}
status:
  loadBalancer: {ingress: [{hostname: shop-1234.eu-west-1.elb.amazonaws.com}]}
"""


def pod(address: str, lb: str, provider: str, node: str) -> str:
    """The pod, its policy, which lets in the ranges of a load balancer, and its node."""
    words = {"POD_ADDRESS": address, "LB_RANGE": lb, "PROVIDER_ID": provider, "NODE_ADDRESS": node}
    text = POD
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def aws(folder: Path, targets: str = "instance") -> Path:
    """A cluster on AWS with an Ingress of class alb, and everything that its cloud says.

    For targets by address the node hands addresses of its network to pods, and its group lets the port of the pod in.
    """
    place = Path(shutil.copytree(LAYERS / "aws", folder / "aws"))
    address = "10.244.1.5" if targets == "instance" else "10.0.2.77"
    text = pod(address, "10.0.1.99/32", "aws:///eu-west-1a/i-0node1", "10.0.2.10") + AWS
    (place / "cluster.yaml").write_text(text.replace("target-type: instance", f"target-type: {targets}"))
    if targets == "ip":
        for name in ("target-groups.json", "target-health.json"):
            (place / name).unlink()
        edit(place / "network-interfaces.json", lend)
        swap(place / "security-groups.json", "30443", "8443")
        swap(place / "network-acls.json", "30000", "8000")
    return place


def lend(page: Any) -> None:
    """Give the node's interface the address of the pod as a further one."""
    listed = page["NetworkInterfaces"][1]["PrivateIpAddresses"]
    listed.append({"PrivateIpAddress": "10.0.2.77", "Primary": False})


def edit(file: Path, change: Any) -> None:
    """Change a JSON file."""
    page = json.loads(file.read_text())
    change(page)
    file.write_text(json.dumps(page, indent=2))


def swap(file: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def fronted(place: Path, *more: str) -> Shape:
    """The one path from the internet through the Ingress."""
    ran = crenel("exposure", "-f", str(place), "--all", "-o", "json", *more)
    assert (ran.code, ran.err) == (0, "")
    (path,) = [each for each in msgspec.json.decode(ran.out, type=Exposure).paths if each.request]
    return path


@pytest.mark.parametrize("targets", ["instance", "ip"])
def test_through_an_application_load_balancer(targets: str, tmp_path: Path) -> None:
    """Everything known, the path is open: layers of both connections in order, TLS for each, a witness."""
    path = fronted(aws(tmp_path, targets))
    assert (path.state, path.request, path.destination, path.destination_port, path.seen_as) == (
        "open", "https://shop.example.com/", "shop/web", 8443, "the load balancer",
    )  # fmt: skip
    assert path.opened_by == "ingress shop/shop"
    assert path.through == ["shop (ingress class alb)"]
    assert [(layer.layer, layer.where) for layer in path.layers] == [
        ("load balancer", "shop"),
        ("source ranges", "ingress shop/shop"),
        ("cloud firewall", "shop"),
        ("cloud firewall", "node n1" if targets == "instance" else "shop/web at eni-node-1"),
        ("network policy", "shop/web"),
    ]
    assert [(leg.source, leg.target, leg.tls) for leg in path.tls] == [
        ("the client", "shop", "terminate"), ("shop", "shop/web", "none")
    ]  # fmt: skip
    assert path.witness is not None
    assert path.witness.destination == "shop-1234.eu-west-1.elb.amazonaws.com"
    assert path.close is not None
    assert path.close.change == "remove the rule for https://shop.example.com/"


CHANGES = [
    ("load-balancers.json", "internet-facing", "internal", "load balancer"),
    ("cluster.yaml", "inbound-cidrs: 0.0.0.0/0", "inbound-cidrs: 10.0.0.0/8", "source ranges"),
    ("listeners.json", '"Port": 443', '"Port": 8443', "listener"),
    ("security-groups.json", '"FromPort": 443,', '"FromPort": 444,', "cloud firewall"),
    ("security-groups.json", '"FromPort": NODE,', '"FromPort": 30500,', "cloud firewall"),
    ("network-acls.json", "10.0.1.0/24", "10.0.4.0/24", "cloud firewall"),
    ("cluster.yaml", "cidr: 10.0.1.99/32", "cidr: 10.0.1.0/26", "network policy"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "layer", "targets"),
    [*((*change, "instance") for change in CHANGES), *((*change, "ip") for change in CHANGES[-3:])],
)
def test_one_change_closes_the_path_at_its_layer(
    file: str, old: str, new: str, layer: str, targets: str, tmp_path: Path
) -> None:
    """The layer that was changed is named, alone."""
    place = aws(tmp_path, targets)
    port = "30443" if targets == "instance" else "8443"
    if "NODE" in old:
        swap(place / file, f'"ToPort": {port}', '"ToPort": 30500')
    if old == '"FromPort": 443,':
        swap(place / file, '"ToPort": 443\n', '"ToPort": 444\n')
    swap(place / file, old.replace("NODE", port), new)
    path = fronted(place)
    assert path.state == "closed"
    assert [each.layer for each in path.layers if each.state == "closed"] == [layer]


def test_a_url_that_a_layer_closes(tmp_path: Path) -> None:
    """The answer is no, with that layer and its rules."""
    place = aws(tmp_path)
    swap(place / "cluster.yaml", "inbound-cidrs: 0.0.0.0/0", "inbound-cidrs: 10.0.0.0/8")
    ran = crenel("can", "internet", URL, "-f", str(place))
    assert (ran.code, ran.out.splitlines()[0]) == (1, f"denied: internet to {URL} TCP/443")
    assert f"denies  only from 10.0.0.0/8\n          {place}/cluster.yaml:" in ran.out


def test_a_rule_that_was_removed(tmp_path: Path) -> None:
    """No path is left, and the URL is answered by the load balancer itself."""
    place = aws(tmp_path)
    swap(place / "cluster.yaml", "host: shop.example.com", "host: other.example.com")
    ran = crenel("can", "internet", URL, "-f", str(place))
    assert ran.code == 1
    assert "ingress class alb answers 404: no rule matches" in ran.out


def test_who_answers_a_url(tmp_path: Path) -> None:
    """The rules of both connections are told in order, and what takes the request."""
    ran = crenel("can", "internet", URL, "-f", str(aws(tmp_path)))
    assert ran.code == 0
    words = [
        f"allowed: internet to {URL} TCP/443",
        "shop is internet-facing",
        "only from 0.0.0.0/0",
        "security group sg-lb (lb) ingress rule 1 passes it on",
        "security group sg-nodes (nodes) ingress rule 1 passes it on",
        "networkpolicy shop/web ingress rule 1 allows it",
        "ingress class alb sends it to service shop/web:https",
    ]
    places = [ran.out.find(each) for each in words]
    assert min(places) >= 0
    assert places == sorted(places)


def test_instances_need_a_node_port(tmp_path: Path) -> None:
    """A Service of type ClusterIP cannot be reached by instances, and the layer says so."""
    place = aws(tmp_path)
    swap(place / "cluster.yaml", "  type: NodePort\n  externalTrafficPolicy: Local\n", "")
    swap(place / "cluster.yaml", ", nodePort: 30443", "")
    (shut,) = [each for each in fronted(place).layers if each.state == "closed"]
    assert (shut.layer, shut.where) == ("targets", "service shop/web")
    assert shut.says == "its type is ClusterIP, and instances as targets need a node port"


def test_manifests_alone(tmp_path: Path) -> None:
    """What manifests do not say is listed and leaves the path possible; assumptions open what they are about."""
    place = tmp_path / "cluster.yaml"
    text = pod("10.244.1.5", "10.0.0.0/8", "aws:///eu-west-1a/i-0node1", "10.0.2.10") + AWS
    place.write_text(text)
    assert fronted(place).lacks == [
        "which firewalls stand in front of node n1",
        "which addresses the load balancer in front of shop/web has inside",
    ]
    place.write_text(text.replace("externalTrafficPolicy: Local", "externalTrafficPolicy: Cluster"))
    assert fronted(place, "--assume", "unfiltered=yes").state == "open"
    swap(place, "scheme: internet-facing", "tags: a=b")
    path = fronted(place)
    assert [(each.layer, each.says) for each in path.layers if each.state == "closed"] == [
        ("load balancer", "no annotation alb.ingress.kubernetes.io/scheme, and its controller then makes it internal")
    ]


def test_reports_name_the_ingress(tmp_path: Path) -> None:
    """The table and the page for a pull request have the path like any other."""
    place = aws(tmp_path)
    way = "load balancer ingress shop/shop:443/TCP https://shop.example.com/"
    ran = crenel("exposure", "-f", str(place))
    assert ran.out.splitlines()[1].split("  ")[:2] == ["open", f" {way}"] or way in ran.out.splitlines()[1]
    assert f"remove the rule for https://shop.example.com/ ({place}/cluster.yaml:" in ran.out
    assert way in crenel("exposure", "-f", str(place), "-o", "md").out


GCE = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, annotations: {cloud.google.com/app-protocols: '{"https": "HTTPS"}'}}
spec: {selector: {app: web}, ports: [{name: https, port: 443, targetPort: https}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: shop
  annotations: {kubernetes.io/ingress.class: gce, kubernetes.io/ingress.allow-http: "false"}
spec:
  tls: [{secretName: shop}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: https}}}}]}
status:
  loadBalancer: {ingress: [{ip: 34.50.1.1}]}
"""
RANGES = ["130.211.0.0/22", "35.191.0.0/16"]


def gce(folder: Path) -> Path:
    """A VPC-native cluster on Google Cloud with an Ingress of class gce, and everything that its cloud says."""
    place = Path(shutil.copytree(LAYERS / "gcp", folder / "gcp"))
    text = pod("10.244.1.5", RANGES[0], "gce://shop/us-east1-b/gke-node-1", "10.0.1.10") + GCE
    text = text.replace(f"{{cidr: {RANGES[0]}}}}}", f"{{cidr: {RANGES[0]}}}}}, {{ipBlock: {{cidr: {RANGES[1]}}}}}")
    (place / "cluster.yaml").write_text(text)
    own = "https://www.googleapis.com/compute/v1/projects/shop/global"
    (place / "backend-services.json").write_text(
        json.dumps(
            [{"kind": "compute#targetHttpsProxy", "name": "p", "selfLink": f"{own}/targetHttpsProxies/p",
              "urlMap": f"{own}/urlMaps/m"}]
        )
    )  # fmt: skip
    edit(place / "instances.json", share)
    edit(place / "firewall-rules.json", let_in)

    def proxied(page: Any) -> None:
        rule = page[0]
        rule |= {"selfLink": f"{own}/forwardingRules/shop", "target": f"{own}/targetHttpsProxies/p"}
        del rule["backendService"], rule["region"]

    edit(place / "forwarding-rules.json", proxied)
    return place


def share(page: Any) -> None:
    """Give the first node a range of addresses for its pods."""
    page[0]["networkInterfaces"][0]["aliasIpRanges"] = [{"ipCidrRange": "10.244.1.0/24"}]


def let_in(page: Any) -> None:
    """The rule that the controller writes: from Google's front ends to the port of the pods."""
    page[0] |= {"name": "k8s-fw-l7", "allowed": [{"IPProtocol": "tcp", "ports": ["8443"]}], "sourceRanges": RANGES}
    del page[0]["destinationRanges"]


def test_through_a_load_balancer_of_google_cloud(tmp_path: Path) -> None:
    """It connects to pods from Google's front ends, in TLS where the Service says so."""
    path = fronted(gce(tmp_path))
    assert (path.state, path.port, path.seen_as) == ("open", 443, "the load balancer")
    assert [leg.tls for leg in path.tls] == ["terminate", "tls"]
    assert [(layer.layer, layer.where) for layer in path.layers] == [
        ("load balancer", "shop"), ("cloud firewall", "shop/web at gke-node-1"), ("network policy", "shop/web")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "layer"),
    [
        ("forwarding-rules.json", "EXTERNAL", "INTERNAL_MANAGED", "load balancer"),
        ("forwarding-rules.json", "443-443", "80-80", "listener"),
        ("firewall-rules.json", '"8443"', '"8444"', "cloud firewall"),
        ("cluster.yaml", "port: https}]}]", "port: 9}]}]", "network policy"),
    ],
)
def test_one_change_on_google_cloud(file: str, old: str, new: str, layer: str, tmp_path: Path) -> None:
    """The same there."""
    place = gce(tmp_path)
    swap(place / file, old, new)
    path = fronted(place)
    assert path.state == "closed"
    assert [each.layer for each in path.layers if each.state == "closed"] == [layer]


def test_half_of_the_front_ends(tmp_path: Path) -> None:
    """A policy for one of the two ranges lets some of them in: it is not known which one connects."""
    place = gce(tmp_path)
    swap(place / "cluster.yaml", f", {{ipBlock: {{cidr: {RANGES[1]}}}}}", "")
    path = fronted(place)
    assert path.state == "possible"
    assert path.lacks == ["where in 35.191.0.0/16, 130.211.0.0/22 the load balancer in front of shop/web is"]


AGIC = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: https, port: 443, targetPort: https}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: shop
  annotations: {appgw.ingress.kubernetes.io/backend-protocol: https, appgw.ingress.kubernetes.io/ssl-redirect: "true"}
spec:
  ingressClassName: azure-application-gateway
  tls: [{hosts: [shop.example.com], secretName: shop}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: https}}}}]}
status:
  loadBalancer: {ingress: [{ip: 20.50.1.1}]}
"""
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop/providers"


def agic(folder: Path) -> Path:
    """A cluster on Azure with an Ingress for an application gateway, and everything that its cloud says."""
    place = Path(shutil.copytree(LAYERS / "azure", folder / "azure"))
    provider = f"azure://{SUBSCRIPTION}/Microsoft.Compute/virtualMachineScaleSets/aks-pool/virtualMachines/1"
    (place / "cluster.yaml").write_text(pod("10.0.1.77", "10.0.9.0/24", provider, "10.0.1.4") + AGIC)
    (place / "load-balancer.json").write_text(json.dumps(application_gateway()))

    def lent(page: Any) -> None:
        first = page[0]["ipConfigurations"][0]
        page[0]["ipConfigurations"].append(
            {**first, "id": f"{first['id']}0", "name": "pods", "privateIPAddress": "10.0.1.77", "primary": False}
        )

    def subnet(page: Any) -> None:
        own = f"{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/vnet/subnets/edge"
        page["subnets"].append({"id": own, "name": "edge", "addressPrefix": "10.0.9.0/24"})

    def rules(page: Any) -> None:
        page[0]["securityRules"][0] |= {
            "sourceAddressPrefix": "10.0.9.0/24", "destinationAddressPrefix": "*", "destinationPortRange": "8443",
        }  # fmt: skip
        page[0]["securityRules"].append(
            {**page[0]["securityRules"][0], "name": "none", "priority": 4000, "access": "Deny",
             "sourceAddressPrefix": "*", "destinationPortRange": "*"}
        )  # fmt: skip

    edit(place / "interfaces.json", lent)
    edit(place / "network.json", subnet)
    edit(place / "security-groups.json", rules)
    return place


def application_gateway() -> dict[str, Any]:
    """One with a public frontend that ends TLS on 443, in a subnet of its own."""
    own = f"{SUBSCRIPTION}/Microsoft.Network/applicationGateways/agw"

    def part(kind: str, name: str) -> dict[str, str]:
        return {"id": f"{own}/{kind}/{name}"}

    return {
        "id": own, "name": "agw", "type": "Microsoft.Network/applicationGateways",
        "gatewayIPConfigurations": [
            {"name": "g", "subnet": {"id": f"{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/vnet/subnets/edge"}}
        ],
        "frontendIPConfigurations": [
            {**part("frontendIPConfigurations", "public"), "name": "public",
             "publicIPAddress": {"id": f"{SUBSCRIPTION}/Microsoft.Network/publicIPAddresses/pip-shop"}}
        ],
        "frontendPorts": [
            {**part("frontendPorts", f"p{port}"), "name": f"p{port}", "port": port} for port in (80, 443)
        ],
        "httpListeners": [
            {**part("httpListeners", name), "name": name, "protocol": protocol,
             "frontendIPConfiguration": part("frontendIPConfigurations", "public"),
             "frontendPort": part("frontendPorts", port)}
            for name, protocol, port in (("secure", "Https", "p443"), ("plain", "Http", "p80"))
        ],
        "backendAddressPools": [
            {**part("backendAddressPools", "web"), "name": "web", "backendAddresses": [{"ipAddress": "10.0.1.77"}]}
        ],
        "backendHttpSettingsCollection": [{**part("backendHttpSettingsCollection", "s"), "name": "s", "port": 8443}],
        "requestRoutingRules": [
            {"name": name, "httpListener": part("httpListeners", name),
             "backendAddressPool": part("backendAddressPools", "web"),
             "backendHttpSettings": part("backendHttpSettingsCollection", "s")}
            for name in ("secure", "plain")
        ],
    }  # fmt: skip


def azure_path(place: Path) -> Shape:
    """The one path through the Ingress; that its class is not in the input is noticed."""
    ran = crenel("exposure", "-f", str(place), "--all", "-o", "json")
    assert ran.code == 0
    (path,) = [each for each in msgspec.json.decode(ran.out, type=Exposure).paths if each.request]
    return path


def test_through_an_application_gateway(tmp_path: Path) -> None:
    """It connects to pods from its subnet, in TLS where the annotation says so."""
    path = azure_path(agic(tmp_path))
    assert (path.state, path.port, path.seen_as) == ("open", 443, "the load balancer")
    assert path.through == ["agw (ingress class azure-application-gateway)"]
    assert [leg.tls for leg in path.tls] == ["terminate", "tls"]


@pytest.mark.parametrize(
    ("file", "old", "new", "layer"),
    [
        ("security-groups.json", "10.0.9.0/24", "10.0.8.0/24", "cloud firewall"),
        ("cluster.yaml", "cidr: 10.0.9.0/24", "cidr: 10.0.8.0/24", "network policy"),
        ("load-balancer.json", '"port": 443', '"port": 8443', "listener"),
    ],
)
def test_one_change_on_azure(file: str, old: str, new: str, layer: str, tmp_path: Path) -> None:
    """The same there."""
    place = agic(tmp_path)
    swap(place / file, old, new)
    path = azure_path(place)
    assert path.state == "closed"
    assert [each.layer for each in path.layers if each.state == "closed"] == [layer]


def test_redirects_of_an_application_gateway(tmp_path: Path) -> None:
    """A redirect is answered by the load balancer itself: who gets to it gets that answer."""
    ran = crenel("can", "internet", "http://shop.example.com/cart", "-f", str(agic(tmp_path)))
    assert ran.code == 0
    assert "ingress class azure-application-gateway answers 301: redirected" in ran.out
