"""Subcommands of `crenel certs` that need packages of their own: without them, and without importing them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest

from certificates.inside import inside


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("acme", ("acme", "status", "--acme", "none")),
        ("spiffe", ("serve", "--ca", "none", "--socket", "none", "--entry", "a/b=any")),
    ],
)
def test_what_to_install(package: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package a line says what to install."""
    found = importlib.util.find_spec

    def without(name: str, package_: str | None = None) -> ModuleSpec | None:
        return None if name == package else found(name, package_)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    ran = inside("certs", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(f"needs a package that is not installed\nhint: pip install 'crenel[{package}]'\n")


def test_nobody_else_imports_them() -> None:
    """Helps, and commands that do without, load none of these packages."""
    code = (
        "import sys; from crenel.cli.main import main\n"
        "for words in (['certs', '--help'], ['certs', 'acme', 'issue', '--help'], ['certs', 'serve', '--help'],\n"
        "              ['certs', 'write', '--issuer', 'a', '-f', 'examples/shop', '--at', '2026-06-01']):\n"
        "    sys.argv = ['crenel', *words]\n"
        "    main()\n"
        "print('\\n' + ' '.join(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert "crenel.certificates.certmanager.writing" in loaded
    assert not loaded & {"acme", "josepy", "requests", "OpenSSL", "spiffe", "grpc", "google.protobuf"}
