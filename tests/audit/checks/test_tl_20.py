"""TL-20: a trust bundle that holds what it must not, or lacks what it needs."""

from __future__ import annotations

from pathlib import Path

from audit.asking import command
from audit.papers import HOST, NOW, POD, block, config, ingress, secret, told
from certificates.making import AT, DAY, Issued, authority, key, leaf

OLD, NEW = authority("CA", private=key(1)), authority("CA", private=key(2))
LATE = authority("Late", begins=AT - 400 * DAY, days=300)
SERVED = secret("shop-tls", leaf(HOST, NEW), ca=(NEW,)) + ingress()


def bundle(*issued: Issued, kind: str = "Bundle", key_text: str = "") -> str:
    """A Bundle of trust-manager."""
    text = "".join(each.pem for each in issued) + key_text
    return f"""apiVersion: trust.cert-manager.io/v1alpha1
kind: {kind}
metadata: {{name: trusted}}
spec:
  sources:
    - inLine: |
{block(text, 8)}---
"""


def test_real_command(tmp_path: Path) -> None:
    """The bundle lost, or never got, the key that signs now."""
    text = POD + SERVED + config("trusted", OLD)
    (line,) = command("TL-20", text, tmp_path, *NOW)
    assert line.endswith(
        f"high configmap shop/trusted: it knows CN=CA by an older or newer key than the one that signed {HOST}"
    )


def test_where_it_is_looked_for() -> None:
    """In the namespace of the certificate, and in bundles for the whole cluster."""
    assert told("TL-20", SERVED + config("trusted", OLD, namespace="blog")) == []
    assert len(told("TL-20", SERVED + bundle(OLD))) == 1
    assert told("TL-20", SERVED + bundle(OLD, NEW)) == []
    assert told("TL-20", SERVED + config("trusted", authority("Another"))) == []


def test_expired_authorities() -> None:
    """High where nothing else is there, low beside others."""
    assert told("TL-20", config("trusted", LATE)) == [
        "high configmap shop/trusted: all of its certificates are out of date, the last since 2026-02-21"
    ]
    assert told("TL-20", config("trusted", LATE, NEW)) == [
        (
            "low configmap shop/trusted: it holds CN=Late, which is out of date, beside others that are not; "
            "lowered: nobody "
            "is refused for it"
        )
    ]


def test_private_keys() -> None:
    """What is given to everybody is no place for one; in a ConfigMap it is TL-21's."""
    (line,) = told("TL-20", bundle(NEW, key_text=NEW.key_pem))
    assert line == "critical bundle trusted: a private key lies in it, for everybody to read"


def test_duplicates() -> None:
    """The pedantic are told."""
    assert told("TL-20", config("trusted", NEW, NEW)) == []
    assert told("TL-20", config("trusted", NEW, NEW), "--persona", "pedantic") == [
        "low configmap shop/trusted: 1 of its certificates are in it twice"
    ]


def test_clean() -> None:
    """A bundle with the authority that signs, also beside an older one."""
    assert told("TL-20", SERVED + config("trusted", NEW)) == []
    assert told("TL-20", SERVED + config("trusted", OLD, NEW)) == []
