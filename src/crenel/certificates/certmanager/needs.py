"""What needs a certificate that cert-manager should look after: judged by the inventory, never by a name alone.

For clients from outside: hosts of Ingresses and of listeners that refer to a Secret which is not there, or which nobody
renews; and hosts of Ingresses that no TLS section has. For the inside: Services whose port says that it speaks TLS, and
those that the API server calls, where no certificate speaks for them, or nobody renews the one that does. What a
Certificate of the input, an annotation or somebody else looks after is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from crenel.certificates.inventory.model import Entry, Inventory, SecretFacts, SecretName, Serving, State
from crenel.certificates.inventory.raw import texts
from crenel.certificates.inventory.renewing import shimmed
from crenel.certificates.material.certificate import Names
from crenel.certificates.material.names import covers
from crenel.certificates.probing.declared import declared
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.services import Service
from crenel.provenance import FieldPath, Problem, Severity
from crenel.sources.document import Document

_SOLVER = "acme.cert-manager.io/http01-solver"
"""The label of Ingresses that cert-manager makes for a while to answer challenges."""
_SERVING = "service.beta.openshift.io/serving-cert-secret-name"


@dataclass(frozen=True, slots=True)
class Need:
    """One certificate that is needed."""

    secret: SecretName
    hosts: tuple[str, ...]
    """The names that it has to have: those that are asked for, and those that the present one has."""
    users: tuple[str, ...]
    """The titles of what shows it."""
    why: str
    inside: bool = False
    """Whether it is for workloads, which show it as clients too."""


@dataclass(frozen=True, slots=True)
class Needs:
    """All of them, and what was seen on the way."""

    needs: tuple[Need, ...]
    left: tuple[Problem, ...]
    """What needs a certificate, but could not be helped."""
    notes: tuple[Problem, ...]
    """What has to be done beside writing an object."""
    examined: int
    """How many hosts and Services were looked at."""


def needs(
    inventory: Inventory,
    decoded: Decoded,
    documents: Sequence[Document],
    *,
    default_namespace: str = "default",
    cluster_domain: str = "cluster.local",
    only: Collection[str] = (),
    bare: bool = True,
) -> Needs:
    """Find all of them, sorted by the Secret's name; `only` those of some namespaces, if any are named.

    Without `bare`, hosts that no TLS section has are left out.
    """
    finder = _Finder(inventory, decoded, cluster_domain, only)
    finder.entrances()
    if bare:
        finder.bare()
    finder.services(documents, default_namespace)
    found = sorted(finder.found, key=lambda each: each.secret)
    return Needs(tuple(found), tuple(finder.left), tuple(finder.notes), finder.examined)


class _Finder:
    """Looks through one input."""

    def __init__(self, inventory: Inventory, decoded: Decoded, cluster_domain: str, only: Collection[str]) -> None:
        self._inventory = inventory
        self._decoded = decoded
        self._domain = cluster_domain
        self._only = only
        self._shims = shimmed(decoded)
        self.found: list[Need] = []
        self.left: list[Problem] = []
        self.notes: list[Problem] = []
        self.examined = 0

    def entrances(self) -> None:
        """Secrets that Ingresses and Gateways refer to."""
        by_secret: dict[SecretName, list[Serving]] = defaultdict(list)
        for each in self._inventory.serving:
            if not each.mounted and not each.client and self._wanted(each.secret[0]):
                by_secret[each.secret].append(each)
        for secret, servings in by_secret.items():
            self.examined += 1
            granted = [each for each in servings if each.granted]
            if granted:
                self._entrance(secret, granted)
            else:
                self._leave(servings[0], "it refers to another namespace without a ReferenceGrant")

    def _entrance(self, secret: SecretName, servings: Sequence[Serving]) -> None:
        facts = self._inventory.secrets.get(secret)
        if (why := self._lack(secret, facts)) is None:
            return
        pair = facts.pair if facts is not None else None
        if facts is not None and pair is None and facts.held:
            self._leave(servings[0], f"its Secret {secret[0]}/{secret[1]} is there and holds no certificate")
            return
        hosts = _merged([host for each in servings for host in each.hosts], pair)
        if not hosts:
            self._leave(servings[0], f"no host says what the certificate in {secret[0]}/{secret[1]} is for")
            return
        self._need(Need(secret, hosts, tuple(dict.fromkeys(each.place.title for each in servings)), why))

    def bare(self) -> None:
        """Hosts of Ingresses that no TLS section has."""
        for ingress in self._decoded.ingresses:
            if _SOLVER in (ingress.metadata.labels or {}) or not self._wanted(ingress.namespace):
                continue
            hosts = _bare(ingress)
            self.examined += len(hosts)
            if not hosts:
                continue
            secret = self._free(ingress.namespace, f"{ingress.name}-tls")
            self._need(Need(secret, hosts, (ingress.title,), "it serves these hosts without TLS"))
            text = f"let its spec.tls have the hosts {', '.join(hosts)} and the secretName {secret[1]}"
            self.notes.append(Problem(text, ingress.origin, ("spec",), ingress.title, Severity.NOTICE))

    def services(self, documents: Sequence[Document], default_namespace: str) -> None:
        """Services that speak TLS."""
        known = {(each.namespace, each.name): each for each in self._decoded.services}
        seen: dict[SecretName, str] = {}
        for target in declared(self._decoded, documents, default_namespace):
            labels = target.host.split(".")
            if len(labels) == 3 and labels[2] == "svc" and self._wanted(labels[1]):
                seen.setdefault((labels[1], labels[0]), target.declared)
        for name, title in seen.items():
            self.examined += 1
            if name in known:
                self._service(known[name], title)

    def _service(self, service: Service, title: str) -> None:
        if (service.metadata.annotations or {}).get(_SERVING):
            return
        if service.spec is not None and service.spec.type == "LoadBalancer":
            text = "its clients come from outside: nothing is written, for what they call it is not in the input"
            self.notes.append(Problem(text, service.origin, ("spec",), service.title, Severity.NOTICE))
            return
        host = f"{service.name}.{service.namespace}.svc"
        if any(covers(Names(dns=_named(each)), host) for each in self._certificates(service.namespace)):
            return
        pairs = [each for each in self._inventory.pairs if _speaks(each, service.namespace, host)]
        names = list(self._names(service))
        if not pairs:
            secret = self._free(service.namespace, f"{service.name}-tls")
            self._need(Need(secret, tuple(names), (title,), f"no certificate speaks for {host}", inside=True))
            text = f"let its pods serve from the Secret {secret[1]}"
            self.notes.append(Problem(text, service.origin, ("spec",), service.title, Severity.NOTICE))
        elif all(each.renewal.state is State.NOBODY for each in pairs) and pairs[0].secret is not None:
            hosts = _merged(names, pairs[0])
            self._need(Need(pairs[0].secret, hosts, (title,), "nobody renews its certificate", inside=True))

    def _certificates(self, namespace: str) -> Iterator[Sequence[str]]:
        for (where, _), each in self._inventory.certificates.items():
            if where == namespace:
                yield texts(each.spec, "dnsNames")

    def _names(self, service: Service) -> Iterator[str]:
        """The names of a Service in the cluster's DNS; below a headless one each pod has one of its own."""
        for domain in ("svc", f"svc.{self._domain}"):
            name = f"{service.name}.{service.namespace}.{domain}"
            yield name
            if service.spec is not None and service.spec.cluster_ip == "None":
                yield f"*.{name}"

    def _wanted(self, namespace: str) -> bool:
        return not self._only or namespace in self._only

    def _lack(self, secret: SecretName, facts: SecretFacts | None) -> str | None:
        """Why a Secret needs somebody to look after it; None where somebody does."""
        if secret in self._inventory.writers or secret in self._shims:
            return None
        if facts is None:
            return "its Secret is not in the input"
        renewals = [each.renewal.state for each in facts.entries]
        return "nobody renews its certificate" if all(each is State.NOBODY for each in renewals) else None

    def _need(self, need: Need) -> None:
        """Take a need; one of the same Secret is widened."""
        for position, each in enumerate(self.found):
            if each.secret == need.secret:
                hosts = tuple(dict.fromkeys((*each.hosts, *need.hosts)))
                users = tuple(dict.fromkeys((*each.users, *need.users)))
                self.found[position] = Need(each.secret, hosts, users, each.why, inside=each.inside or need.inside)
                return
        self.found.append(need)

    def _free(self, namespace: str, name: str) -> SecretName:
        """A name that no Secret of the input has, and nothing refers to."""
        taken = {*self._inventory.secrets, *self._inventory.writers, *(each.secret for each in self._inventory.serving)}
        taken |= {each.secret for each in self.found}
        number, found = 2, (namespace, name)
        while found in taken:
            number, found = number + 1, (namespace, f"{name}-{number}")
        return found

    def _leave(self, serving: Serving, why: str) -> None:
        place = serving.place
        field: FieldPath = serving.field
        self.left.append(Problem(f"no Certificate is written: {why}", place.origin, field, place.title,
                                 Severity.WARNING))  # fmt: skip


def _bare(ingress: Ingress) -> tuple[str, ...]:
    """The hosts of an Ingress that no TLS section has."""
    spec = ingress.spec
    sections = (spec.tls if spec else None) or ()
    if spec is None or any(not each.hosts for each in sections):
        return ()
    known = {host for each in sections for host in each.hosts or ()}
    return tuple(dict.fromkeys(each.host for each in spec.rules or () if each.host and each.host not in known))


def _merged(hosts: Sequence[str], pair: Entry | None) -> tuple[str, ...]:
    """Hosts, and the names that a certificate has beside them: who relies on these is not to be cut off."""
    leaf = pair.leaf if pair is not None else None
    names = (*leaf.names.dns, *map(str, leaf.names.ips)) if leaf is not None else ()
    return tuple(dict.fromkeys((*(each.lower() for each in hosts), *names)))


def _named(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(each.lower() for each in names)


def _speaks(entry: Entry, namespace: str, host: str) -> bool:
    """Whether the pair of a Secret in a namespace covers a host."""
    return entry.secret is not None and entry.secret[0] == namespace and covers(entry.certificates[0], host)
