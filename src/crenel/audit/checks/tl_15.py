"""A workload, or a proxy, that takes connections without mutual TLS where it was meant.

## What it does

Istio: works out the mode of each port of each workload with a proxy, sidecar or ambient: the PeerAuthentication with a
selector, that of the namespace, that of the root namespace, PERMISSIVE where none says anything. Everything but STRICT
is found, at the policy that says so, or at the namespace. Lowered where authorization policies let in nobody without an
identity, and where no workload gets to it. Where the settings of the mesh are not in the input, the default is for the
persona auditor. DestinationRules that switch TLS off for clients are found as well.

Linkerd: the default policy of the workload, its namespace or the mesh, and Servers with what authorizes for them; a
port that clients without a certificate get through to is found at what lets them in.

Proxies that ask clients for a certificate and do not insist: `auth-tls-verify-client` of ingress-nginx, OPTIONAL_MUTUAL
of Istio, `clientAuthType` of Traefik; the fallback of the Gateway API is IN-14's.

Proxies at the edge and workloads behind load balancers and node ports, which are there for clients without a proxy, are
left out. What is said for one port alone is one step lower. Only packets prove it: a handshake of TLS 1.3 completes
without a client certificate, `crenel certs probe` sends data.

## Why it is bad

Whoever gets onto the network is answered in plain text, without saying who it is; identities in policies then mean
nothing for this port.

## Example

```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: PERMISSIVE}}
```

## Fix

Take connections with mutual TLS alone, when all clients have a proxy:

```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
```

## References

- Istio reference, PeerAuthentication; istio/istio#36219, #37423, #41978
- linkerd.io reference, Authorization Policy
- ingress-nginx documentation, Client Certificate Authentication; Traefik, TLS options: Client Authentication
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crenel.audit.clients import Lax, lax
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity, Thing, Witness
from crenel.audit.linkerd import Linkerd, Opening
from crenel.audit.peers import Istio, is_entrance, reacher, table, tcp_ports
from crenel.audit.subject import Subject
from crenel.audit.ways import listed
from crenel.audit.workloads import Workload
from crenel.dialects.istiopeers import STRICT, Mode
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.objects.settings import Setting
from crenel.network.traffic import TCP
from crenel.provenance import FieldPath

CHECK = Check("TL-15", "Mutual TLS not enforced", Pillar.TLS, Severity.HIGH)
_ASKED = 20
"""How many workloads are asked who reaches them, for one finding."""


class _Port(NamedTuple):
    """A port that takes connections without mutual TLS."""

    workload: Workload
    number: int


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each setting that lets them in."""
    yield from _istio(subject)
    yield from _linkerd(subject)
    for setting in subject.decoded.settings:
        if setting.kind == "DestinationRule":
            yield from _rule(setting)
    for each in lax(subject):
        yield _proxy(each)


def _proxy(each: Lax) -> Finding:
    """A proxy that asks clients for a certificate, and does not insist."""
    why = "" if each.takes_strangers else "; lowered: the application may look by itself"
    return CHECK.found(
        each.thing,
        f"it asks for certificates, and {each.who} get through ({each.value}){why}",
        field=each.field,
        severity=None if each.takes_strangers else CHECK.severity.lowered(),
        fix="insist on a certificate that the authority of your clients signed",
    )


def _istio(subject: Subject) -> Iterator[Finding]:
    istio = Istio(subject)
    by_policy: dict[tuple[int, FieldPath], list[_Port]] = defaultdict(list)
    modes: dict[tuple[int, FieldPath], Mode] = {}
    by_default: dict[str, list[_Port]] = defaultdict(list)
    for workload in subject.applications:
        if is_entrance(subject, workload) or not istio.inside(workload):
            continue
        for port in tcp_ports(subject, workload):
            mode = istio.mode(workload, port)
            if mode.value == STRICT:
                continue
            if mode.policy is None:
                by_default[workload.namespace].append(_Port(workload, port))
            else:
                key = id(mode.policy), mode.field
                modes[key] = mode
                by_policy[key].append(_Port(workload, port))
    for key, ports in by_policy.items():
        mode = modes[key]
        assert mode.policy is not None
        narrow = "portLevelMtls" in mode.field
        yield _finding(subject, mode.policy, mode.field, f"mode {mode.value}", ports, istio, narrow=narrow)
    for namespace, ports in by_default.items():
        what = "no PeerAuthentication is for them, so that the mode is PERMISSIVE"
        persona = None if istio.is_known else Persona.AUDITOR
        yield _finding(subject, subject.namespace(namespace), (), what, ports, istio, persona)


