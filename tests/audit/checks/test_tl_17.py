"""TL-17: an authority of a mesh that ends soon, or an issuer that its roots do not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command
from audit.papers import NOW, POD, block, config, secret, told
from certificates.making import AT, DAY, Issued, authority

ROOT = authority("root.linkerd.cluster.local")
ISSUER = authority("identity.linkerd.cluster.local", ROOT, begins=AT - 10 * DAY, days=365)
ROOTS = "linkerd-identity-trust-roots"


def ending(days: float) -> Issued:
    """A root with some days to live."""
    return authority("root.linkerd.cluster.local", days=365 + days)


def roots(*issued: Issued, namespace: str = "linkerd") -> str:
    """What the workloads of Linkerd trust."""
    return config(ROOTS, *issued, namespace=namespace, key="ca-bundle.crt")


def issuer(issued: Issued) -> str:
    """What Linkerd signs with."""
    return secret("linkerd-identity-issuer", issued, key=issued.key_pem, namespace="linkerd")


def test_real_command(tmp_path: Path) -> None:
    """The bundle is named; half a year is the alarm."""
    assert command("TL-17", POD + roots(ending(100)), tmp_path, *NOW) == [
        (
            "10 high configmap linkerd/linkerd-identity-trust-roots: the root of Linkerd, "
            "CN=root.linkerd.cluster.local, ends on 2026-09-09, in 100 days, and none beside it lives longer"
        )
    ]


@pytest.mark.parametrize(("days", "severity"), [(20, "critical"), (-1, "critical"), (170, "high"), (190, "")])
def test_roots(days: float, severity: str) -> None:
    """The nearer the end, the worse."""
    assert [line.split()[0] for line in told("TL-17", roots(ending(days)))] == ([severity] if severity else [])


def test_a_rotation_under_way() -> None:
    """A root that lives longer is there already."""
    assert told("TL-17", roots(ending(20), ROOT)) == []


def test_copies() -> None:
    """Istio puts its root into every namespace."""
    late = authority("istio", days=400)
    text = "".join(config("istio-ca-root-cert", late, namespace=each, key="root-cert.pem") for each in "abc")
    assert len(told("TL-17", text)) == 1


def test_issuers() -> None:
    """An issuer in its last third that nobody renews, and one that its roots do not know."""
    old = authority("identity.linkerd.cluster.local", ROOT, begins=AT - 300 * DAY, days=365)
    (line,) = told("TL-17", roots(ROOT) + issuer(old))
    assert line.endswith("82% of its life is over, ends on 2026-08-05, in 65 days")
    assert line.startswith("high secret linkerd/linkerd-identity-issuer")
    (line,) = told("TL-17", roots(authority("Other")) + issuer(ISSUER))
    assert line.startswith("critical secret linkerd/linkerd-identity-issuer: the issuer of Linkerd, ")
    assert "does not lead to a root that its workloads trust" in line


def test_istio() -> None:
    """A CA that was plugged in, with its root beside it."""
    made = secret("cacerts", namespace="istio-system", kind="Opaque").replace(
        "  other: text",
        f"  ca-cert.pem: |\n{block(ISSUER.pem)}  ca-key.pem: |\n{block(ISSUER.key_pem)}"
        f"  root-cert.pem: |\n{block(authority('Other').pem)}",
    )
    (line,) = told("TL-17", made)
    assert line.startswith("critical secret istio-system/cacerts: the issuer of Istio, ")


def test_clean() -> None:
    """A root for years, and an issuer under it."""
    assert told("TL-17", roots(ROOT) + issuer(ISSUER)) == []
