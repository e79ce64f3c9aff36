"""The certificates that servers serve: each broken one is a finding of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from certificates.making import authority, leaf
from certificates.probing.asking import ids, probes, wishes
from certificates.probing.material import HOST, NOW, YEAR, Files, server, server_of, staple
from certificates.probing.servers import Options, nginx, s_servers
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.probing.probe import Probe
from crenel.certificates.probing.targets import Stored
from crenel.output import probe_markdown, probe_table

pytestmark = pytest.mark.xdist_group("probing-served")

NGINX: list[tuple[str, list[str], str]] = [
    ("good", [], ""),
    ("bare", ["TL-07"], "the intermediate CN=Test Intermediate is not sent"),
    ("twisted", ["TL-07"], f"the chain is not in order: what follows {HOST} did not sign it"),
    ("stale", ["TL-07"], "in the chain expired on"),
    ("expired", ["TL-01"], "expired on"),
    ("early", ["not-yet-valid"], "valid from"),
    ("overdue", ["TL-02"], "89% of its life is over and it is still served"),
    ("other", ["TL-03"], f"{HOST} is not among its names: other.example"),
    ("client-only", ["TL-09"], "it is for clientAuth, not for servers"),
    ("authority", ["TL-09"], "a CA's own certificate is served"),
    ("alone", ["untrusted"], "signed itself and is not trusted (trusted: --ca)"),
    ("demanding", ["must-staple"], "the certificate demands a stapled OCSP response"),
]
"""What is served, what is wrong with it, and a part of the sentence."""


@pytest.fixture(scope="module")
def found(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Probe]]:
    must = (x509.TLSFeature([x509.TLSFeatureType.status_request]), False)
    files.server("demanding", server(files.intermediate, more=(must,)), files.intermediate)
    files.server("authority", server(files.intermediate, ca=True), files.intermediate)
    files.server("alone", server(None))
    servers = [
        (name, f"ssl_certificate {files.path(f'{name}.crt')}; ssl_certificate_key {files.path(f'{name}.key')};")
        for name, _, _ in NGINX
    ]
    with nginx(tmp_path_factory.mktemp("nginx"), servers) as ports:
        yield probes(ports, wishes(files))


@pytest.mark.parametrize(("name", "wrong", "words"), NGINX, ids=[case[0] for case in NGINX])
def test_each_fault(found: dict[str, Probe], name: str, wrong: list[str], words: str) -> None:
    """Names, life, chain, purpose and trust: one fault, one finding."""
    assert ids(found[name]) == wrong
    messages = [each.message for each in found[name].findings if each.id in wrong]
    assert len(messages) == len(wrong) and all(words in each for each in messages), messages


def test_weak_key(files: Files) -> None:
    """A key of 1024 bits, which no OpenSSL serves unless it is told to."""
    options: Options = ["-cert", files.path("weak.crt"), "-key", files.path("weak.key"), "-cipher", "ALL@SECLEVEL=0",
               "-cert_chain", files.path("intermediate.crt")]  # fmt: skip
    with s_servers([("weak", options)]) as ports:
        found = probes(ports, wishes(files))["weak"]
    assert "TL-06" in ids(found)
    assert f"{HOST} has a key of 1024 bits" in [each.message for each in found.findings]


STAPLES = [
    (ocsp.OCSPCertStatus.GOOD, 3, []),
    (ocsp.OCSPCertStatus.GOOD, -3, ["ocsp-stale"]),
    (ocsp.OCSPCertStatus.REVOKED, 3, ["ocsp-revoked"]),
]


@pytest.mark.parametrize(("status", "days", "wrong"), STAPLES, ids=["good", "stale", "revoked"])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_staples(
    files: Files, tmp_path: Path, status: ocsp.OCSPCertStatus, days: int, wrong: list[str], version: str
) -> None:
    """A stapled OCSP response is read, in TLS 1.2 as in TLS 1.3."""
    response = tmp_path / "staple.der"
    response.write_bytes(staple(server_of(files), files.intermediate, status, days))
    options: Options = ["-cert", files.path("good.crt"), "-key", files.path("good.key"), "-status_file", response,
               version, "-cert_chain", files.path("intermediate.crt"), "-CAfile", files.path("root.crt"),
               "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]  # fmt: skip
    with s_servers([("one", options)]) as ports:
        found = probes(ports, wishes(files))["one"]
    assert found.served is not None and found.served.staple is not None
    assert found.served.staple.status == status.name.lower()
    assert ids(found) == wrong


def test_rotation_not_picked_up(files: Files, tmp_path: Path) -> None:
    """A server that still serves what its Secret held before is found; after its reload nothing is wrong."""
    files.server("served", server(files.intermediate, begins=NOW - timedelta(days=40)), files.intermediate)
    fresh = server(files.intermediate, begins=NOW - timedelta(days=1))
    text = f"ssl_certificate {files.path('served.crt')}; ssl_certificate_key {files.path('served.key')};"
    held = (Stored("secret shop/web", fresh.certificate),)
    old = Certificate.of(x509.load_pem_x509_certificate(files.path("served.crt").read_bytes()))
    with nginx(tmp_path, [("one", text)]) as ports:
        before = probes(ports, wishes(files), stored=held)["one"]
        (message,) = (each.message for each in before.findings if each.id == "TL-12")
        assert message == (
            f"serial {old.serial} is served, secret shop/web holds {fresh.certificate.serial}, which is newer: "
            "it was not picked up"
        )
    files.server("served", fresh, files.intermediate)
    with nginx(tmp_path, [("one", text)]) as ports:
        assert ids(probes(ports, wishes(files), stored=held)["one"]) == []


def test_rotation_in_other_directions(files: Files, tmp_path: Path) -> None:
    """A Secret that is older, one that is of the same age, one that is minutes old, and several of which one fits."""
    text = f"ssl_certificate {files.path('good.crt')}; ssl_certificate_key {files.path('good.key')};"
    mine = Certificate.of(server_of(files))
    made = {
        "older": [server(files.intermediate, begins=mine.not_before - timedelta(days=50))],
        "same age": [server(files.intermediate, begins=mine.not_before)],
        "minutes": [server(files.intermediate, begins=NOW - timedelta(minutes=4))],
    }
    found: dict[str, Probe] = {}
    with nginx(tmp_path, [("one", text)]) as ports:
        for name, issued in made.items():
            held = tuple(Stored(f"secret shop/{name}", each.certificate) for each in issued)
            found[name] = probes(ports, wishes(files), stored=held)["one"]
        both = (*held, Stored("secret shop/web", mine))
        found["one of two"] = probes(ports, wishes(files), stored=both)["one"]
    said = {name: [each.message.partition(", which is ")[2] or each.message.partition(": ")[2]
                   for each in probe.findings if each.id == "TL-12"] for name, probe in found.items()}  # fmt: skip
    assert said == {
        "older": ["older: the input is out of date, or another certificate is served"],
        "same age": ["another certificate is served"],
        "minutes": [],
        "one of two": [],
    }
    assert any("not served yet" in note for note in found["minutes"].notes)


def test_bundles_of_webhooks(files: Files, tmp_path: Path) -> None:
    """What the API server trusts a webhook by counts for more than --ca."""
    text = f"ssl_certificate {files.path('good.crt')}; ssl_certificate_key {files.path('good.key')};"
    rotated = authority("Test Root", begins=NOW - YEAR / 2, private=authority("Another").private)
    with nginx(tmp_path, [("one", text)]) as ports:
        right = probes(ports, wishes(files), roots=(files.root.certificate,), trusts="apiservice v1.shop")["one"]
        wrong = probes(ports, wishes(files), roots=(rotated.certificate,), trusts="apiservice v1.shop")["one"]
        empty = probes(ports, wishes(files), trusts="apiservice v1.shop")["one"]
    assert ids(right) == []
    assert ids(wrong) == ids(empty) == ["TL-11"]


def test_trust_without_roots(files: Files, tmp_path: Path) -> None:
    """Without --ca a private CA is no fault but a note; a public chain without its intermediate is a fault."""
    text = f"ssl_certificate {files.path('good.crt')}; ssl_certificate_key {files.path('good.key')};"
    where = x509.AuthorityInformationAccess(
        [x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.CA_ISSUERS,
                                x509.UniformResourceIdentifier("http://ca.example/ca.crt"))]
    )  # fmt: skip
    files.server("public", server(files.intermediate, more=((where, False),)))
    public = f"ssl_certificate {files.path('public.crt')}; ssl_certificate_key {files.path('public.key')};"
    with nginx(tmp_path, [("private", text), ("public", public)]) as ports:
        found = probes(ports, wishes(files, ca=None))
    assert ids(found["private"]) == []
    assert any("--ca says who has to have signed it" in note for note in found["private"].notes)
    assert ids(found["public"]) == ["TL-07"]


def test_names_that_nobody_should_print(files: Files, tmp_path: Path) -> None:
    """Whatever a certificate is called, reports for people hold no control characters, and their tables keep shape."""
    evil = "a\x1b[2J`|<b>\nc.example"
    subject = leaf("x", files.intermediate, begins=NOW - timedelta(days=9), dns=(evil, HOST))
    files.server("evil", subject, files.intermediate)
    text = f"ssl_certificate {files.path('evil.crt')}; ssl_certificate_key {files.path('evil.key')};"
    with nginx(tmp_path, [("one", text)]) as ports:
        found = list(probes(ports, wishes(files), host="other.example").values())
    assert ids(found[0]) == ["TL-03"]
    for report in (probe_table.render(found, NOW), probe_markdown.render(found, NOW)):
        assert all(line.isprintable() for line in report.split("\n"))
    rows = [line for line in probe_markdown.render(found, NOW).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows} == {7, 5}
