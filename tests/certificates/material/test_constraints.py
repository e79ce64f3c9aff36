"""Name constraints: the table of RFC 5280, 4.2.1.10."""

from __future__ import annotations

import ipaddress

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certificates.making import authority, issue
from crenel.certificates.material.constraints import refused


def dns(*names: str) -> list[x509.GeneralName]:
    """DNS names."""
    return [*map(x509.DNSName, names)]


def ip(text: str) -> list[x509.GeneralName]:
    """A range of addresses."""
    return [x509.IPAddress(ipaddress.ip_network(text))]


def uri(name: str) -> list[x509.GeneralName]:
    """A host of URIs."""
    return [x509.UniformResourceIdentifier(name)]


def mail(name: str) -> list[x509.GeneralName]:
    """A mailbox, a host or a domain."""
    return [x509.RFC822Name(name)]


def directory(name: str) -> list[x509.GeneralName]:
    """The beginning of a subject."""
    return [x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))]


A, U, M = x509.DNSName, x509.UniformResourceIdentifier, x509.RFC822Name


@pytest.mark.parametrize(
    ("permitted", "excluded", "name", "allowed"),
    [
        (dns("shop.svc"), None, A("shop.svc"), True),
        (dns("shop.svc"), None, A("web.shop.svc"), True),
        (dns("shop.svc"), None, A("a.web.shop.svc"), True),
        (dns("shop.svc"), None, A("WEB.SHOP.SVC"), True),
        (dns("shop.svc"), None, A("*.shop.svc"), True),
        (dns("shop.svc"), None, A("workshop.svc"), False),
        (dns("shop.svc"), None, A("svc"), False),
        (dns(".shop.svc"), None, A("shop.svc"), False),
        (dns(".shop.svc"), None, A("web.shop.svc"), True),
        (dns("a.b", "c.d"), None, A("x.c.d"), True),
        (dns("a.b"), None, x509.IPAddress(ipaddress.ip_address("10.0.0.1")), True),
        (None, dns("shop.svc"), A("web.shop.svc"), False),
        (None, dns("shop.svc"), A("web.pay.svc"), True),
        (dns("svc"), dns("shop.svc"), A("web.shop.svc"), False),
        (dns("svc"), dns("shop.svc"), A("web.pay.svc"), True),
        (ip("10.0.0.0/8"), None, x509.IPAddress(ipaddress.ip_address("10.1.2.3")), True),
        (ip("10.0.0.0/8"), None, x509.IPAddress(ipaddress.ip_address("11.1.2.3")), False),
        (ip("10.0.0.0/8"), None, x509.IPAddress(ipaddress.ip_address("::1")), False),
        (uri("shop.svc"), None, U("spiffe://shop.svc/web"), True),
        (uri("shop.svc"), None, U("spiffe://web.shop.svc/web"), False),
        (uri(".shop.svc"), None, U("spiffe://web.shop.svc/web"), True),
        (uri("shop.svc"), None, U("urn:shop.svc"), False),
        (None, uri("shop.svc"), U("https://SHOP.svc:8443/x"), False),
        (mail("a@b.c"), None, M("a@b.c"), True),
        (mail("a@b.c"), None, M("A@b.c"), False),
        (mail("b.c"), None, M("a@B.c"), True),
        (mail("b.c"), None, M("a@x.b.c"), False),
        (mail(".b.c"), None, M("a@x.b.c"), True),
        (directory("x"), None, A("anything"), True),
        (directory("y"), None, A("anything"), False),
        (None, directory("x"), A("anything"), False),
        (None, [x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))], A("anything"), False),
    ],
)
def test_constraints(
    permitted: list[x509.GeneralName] | None,
    excluded: list[x509.GeneralName] | None,
    name: x509.GeneralName,
    allowed: bool,
) -> None:
    """A name is within what is permitted, where anything of its kind is, and in nothing that is excluded."""
    root = authority(constraints=x509.NameConstraints(permitted, excluded))
    made = issue("x", root, more=((x509.SubjectAlternativeName([name]), False),))
    assert (refused(made.certificate, root.certificate) == "") is allowed
