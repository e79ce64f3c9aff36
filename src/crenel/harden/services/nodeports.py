"""Node ports that nobody uses, addresses of others that Services take, and ports of nodes that containers take.

Which there are is up to the checks SV-01, SV-02, SV-07 and NP-11 of the audit, and so are the edits. Who uses one is
told by intents, by flows to nodes, and by the load balancers of clouds that send there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.balanced import ports
from crenel.audit.checks import np_11, sv_01, sv_02, sv_07
from crenel.audit.finding import Finding
from crenel.dialects.cloudproxies import Targets
from crenel.dialects.entries import Entry, EntryKind
from crenel.editing.patches import Edit, Patch
from crenel.flows.observed import Observed
from crenel.harden.needs.model import Evidence, EvidenceKind
from crenel.harden.services.clients import Coming, Known
from crenel.harden.services.context import Context, mended
from crenel.harden.services.model import Certainty, Change, Promise
from crenel.kubernetes.objects.services import Service


def changes(context: Context, coming: Coming) -> Iterator[Change]:
    """All of them."""
    closing = _Closing(context, coming)
    for finding in sv_01.findings(context.subject):
        yield from closing.node_ports(finding, "cluster-ip", "type: ClusterIP in the place of NodePort")
    for finding in sv_02.findings(context.subject):
        yield from closing.node_ports(finding, "no-node-ports", "no node ports beside its load balancer")
    for finding in sv_07.findings(context.subject):
        yield from closing.addresses(finding)
    for finding in np_11.findings(context.subject):
        yield from closing.host_port(finding)


class _Closing:
    def __init__(self, context: Context, coming: Coming) -> None:
        self._context = context
        self._coming = coming

    def node_ports(self, finding: Finding, name: str, what: str) -> Iterator[Change]:
        """Close the node ports of a Service."""
        service = finding.thing
        assert isinstance(service, Service)
        numbers = [port.node_port for port in ports(service) if port.node_port]
        used = self._coming.at_nodes(numbers)
        if used:
            self._context.keep(service.title, f"its node ports are used: {_seen(used)}", service.origin, finding.field)
            return
        sender = self._sender(service)
        if sender and name == "cluster-ip":
            self._context.keep(service.title, f"{sender} sends to its node ports", service.origin, finding.field)
            return
        entries = self._entries(service, EntryKind.NODE_PORT)
        unwritten = name == "no-node-ports" and not numbers
        question, evidence = ("", ()) if unwritten else self._doubt(entries, service.name)
        if question is None:
            self._context.keep(service.title, "who comes from outside by the intents has no other way in",
                               service.origin, finding.field)  # fmt: skip
            return
        if unwritten:
            evidence = (Evidence(EvidenceKind.FACT, "the cluster chose the numbers, so that nobody has written them"),)
        notes = ("in a running cluster ports that are allocated stay until they are taken out",) if unwritten else ()
        yield from self._made(finding, name, f"{service.title}: {what}", entries, question, evidence, notes)

    def addresses(self, finding: Finding) -> Iterator[Change]:
        """Give up the external addresses of a Service."""
        service = finding.thing
        assert isinstance(service, Service)
        entries = self._entries(service, EntryKind.EXTERNAL_ADDRESS)
        question, evidence = self._doubt(entries, service.name)
        if question is None:
            self._context.keep(service.title, "who comes from outside by the intents has no other way in",
                               service.origin, finding.field)  # fmt: skip
            return
        what = f"{service.title}: no externalIPs"
        yield from self._made(finding, "no-external-ips", what, entries, question, evidence)

    def host_port(self, finding: Finding) -> Iterator[Change]:
        """Give up the port of the nodes that a container takes."""
        paths = [path for path in self._context.subject.exposure.paths if path.entry.kind is EntryKind.HOST_PORT]
        entries = [
            path.entry
            for path in paths
            if path.entry.origin is finding.origin and path.entry.field == finding.field and not path.request
        ]
        number = entries[0].port if entries else 0
        used = self._coming.at_nodes([number])
        if used:
            self._context.keep(
                finding.object, f"its port {number} is used: {_seen(used)}", finding.origin, finding.field
            )
            return
        question, evidence = self._doubt(entries, finding.object)
        if question is None:
            self._context.keep(finding.object, "who comes from outside by the intents has no other way in",
                               finding.origin, finding.field)  # fmt: skip
            return
        yield from self._made(finding, f"no-host-port-{number}", f"{finding.object}: no hostPort {number}", entries,
                              question, evidence)  # fmt: skip

    def _entries(self, service: Service, kind: EntryKind) -> list[Entry]:
        paths = self._context.subject.paths_through.get((service.namespace, service.name), ())
        found = [path.entry for path in paths if path.entry.kind is kind]
        return list({id(each): each for each in found}.values())

    def _sender(self, service: Service) -> str:
        """The load balancer of a cloud, serving an Ingress or a Gateway, that may send to its node ports."""
        for each in self._context.subject.ways.all:
            cloud, place = each.served.cloud, (service.namespace, service.name)
            leads = any((one.namespace, one.name) == place for one in each.opening.rule.backends)
            if cloud is not None and leads and cloud.aim(service, each.opening.origin).targets is not Targets.PODS:
                return each.opening.route.title
        return ""

    def _doubt(self, entries: Sequence[Entry], name: str) -> tuple[str | None, tuple[Evidence, ...]]:
        """What has to be asked before ways in are closed, empty for nothing; None where they are needed."""
        clients = self._coming.to(entries)
        if clients.known is Known.NOT:
            return f"neither intents nor flows say that nobody comes to {name} this way: is that so?", clients.evidence
        if clients.known is Known.OBSERVED:
            seen = f"clients of {name} were seen: do they come another way?"
            evidence = (*clients.evidence, self._coming.window())
            return (seen if clients.addresses or clients.hidden else ""), evidence
        if clients.bound:
            may = f"who may come by the intents may come to {name} this way: does anybody?"
            return (may if clients.addresses else ""), clients.evidence
        declared = f"clients of {name} are declared: do they come another way?"
        return (declared if self._other_ways(entries) else None), clients.evidence

    def _other_ways(self, entries: Sequence[Entry]) -> bool:
        """Whether any other way in leads to the same pods."""
        mine = {id(each) for each in entries}
        targets = {backend.endpoint for each in entries for backend in each.backends}
        kinds = {each.kind for each in entries}
        for path in self._context.subject.exposure.paths:
            if (
                path.endpoint in targets
                and id(path.entry) not in mine
                and (path.request or path.entry.kind not in kinds)
            ):
                return True
        return False

    def _made(
        self, finding: Finding, name: str, what: str, entries: Sequence[Entry], question: str,
        evidence: tuple[Evidence, ...], notes: tuple[str, ...] = (),
    ) -> Iterator[Change]:  # fmt: skip
        thing, patch = self._context.of(finding), finding.patch
        if thing is None or not isinstance(patch, Patch):
            return
        edits: tuple[Edit, ...] = patch.edits
        yield Change(
            name=name, what=what, thing=thing, field=finding.field, edits=edits, reason=finding.message,
            evidence=evidence,
            promise=Promise(entries=frozenset((each.kind, each.title) for each in entries)),
            mends=mended([finding]),
            certainty=Certainty.CONFIRM if question else Certainty.SURE, question=question, notes=notes,
        )  # fmt: skip


def _seen(rows: Sequence[Observed]) -> str:
    first = rows[0]
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"{first.source} came to port {first.port} of {first.target}{more}"
