"""Proxies that are load balancers of a cloud, made by a controller for an Ingress or a Gateway: no pod serves them.

Sources: AWS Load Balancer Controller, guides "Ingress annotations" (``scheme`` is internal unless it is set,
``inbound-cidrs`` is not used with ``security-groups``, ``target-type`` is instance unless it is set and then needs a
Service with node ports), "IngressClass" (what IngressClassParams say goes before annotations),
"LoadBalancerConfiguration" and "TargetGroupConfiguration" (the same for Gateways); Google Cloud, "GKE Ingress for
Application Load Balancers", "Container-native load balancing" (network endpoint groups: always for internal ones and
for Gateways, by ``cloud.google.com/neg`` for external ones, by default where the cluster is VPC-native),
"GatewayClass capabilities" (which classes are external, and which are internal); "Annotations for Application Gateway
Ingress Controller" (``use-private-ip``; backends are the addresses of pods), "Application Gateway for Containers
components".
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from crenel.dialects import ingress
from crenel.dialects.cloudingress import ON_ALB, ON_APPGW, annotated, is_cloud, is_true, parsed, ports
from crenel.dialects.destinations import PRIVATE
from crenel.dialects.ingressclasses import AGC, AGIC, ALB, GCE, belonging
from crenel.dialects.known import Truth
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.gateway import Gateway, GatewayClass
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import UNKNOWN, Answer, Fact
from crenel.provenance import NOWHERE, FieldPath, Origin
from crenel.routing.proxy import Backend, Proxy

GOOGLE_FRONT_ENDS = AddressSet.of("35.191.0.0/16", "130.211.0.0/22")
"""Where Google's front ends connect from ("External Application Load Balancer overview", "Firewall rules")."""

AWS_L7, AWS_L4 = "gateway.k8s.aws/alb", "gateway.k8s.aws/nlb"
GKE = "networking.gke.io/gateway"
_GATEWAYS = (AWS_L7, AWS_L4, GKE, AGC)
_SCHEME, _CIDRS, _TARGETS = f"{ON_ALB}scheme", f"{ON_ALB}inbound-cidrs", f"{ON_ALB}target-type"
_GROUPS, _LISTS, _STACK = f"{ON_ALB}security-groups", f"{ON_ALB}security-group-prefix-lists", f"{ON_ALB}ip-address-type"
_LABELS = f"{ON_ALB}target-node-labels"
_PRIVATE_IP, _NEG = f"{ON_APPGW}use-private-ip", "cloud.google.com/neg"
_NODE_PORTED = ("NodePort", "LoadBalancer")


class Targets(enum.Enum):
    """Where a load balancer sends what is for a Service."""

    NODES = "nodes"
    """To the node ports of the Service."""
    PODS = "pods"
    NODES_BY_DEFAULT = "nodes by default"
    """To node ports unless something tells otherwise that no input has to have."""
    PODS_IF_NATIVE = "pods if they have addresses of the network"
    UNKNOWN = "unknown"
    UNTOLD = "untold"
    """In a way that is not followed."""


@dataclass(frozen=True, slots=True)
class Aim:
    """The targets for a Service: of which sort, and the labels that nodes must have to be among them."""

    targets: Targets
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ranges:
    """The addresses that a port takes connections from, and the setting that says so."""

    addresses: AddressSet
    origin: Origin
    field: FieldPath


@dataclass(frozen=True, slots=True)
class CloudProxy:
    """A proxy that is a load balancer of a cloud, as the objects that ask for it describe it.

    `origin` and `where` lead to the setting that decides whom it faces, which `remedy` says how to change. `families`
    are those that it has addresses of. `ranges` are by port; a port that is not in it takes connections from anywhere.
    `doubts` are what more may keep clients away, in words, which the infrastructure tells where that is in the input.
    `sends_from` is where it connects to backends from, empty where that is up to the infrastructure. `by_ingress` has
    what each Ingress asks for as targets. `ends` says that it ends connections: backends see its own address.
    """

    proxy: Proxy
    title: str
    facing: Fact
    families: Mapping[Family, Answer]
    remedy: str
    origin: Origin = NOWHERE
    where: FieldPath = ()
    ranges: Mapping[int, Ranges] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    sends_from: AddressSet = AddressSet()
    by_ingress: Mapping[Origin, Aim] = field(default_factory=dict)
    ends: bool = True

    @property
    def hostnames(self) -> tuple[str, ...]:
        """The DNS names that it is reached by, in lower case."""
        return tuple(each.lower().rstrip(".") for each in self.proxy.addresses if _address(each) is None)

    @property
    def addresses(self) -> AddressSet:
        """The addresses that it is reached by."""
        return _addresses(self.proxy.addresses)

    def aim(self, service: Service, origin: Origin) -> Aim:
        """Where it sends what a rule, written in the object with an origin, has for a Service."""
        if self.proxy.controller == ALB:
            own, asked = annotated(service), self.by_ingress.get(origin, Aim(Targets.UNKNOWN))
            return Aim(_target_type(own) or asked.targets, _labels(own) or asked.labels)
        if self.proxy.controller == GCE:
            return Aim(_by_groups(service, self.proxy.class_name))
        if self.proxy.controller in (AWS_L7, AWS_L4):
            return Aim(Targets.UNKNOWN)
        return Aim(Targets.PODS if self.ends else Targets.UNTOLD)

    def encrypted(self, backend: Backend, port: ServicePort) -> str:
        """The encryption of its connections to a backend: ``tls``, ``none``, or ``unknown``."""
        if backend.tls is not None:
            return "tls"
        if self.proxy.controller == GKE and port.app_protocol in ("HTTPS", "HTTP2"):
            return "tls"
        return "unknown" if self.proxy.controller in (AWS_L7, AWS_L4) else "none"


