"""Whether a certificate speaks for a host.

Source: RFC 9525. A DNS name covers itself; one whose left-most label is ``*`` covers every name with any one label in
its place, and no ``*`` elsewhere means anything (6.3). An address is covered by an iPAddress alone (6.4), never by a
DNS name that looks like it. The common name counts for nothing (2). Names of other scripts are compared as A-labels
(IDNA 2008).
"""

from __future__ import annotations

import ipaddress

from crenel.certificates.material.certificate import Certificate, Names


def covers(certificate: Certificate | Names, host: str) -> bool:
    """Whether a certificate, or what it says of its names, covers a host name or an address.

    A `host` that begins with ``*.`` stands for all names below, as in an Ingress; only the same wildcard covers it.
    """
    names = certificate.names if isinstance(certificate, Certificate) else certificate
    if (address := _address(host)) is not None:
        return address in names.ips
    wanted = normal(host)
    return bool(wanted) and any(_matches(normal(each), wanted) for each in names.dns)


def normal(host: str) -> str:
    """A DNS name in the form that names are compared in: A-labels, small letters, no dot at the end; empty for none."""
    text = host.rstrip(".") if host.endswith(".") and not host.endswith("..") else host
    if text.isascii():
        return text.lower()
    import idna  # noqa: PLC0415 - hardly ever needed

    star, rest = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    try:
        return star + idna.encode(rest, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return ""


def _matches(pattern: str, host: str) -> bool:
    if pattern == host:
        return "*" not in host.removeprefix("*.")
    label, _, rest = host.partition(".")
    return bool(label and rest) and label != "*" and pattern == f"*.{rest}"


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
