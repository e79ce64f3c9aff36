"""What servers do that pebble does not: limits, suggested renewals, nonsense."""

from __future__ import annotations

import json
import time
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from certificates.acme.fake import Fake, Reply, fake
from certificates.inside import inside
from certificates.making import AT, Issued, authority, key, leaf
from crenel.certificates.acme import client, renewal
from crenel.certificates.acme.errors import AcmeError
from crenel.certificates.acme.solving import Way
from crenel.certificates.acme.state import Wanted
from crenel.certificates.authority import folders
from crenel.certificates.authority.contents import Contents

CA = authority("Intermediate")
LIFE = timedelta(days=90)
ACME = "urn:ietf:params:acme:error:"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


def shown(number: int = 1) -> Issued:
    return leaf("web.test", CA, begins=AT, days=90, private=key(number))


def wanted(folder: Path, **more: Any) -> Wanted:
    return Wanted("web", ("web.test",), str(folder / "web"), Way(http=("127.0.0.1", 1)), **more)


def held(folder: Path, number: int = 1) -> Issued:
    """A certificate that is there already."""
    found = shown(number)
    (folder / "web").mkdir()
    assert folders.write({folder / "web": Contents(found.pem.encode(), found.key_pem.encode(), b"")}) == {}
    return found


def refused(server: Fake) -> str:
    """What is said of an order."""
    with client.opened(server.client()) as opened:
        done = opened.issue(opened.enrol(wanted(server.folder)), AT)
    assert done.action == "failed"
    assert "\n" not in done.why
    assert len(done.why) < 1000
    return done.why


def test_a_limit(tmp_path: Path) -> None:
    """A limit is told in one line with the time that the server gives; it is asked once, and not again before then."""
    with fake(tmp_path) as server:
        problem = {"type": f"{ACME}rateLimited", "detail": "too many certificates (5) already issued for web.test"}
        server.always("new-order", Reply(problem, 429, {"Retry-After": "Tue, 02 Jun 2026 10:00:00 GMT"}))
        assert refused(server) == (
            "the server refuses: too many certificates (5) already issued for web.test (rateLimited); "
            "it may be tried again from 2026-06-02T10:00:00Z"
        )
        assert [path for path, _ in server.asked] == ["dir", "new-order"]
        with client.opened(tmp_path / "acme") as opened:
            assert [each.action for each in opened.renew(AT + timedelta(hours=33))] == ["waiting"]
            assert [each.action for each in opened.renew(AT + timedelta(hours=34))] == ["failed"]


def test_problems_of_several_names(tmp_path: Path) -> None:
    """Of a compound problem each part is told, and nothing in it moves the cursor."""
    with fake(tmp_path) as server:
        parts = [
            {"type": f"{ACME}caa", "detail": "CAA forbids\x1b[2J it", "identifier": {"type": "dns", "value": name}}
            for name in ("a.test", "b.test")
        ]
        server.always("new-order", Reply({"type": f"{ACME}compound", "detail": "several", "subproblems": parts}, 403))
        assert refused(server) == (
            "the server refuses: several (compound); a.test: CAA forbids [2J it (caa); b.test: CAA forbids [2J it (caa)"
        )


@pytest.mark.parametrize("code", [500, 503])
def test_a_busy_server(code: int, tmp_path: Path) -> None:
    """What may pass is tried again, four times at most."""
    with fake(tmp_path) as server:
        server.always("new-order", Reply({"type": f"{ACME}serverInternal", "detail": "later"}, code))
        assert refused(server) == "the server refuses: later (serverInternal)"
        assert [path for path, _ in server.asked].count("new-order") == 4


def test_a_nonce_that_is_never_taken(tmp_path: Path) -> None:
    """Bad nonces are tried again by the library and by us, and not for ever."""
    with fake(tmp_path) as server:
        server.always("new-order", Reply({"type": f"{ACME}badNonce", "detail": "old"}, 400))
        assert refused(server) == "the server refuses: old (badNonce)"
        assert [path for path, _ in server.asked].count("new-order") == 8


