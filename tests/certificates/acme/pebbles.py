"""pebble, an ACME server for tests, with a DNS server that says 127.0.0.1 to everything and takes records."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import stat
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from certificates import making
from certificates.inside import inside
from certificates.probing.servers import ADDRESS, ports, running
from command import Ran

MAC = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
"""The key of the account outside of ACME called ``kid-1``."""

_HOOK = """#!{python}
import json, sys, urllib.request
with open({log!r}, "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
action, name, value = sys.argv[1:]
body = {{"host": name + ".", "value": value}}
url = "http://{address}:{port}/" + ("set-txt" if action == "add" else "clear-txt")
urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=10).read()
"""


@dataclass(frozen=True)
class Pebble:
    """One that runs."""

    folder: Path
    port: int
    management: int
    http: int
    """Where it looks for answers of http-01."""
    records: int
    """Where the DNS server takes records."""

    @property
    def url(self) -> str:
        """Of its directory."""
        return f"https://{ADDRESS}:{self.port}/dir"

    @property
    def trust(self) -> Path:
        """The CA of its own certificate."""
        return self.folder / "server-ca.pem"

    def roots(self, number: int = 0) -> bytes:
        """The root that chain `number` ends with."""
        return self.asked(f"roots/{number}")

    def asked(self, path: str) -> bytes:
        """What its management says."""
        context = ssl.create_default_context(cafile=str(self.trust))
        with urllib.request.urlopen(f"https://{ADDRESS}:{self.management}/{path}", timeout=10, context=context) as page:
            return bytes(page.read())

    def hook(self, folder: Path) -> Path:
        """A program that sets records, and writes down in ``hook.log`` what it was called with."""
        path = folder / "hook"
        text = _HOOK.format(python=sys.executable, log=str(folder / "hook.log"), address=ADDRESS, port=self.records)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def client(self, folder: Path, *arguments: str) -> Ran:
        """Run `crenel certs acme` with a client's folder."""
        return inside("certs", "acme", arguments[0], "--acme", str(folder / "acme"), *arguments[1:])

    def registered(self, folder: Path, *more: str) -> Path:
        """The folder of a client with an account."""
        ran = self.client(folder, "register", "--server", self.url, "--trust", str(self.trust), "--agree-terms", *more)
        assert (ran.code, ran.err) == (0, "")
        return folder / "acme"


@contextmanager
def pebble(folder: Path, *, binding: bool = False, environment: Mapping[str, str] | None = None) -> Iterator[Pebble]:
    """Run one; the test is skipped where it is not installed."""
    for name in ("pebble", "pebble-challtestsrv"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    port, management, http, tls, dns, records = ports(6)
    root = making.authority("Server Root")
    own = making.leaf("localhost", root, ips=(ADDRESS,), begins=making.AT - making.DAY, days=3650)
    (folder / "server-ca.pem").write_text(root.pem)
    (folder / "server.pem").write_text(own.pem)
    (folder / "server.key").write_text(own.key_pem)
    settings = {
        "listenAddress": f"{ADDRESS}:{port}",
        "managementListenAddress": f"{ADDRESS}:{management}",
        "certificate": str(folder / "server.pem"),
        "privateKey": str(folder / "server.key"),
        "httpPort": http,
        "tlsPort": tls,
        "externalAccountBindingRequired": binding,
    }
    if binding:
        settings["externalAccountMACKeys"] = {"kid-1": MAC}
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    quick = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "15", "PEBBLE_AUTHZREUSE": "0"}
    variables = [f"{name}={value}" for name, value in (quick | dict(environment or {})).items()]
    names = ["pebble-challtestsrv", "-dns01", f"{ADDRESS}:{dns}", "-management", f"{ADDRESS}:{records}"]
    names += ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]
    server: list[str | Path] = [
        "env",
        *variables,
        "pebble",
        "-config",
        folder / "pebble.json",
        "-dnsserver",
        f"{ADDRESS}:{dns}",
    ]
    with running(names, records), running(server, port, management):
        yield Pebble(folder, port, management, http, records)


def quiet(folder: Path, *texts: str) -> None:
    """No text shows a private key that is in a folder, nor a part of one; and only their owner can read them."""
    for path in (*folder.rglob("tls.key"), *folder.rglob("account.key")):
        lines = path.read_text().splitlines()[1:-1]
        assert not [text for text in texts for line in lines if line in text]
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600  # noqa: PTH116 - the file that a link leads to
