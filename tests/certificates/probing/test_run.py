"""What all targets share: files that are read once, and their faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from certificates import making
from certificates.making import key_text
from certificates.probing.asking import probes, wishes
from certificates.probing.material import NOW, Files
from certificates.probing.servers import nginx
from crenel.certificates.probing.run import MaterialError, Wishes, probe_all, settings

pytestmark = pytest.mark.xdist_group("probing-run")


def test_files_that_cannot_be_used(files: Files, tmp_path: Path) -> None:
    """A file that is absent, empty of certificates or no pair is named, and nothing of a key is shown."""
    good, key, other = files.path("good.crt"), files.path("good.key"), tmp_path / "other.key"
    other.write_text(key_text(making.key(77)))
    (tmp_path / "text").write_text("no certificate")
    pairs = [
        (good, other, "key values mismatch"),
        (good, good, "[a-z ]+"),
        (tmp_path / "absent", key, "No such file or directory"),
        (tmp_path / "text", key, "there is no certificate in it"),
        (good, tmp_path / "text", "[a-z ]+"),
    ]
    for certificate, private, why in pairs:
        with pytest.raises(MaterialError, match=rf"^{certificate}( with {private})?: {why}$") as caught:
            settings(Wishes(right=(certificate, private)), NOW)
        secret = key.read_text("utf-8").splitlines()[1]
        assert secret not in str(caught.value)
    with pytest.raises(MaterialError, match=r"good\.crt: this certificate has not expired$"):
        settings(Wishes(expired=(good, key)), NOW)
    with pytest.raises(MaterialError, match=r"text: there is no certificate in it$"):
        settings(Wishes(ca=tmp_path / "text"), NOW)


def test_encrypted_keys(files: Files, tmp_path: Path) -> None:
    """A key with a password is named; nobody is asked for one."""
    from cryptography.hazmat.primitives import serialization

    private = serialization.load_pem_private_key(files.path("good.key").read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(MaterialError, match=r"locked\.key: the key is encrypted$"):
        settings(Wishes(right=(files.path("good.crt"), locked)), NOW)


def test_order(files: Files, tmp_path: Path) -> None:
    """Results come in the order of the targets, however many are probed at once."""
    key = f"ssl_certificate {files.path('good.crt')}; ssl_certificate_key {files.path('good.key')};"
    with nginx(tmp_path, [(str(number), key) for number in range(12)]) as ports:
        for at_once in (1, 5, 50):
            found = probes(ports, wishes(files, at_once=at_once))
            assert [each.target.port for each in found.values()] == list(ports.values())
            assert not any(each.failure for each in found.values())


def test_nothing(files: Files) -> None:
    """No target, no result."""
    assert probe_all([], wishes(files), settings(wishes(files), NOW)) == []
