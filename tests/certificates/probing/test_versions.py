"""Which versions and suites servers accept: real ones, whose configuration says what has to be found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from certificates.probing.asking import ids, probes, wishes
from certificates.probing.material import Files
from certificates.probing.servers import Options, answering, nginx, s_servers
from certificates.probing.weak import weak
from crenel.certificates.probing.probe import Probe
from crenel.certificates.probing.wire.suites import name_of

pytestmark = pytest.mark.xdist_group("probing-versions")

GCM, CHACHA = ("ECDSA_WITH_AES_128_GCM_SHA256", "ECDSA_WITH_AES_256_GCM_SHA384"), "ECDSA_WITH_CHACHA20_POLY1305_SHA256"
NEWEST = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
MOZILLA = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"


def accepts(found: Probe) -> dict[str, set[str]]:
    """The suites by version, as sets."""
    assert found.accepted is not None, found.failure
    return {version.title: set(map(name_of, suites)) for version, suites in found.accepted.suites.items()}


Accepts = dict[str, set[str]]
ECDHE = {f"TLS_ECDHE_{each}" for each in (*GCM, CHACHA)}

OPENSSL: list[tuple[str, str, Accepts, list[str]]] = [
    ("modern", "-tls1_3", {"TLS 1.3": set(NEWEST)}, []),
    ("intermediate", f"-cipher {MOZILLA}", {"TLS 1.3": set(NEWEST), "TLS 1.2": ECDHE}, []),
    ("CBC", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA", {"TLS 1.2": {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"}},
     ["outside-profile"]),
    ("CCM", "-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256",
     {"TLS 1.3": {"TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"}}, ["outside-profile"]),
    ("CCM_8", "-tls1_3 -ciphersuites TLS_AES_128_CCM_8_SHA256", {"TLS 1.3": {"TLS_AES_128_CCM_8_SHA256"}},
     ["outside-profile"]),
    ("ChaCha", "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256", {"TLS 1.3": {NEWEST[2]}}, []),
    ("SHA-384", "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384", {"TLS 1.3": {NEWEST[1]}}, []),
    ("P-256", "-tls1_3 -groups P-256", {"TLS 1.3": set(NEWEST)}, []),
    ("P-384", "-tls1_3 -groups P-384", {"TLS 1.3": set(NEWEST)}, []),
    ("P-521", "-tls1_3 -groups P-521 -num_tickets 0", {"TLS 1.3": set(NEWEST)}, []),
    ("old", "-no_tls1_3 -cipher ECDHE-ECDSA-AES128-SHA@SECLEVEL=0",
     {each: {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"} for each in ("TLS 1.0", "TLS 1.1", "TLS 1.2")},
     ["TL-13", "outside-profile"]),
    ("nameless", "-tls1_2 -cipher AECDH-AES256-SHA:ECDHE-ECDSA-AES128-GCM-SHA256@SECLEVEL=0",
     {"TLS 1.2": {"TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}}, ["TL-13"]),
    ("naked", "-tls1_2 -cipher ECDHE-ECDSA-NULL-SHA:ECDHE-ECDSA-AES128-GCM-SHA256@SECLEVEL=0",
     {"TLS 1.2": {"TLS_ECDHE_ECDSA_WITH_NULL_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}}, ["TL-13"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def openssl_probes(files: Files) -> Iterator[dict[str, Probe]]:
    base: Options = ["-cert", files.path("good.crt"), "-key", files.path("good.key"),
            "-cert_chain", files.path("intermediate.crt")]  # fmt: skip
    with s_servers([(name, [*base, *options.split()]) for name, options, _, _ in OPENSSL]) as ports:
        yield probes(ports, wishes(files))


@pytest.mark.parametrize(("name", "options", "expected", "wrong"), OPENSSL, ids=[case[0] for case in OPENSSL])
def test_openssl(
    openssl_probes: dict[str, Probe], name: str, options: str, expected: Accepts, wrong: Sequence[str]
) -> None:
    """Exactly what s_server is told to accept is found, with each group and suite of TLS 1.3 its certificates too."""
    del options
    found = openssl_probes[name]
    assert accepts(found) == expected
    assert found.served is not None and len(found.served.chain) == 2
    assert ids(found, without=()) == list(wrong)


def test_profiles(files: Files) -> None:
    """The same server is judged by the profile that was asked for."""
    base: Options = ["-cert", files.path("good.crt"), "-key", files.path("good.key"),
            "-cert_chain", files.path("intermediate.crt")]  # fmt: skip
    old = ["-no_tls1_3", "-cipher", "ECDHE-ECDSA-AES128-SHA@SECLEVEL=0"]
    with s_servers([("intermediate", [*base, "-cipher", MOZILLA]), ("old", [*base, *old])]) as ports:
        judged = {name: probes(ports, wishes(files, profile=name)) for name in ("modern", "intermediate", "old")}
    found = {
        name: {server: sorted({each.id for each in probe.findings}) for server, probe in each.items()}
        for name, each in judged.items()
    }
    assert found == {
        "modern": {"intermediate": ["outside-profile"], "old": ["TL-13", "outside-profile"]},
        "intermediate": {"intermediate": [], "old": ["TL-13", "outside-profile"]},
        "old": {"intermediate": [], "old": []},
    }


def test_nginx(files: Files, tmp_path_factory: pytest.TempPathFactory) -> None:
    """nginx with the recommended configuration has nothing wrong; one of old times has each fault named."""
    key = f"ssl_certificate {files.path('rsa.crt')}; ssl_certificate_key {files.path('rsa.key')};"
    rsa = MOZILLA.replace("ECDSA", "RSA")
    servers = [
        ("recommended", f"{key} ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {rsa};"),
        ("old", f"{key} ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers AES128-SHA:ADH-AES128-SHA@SECLEVEL=0;"),
    ]
    with nginx(tmp_path_factory.mktemp("nginx"), servers) as ports:
        found = probes(ports, wishes(files))
    assert ids(found["recommended"], without=()) == []
    assert sorted(accepts(found["recommended"])) == ["TLS 1.2", "TLS 1.3"]
    assert {each.message for each in found["old"].findings if each.id == "TL-13"} == {
        "TLS 1.0, TLS 1.1 are accepted (RFC 8996)",
        "suites with no forward secrecy are accepted: TLS_RSA_WITH_AES_128_CBC_SHA",
    }


WEAK: list[tuple[str, tuple[int, int], tuple[int, int], list[str], Accepts]] = [
    ("SSL 3.0", (3, 0), (3, 0), ["aes128"], {"SSL 3.0": {"TLS_RSA_WITH_AES_128_CBC_SHA"}}),
    ("RC4", (3, 1), (3, 1), ["rc4"], {"TLS 1.0": {"TLS_RSA_WITH_RC4_128_SHA"}}),
    ("3DES", (3, 2), (3, 3), ["3des"],
     {each: {"TLS_RSA_WITH_3DES_EDE_CBC_SHA"} for each in ("TLS 1.1", "TLS 1.2")}),
    ("NULL", (3, 3), (3, 3), ["null"], {"TLS 1.2": {"TLS_RSA_WITH_NULL_SHA"}}),
]  # fmt: skip
"""What no OpenSSL offers any more: name, versions, ciphers, and what has to be found."""


@pytest.mark.parametrize(("name", "oldest", "newest", "ciphers", "expected"), WEAK, ids=[case[0] for case in WEAK])
def test_weak(
    files: Files, name: str, oldest: tuple[int, int], newest: tuple[int, int], ciphers: list[str], expected: Accepts
) -> None:
    """What was given up long ago is found where a server still has it, with its certificates."""
    with answering(weak(files, oldest, newest, ciphers)) as port:
        found = probes({name: port}, wishes(files))[name]
    assert accepts(found) == expected
    assert found.served is not None and len(found.served.chain) == 2
    assert "TL-13" in ids(found)
