"""Whom a certificate speaks for, and whether a policy lets it.

Sources: the SPIFFE ID (SPIFFE-ID 2; a trust domain of at most 255 small letters, digits, dots, dashes and underscores,
2,048 bytes in all), the path that Kubernetes has by convention, ``/ns/NAMESPACE/sa/SERVICEACCOUNT``, DNS names as RFC
1123 has them with the wildcard of RFC 9525, names of objects as RFC 1123 subdomains (k8s.io/apimachinery validation).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from crenel.certificates.authority.policy import Policy
from crenel.network.addresses import AddressSet, parse_address

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ID = re.compile(r"spiffe://([a-z0-9._-]{1,255})/ns/([^/]+)/sa/([^/]+)")
_LONGEST_NAME, _LONGEST_ID = 253, 2048


@dataclass(frozen=True, slots=True)
class Identity:
    """The names of one certificate; sorted, so that equal ones compare equal."""

    id: str = ""
    """The SPIFFE ID; empty for none."""
    dns: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()

    @classmethod
    def of(cls, id_: str = "", dns: tuple[str, ...] = (), ips: tuple[str, ...] = ()) -> Identity:
        """Put names in order; a DNS name is written in small letters, an address in its shortest form."""
        return cls(id_, tuple(sorted({each.lower() for each in dns})), tuple(sorted(set(map(_shortest, ips)))))

    @property
    def texts(self) -> tuple[str, ...]:
        """All names."""
        return tuple(filter(None, (self.id, *self.dns, *self.ips)))

    def __le__(self, other: Identity) -> bool:
        """Whether every name of this one is one of the other's."""
        return set(self.texts) <= set(other.texts)


def _shortest(address: str) -> str:
    """An address as RFC 5952 writes it; what is none is left for the policy to refuse."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def spiffe_id(trust_domain: str, namespace: str, service_account: str) -> str:
    """The SPIFFE ID of a ServiceAccount."""
    return f"spiffe://{trust_domain}/ns/{namespace}/sa/{service_account}"


def is_name(text: str) -> bool:
    """Whether a text is a name of an object, or a DNS name without a wildcard."""
    return len(text) <= _LONGEST_NAME and _SUBDOMAIN.fullmatch(text) is not None


def is_below(name: str, suffix: str) -> bool:
    """Whether a DNS name is another one or lies below it."""
    return name == suffix or name.endswith(f".{suffix}")


def refusals(identity: Identity, policy: Policy, *, derived: bool = False) -> list[str]:
    """Why a policy does not let a certificate speak for an identity, a sentence for each reason; empty if it does.

    A `derived` identity is one that was made from Services: wildcards below its own names are taken.
    """
    found = [] if identity.texts else ["there is no name in it"]
    found += _about_id(identity.id, policy) if identity.id else []
    for name in identity.dns:
        found += _about_dns(name, policy, wildcards=derived or policy.wildcards)
    found += [f"{address}: {reason}" for address in identity.ips if (reason := _about_ip(address, policy))]
    return found


def _about_id(uri: str, policy: Policy) -> Iterator[str]:
    parts = _ID.fullmatch(uri)
    if parts is None or len(uri) > _LONGEST_ID:
        yield f"{uri[:100]!r} is not spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT"
        return
    domain, namespace, account = parts.groups()
    if domain != policy.trust_domain:
        yield f"{uri}: the trust domain is {policy.trust_domain}"
    for text in (namespace, account):
        if not is_name(text):
            yield f"{uri}: {text[:100]!r} is no name that Kubernetes takes"
    if "*" not in policy.namespaces and namespace not in policy.namespaces:
        yield f"{uri}: the policy has no namespace {namespace}"


def _about_dns(name: str, policy: Policy, *, wildcards: bool) -> Iterator[str]:
    plain = name.removeprefix("*.")
    if not is_name(plain):
        yield f"{name[:100]!r} is no DNS name"
    elif not any(is_below(plain, suffix) for suffix in policy.dns):
        yield f"{name}: the policy has names below {', '.join(policy.dns) or 'nothing'} only"
    elif plain != name and (not wildcards or plain in policy.dns):
        yield f"{name}: the policy has no such wildcard"


def _about_ip(address: str, policy: Policy) -> str:
    try:
        family, value = parse_address(address)
    except ValueError:
        return "this is no address"
    if "%" in address:
        return "an address with a zone means nothing elsewhere"
    return "" if AddressSet.of(*policy.ip).contains(family, value) else "the policy does not have this address"
