"""What a pod says on a port that speaks TLS, without any network."""

from __future__ import annotations

import ssl

import pytest

import crenel
from crenel.certificates.probing.mutual import EXPIRED, FORGED, HTTP1, NONE, RIGHT, STRANGER
from crenel.lab.tls.identities import Identities
from crenel.lab.tls.serving import Conversation, Server
from lab.tls.pieces import pod, service

REQUEST = b"GET / HTTP/1.1\r\nHost: some.example\r\nAccept: */*\r\n\r\n"


@pytest.fixture(scope="module")
def identities() -> Identities:
    made = Identities()
    assert made.cover(crenel.load([pod("web", 8443), pod("db", 5432), service("web", {"port": 443})]).model) == []
    return made


def server(identities: Identities, *, demands: bool = True, plain: bool = False) -> Server:
    return Server("shop/web", identities.server(identities._papers["shop/web"], demands=demands), plain)


def said(conversation: Conversation, how: ssl.SSLContext) -> bytes:
    """What a client gets for its request; raises what OpenSSL does."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = how.wrap_bio(incoming, outgoing)
    for step in (client.do_handshake, lambda: client.write(REQUEST)):
        while True:
            try:
                step()
            except ssl.SSLWantReadError:
                incoming.write(conversation.feed(outgoing.read()))
                continue
            break
    incoming.write(conversation.feed(outgoing.read()))
    return client.read(4096)


def test_who_comes_with_a_certificate_is_named(identities: Identities) -> None:
    """The page has the pod, the host that was asked for, and the client's SPIFFE ID; then all is said."""
    conversation = server(identities).conversation()
    page = said(conversation, identities.clients("shop/db")[RIGHT, HTTP1])
    assert page.splitlines()[-3:] == [b"shop/web", b"some.example", b"spiffe://cluster.local/ns/shop/sa/db"]
    assert conversation.over
    assert conversation.feed(b"more") == b""


def test_who_comes_without_is_answered_where_none_is_demanded(identities: Identities) -> None:
    """In the place of the client's name there is nothing."""
    page = said(server(identities, demands=False).conversation(), identities.clients("shop/db")[NONE, HTTP1])
    assert page.splitlines()[-3:] == [b"shop/web", b"some.example", b"-"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (NONE, "TLSV13_ALERT_CERTIFICATE_REQUIRED"),
        (STRANGER, "TLSV1_ALERT_UNKNOWN_CA"),
        (FORGED, "TLSV1_ALERT_UNKNOWN_CA"),
        (EXPIRED, "SSLV3_ALERT_CERTIFICATE_EXPIRED"),
    ],
)
def test_all_others_get_an_alert_and_no_data(identities: Identities, kind: str, reason: str) -> None:
    """The handshake of TLS 1.3 is over for the client by then: what is refused is its request."""
    conversation = server(identities).conversation()
    with pytest.raises(ssl.SSLError) as refused:
        said(conversation, identities.clients("shop/db")[kind, HTTP1])
    assert refused.value.reason == reason
    assert conversation.over


def test_plain_text(identities: Identities) -> None:
    """It is answered where that is declared, beside TLS; else the conversation is over without a word of it."""
    assert server(identities, plain=True).conversation().feed(REQUEST).splitlines()[-3:] == [
        b"shop/web", b"some.example", b"-"
    ]  # fmt: skip
    page = said(server(identities, plain=True).conversation(), identities.clients("shop/db")[RIGHT, HTTP1])
    assert page.endswith(b"/sa/db\n")
    strict = server(identities).conversation()
    assert b"HTTP" not in strict.feed(REQUEST)
    assert strict.over
    silent = Server("shop/web", None).conversation()
    assert silent.feed(REQUEST) == b""
    assert silent.over


def test_what_workloads_get(identities: Identities) -> None:
    """The SPIFFE ID of the ServiceAccount, the names of the Services, and a chain that ends at the lab's own root."""
    papers = identities._papers["shop/web"]
    assert papers.certificate.names.uris == ("spiffe://cluster.local/ns/shop/sa/web",)
    assert papers.certificate.names.dns == ("web.shop.svc", "web.shop.svc.cluster.local")
    assert papers.chain.count(b"BEGIN CERTIFICATE") == 2
    assert papers.certificate.lifetime <= 86400 + 600


def test_certificates_follow_the_input() -> None:
    """Who gets other names gets another certificate; who stays the same keeps it, and who is gone has none."""
    made = Identities()
    made.cover(crenel.load([pod("web", 8443), pod("db", 5432)]).model)
    before = dict(made._papers)
    made.cover(crenel.load([pod("web", 8443), service("web", {"port": 443}), pod("db", 5432)]).model)
    assert made._papers["shop/db"] is before["shop/db"]
    assert made._papers["shop/web"].certificate != before["shop/web"].certificate
    made.cover(crenel.load([pod("web", 8443)]).model)
    assert set(made._papers) == {"shop/web"}
