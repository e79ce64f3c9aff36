"""Whatever is in an authority's folder: one clear line, and nothing hangs or is written elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.authority.small import AT, Small
from command import crenel
from crenel.certificates.authority import authority
from crenel.certificates.authority.errors import AuthorityError

Change = Callable[[dict[str, Any]], object]

STATES: dict[str, tuple[Change, str]] = {
    "a signer that is not there": (lambda state: state.update(signer=7), "there is no hierarchy 7"),
    "a rotation to nowhere": (
        lambda state: state.update(rotation={"phase": "trusting", "old": 1, "new": 2, "since": 0}),
        "there is no hierarchy 2",
    ),
    "no certificate": (lambda state: state["hierarchies"][0]["root"].update(pem="x"), "no certificate of a CA"),
    "a handle that leads out": (
        lambda state: state["hierarchies"][0]["root"].update(key="../../etc/passwd"),
        "hierarchies[0].root.key",
    ),
    "twice the same number": (lambda state: state["hierarchies"].append(state["hierarchies"][0]), "have one number"),
    "twice the same consumer": (lambda state: state["consumers"].append(state["consumers"][0]), "have one name"),
    "a relative path": (lambda state: state["consumers"][0].update(path="etc"), "is not absolute"),
    "a Secret that is none": (
        lambda state: state["consumers"][0].update({"kind": "secret", "secret": "a\nb: c"}),
        "without namespace and name",
    ),
    "a serial number that is none": (
        lambda state: state.update(revoked=[{"serial": "x", "issuer": "aa", "at": 1, "reason": "a", "not_after": 1}]),
        "revoked[0].serial",
    ),
    "no reason": (
        lambda state: state.update(revoked=[{"serial": "a", "issuer": "aa", "at": 1, "reason": "a", "not_after": 1}]),
        "for no reason that there is",
    ),
    "a time beyond all": (
        lambda state: state.update(rotation={"phase": "trusting", "old": 1, "new": 1, "since": 10**15}),
        "rotation.since",
    ),
    "a state of another version": (lambda state: state.update(format=2), "format"),
    "a field of another version": (lambda state: state.update(more=1), "unknown field `more`"),
    "negative": (lambda state: state.update(crl_number=-1), "crl_number"),
}  # fmt: skip


def made(folder: Path) -> Small:
    """An authority with certificates."""
    small = Small(folder)
    small.init()
    small.issue()
    return small


def line(small: Small, *action: str) -> str:
    """What a command says that cannot go on: one line."""
    ran = crenel("certs", "ca", *(action or ("renew",)), "--ca", str(small.ca), "--at", "2026-06-01T00:01:00Z")
    assert (ran.code, ran.out) == (2, ""), ran
    assert len(ran.err.splitlines()) == 1, ran.err
    assert "internal error" not in ran.err
    return ran.err


@pytest.mark.parametrize("name", STATES)
def test_states_that_do_not_fit_together(name: str, tmp_path: Path) -> None:
    """Types that are right and make no sense together are told apart, in one line that names the file."""
    change, words = STATES[name]
    small = made(tmp_path)
    state = json.loads((small.ca / "state.json").read_bytes())
    change(state)
    (small.ca / "state.json").write_text(json.dumps(state))
    with pytest.raises(AuthorityError) as error, small.opened():
        pass
    assert str(error.value).startswith(f"{small.ca / 'state.json'}: ")
    assert words in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("file", ["state.json", "ca.toml", "issued.jsonl", "lock"])
@pytest.mark.parametrize("spoil", [_pipe, _folder], ids=["pipe", "folder"])
def test_files_that_are_none(file: str, spoil: Callable[[Path], None], tmp_path: Path) -> None:
    """A pipe in the place of a file does not hang, and a folder is said to be one."""
    small = made(tmp_path)
    spoil(small.ca / file)
    if (file, spoil) == ("lock", _pipe):
        assert crenel("certs", "ca", "renew", "--ca", str(small.ca), "--at", "2026-06-01T00:01:00Z").code == 0
    else:
        assert str(small.ca / file) in line(small)


@pytest.mark.parametrize(
    ("file", "data", "words"),
    [
        ("state.json", b"", "truncated"),
        ("state.json", b"\xff\xfe", "malformed"),
        ("state.json", b"[" * 100_000, "state.json"),
        ("ca.toml", b"trust_domain = 7\n", "trust_domain: 7 is no text"),
        ("ca.toml", b'leaf = "1y"\ntrust_domain = "a"', "leaf: '1y' is no length of time"),
        ("ca.toml", b"\xff", "ca.toml"),
        ("ca.toml", b"a = " + b"[" * 100_000, "ca.toml"),
        ("ca.toml", b"what = 1\n", "a policy has no 'what'"),
        ("ca.toml", b'trust_domain = "a"\nrenew_at = nan\n', "renew_at"),
        ("ca.toml", b'trust_domain = "a"\nbackdate = "40000h"\n', "backdate"),
        ("ca.toml", 'trust_domain = "a"\ncrl_url = "http://ä/"\n'.encode(), "crl_url"),
        ("issued.jsonl", b"{}\n", "line 1"),
        ("issued.jsonl", b"\n\xff\n", "line 2"),
    ],
)  # fmt: skip
def test_files_with_anything_in_them(file: str, data: bytes, words: str, tmp_path: Path) -> None:
    """Each file that makes no sense is named, with what is wrong in it."""
    small = made(tmp_path)
    (small.ca / file).write_bytes(data)
    with pytest.raises(AuthorityError) as error, small.opened():
        pass
    assert file in str(error.value)
    assert words in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@settings(max_examples=60)
@given(
    data=st.binary(max_size=300),
    at=st.integers(0, 4000),
    file=st.sampled_from(("state.json", "ca.toml", "issued.jsonl")),
)
def test_bytes_anywhere(data: bytes, at: int, file: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files that were overwritten anywhere are read, or refused; nothing else is raised."""
    folder = tmp_path_factory.getbasetemp() / "anywhere"
    small = Small(folder) if folder.exists() else made(folder)
    good = (small.ca / file).read_bytes()
    said = ""
    try:
        (small.ca / file).write_bytes(good[:at] + data + good[at + len(data) :])
        with authority.opened(small.ca) as opened:
            opened.waits(AT)
    except AuthorityError as error:
        said = str(error)
    finally:
        (small.ca / file).write_bytes(good)
    assert len(said.splitlines()) <= 1


