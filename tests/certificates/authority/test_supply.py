"""When a certificate is issued, and when the one that is there is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from certificates.authority.small import AT, POLICY, Small, identity
from crenel.certificates.authority import renewal
from crenel.certificates.authority.identity import Identity
from crenel.certificates.authority.ledger import Issued, Ledger
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.state import Consumer
from crenel.certificates.material.certificate import Certificate


def made(folder: Path, policy: Policy = POLICY) -> Small:
    """An authority with certificates."""
    small = Small(folder, policy)
    small.init()
    small.issue()
    return small


def actions(small: Small) -> dict[str, tuple[str, str]]:
    """What one renewal does, and why."""
    with small.opened() as opened:
        done = opened.renew(lambda: small.now)
    return {each.consumer.name: (each.action, each.why) for each in done.supplied}


def leaf(small: Small) -> Certificate:
    """The certificate of the workload with a folder."""
    found = small.held()["shop/web"].leaf
    assert found is not None
    return found


def test_what_is_good_is_kept(tmp_path: Path) -> None:
    """A renewal with nothing due writes nothing at all."""
    small = made(tmp_path)
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != "lock"}
    assert set(actions(small).values()) == {("kept", "")}
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != "lock"} == before


def test_renewal_is_at_a_fraction_with_jitter(tmp_path: Path) -> None:
    """A certificate is renewed when its moment has come and not a second earlier; the moments differ by name."""
    small = made(tmp_path)
    moments = {name: renewal.due(each.leaf, POLICY, name) for name, each in small.held().items() if each.leaf}
    assert len(set(moments.values())) == 2
    for moment in moments.values():
        assert timedelta(hours=24 * 0.4) <= moment - AT <= timedelta(hours=24 * 0.6)
    small.now = moments["shop/web"] - timedelta(seconds=1)
    assert actions(small)["shop/web"][0] == "kept"
    small.now = moments["shop/web"] + timedelta(seconds=1)
    assert actions(small)["shop/web"] == ("issued", "it was due")


def test_chance_decides_without_a_seed(tmp_path: Path) -> None:
    """The moments of two hundred certificates of one name are spread over the whole jitter, and stay what they are."""
    small = made(tmp_path, replace(POLICY, seed=""))
    with small.opened() as opened:
        issuer = opened.signers.issuer(AT)
        public = issuer.certificate.public_key()
        many = [opened.supply.certificate(identity("web"), public, issuer, AT) for _ in range(200)]  # type: ignore[arg-type]
    hours = sorted((renewal.due(each, small.policy) - AT) / timedelta(hours=1) for each in many)
    assert hours == sorted((renewal.due(each, small.policy) - AT) / timedelta(hours=1) for each in many)
    assert 9.6 <= hours[0] < 10.1
    assert 13.9 < hours[-1] <= 14.4


def test_each_reason_to_issue(tmp_path: Path) -> None:
    """Another name, another CA, a key that does not fit, a file that is gone, a link that is gone: each says so."""
    small = made(tmp_path / "one")
    web = small.folder / "out" / "web"
    with small.opened() as opened:
        opened.enrol(
            [Consumer("shop/web", "folder", str(web), identity=Identity.of(identity("web").id, ("w.shop.svc",)))]
        )
    assert actions(small)["shop/web"] == ("issued", "its names have changed")
    other = made(tmp_path / "other")
    current = web / (web / "..data").readlink()
    for name in ("tls.crt", "tls.key"):
        (current / name).write_bytes((other.folder / "out" / "web" / name).read_bytes())
    assert actions(small)["shop/web"] == ("issued", "it was not of this CA")
    current = web / (web / "..data").readlink()
    (current / "tls.key").write_bytes((other.folder / "out" / "web" / "tls.key").read_bytes())
    assert actions(small)["shop/web"] == ("issued", "the key is not that of the certificate")
    (web / (web / "..data").readlink() / "tls.crt").unlink()
    assert actions(small)["shop/web"] == ("issued", "there is no certificate in tls.crt")
    (web / "tls.key").unlink()
    assert actions(small)["shop/web"] == ("issued", "the link tls.key is missing")
    assert actions(small)["shop/web"] == ("kept", "")


def test_a_new_key_each_time(tmp_path: Path) -> None:
    """No key is certified twice."""
    small = made(tmp_path)
    before = leaf(small).spki
    with small.opened() as opened:
        opened.issue(["shop/web"], AT, anew=True)
    assert leaf(small).spki != before


def test_one_generation_back_is_kept(tmp_path: Path) -> None:
    """Who is in the middle of reading finds what it was reading; what was before that is gone, its key too."""
    small = made(tmp_path)
    web, seen = tmp_path / "out" / "web", []
    for _ in range(3):
        seen.append(str((web / "..data").readlink()))
        with small.opened() as opened:
            opened.issue(["shop/web"], AT, anew=True)
    assert [(web / each).exists() for each in seen] == [False, False, True]


def test_an_intermediate_is_renewed_before_it_has_to_be(tmp_path: Path) -> None:
    """Leaves always live their whole life: a new intermediate signs while the old one's leaves go on."""
    small = made(tmp_path)
    for _ in range(60):
        small.now += timedelta(hours=11)
        small.renew()
        assert leaf(small).not_after - small.now > timedelta(hours=24 * 0.35)
        small.seen.clear()
        small.look()
    (hierarchy,) = small.state().hierarchies
    assert len(hierarchy.intermediates) <= 2


