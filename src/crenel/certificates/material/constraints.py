"""Name constraints of CAs: for which names they may sign.

Source: RFC 5280, 4.2.1.10. A DNS constraint ``example.com`` holds the name and all below it, ``.example.com`` only
those below, as OpenSSL and Go read it. A URI is judged by its host, which has to be a name. Constraints on kinds of
names that are not known here refuse every certificate, as a critical extension has to that is not understood.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from cryptography import x509

from crenel.certificates.material.certificate import Certificate


def refused(certificate: Certificate, ca: Certificate) -> str:
    """The name of a certificate that a CA above it may not sign for; empty where all are allowed."""
    limits = ca.extension(x509.NameConstraints)
    if limits is None:
        return ""
    if certificate.subject_name is None:
        return "a subject that cannot be read"
    permitted, excluded = list(limits.permitted_subtrees or ()), list(limits.excluded_subtrees or ())
    for name in _names(certificate):
        mine = [each for each in permitted if type(each) is type(name)]
        if mine and not any(_within(name, each) for each in mine):
            return _text(name)
        if any(type(each) is type(name) and _within(name, each) for each in excluded):
            return _text(name)
    unknown = [each for each in (*permitted, *excluded) if not isinstance(each, _KNOWN)]
    return _text(unknown[0]) if unknown else ""


_KNOWN = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier, x509.RFC822Name, x509.DirectoryName)


def _names(certificate: Certificate) -> Iterator[x509.GeneralName]:
    alternative = certificate.extension(x509.SubjectAlternativeName)
    yield from alternative or ()
    if certificate.subject_name:
        yield x509.DirectoryName(certificate.subject_name)


def _within(name: x509.GeneralName, base: x509.GeneralName) -> bool:
    if isinstance(name, x509.DNSName) and isinstance(base, x509.DNSName):
        return _below(name.value.lower().removeprefix("*."), base.value.lower())
    if isinstance(name, x509.IPAddress) and isinstance(base, x509.IPAddress):
        return _in_range(str(name.value), str(base.value))
    if isinstance(name, x509.RFC822Name) and isinstance(base, x509.RFC822Name):
        return _mail(name.value, base.value)
    if isinstance(name, x509.UniformResourceIdentifier) and isinstance(base, x509.UniformResourceIdentifier):
        return _uri(name.value, base.value)
    if isinstance(name, x509.DirectoryName) and isinstance(base, x509.DirectoryName):
        held, wanted = list(name.value.rdns), list(base.value.rdns)
        return held[: len(wanted)] == wanted
    return False


def _below(name: str, base: str) -> bool:
    if not base or base.startswith("."):
        return name.endswith(base)
    return name == base or name.endswith(f".{base}")


def _in_range(address: str, base: str) -> bool:
    try:
        return ip_address(address) in ip_network(base)
    except ValueError:
        return False


def _mail(name: str, base: str) -> bool:
    """A mailbox, a host, or with a dot in front the hosts of a domain."""
    local, _, host = name.rpartition("@")
    if "@" in base:
        wanted, _, place = base.rpartition("@")
        return local == wanted and host.lower() == place.lower()
    return host.lower().endswith(base.lower()) if base.startswith(".") else host.lower() == base.lower()


def _uri(name: str, base: str) -> bool:
    """A host, or with a dot in front the hosts of a domain; a URI whose host is none is within nothing."""
    try:
        host = (urlsplit(name).hostname or "").lower()
    except ValueError:
        return False
    return bool(host) and (host.endswith(base.lower()) if base.startswith(".") else host == base.lower())


def _text(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DirectoryName):
        return name.value.rfc4514_string()
    return str(getattr(name, "value", type(name).__name__))