@pytest.mark.parametrize("data", [b"", b"x" * 100, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_keys_that_are_none(data: bytes, tmp_path: Path) -> None:
    """A broken key is named, and not shown."""
    small = made(tmp_path)
    for path in (small.ca / "keys").iterdir():
        path.write_bytes(data)
    ran = crenel("certs", "ca", "issue", "web", "--dns", "web.svc", "--out", str(tmp_path / "x"), "--ca", str(small.ca))
    assert ran.code == 2
    assert "the key is broken" in ran.err
    assert "AAAA" not in ran.err


def test_keys_that_others_can_read(tmp_path: Path) -> None:
    """A key whose mode was changed is not used."""
    small = made(tmp_path)
    for path in (small.ca / "keys").iterdir():
        path.chmod(0o640)
    with small.opened() as opened:
        done = opened.issue(["shop/web"], AT, anew=True)
    assert done["shop/web"].action == "failed"
    assert "others can read this key" in done["shop/web"].why


def test_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    """Whoever can replace the state is the authority; so that is not taken."""
    small = made(tmp_path)
    small.ca.chmod(0o770)
    assert "others may write to this folder" in line(small)


def test_the_key_of_another(tmp_path: Path) -> None:
    """A key that is not that of its certificate signs nothing."""
    small = made(tmp_path)
    root, intermediate = (next((small.ca / "keys").glob(f"{kind}-*")) for kind in ("root", "intermediate"))
    intermediate.write_bytes(root.read_bytes())
    with small.opened() as opened:
        done = opened.issue(["shop/web"], AT, anew=True)
    assert "is not that of its certificate" in done["shop/web"].why


def test_revocation_lists_of_others_are_replaced(tmp_path: Path) -> None:
    """A list that the issuer did not sign is made anew, whatever it says."""
    small, other = made(tmp_path / "one"), made(tmp_path / "other")
    ours, theirs = (next((each.ca / "crl").glob("intermediate-*")) for each in (small, other))
    for data in (theirs.read_bytes(), b"", b"garbage"):
        ours.write_bytes(data)
        small.renew()
        assert ours.read_bytes() not in (data, b"")
        assert ours.read_bytes() in (small.ca / "crl" / "all.pem").read_bytes()


def test_consumers_with_pipes_do_not_hang(tmp_path: Path) -> None:
    """A workload that owns its folder cannot stop the authority, nor have it delete what is not its own."""
    small = made(tmp_path)
    web = tmp_path / "out" / "web"
    generation = web / (web / "..data").readlink()
    (generation / "tls.key").unlink()
    os.mkfifo(generation / "tls.key")
    (web / "..mine").mkdir()
    (web / "..mine" / "file").write_text("kept")
    done = small.renew()
    assert {each.consumer.name: each.action for each in done.supplied}["shop/web"] == "issued"
    assert small.held()["shop/web"].problem == ""
    assert (web / "..mine" / "file").read_text() == "kept"


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    """Neither a certificate nor a manifest that somebody else put there is overwritten."""
    small = Small(tmp_path)
    small.init()
    (tmp_path / "out" / "web").mkdir(parents=True)
    (tmp_path / "out" / "web" / "tls.crt").write_text("mine")
    (tmp_path / "secrets.yaml").write_text("kind: Deployment\n")
    with small.opened() as opened:
        opened.enrol(small.consumers)
        done = opened.issue([each.name for each in small.consumers], AT)
    assert {name: (each.action, each.why.rpartition("/")[2]) for name, each in done.items()} == {
        "shop/web": ("failed", "tls.crt is there already and is not ours"),
        "shop/api": ("failed", "secrets.yaml: this file is there already and is not ours"),
        "client": ("bundle", ""),
    }
    assert (tmp_path / "secrets.yaml").read_text() == "kind: Deployment\n"