def node_ported(service: Service) -> bool:
    """Whether a Service is of a type that has node ports."""
    return service.spec is not None and service.spec.type in _NODE_PORTED


def find(proxies: Sequence[Proxy], decoded: Decoded) -> dict[int, CloudProxy]:
    """Those of some proxies that are load balancers of a cloud, by their place."""
    together = {(name, apart or name): found for (name, apart), found in ingress.together(decoded).items()}
    gateways = {(each.namespace, each.name): each for each in decoded.gateways}
    found: dict[int, CloudProxy] = {}
    for place, proxy in enumerate(proxies):
        if proxy.kind == ingress.KIND and is_cloud(proxy.controller):
            found[place] = _of_ingresses(proxy, together[proxy.class_name, proxy.name], decoded)
        elif proxy.kind == "Gateway" and (controller := _controller(proxy)):
            found[place] = _of_gateway(proxy, controller, gateways[proxy.namespace, proxy.name], decoded)
    return found


# Ingresses


def _of_ingresses(proxy: Proxy, ingresses: list[Ingress], decoded: Decoded) -> CloudProxy:
    first = ingresses[0]
    belongs = belonging(first, decoded, closed=False)
    doubts = tuple(_doubts(ingresses, decoded))
    facing = _facing(proxy, ingresses)
    if belongs.served is Truth.UNKNOWN or (proxy.controller == ALB and _has_parameters(first, decoded)):
        facing = UNKNOWN
    lone = len(ingresses) == 1 and proxy.name == f"{first.namespace}/{first.name}"
    title = first.title if lone else f"{'ingress group' if proxy.controller == ALB else 'ingress class'} {proxy.name}"
    origin, where, remedy = _remedy(proxy, ingresses)
    google = proxy.controller == GCE and proxy.class_name != "gce-internal"
    return CloudProxy(
        proxy, title, facing, _families(proxy, ingresses, decoded), remedy, origin, where,
        dict(_ranges(ingresses, proxy)), doubts, GOOGLE_FRONT_ENDS if google else AddressSet(),
        {each.origin: _of_ingress(each, decoded) for each in ingresses},
    )  # fmt: skip


def _facing(proxy: Proxy, ingresses: list[Ingress]) -> Fact:
    """Whom it faces: by annotations, by the addresses in the status, or by the controller's default."""
    if proxy.controller == ALB:
        return _by_scheme(ingresses)
    if proxy.controller == GCE:
        internal = proxy.class_name == "gce-internal"
        return _fact(
            f"ingress class {proxy.class_name} is {'internal' if internal else 'external'}", internal, ingresses
        )
    for each in ingresses:
        if proxy.controller == AGIC and is_true(annotated(each).get(_PRIVATE_IP)):
            return _fact(f"annotation {_PRIVATE_IP}", True, [each], ("metadata", "annotations", _PRIVATE_IP))
    return _by_address(proxy)


def _fact(why: str, internal: bool, ingresses: Sequence[Ingress], where: FieldPath = ()) -> Fact:
    return Fact(Answer.NO if internal else Answer.YES, why, ingresses[0].origin, where)


