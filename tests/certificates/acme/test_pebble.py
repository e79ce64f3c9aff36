"""Certificates issued by pebble over loopback, by the real command."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from certificates.acme.pebbles import MAC, Pebble, pebble, quiet
from certificates.probing.servers import ADDRESS, ports
from command import crenel
from crenel.certificates.acme import client, ordering, solving, state
from crenel.certificates.acme.errors import AcmeError
from crenel.certificates.acme.solving import Way
from crenel.certificates.acme.state import Wanted
from crenel.certificates.authority import folders
from crenel.certificates.authority.contents import Contents
from crenel.certificates.material import pem
from crenel.certificates.material.key import of_private
from output.shapes import AcmeReport


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """One server for all tests of this file; chains with two roots."""
    with pebble(tmp_path_factory.mktemp("pebble"), environment={"PEBBLE_ALTERNATE_ROOTS": "1"}) as found:
        yield found


def verified(server: Pebble, chain: Path, host: str, root: int = 0) -> str:
    """What openssl says of a chain, as that of a server; empty where all is well."""
    trusted = chain.parent / "root.pem"
    trusted.write_bytes(server.roots(root))
    ran = subprocess.run(
        ["openssl", "verify", "-purpose", "sslserver", "-verify_hostname", host, "-CAfile", str(trusted),
         "-untrusted", str(chain), str(chain)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def listener(server: Pebble) -> str:
    return f"--http-01={ADDRESS}:{server.http}"


def test_http(server: Pebble, tmp_path: Path) -> None:
    """A certificate for two names, by http-01: openssl takes it, the key is its own and nobody else's to read."""
    server.registered(tmp_path)
    out = tmp_path / "web"
    ran = crenel("certs", "acme", "issue", "--acme", str(tmp_path / "acme"), "web.example.test", "WWW.example.test",
                 "--out", str(out), listener(server))  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "1 issued"
    assert verified(server, out / "tls.crt", "web.example.test") == ""
    assert verified(server, out / "tls.crt", "www.example.test") == ""
    assert "hostname mismatch" in verified(server, out / "tls.crt", "db.example.test")
    held = folders.read(out)
    assert held.leaf is not None
    assert (held.problem, held.leaf.names.dns) == ("", ("web.example.test", "www.example.test"))
    assert not (out / "ca.crt").exists()
    quiet(tmp_path, ran.out, ran.err)
    assert list((tmp_path / "acme" / "orders").iterdir()) == []

    again = server.client(tmp_path, "issue", "www.example.test", "web.example.test", "--out", str(out),
                          "--name", "web.example.test", listener(server))  # fmt: skip
    assert again.out.splitlines()[-1] == "1 kept"
    assert folders.read(out) == held


def test_dns(server: Pebble, tmp_path: Path) -> None:
    """A wildcard and the name above it, by dns-01: the program sets two records of one name, and removes both."""
    server.registered(tmp_path)
    hook, out = server.hook(tmp_path), tmp_path / "any"
    ran = server.client(
        tmp_path, "issue", "*.shop.test", "shop.test", "--out", str(out), "--dns-01", str(hook), "--key", "rsa3072"
    )
    assert (ran.code, ran.err) == (0, "")
    assert verified(server, out / "tls.crt", "api.shop.test") == ""
    assert verified(server, out / "tls.crt", "shop.test") == ""
    called = [line.split() for line in (tmp_path / "hook.log").read_text().splitlines()]
    assert [each[:2] for each in called] == [
        [word, "_acme-challenge.shop.test"] for word in ("add",) * 2 + ("remove",) * 2
    ]
    assert {each[2] for each in called[:2]} == {each[2] for each in called[2:]}
    assert len({each[2] for each in called}) == 2


def test_a_program_that_fails(server: Pebble, tmp_path: Path) -> None:
    """What it said is told in one line; what it may have set is removed; the order is gone on with later."""
    server.registered(tmp_path)
    hook, good = tmp_path / "bad", server.hook(tmp_path)
    hook.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n[ "$1" = remove ] || {{ echo no such zone; exit 3; }}\n'
    )
    hook.chmod(0o700)
    common = ("issue", "zone.test", "--out", str(tmp_path / "zone"), "--dns-01")
    ran = server.client(tmp_path, *common, str(hook))
    assert ran.code == 2
    assert ran.err.endswith(f"{hook} add _acme-challenge.zone.test ended with 3: no such zone\n")
    assert ran.err.count("\n") == 1
    assert [line.split()[0] for line in (tmp_path / "calls").read_text().splitlines()] == ["add", "remove"]
    order = state.load(tmp_path / "acme").certificates[0].order
    assert order
    assert server.client(tmp_path, *common, str(good)).code == 0
    assert verified(server, tmp_path / "zone" / "tls.crt", "zone.test") == ""