HUGE = b"[" * 100_000


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"", 200), Reply(b"\xff\xfe", 200), Reply(HUGE, 200), Reply(b"<html>", 403), Reply([], 201),
        Reply({"status": 1}, 201), Reply({"status": "pending"}, 201, {"Location": "https://127.0.0.1:1/"}),
        Reply({"status": "pending", "finalize": "x", "authorizations": "all"}, 201, {"Location": "http://a/"}),
        Reply({"status": "pending", "finalize": "x", "authorizations": ["ftp://a"]}, 201, {"Location": "https://a.invalid/"}),
        Reply({"type": [], "detail": {}}, 400), Reply(b"x" * (2 << 20), 200), Reply({}, 409), Reply(b"", 418),
        Reply({}, 302, {"Location": "http://127.0.0.1:1/"}),
    ],
)  # fmt: skip
def test_nonsense(reply: Reply, tmp_path: Path) -> None:
    """Whatever comes back, one line says that it makes no sense."""
    with fake(tmp_path) as server:
        server.always("new-order", reply)
        assert refused(server)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"newNonce": 1}', b"{}", HUGE])
def test_a_directory_that_is_none(body: bytes, tmp_path: Path) -> None:
    """The first thing that is asked for may be wrong already."""
    with fake(tmp_path) as server:
        server.always("dir", Reply(body))
        ran = inside("certs", "acme", "register", "--acme", str(tmp_path / "new"), "--server", server.url("dir"),
                     "--trust", str(tmp_path / "ca.pem"))  # fmt: skip
        assert ran.code == 2
        assert ran.err.count("\n") == 1


def test_servers_that_are_not_trusted(tmp_path: Path) -> None:
    """Plain http is refused, a server with another's certificate as well, and one that is not there."""
    with fake(tmp_path) as server:
        for url, said in (
            (server.url("dir").replace("https", "http"), "ACME is spoken over https alone"),
            (server.url("dir"), "its certificate is not accepted"),
            ("https://127.0.0.1:1/dir", "it cannot be reached"),
        ):
            ran = inside("certs", "acme", "register", "--acme", str(tmp_path / "new"), "--server", url)
            assert (ran.code, ran.err.count("\n"), said in ran.err) == (2, 1, True), ran.err
        assert server.asked == []


