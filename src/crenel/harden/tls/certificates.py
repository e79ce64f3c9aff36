"""The certificates that hosts need: those of the input where they fit, else of cert-manager, else of one's own CA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crenel.harden.services.context import Context
from crenel.harden.services.model import Change, NewObject, Thing
from crenel.provenance import Origin
from crenel.sources.yaml_text import parse

if TYPE_CHECKING:
    from crenel.certificates.certmanager.needs import Need
    from crenel.certificates.certmanager.writing import Written

WITHOUT = "Certificates are written with cryptography: pip install 'crenel[certs]'"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The Secret with the certificate of some hosts. `question` is empty where it is there, or will be."""

    secret: str
    new: tuple[NewObject, ...] = ()
    question: str = ""
    notes: tuple[str, ...] = ()

    def with_it(self, change: Change) -> Change:
        """A change that needs it."""
        return change.asking(self.question) if self.question else change


class Certificates:
    """Chooses Secrets for hosts, each name once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._inventory = context.subject.certificates
        self._taken = {*self._inventory.secrets, *self._inventory.writers}
        self._taken |= {each.secret for each in self._inventory.serving}
        self._taken |= {
            (each.namespace, tls.secret_name)
            for each in context.subject.decoded.ingresses
            for tls in (each.spec.tls if each.spec else None) or ()
            if tls.secret_name
        }
        self._taken |= {(each.namespace, each.name) for each in context.subject.decoded.secrets}

    def of(self, namespace: str, base: str, hosts: Sequence[str], title: str, *, shimmed: bool = False) -> Chosen:
        """The Secret for some hosts; `shimmed` says that cert-manager makes what an object names by itself."""
        there = self._there(namespace, hosts)
        if there:
            return Chosen(there)
        secret = self.free(namespace, f"{base}-tls")
        if shimmed:
            return Chosen(secret, notes=(f"cert-manager makes the Secret {namespace}/{secret} by the annotation",))
        if self._context.wishes.issuer:
            return self._written(namespace, secret, hosts, title)
        own = f"from your own CA: {own_ca(namespace, base, secret, hosts)}"
        return Chosen(secret, question=_asked(namespace, secret, hosts), notes=(own,))

    def _there(self, namespace: str, hosts: Sequence[str]) -> str:
        """A Secret of the namespace that covers all hosts, and whose time has not passed; empty for none."""
        if not self._inventory.pairs:
            return ""
        from crenel.certificates.material.names import covers  # noqa: PLC0415 - an extra

        for entry in self._inventory.pairs:
            leaf = entry.leaf
            if entry.secret is None or entry.secret[0] != namespace or leaf is None or entry.matches is False:
                continue
            if leaf.not_after > self._inventory.at and all(covers(leaf, host) for host in hosts):
                return entry.secret[1]
        return ""

    def free(self, namespace: str, name: str) -> str:
        """A name that no Secret has and nothing refers to; it is taken from now on."""
        number, found = 2, name
        while (namespace, found) in self._taken:
            number, found = number + 1, f"{name}-{number}"
        self._taken.add((namespace, found))
        return found

    def _written(self, namespace: str, secret: str, hosts: Sequence[str], title: str) -> Chosen:
        try:
            from crenel.certificates.certmanager.needs import Need  # noqa: PLC0415 - an extra
        except ImportError:
            return Chosen(secret, question=_asked(namespace, secret, hosts), notes=(WITHOUT,))
        need = Need((namespace, secret), tuple(hosts), (title,), "it serves these hosts without TLS")
        new, notes = self.written(need)
        return Chosen(secret, new, "" if new else _asked(namespace, secret, hosts), notes)

    def written(self, need: Need) -> tuple[tuple[NewObject, ...], tuple[str, ...]]:
        """The Certificate for a need, with what has to be said of it; none where it cannot be written."""
        from crenel.certificates.certmanager.writing import Style, write  # noqa: PLC0415 - an extra

        wishes = self._context.wishes
        objects, problems = write([need], self._inventory, Style(wishes.issuer, wishes.cluster_issuer))
        notes = tuple(str(each) for each in problems)
        if any("no Certificate" in each.message for each in problems):
            return (), notes
        return tuple(map(_new, objects)), notes


def own_ca(namespace: str, name: str, secret: str, hosts: Sequence[str]) -> str:
    """The command by which one's own CA issues a certificate for some hosts into a Secret, for `kubectl apply`."""
    names = " ".join(f"--dns {host}" for host in hosts)
    return f"crenel certs ca issue {namespace}/{name} {names} --secret {secret} --ca CA -o yaml --out secrets.yaml"


def _new(written: Written) -> NewObject:
    thing = Thing("cert-manager.io/v1", written.kind, written.namespace, written.name, Origin(""))
    return NewObject(thing, parse(written.text), written.text)


def _asked(namespace: str, secret: str, hosts: Sequence[str]) -> str:
    return f"will the Secret {namespace}/{secret} hold a certificate for {', '.join(hosts)}?"