def test_renewal(server: Pebble, tmp_path: Path) -> None:
    """What is young is kept; what has used up two thirds of its life gets a new key and certificate, in one step."""
    server.registered(tmp_path)
    out = tmp_path / "web"
    issued = server.client(tmp_path, "issue", "renew.test", "--out", str(out), listener(server), "-o", "json")
    found = msgspec.json.decode(issued.out, type=AcmeReport).certificates[0]
    assert (found.action, found.hosts, found.problem) == ("issued", ["renew.test"], None)
    table = server.client(tmp_path, "status", "-o", "md").out
    assert "| Certificate | Done | Until | Renewed from | Hosts | Why |" in table
    assert "| `renew.test` |" in table
    before = folders.read(out)
    assert before.leaf is not None
    generation = (out / "..data").resolve()
    soon = (before.leaf.not_before + (before.leaf.not_after - before.leaf.not_before) * 0.6).isoformat()
    late = (before.leaf.not_before + (before.leaf.not_after - before.leaf.not_before) * 0.68).isoformat()
    assert server.client(tmp_path, "renew", "--at", soon).out == "1 kept\n"
    assert server.client(tmp_path, "status", "--at", late).code == 1
    assert "it was due" in server.client(tmp_path, "renew", "--at", late).out
    after = folders.read(out)
    assert after.leaf is not None
    assert after.leaf.serial != before.leaf.serial
    assert after.leaf.spki != before.leaf.spki
    assert (generation / "tls.crt").exists(), "who has begun to read the old files may finish"
    assert server.client(tmp_path, "status").code == 0


def test_another_chain(server: Pebble, tmp_path: Path) -> None:
    """Of two chains that one is taken whose root was asked for; an unknown name says which there are."""
    server.registered(tmp_path)
    other = pem.read(server.roots(1)).certificates[0].subject.removeprefix("CN=")
    out = tmp_path / "web"
    ran = server.client(tmp_path, "issue", "chain.test", "--out", str(out), listener(server), "--chain", "Nobody")
    assert ran.code == 2
    assert "no chain ends with 'Nobody'; the server has" in ran.err
    assert other in ran.err
    ran = server.client(tmp_path, "issue", "chain.test", "--out", str(out), listener(server), "--chain", other)
    assert (ran.code, ran.err) == (0, "")
    assert verified(server, out / "tls.crt", "chain.test", 1) == ""
    assert verified(server, out / "tls.crt", "chain.test", 0) != ""


def test_addresses_and_other_hosts(server: Pebble, tmp_path: Path) -> None:
    """An address is a name too; who asks for other hosts gets another certificate, in the same place."""
    server.registered(tmp_path)
    out, common = tmp_path / "web", ("--out", str(tmp_path / "web"), "--name", "web", listener(server))
    assert server.client(tmp_path, "issue", ADDRESS, "both.test", *common).code == 0
    leaf = folders.read(out).leaf
    assert leaf is not None
    assert leaf.names.texts == ("both.test", ADDRESS)
    ran = server.client(tmp_path, "issue", "both.test", *common)
    assert "it was asked for otherwise" in ran.out
    leaf = folders.read(out).leaf
    assert leaf is not None
    assert leaf.names.texts == ("both.test",)
    ran = server.client(tmp_path, "issue", "else.test", "--out", str(out), listener(server))
    assert (ran.code, "this is where web is written to" in ran.err) == (2, True)


def test_a_challenge_that_fails(server: Pebble, tmp_path: Path) -> None:
    """What the server saw is said in one line; what is there stays, and `renew` waits for an hour, then longer."""
    server.registered(tmp_path)
    out, wrong = tmp_path / "web", f"--http-01={ADDRESS}:{ports(1)[0]}"
    assert server.client(tmp_path, "issue", "bad.test", "--out", str(out), listener(server)).code == 0
    for _ in range(5):  # pebble at times takes an earlier authorization, although it is told not to
        before = folders.read(out)
        ran = server.client(tmp_path, "issue", "bad.test", "--out", str(out), wrong, "--anew")
        if ran.code == 2:
            break
    assert ran.code == 2
    assert ran.err.startswith("error: bad.test: bad.test: ")
    assert ran.err.count("\n") == 1
    assert "(connection)" in ran.err
    assert folders.read(out) == before
    assert before.leaf is not None
    now = before.leaf.not_after
    with client.opened(tmp_path / "acme") as opened:
        wanted = opened.named("bad.test")
        assert (wanted.failures, wanted.order) == (1, "")
        first, second = opened.renew(now)[0], opened.renew(now + timedelta(minutes=59))[0]
        assert (first.action, second.action) == ("failed", "waiting")
        third = opened.renew(now + timedelta(minutes=130))[0]
        assert (third.action, wanted.failures) == ("failed", 3)
        assert wanted.again == int((now + timedelta(minutes=130 + 240)).timestamp())


