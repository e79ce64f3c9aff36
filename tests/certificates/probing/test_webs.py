"""What browsers are told: redirects from plain HTTP, and Strict-Transport-Security."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certificates.probing.asking import ids, probes, wishes, with_clients
from certificates.probing.material import HOST, Files
from certificates.probing.servers import nginx
from crenel.certificates.probing.probe import Probe

pytestmark = pytest.mark.xdist_group("probing-webs")

TWO_YEARS = 'add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;'
SECURE: list[tuple[str, str, list[str]]] = [
    ("right", f"{TWO_YEARS} location / {{ return 200; }}", []),
    ("moved", f"{TWO_YEARS} location / {{ return 302 /login; }}", []),
    ("none", "location / { return 200; }", ["no Strict-Transport-Security is sent"]),
    ("short", 'add_header Strict-Transport-Security "max-age=3600"; location / { return 200; }',
     ["Strict-Transport-Security has max-age=3600, less than 63072000"]),
    ("broken", 'add_header Strict-Transport-Security "max-age=soon"; location / { return 200; }',
     ["no Strict-Transport-Security is sent"]),
    ("no page", "location / { return 404; }", []),
]  # fmt: skip
PLAIN: list[tuple[str, str, list[str]]] = [
    ("redirect", f"location / {{ return 301 https://{HOST}/; }}", []),
    ("page", "location / { return 200 hello; }", ["plain HTTP is answered with 200 in place of a redirect to https"]),
    ("elsewhere", f"location / {{ return 302 http://www.{HOST}/; }}", ["plain HTTP is redirected, but not to https"]),
    ("closed", "location / { return 444; }", []),
    ("missing", "location / { return 404; }", []),
]


@pytest.fixture(scope="module")
def ports(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    key = f"ssl_certificate {files.path('good.crt')}; ssl_certificate_key {files.path('good.key')};"
    client = f"ssl_client_certificate {files.path('clients.crt')}; ssl_verify_client on;"
    servers = [(name, f"{key} {text}") for name, text, _ in SECURE]
    servers += [(name, f"plain; {text}") for name, text, _ in PLAIN]
    servers.append(("mutual", f"{key} {client} location / {{ return 200; }}"))
    with nginx(tmp_path_factory.mktemp("nginx"), servers) as found:
        yield found


def said(found: Probe) -> list[str]:
    """The sentences about browsers."""
    return [each.message for each in found.findings if each.id == "TL-14"]


def test_strict_transport_security(files: Files, ports: dict[str, int]) -> None:
    """The header counts on a page of a public host, by its max-age."""
    found = probes({name: ports[name] for name, _, _ in SECURE}, wishes(files), https=True)
    assert {name: said(probe) for name, probe in found.items()} == {name: wrong for name, _, wrong in SECURE}


def test_redirects(files: Files, ports: dict[str, int]) -> None:
    """Plain HTTP has to lead to https, or to nothing."""
    for name, _, wrong in PLAIN:
        found = probes({"right": ports["right"]}, wishes(files, http_port=ports[name]), https=True)["right"]
        assert said(found) == wrong, name
        assert found.web is not None and found.web.hsts == 63072000


def test_not_for_browsers(files: Files, ports: dict[str, int]) -> None:
    """A name of the cluster and a port that is not asked for pages are no matter for browsers; nor is a closed port."""
    none = {"none": ports["none"]}
    assert said(probes(none, wishes(files), https=True, host="web.shop.svc")["none"]) == []
    assert said(probes(none, wishes(files), https=False)["none"]) == []
    unused = probes({"right": ports["right"]}, wishes(files, http_port=1), https=True)["right"]
    assert ids(unused) == [] and unused.web is not None and unused.web.plain_status is None


def test_pages_for_clients(files: Files, ports: dict[str, int]) -> None:
    """A page that only clients with a certificate see is asked for with it."""
    mutual = {"mutual": ports["mutual"]}
    assert said(probes(mutual, with_clients(files), https=True)["mutual"]) == ["no Strict-Transport-Security is sent"]
    assert said(probes(mutual, wishes(files), https=True)["mutual"]) == []
