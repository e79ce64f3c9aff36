"""Certificates that servers already name, or need, and that nobody issues or renews: of hosts, and from pod to pod.

Which these are `crenel.certificates.certmanager.needs` finds, as for ``crenel certs write``. Whether something outside
of the input makes them, or pods make their own, only the user knows: all of them wait to be confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from crenel.harden.services.context import Context
from crenel.harden.services.model import Change, Thing
from crenel.harden.tls.certificates import WITHOUT, Certificates, own_ca
from crenel.provenance import NOWHERE

if TYPE_CHECKING:
    from crenel.certificates.certmanager.needs import Need


def changes(context: Context, certificates: Certificates) -> Iterator[Change]:
    """A Certificate for each; without an issuer, a word about how the own CA issues it."""
    if context.subject.certificates.missing:
        context.keep("certificates", WITHOUT, NOWHERE)
        return
    for need in _needs(context):
        thing = context.titled(need.users[0])
        if thing is None:
            continue
        if context.wishes.issuer:
            yield from _certificate(context, certificates, _placed(context, certificates, need), thing)
        else:
            own = own_ca(need.secret[0], thing.name, need.secret[1], need.hosts)
            context.keep(need.users[0], f"{need.why}: name an issuer, or issue one from your own CA: {own}",
                         thing.origin)  # fmt: skip


def _needs(context: Context) -> Iterator[Need]:
    from crenel.certificates.certmanager.needs import needs  # noqa: PLC0415 - an extra

    found = needs(
        context.subject.certificates,
        context.network.given.decoded,
        context.network.documents,
        default_namespace=context.network.default_namespace,
        only=context.wishes.settings.namespaces,
        bare=False,
    )
    for problem in (*found.left, *found.notes):
        if "no Certificate is written" in problem.message:
            context.keep(problem.object, problem.message, problem.origin, problem.field)
    yield from found.needs


def _is_named(context: Context, need: Need) -> bool:
    """Whether something serves from its Secret already."""
    inventory = context.subject.certificates
    return need.secret in inventory.secrets or any(each.secret == need.secret for each in inventory.serving)


def _placed(context: Context, certificates: Certificates, need: Need) -> Need:
    """The need with a Secret that no other change takes."""
    if _is_named(context, need):
        return need
    namespace, name = need.secret
    return replace(need, secret=(namespace, certificates.free(namespace, name)))


def _certificate(context: Context, certificates: Certificates, need: Need, thing: Thing) -> Iterator[Change]:
    secret = "/".join(need.secret)
    new, notes = certificates.written(need)
    if not new:
        context.keep(need.users[0], "; ".join(notes), thing.origin)
        return
    what = f"{need.users[0]}: a Certificate of cert-manager for {', '.join(need.hosts)}"
    change = Change("certificate", what, thing, (), (), need.why, new=new, notes=notes)
    if need.secret in context.subject.certificates.secrets:
        yield change.asking(f"may cert-manager write its own certificate into the Secret {secret}?")
    elif _is_named(context, need):
        yield change.asking(f"does nothing else make the Secret {secret}?")
    else:
        yield change.asking(
            f"will its pods serve from the Secret {secret}, and do they make no certificate of their own?"
        )