def test_a_binding(tmp_path: Path) -> None:
    """A server that wants accounts bound to others of its own gets the binding, and says so where there is none."""
    with pebble(tmp_path, binding=True) as server:
        (tmp_path / "mac").write_text(MAC + "\n")
        common = ("register", "--server", server.url, "--trust", str(server.trust))
        assert "--agree-terms says that you agree" in server.client(tmp_path, *common).err
        assert "--eab-kid and --eab-key" in server.client(tmp_path, *common, "--agree-terms").err
        bound = ("--agree-terms", "--eab-kid", "kid-1", "--eab-key", str(tmp_path / "mac"))
        first = server.client(tmp_path, *common, *bound)
        assert (first.code, first.err) == (0, "")
        assert server.client(tmp_path, *common, *bound).out == first.out, "the same account again"
        quiet(tmp_path, first.out)


def test_revocation(server: Pebble, tmp_path: Path) -> None:
    """The server then says that it is revoked; a second time is refused."""
    server.registered(tmp_path)
    out = tmp_path / "web"
    assert server.client(tmp_path, "issue", "gone.test", "--out", str(out), listener(server)).code == 0
    leaf = folders.read(out).leaf
    assert leaf is not None
    assert server.client(tmp_path, "revoke", "gone.test", "--reason", "superseded").code == 0
    said = json.loads(server.asked(f"cert-status-by-serial/{leaf.serial}"))
    assert (said["Status"], said["Reason"]) == ("Revoked", 4)
    ran = server.client(tmp_path, "revoke", "gone.test")
    assert (ran.code, "alreadyRevoked" in ran.err) == (2, True)
    assert server.client(tmp_path, "forget", "gone.test").code == 0
    assert server.client(tmp_path, "renew").code == 3


class Killed(BaseException):
    """What a process ends with that is killed."""


@pytest.mark.parametrize("where", ["order", "finish", "write", "settle"])
def test_a_process_that_is_killed(where: str, server: Pebble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one goes on with the same order and key, and nothing is issued twice."""
    server.registered(tmp_path)
    wanted = Wanted("web", ("killed.test",), str(tmp_path / "web"), Way(http=(ADDRESS, server.http)))

    def killed(*_: object, **__: object) -> None:
        raise Killed

    def write(wanted: Mapping[Path, Contents]) -> None:
        written.extend(wanted.values())
        raise Killed

    written: list[Contents] = []
    with monkeypatch.context() as patch, client.opened(tmp_path / "acme") as opened:
        if where == "order":
            patch.setattr(solving, "solve", killed)
        elif where == "finish":
            patch.setattr(ordering, "_download", killed)
        elif where == "write":
            patch.setattr(folders, "write", write)
        else:
            patch.setattr(ordering, "forget", killed)
        opened.enrol(wanted)
        with pytest.raises(Killed):
            opened.issue(wanted, datetime.now(UTC))
    left = state.load(tmp_path / "acme").certificates[0]
    assert left.order
    assert stat.S_IMODE((tmp_path / "acme" / "orders" / "web.key").stat().st_mode) == 0o600
    key = of_private((tmp_path / "acme" / "orders" / "web.key").read_bytes()).fingerprint
    with client.opened(tmp_path / "acme") as opened:
        done = opened.renew(datetime.now(UTC))
    assert [each.action for each in done] == ["kept" if where == "settle" else "issued"]
    leaf = folders.read(tmp_path / "web").leaf
    assert leaf is not None
    assert leaf.spki == key
    if written:
        assert leaf == pem.read(written[0].chain).certificates[0]
    left = state.load(tmp_path / "acme").certificates[0]
    assert (left.order, list((tmp_path / "acme" / "orders").iterdir())) == ("", [])


def test_an_account_that_the_server_has_lost(server: Pebble, tmp_path: Path) -> None:
    """A server that was set up anew knows no account of ours: one line says what to do."""
    folder = server.registered(tmp_path)
    text = (folder / "account.json").read_text()
    (folder / "account.json").write_text(text.replace("my-account/", "my-account/9"))
    ran = server.client(tmp_path, "issue", "lost.test", "--out", str(tmp_path / "web"), listener(server))
    assert ran.code == 2
    assert "`register` makes the account anew" in ran.err


def test_keys_that_others_can_read_are_not_used(server: Pebble, tmp_path: Path) -> None:
    """As ssh does: the key of the account has to be its owner's alone."""
    folder = server.registered(tmp_path)
    (folder / "account.key").chmod(0o640)
    with pytest.raises(AcmeError, match="others can read this key"), client.opened(folder):
        pass
