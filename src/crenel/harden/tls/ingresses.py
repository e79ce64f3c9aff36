"""Hosts of Ingresses and of Routes of OpenShift: a section for TLS, a certificate, and a redirect.

Which hosts lack it is up to the checks IN-01 and IN-02. Sources of the annotations: ingress-nginx, Annotations
(ssl-redirect is on where a host has TLS); haproxytech/kubernetes-ingress, documentation (ssl-redirect); Traefik,
Kubernetes Ingress: routing configuration (router.entrypoints, router.tls); Kong, annotations (protocols,
https-redirect-status-code); Contour, annotations (force-ssl-redirect); AWS Load Balancer Controller, Ingress
annotations (listen-ports, ssl-redirect); GKE, Ingress (allow-http); AGIC, annotations (ssl-redirect).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from crenel.audit.checks import in_01, in_02
from crenel.audit.encrypted import has_issuer
from crenel.audit.finding import Finding
from crenel.audit.ways import plain
from crenel.dialects.ingressclasses import AGC, AGIC, ALB, GCE, NGINX, Belonging
from crenel.editing.patches import Append, Edit, Patch, Set
from crenel.harden.services.context import Context, mended
from crenel.harden.services.model import Change, Promise, Thing
from crenel.harden.tls.certificates import Certificates
from crenel.kubernetes.objects.ingress import Ingress
from crenel.provenance import FieldPath
from crenel.routing.hosts import ANY, Host

_TRAEFIK = "traefik.ingress.kubernetes.io/router."
_REDIRECTS: Mapping[str, Mapping[str, str]] = {
    NGINX: {},
    "nginx.org/ingress-controller": {},
    "haproxy.org/ingress-controller/haproxy": {"haproxy.org/ssl-redirect": "true"},
    "traefik.io/ingress-controller": {f"{_TRAEFIK}entrypoints": "websecure", f"{_TRAEFIK}tls": "true"},
    "ingress-controllers.konghq.com/kong": {
        "konghq.com/protocols": "https", "konghq.com/https-redirect-status-code": "301",
    },
    "projectcontour.io/ingress-controller": {"ingress.kubernetes.io/force-ssl-redirect": "true"},
    ALB: {
        "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
        "alb.ingress.kubernetes.io/ssl-redirect": "443",
    },
    GCE: {"kubernetes.io/ingress.allow-http": "false"},
    AGIC: {"appgw.ingress.kubernetes.io/ssl-redirect": "true"},
}  # fmt: skip
"""What sends plain requests to HTTPS, by controller; empty where the controller does so by itself."""
_NOTES = {
    "traefik.io/ingress-controller": "plain HTTP is answered with 404 unless the entry point redirects: "
    "--entrypoints.web.http.redirections.entrypoint.to=websecure",
    GCE: "plain HTTP is refused, not redirected: a FrontendConfig with redirectToHttps redirects it",
    ALB: "the certificate has to be in AWS Certificate Manager, where the controller finds it by the hosts under tls",
}
_ANNOTATIONS: FieldPath = ("metadata", "annotations")


def changes(context: Context, certificates: Certificates) -> Iterator[Change]:
    """One change for each Ingress and each Route."""
    classes = {id(ingress): belongs for ingress, belongs in context.subject.ways.classes}
    done: set[int] = set()
    for finding in (*in_01.findings(context.subject), *in_02.findings(context.subject)):
        thing, ingress = context.of(finding), finding.thing
        if thing is None or id(ingress) in done:
            continue
        done.add(id(ingress))
        if not isinstance(ingress, Ingress):
            yield from _route(finding, thing)
        elif finding.check is in_01.CHECK and finding.field != ("spec", "tls"):
            yield from _redirected(context, finding, thing, classes[id(ingress)])
        else:
            yield from _Secured(context, certificates, finding, thing, ingress, classes[id(ingress)]).changes()


def _promise(thing: Thing) -> Promise:
    return Promise(routes=frozenset({thing.place}))


def _route(finding: Finding, thing: Thing) -> Iterator[Change]:
    """A Route of OpenShift: the router has a certificate of its own for names below its domain."""
    if isinstance(finding.patch, Patch):
        yield Change(
            "tls", f"{thing.title}: TLS that ends at the router, plain HTTP redirected", thing, finding.field,
            finding.patch.edits, finding.message, promise=_promise(thing), mends=mended([finding]),
            notes=("a host outside of the router's own domain needs a certificate in spec.tls",),
        )  # fmt: skip


def _redirected(context: Context, finding: Finding, thing: Thing, belongs: Belonging) -> Iterator[Change]:
    """An Ingress that has TLS, and is answered without it as well."""
    edits: tuple[Edit, ...] = finding.patch.edits if isinstance(finding.patch, Patch) else ()
    edits = edits or tuple(_annotated(belongs.controller))
    if not edits:
        context.keep(thing.title, "what redirects plain HTTP here is not known", thing.origin, finding.field)
        return
    yield Change(
        "redirect", f"{thing.title}: plain HTTP redirected to HTTPS", thing, finding.field, edits, finding.message,
        promise=_promise(thing), mends=mended([finding]),
    )  # fmt: skip


def _annotated(controller: str) -> Iterator[Edit]:
    yield from (Set((*_ANNOTATIONS, key), value) for key, value in _REDIRECTS.get(controller, {}).items())


class _Secured:
    """An Ingress some hosts of which have no TLS."""

    def __init__(
        self, context: Context, certificates: Certificates, finding: Finding, thing: Thing, ingress: Ingress,
        belongs: Belonging,
    ) -> None:  # fmt: skip
        self._context = context
        self._certificates = certificates
        self._finding = finding
        self._thing = thing
        self._ingress = ingress
        self._belongs = belongs

    def changes(self) -> Iterator[Change]:
        """The change, if there is one."""
        hosts = self._hosts()
        if not hosts:
            why = "it answers whatever host it is called: no certificate is for that, so name its hosts first"
            self._context.keep(self._thing.title, why, self._thing.origin, self._finding.field)
            return
        if self._belongs.controller == AGC:
            self._context.keep(self._thing.title, "how this controller is told to redirect is not known",
                               self._thing.origin, self._finding.field)  # fmt: skip
            return
        yield self._made(hosts)

    def _hosts(self) -> list[str]:
        """The hosts that have none; nothing where any host is answered."""
        ways = list(plain(self._context.subject.ways.of(self._ingress)))
        found = list(dict.fromkeys(way.opening.host for way in ways)) or self._written()
        if ANY in found:
            return []
        secured = self._context.subject.ways.secured
        return [str(host) for host in found if not secured(self._ingress, self._belongs, host)]

    def _written(self) -> list[Host]:
        rules = (self._ingress.spec.rules if self._ingress.spec else None) or ()
        return [Host.of(rule.host, one_label=True) for rule in rules]

    def _made(self, hosts: Sequence[str]) -> Change:
        controller, finding = self._belongs.controller, self._finding
        shimmed = has_issuer(self._ingress)
        named = ", ".join(hosts)
        change = Change(
            "tls", f"{self._thing.title}: TLS for {named}", self._thing, finding.field, (), finding.message,
            promise=_promise(self._thing), mends=mended([finding]),
        )  # fmt: skip
        if controller == ALB:
            edits = (self._section(hosts, ""), *_annotated(controller))
            question = f"is there a certificate for {named} in AWS Certificate Manager?"
            return replace(change, edits=edits, notes=(_NOTES[ALB],)).asking(question)
        chosen = self._certificates.of(self._ingress.namespace, self._ingress.name, hosts, self._thing.title,
                                       shimmed=shimmed)  # fmt: skip
        notes = (*chosen.notes, *([_NOTES[controller]] if controller in _NOTES else []))
        if controller not in _REDIRECTS:
            notes += ("which controller serves it is not in the input: see to it that it redirects plain HTTP",)
        edits = (self._section(hosts, chosen.secret), *_annotated(controller))
        return chosen.with_it(replace(change, edits=edits, new=chosen.new, notes=notes))

    def _section(self, hosts: Sequence[str], secret: str) -> Edit:
        """The entry of ``spec.tls``: a first one, one more, or further hosts of the one that there is."""
        entry = {"hosts": list(hosts), **({"secretName": secret} if secret else {})}
        if self._ingress.spec.tls if self._ingress.spec else None:
            return Append(("spec", "tls"), entry)
        return Set(("spec", "tls"), [entry])