def test_names_that_a_policy_gets_are_for_the_next_intermediate(tmp_path: Path) -> None:
    """A policy is widened: the intermediate that may not sign for the new names is replaced first."""
    small = made(tmp_path)
    first = small.state().hierarchies[0].intermediates[0].certificate.serial
    wider = replace(POLICY, dns=(*POLICY.dns, "example.com"), ip=("192.0.2.0/24", "2001:db8::/32"))
    (small.ca / "ca.toml").write_text(wider.text())
    with small.opened() as opened:
        opened.enrol([Consumer("www", "folder", str(tmp_path / "www"), identity=Identity.of("", ("www.example.com",)))])
        assert opened.issue(["www"], AT)["www"].action == "issued"
    kept = small.state().hierarchies[0].intermediates
    assert [each.certificate.serial == first for each in kept] == [True, False]
    small.renew()
    assert len(small.state().hierarchies[0].intermediates) == 2


def test_names_are_refused_while_the_root_is_away(tmp_path: Path) -> None:
    """Without the root's key the new names are refused, and all others go on."""
    small = made(tmp_path)
    for path in (small.ca / "keys").glob("root-*"):
        path.rename(tmp_path / path.name)
    (small.ca / "ca.toml").write_text(replace(POLICY, dns=(*POLICY.dns, "example.com")).text())
    with small.opened() as opened:
        opened.enrol([Consumer("www", "folder", str(tmp_path / "www"), identity=Identity.of("", ("www.example.com",)))])
        done = opened.issue(["www", "shop/web"], AT, anew=True)
    assert done["shop/web"].action == "issued"
    assert (
        done["www"].why
        == "the intermediate may not sign for www.example.com; `renew` where the root's key is connected"
    )


def test_an_expired_intermediate_fails_for_all_and_says_why(tmp_path: Path) -> None:
    """With the root away for too long nothing can be signed: each says so, and bundles are still written."""
    small = made(tmp_path)
    for path in (small.ca / "keys").glob("root-*"):
        path.rename(tmp_path / path.name)
    (tmp_path / "out" / "client" / "ca.crt").unlink()
    small.now += timedelta(days=20)
    found = actions(small)
    assert found["client"][0] == "bundle"
    assert found["shop/web"] == (
        "failed", "the intermediate has expired; `renew` makes a new one where the root's key is connected",
    )  # fmt: skip


def test_half_a_line_of_the_ledger_is_cut_off(tmp_path: Path) -> None:
    """Whoever was killed while writing had handed nothing out; what comes next is written on a line of its own."""
    lines = [Issued(f"{number:x}", "aa", "", (), 7) for number in range(1, 4)]
    Ledger(tmp_path).add(lines[:2])
    path = tmp_path / "issued.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    ledger = Ledger(tmp_path)
    assert ledger.entries == lines[:1]
    ledger.add(lines[2:])
    assert Ledger(tmp_path).entries == [lines[0], lines[2]]


def test_the_ledger_forgets_what_has_expired_long_ago(tmp_path: Path) -> None:
    """Once most of it is of no use it is written anew, and only then."""
    ledger = Ledger(tmp_path)
    ledger.add(Issued(f"{number:x}", "aa", "", (), number) for number in range(1, 400))
    ledger.forget(150)
    assert len(Ledger(tmp_path).entries) == 399
    ledger.forget(300)
    assert [each.not_after for each in Ledger(tmp_path).entries] == list(range(300, 400))