def test_suggested_renewal(tmp_path: Path) -> None:
    """The server's window counts, in place of the fraction; it is asked for when it says so, not each time."""
    with fake(tmp_path, renewalInfo="info") as server:
        found = held(tmp_path)
        start, end = AT + timedelta(days=10), AT + timedelta(days=12)
        window = {
            "suggestedWindow": {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{end:%Y-%m-%dT%H:%M:%S.5+00:00}"}
        }
        name = renewal.identifier(found.certificate)
        server.always(f"info/{name}", Reply(window, 200, {"Retry-After": "21600"}))
        server.always("new-order", Reply({"detail": "not now"}, 403))
        with client.opened(server.client()) as opened:
            one = opened.enrol(wanted(tmp_path))
            for day, action in ((1, "kept"), (1, "kept"), (9.9, "kept"), (12.1, "failed")):
                assert [each.action for each in opened.renew(AT + timedelta(days=day))] == [action], day
            assert one.window == (int(start.timestamp()), int(end.timestamp()))
            due = renewal.due(found.certificate, one)
            assert start <= due <= end
        asked = [path for path, _ in server.asked]
        assert asked.count(f"info/{name}") == 3, "on days 1, 9.9 and 12.1; not twice on one"
        orders = [payload.get("replaces") for path, payload in server.asked if path == "new-order"]
        assert orders == [name, None], "what it replaces is said; where that is refused, it is left out"


@pytest.mark.parametrize(
    "reply",
    [
        Reply({}, 404), Reply(b"nonsense"), Reply({"suggestedWindow": {"start": "2026-07-02T00:00:00Z",
        "end": "2026-07-01T00:00:00Z"}}), Reply({"suggestedWindow": {"start": "soon", "end": "late"}}), Reply([], 500),
        Reply({"suggestedWindow": {"start": "0001-01-01T00:00:00Z", "end": "0001-01-02T00:00:00Z"}}),
    ],
)  # fmt: skip
def test_suggestions_that_make_no_sense(reply: Reply, tmp_path: Path) -> None:
    """Without a window that makes sense the fraction of the life counts, and the reason is told."""
    with fake(tmp_path, renewalInfo="info") as server:
        found = held(tmp_path)
        server.always(f"info/{renewal.identifier(found.certificate)}", reply)
        server.always("new-order", Reply({"detail": "not now"}, 403))
        with client.opened(server.client()) as opened:
            opened.enrol(wanted(tmp_path))
            assert [each.action for each in opened.renew(AT + LIFE * 0.5)] == ["kept"]
            assert opened.notices[0].startswith("web: when to renew could not be asked for: ")
            assert [each.action for each in opened.renew(AT + LIFE * 0.67)] == ["failed"]


def test_a_window_that_is_too_late(tmp_path: Path) -> None:
    """A server that suggests the time after the end is not followed: at nine tenths of the life it is due."""
    found = shown().certificate
    one = wanted(tmp_path, window=(int((AT + 2 * LIFE).timestamp()), int((AT + 3 * LIFE).timestamp())))
    one.of = found.serial
    assert renewal.due(found, one) == AT + LIFE * 0.9


def test_what_the_identifier_is() -> None:
    """RFC 9773, 4.1 has an example: the key identifier and the serial number, a zero before the latter kept."""
    found = leaf("a.test", CA, serial=0x87654321, aki=bytes.fromhex("69885b6b87464041e1b37b847bd0ae2cde01c8d4"))
    assert renewal.identifier(found.certificate) == "aYhba4dGQEHhs3uEe9CuLN4ByNQ.AIdlQyE"


def test_nothing_of_a_key_is_ever_said(tmp_path: Path) -> None:
    """Neither reports nor the state hold a key."""
    with fake(tmp_path) as server:
        server.always("new-order", Reply({"detail": "no"}, 403))
        refused(server)
        texts = [(tmp_path / "acme" / name).read_text() for name in ("certificates.json", "account.json")]
        ran = inside("certs", "acme", "status", "--acme", str(tmp_path / "acme"), "-o", "json")
        assert json.loads(ran.out)["certificates"][0]["problem"] == "nothing was written yet"
        lines = (tmp_path / "acme" / "account.key").read_text().splitlines()[1:-1]
        assert not [
            line for line in lines for text in (*texts, ran.out, ran.err, repr(server.server())) if line in text
        ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--http-01", "99999"), "write PORT or ADDRESS:PORT"),
        (("--http-01", "example.org:80"), "write PORT or ADDRESS:PORT"),
        (("--dns-01", "none"), "there is no such program"),
        (("--http-01", "80", "--key", "dsa"), "one of p256, ed25519, rsa3072"),
        (("--http-01", "80", "--name", "../x"), "write small letters"),
        (("--http-01", "80", "--renew-at", "1.5"), "a fraction lies between 0 and 1"),
        (("*.web.test", "--http-01", "80"), "a wildcard needs --dns-01"),
        (("a_b!.test", "--http-01", "80"), "this is no DNS name and no address"),
        (("--http-01", "80"), "there is no such folder; `register` makes it"),
    ],
)
def test_options_that_make_no_sense(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """One line says what is wrong."""
    where = ("--acme", str(tmp_path / "none"), "--out", str(tmp_path / "web"))
    hosts = [] if arguments[0].endswith(".test") else ["web.test"]
    ran = inside("certs", "acme", "issue", *hosts, *arguments, *where)
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    """Whoever may replace the key of the account has the account."""
    with fake(tmp_path) as server:
        server.client().chmod(0o770)
        with pytest.raises(AcmeError, match="others may write to this folder"), client.opened(tmp_path / "acme"):
            pass


def test_when_it_is_due() -> None:
    """Two thirds of the life, a little earlier by chance, and the same however often it is asked for."""
    one = Wanted("web", ("web.test",), "/web", Way(dns="/hook"))
    drawn = {renewal.due(leaf("web.test", CA, begins=AT, days=90).certificate, one) for _ in range(30)}
    assert len(drawn) == 30
    assert min(drawn) >= AT + LIFE * (2 / 3 - 0.05)
    assert max(drawn) <= AT + LIFE * (2 / 3)
    assert renewal.due(shown().certificate, one).tzinfo is UTC