def _by_scheme(ingresses: list[Ingress]) -> Fact:
    """By the scheme, which is that of all Ingresses of a group; it cannot differ among them."""
    said = {scheme: each for each in ingresses if (scheme := annotated(each).get(_SCHEME))}
    if len(said) > 1:
        return Fact(Answer.UNKNOWN, f"the Ingresses of the group have different {_SCHEME}", ingresses[0].origin)
    for scheme, each in said.items():
        if scheme in ("internal", "internet-facing"):
            where: FieldPath = ("metadata", "annotations", _SCHEME)
            return _fact(f"annotation {_SCHEME}: {scheme}", scheme == "internal", [each], where)
    return _fact(f"no annotation {_SCHEME}, and its controller then makes it internal", True, ingresses)


def _by_address(proxy: Proxy) -> Fact:
    listed = _addresses(proxy.addresses)
    if not listed:
        return UNKNOWN
    private = listed <= PRIVATE
    why = f"its address {', '.join(proxy.addresses)} is {'private' if private else 'public'}"
    return Fact(Answer.NO if private else Answer.YES, why, proxy.origin, ("status",))


def _has_parameters(one: Ingress, decoded: Decoded) -> bool:
    name = belonging(one, decoded, closed=False).name
    return any(each.name == name and each.spec and each.spec.parameters for each in decoded.ingress_classes)


def _doubts(ingresses: list[Ingress], decoded: Decoded) -> Iterator[str]:
    if belonging(ingresses[0], decoded, closed=False).controller != ALB:
        return
    for each in ingresses:
        said = annotated(each)
        if groups := said.get(_GROUPS):
            yield f"whom the security groups {groups} of {each.title} let in"
        elif lists := said.get(_LISTS):
            yield f"which addresses are in {lists} of {each.title}"
        elif _cidrs(said) is None:
            yield f"what {_CIDRS} of {each.title} means by {said[_CIDRS]!r}"
    if _has_parameters(ingresses[0], decoded):
        name = belonging(ingresses[0], decoded, closed=False).name
        yield f"what the IngressClassParams of ingress class {name} say"


def _ranges(ingresses: list[Ingress], proxy: Proxy) -> Iterator[tuple[int, Ranges]]:
    """What ``inbound-cidrs`` says of the ports of its Ingress."""
    for each in ingresses:
        said = annotated(each)
        taken = _cidrs(said)
        if proxy.controller != ALB or not taken or _GROUPS in said or _LISTS in said:
            continue
        for port in ports(each, ingresses, ALB, secured=False):
            yield port.number, Ranges(taken, each.origin, ("metadata", "annotations", _CIDRS))


def _cidrs(said: Mapping[str, str]) -> AddressSet | None:
    """The addresses of ``inbound-cidrs``, none where it is not set; None where it cannot be read."""
    try:
        return AddressSet.of(*(part.strip() for part in said.get(_CIDRS, "").split(",") if part.strip()))
    except ValueError:
        return None


def _families(proxy: Proxy, ingresses: list[Ingress], decoded: Decoded) -> dict[Family, Answer]:
    """The families of its addresses; those of AWS report a name, and have IPv6 where an annotation asks for it."""
    if proxy.controller != ALB:
        return _by_status(proxy)
    stack = next((said for each in ingresses if (said := annotated(each).get(_STACK))), "ipv4")
    six = Answer.YES if stack.startswith("dualstack") else Answer.NO
    if _has_parameters(ingresses[0], decoded):
        six = Answer.UNKNOWN
    return {4: Answer.NO if stack == "dualstack-without-public-ipv4" else Answer.YES, 6: six}


def _by_status(proxy: Proxy) -> dict[Family, Answer]:
    listed = _addresses(proxy.addresses).families()
    return {4: Answer.YES if 4 in listed or not listed else Answer.NO, 6: Answer.YES if 6 in listed else Answer.NO}


def _remedy(proxy: Proxy, ingresses: list[Ingress]) -> tuple[Origin, FieldPath, str]:
    """The setting that decides whom it faces, and what to do with it."""
    if proxy.controller == ALB:
        found = next((each for each in ingresses if _SCHEME in annotated(each)), ingresses[0])
        return found.origin, ("metadata", "annotations", _SCHEME), f"{_SCHEME}: internal, or narrower {_CIDRS}"
    if proxy.controller == GCE:
        return ingresses[0].origin, ("metadata", "annotations", "kubernetes.io/ingress.class"), "class gce-internal"
    if proxy.controller == AGIC:
        return ingresses[0].origin, ("metadata", "annotations"), f'{_PRIVATE_IP}: "true"'
    return ingresses[0].origin, ("spec",), "a controller whose load balancers are internal"


def _of_ingress(one: Ingress, decoded: Decoded) -> Aim:
    stated = _target_type(annotated(one))
    default = Targets.UNKNOWN if _has_parameters(one, decoded) else Targets.NODES_BY_DEFAULT
    return Aim(stated or default, _labels(annotated(one)))