def _finding(
    subject: Subject,
    thing: Thing,
    field: FieldPath,
    what: str,
    ports: Sequence[_Port],
    istio: Istio | None = None,
    persona: Persona | None = None,
    *,
    narrow: bool = False,
) -> Finding:
    severity, why, witness = _weighed(subject, ports, istio)
    if narrow and severity is CHECK.severity:
        severity, why = severity.lowered(), "; lowered: it says so for this port alone"
    return CHECK.found(
        thing,
        f"{what}: {_names(ports)} connections without mutual TLS{why}",
        field=field,
        severity=severity,
        witness=witness,
        evidence=[f"{each.workload.name} TCP/{each.number}" for each in ports[:20]],
        fix="give all clients a proxy, then take connections with mutual TLS alone"
        + (" (mode STRICT)" if istio is not None else " (all-authenticated, MeshTLSAuthentication)"),
        persona=persona,
    )


def _names(ports: Sequence[_Port]) -> str:
    names = [each.workload.name for each in ports]
    return f"{listed(names)} {'take' if len(set(names)) > 1 else 'takes'}"


def _weighed(subject: Subject, ports: Sequence[_Port], istio: Istio | None) -> tuple[Severity, str, Witness | None]:
    """How bad it is that some ports take anybody, why, and who gets there."""
    bare = [each for each in ports if istio is None or not istio.needs_identity(each.workload)]
    if not bare:
        return CHECK.severity.lowered(2), "; lowered: authorization policies let in nobody without an identity", None
    for each in bare[:_ASKED]:
        witness = reacher(subject, each.workload, subject.mask([(TCP, each.number)]))
        if witness is not None:
            return CHECK.severity, "", witness
    return CHECK.severity.lowered(), "; lowered: nothing in the input gets there", None


def _linkerd(subject: Subject) -> Iterator[Finding]:
    linkerd = Linkerd(subject)
    found: dict[tuple[str, FieldPath, str], list[_Port]] = defaultdict(list)
    openings: dict[tuple[str, FieldPath, str], Opening] = {}
    for workload in subject.applications:
        if is_entrance(subject, workload) or not linkerd.inside(workload):
            continue
        for port, opening in linkerd.openings(workload):
            key = opening.thing.title, opening.field, opening.words
            openings[key] = opening
            found[key].append(_Port(workload, port))
    for key, ports in found.items():
        opening = openings[key]
        persona = None if opening.is_known or subject.live else Persona.AUDITOR
        narrow = isinstance(opening.thing, ForeignPolicy)
        yield _finding(subject, opening.thing, opening.field, opening.words, ports, persona=persona, narrow=narrow)


def _rule(setting: Setting) -> Iterator[Finding]:
    """What a DestinationRule switches off for clients: ``trafficPolicy``, its ports, its subsets."""
    base: FieldPath = ("spec", "trafficPolicy")
    policies: list[tuple[FieldPath, object]] = [(base, setting.spec.get("trafficPolicy"))]
    levels = table(setting.spec.get("trafficPolicy")).get("portLevelSettings")
    policies += [
        ((*base, "portLevelSettings", n), each) for n, each in enumerate(levels if isinstance(levels, list) else ())
    ]
    subsets = setting.spec.get("subsets")
    for number, each in enumerate(subsets if isinstance(subsets, list) else ()):
        policies.append((("spec", "subsets", number, "trafficPolicy"), table(each).get("trafficPolicy")))
    for field, written in policies:
        if table(table(written).get("tls")).get("mode") == "DISABLE":
            yield CHECK.found(
                setting,
                f"clients of the mesh send to {setting.spec.get('host')} in plain text",
                field=(*field, "tls", "mode"),
                severity=CHECK.severity.lowered(),
                fix="leave the mode out: proxies then use mutual TLS wherever the other end has a proxy",
            )
