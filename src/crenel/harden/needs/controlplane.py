"""The API server: who talks to it, whom it calls, and where it is.

Sources: kubernetes.io, "Accessing the Kubernetes API from a Pod" (the Service ``kubernetes`` of the namespace
``default``, whose endpoints are the servers; policies see packets after that translation), "Using RBAC Authorization",
"Dynamic Admission Control" (``clientConfig.service``), "Webhook conversion", "Configure the Aggregation Layer".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crenel.harden.needs import rights
from crenel.harden.needs.ground import Ground, at, items, mapping
from crenel.harden.needs.model import Basket, End, Everybody, Evidence, EvidenceKind, Outside, Pods
from crenel.kubernetes.objects.rbac import RoleBinding
from crenel.network.addresses import AddressSet
from crenel.network.traffic import TCP, Match
from crenel.provenance import FieldPath, Origin

WORDS = "the API server"
PORTS = (443, 6443)
"""The ports that API servers usually have, where nothing says which one."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Where the API server is. `known` is false where it may be anywhere."""

    addresses: AddressSet
    ports: tuple[int, ...]
    known: bool
    says: str

    @property
    def end(self) -> Outside:
        """It as an end of a need."""
        return Outside(self.addresses, WORDS if self.known else f"{WORDS}, wherever it is")

    @property
    def caller(self) -> End:
        """It as the source of connections, such as those for webhooks."""
        return self.end if self.known else Everybody("the control plane, wherever it is")

    @property
    def traffic(self) -> list[Match]:
        """What it is reached with."""
        return [Match(TCP, (port, port)) for port in self.ports]


def api_server(ground: Ground, given: Sequence[str] = ()) -> ApiServer:
    """Find the API server: what the user says, its endpoints, its pods; or anywhere outside of the pods' ranges.

    `given` are addresses or CIDRs, with ``:PORT`` or without.

    Raises:
        ValueError: one of them is none.
    """
    if given:
        return _given(given)
    for piece in ground.decoded.endpoint_slices:
        service = piece.labels.get("kubernetes.io/service-name")
        if piece.namespace == "default" and service == "kubernetes":
            texts = [text for each in piece.endpoints or () for text in each.addresses or ()]
            ports = tuple(port.port for port in piece.ports or () if port.port)
            if texts:
                return ApiServer(AddressSet.of(*texts), ports or PORTS, True, "the endpoints of default/kubernetes")
    own = [
        group
        for group in ground.model.scope.groups.values()
        if group.labels.get("component") == "kube-apiserver" and group.addresses
    ]
    if own:
        found = AddressSet.of(*(address for group in own for address in group.addresses or ()))
        return ApiServer(found, (6443,), True, "the addresses of the pods kube-apiserver")
    return ApiServer(ground.far, PORTS, False, "the input does not say where the API server is")


def _given(texts: Sequence[str]) -> ApiServer:
    found, ports = AddressSet(), list[int]()
    for text in texts:
        bare, colon, port = text.rpartition(":")
        bracketed = text.startswith("[")
        if colon and port.isdecimal() and (bracketed or text.count(":") == 1):
            found |= AddressSet.of(bare.strip("[]"))
            ports.append(int(port))
        else:
            found |= AddressSet.of(text.strip("[]"))
    return ApiServer(found, tuple(dict.fromkeys(ports)) or PORTS, True, "what was said with --api-server")


def clients(ground: Ground, server: ApiServer, mentioned: Sequence[Pods], basket: Basket) -> None:
    """Who talks to the API server: whoever is allowed to do something there, or is told where it is."""
    granted = {key: binding for binding in ground.decoded.role_bindings for key in _accounts(binding, ground)}
    for pods in ground.owners:
        account = ground.group(pods).service_account
        binding = granted.get((pods.namespace, account))
        if binding is not None:
            text = f"{binding.title} gives its service account {account} rights at the API server"
            basket.add(pods, server.end, server.traffic, _fact(text, binding.origin, ("subjects",)))
        elif pods in mentioned:
            basket.add(pods, server.end, server.traffic, _fact("its settings name the API server"))


def _accounts(binding: RoleBinding, ground: Ground) -> Iterator[tuple[str, str]]:
    if _is_idle(binding, ground):
        return
    for subject in binding.subjects or ():
        if subject.kind == "ServiceAccount":
            yield subject.namespace or binding.namespace or ground.default_namespace, subject.name


def _is_idle(binding: RoleBinding, ground: Ground) -> bool:
    """Whether a role lets nothing be asked of the server: it only names what pods may be, as roles for ``use`` do."""
    wanted = binding.role_ref
    for role in ground.decoded.roles:
        near = role.kind == "ClusterRole" or role.namespace == binding.namespace
        if near and wanted is not None and (role.kind, role.name) == (wanted.kind, wanted.name):
            return bool(role.rules) and all(rule.verbs == ["use"] for rule in role.rules or ())
    return False


def callers(ground: Ground, server: ApiServer, basket: Basket) -> None:
    """Whom the API server calls: webhooks of admission and of conversion, aggregated APIs."""
    source = server.caller
    for data, origin, field, says in _called(ground):
        reference = mapping(at(data, field))
        namespace, name = str(reference.get("namespace")), str(reference.get("name"))
        number = reference.get("port")
        service = ground.services.get((namespace, name))
        if service is None:
            basket.remark(f"{namespace}/{name}", f"{says} calls this Service, which is not in the input", origin, field)
            continue
        port = number if isinstance(number, int) and not isinstance(number, bool) else 443
        for target, traffic in ground.behind(service, (Match(TCP, (port, port)),)):
            basket.add(source, target, [traffic], _fact(f"{says} is served by Service {name}", origin, field))


def called(ground: Ground) -> Iterator[tuple[str, str]]:
    """The Services that the API server calls, by namespace and name."""
    for data, _, field, _ in _called(ground):
        reference = mapping(at(data, field))
        yield str(reference.get("namespace")), str(reference.get("name"))
    yield from ((each.namespace, each.name) for each in rights.registered(ground))


def _called(ground: Ground) -> Iterator[tuple[dict[str, Any], Origin, FieldPath, str]]:
    for document in ground.documents:
        data, kind = document.data, str(document.data.get("kind"))
        title = f"{kind.lower()} {mapping(data.get('metadata')).get('name')}"
        if kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
            for place, _ in enumerate(items(data.get("webhooks"))):
                field: FieldPath = ("webhooks", place, "clientConfig", "service")
                if at(data, field) is not None:
                    yield data, document.origin, field, title
        elif kind == "CustomResourceDefinition":
            field = ("spec", "conversion", "webhook", "clientConfig", "service")
            if at(data, field) is not None:
                yield data, document.origin, field, title
        elif kind == "APIService" and at(data, ("spec", "service")) is not None:
            yield data, document.origin, ("spec", "service"), title


def _fact(text: str, origin: Origin | None = None, field: FieldPath = ()) -> Evidence:
    return Evidence(EvidenceKind.FACT, text, origin, field) if origin is not None else Evidence(EvidenceKind.FACT, text)