def _labels(said: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The labels of ``target-node-labels``, a list of ``key=value``."""
    parts = (part.partition("=") for part in said.get(_LABELS, "").split(",") if part.strip())
    return tuple((key.strip(), value.strip()) for key, _, value in parts)


def _target_type(said: Mapping[str, str]) -> Targets | None:
    return {"instance": Targets.NODES, "ip": Targets.PODS}.get(said.get(_TARGETS, ""))


def _by_groups(service: Service, class_name: str) -> Targets:
    """Whether network endpoint groups of pods take the place of groups of instances, on Google Cloud."""
    said = annotated(service)
    neg = parsed(said.get(_NEG))
    if (
        class_name == "gce-internal"
        or f"{_NEG}-status" in said
        or (isinstance(neg, dict) and neg.get("ingress") is True)
    ):
        return Targets.PODS
    return Targets.NODES if isinstance(neg, dict) and neg.get("ingress") is False else Targets.PODS_IF_NATIVE


# Gateways


def _controller(proxy: Proxy) -> str:
    """Its controller, where that makes load balancers of a cloud; GKE installs classes of fixed names."""
    if proxy.controller in _GATEWAYS:
        return proxy.controller
    known = {"azure-alb-external": AGC, AWS_L7: AWS_L7, AWS_L4: AWS_L4}
    by_name = GKE if proxy.class_name.startswith(("gke-l7-", "gke-l4-")) else known.get(proxy.class_name, "")
    return "" if proxy.controller else by_name


def _of_gateway(proxy: Proxy, controller: str, gateway: Gateway, decoded: Decoded) -> CloudProxy:
    made = next((each for each in decoded.gateway_classes if each.name == proxy.class_name), None)
    facing = _gateway_facing(proxy, controller, gateway, made) if made is not None else UNKNOWN
    doubts = (f"what the LoadBalancerConfiguration of {proxy.title} says",) if _configured(gateway, made) else ()
    aws, passes = controller in (AWS_L7, AWS_L4), _passes(controller, proxy.class_name)
    families = _by_status(proxy)
    if aws:
        families = {4: Answer.YES, 6: Answer.UNKNOWN if doubts else Answer.NO}
    global_ = controller == GKE and any(part in proxy.class_name for part in ("global-external", "gxlb"))
    remedy = (
        "scheme: internal in its LoadBalancerConfiguration, or narrower sourceRanges" if aws else "an internal class"
    )
    return CloudProxy(
        replace(proxy, controller=controller), proxy.title, facing, families,
        remedy, gateway.origin, ("spec", "infrastructure") if aws else ("spec", "gatewayClassName"),
        doubts=doubts if aws else (), sends_from=GOOGLE_FRONT_ENDS if global_ else AddressSet(), ends=not passes,
    )  # fmt: skip


def _passes(controller: str, class_name: str) -> bool:
    """Whether it hands packets on as they are, or may."""
    return controller == AWS_L4 or (controller == GKE and class_name.startswith("gke-l4-"))


def _configured(gateway: Gateway, made: GatewayClass | None) -> bool:
    infrastructure = gateway.spec.infrastructure if gateway.spec else None
    own = infrastructure.parameters_ref if infrastructure else None
    return own is not None or (made is not None and made.spec is not None and made.spec.parameters_ref is not None)


def _gateway_facing(proxy: Proxy, controller: str, gateway: Gateway, made: GatewayClass | None) -> Fact:
    where: FieldPath = ("spec", "gatewayClassName")
    if controller == GKE:
        inner = any(part in proxy.class_name for part in ("rilb", "internal"))
        outer = any(part in proxy.class_name for part in ("external", "gxlb"))
        if inner or outer:
            answer = Answer.NO if inner else Answer.YES
            return Fact(answer, f"gateway class {proxy.class_name}", gateway.origin, where)
    if controller in (AWS_L7, AWS_L4) and not _configured(gateway, made):
        why = "no LoadBalancerConfiguration, and its controller then makes it internal"
        return Fact(Answer.NO, why, gateway.origin, where)
    return UNKNOWN if controller in (AWS_L7, AWS_L4) else _by_address(proxy)


def _address(text: str) -> AddressSet | None:
    try:
        return AddressSet.of(text)
    except ValueError:
        return None


def _addresses(texts: Iterable[str]) -> AddressSet:
    """The addresses among some texts; what cannot be read is left out."""
    total = AddressSet()
    for text in texts:
        total |= _address(text) or AddressSet()
    return total
