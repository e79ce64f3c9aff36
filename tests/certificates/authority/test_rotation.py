"""A rotation goes on only when what it has done is safe, and says what it waits for."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.authority.small import POLICY, RELOAD, Small, identity
from crenel.certificates.authority import authority, requests
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.state import Consumer, Phase, Rotation
from crenel.certificates.material.pem import read

MINUTE = timedelta(minutes=1)


def begun(folder: Path) -> Small:
    """An authority with certificates, in which everything is as it should be."""
    small = Small(folder)
    small.init()
    small.issue()
    small.renew()
    return small


def phase(small: Small) -> Phase | None:
    """The phase of the rotation."""
    rotation = small.state().rotation
    return rotation.phase if rotation is not None else None


def test_the_whole_way(tmp_path: Path) -> None:
    """Trust first, then new leaves, then no old trust; between them users have the time to notice."""
    small = begun(tmp_path)
    small.rotate()
    assert phase(small) == "making"
    waits = small.renew().waits
    assert phase(small) == "trusting"
    assert [(each.what, each.until) for each in waits] == [("reload", int((small.now + RELOAD).timestamp()))]
    assert small.state().signer == 1
    small.now += RELOAD - MINUTE
    small.renew()
    assert phase(small) == "trusting"
    small.now += MINUTE
    small.renew()
    assert phase(small) == "reissuing"
    assert small.state().signer == 2
    leaves = [each.leaf for each in small.held().values() if each.leaf is not None]
    assert [small.state().issuer(each.aki)[0].number for each in leaves] == [2, 2]  # type: ignore[index]
    small.now += RELOAD
    done = small.renew()
    assert phase(small) is None
    assert done.waits == ()
    assert [each.number for each in small.state().hierarchies] == [2]
    assert all(len(each.bundle) == 1 for each in small.held().values())
    assert sorted(path.name.rpartition("-")[0] for path in (small.ca / "keys").iterdir()) == [
        "intermediate-2",
        "root-2",
    ]


def test_a_second_rotation_is_the_first(tmp_path: Path) -> None:
    """To ask for a rotation while one is under way begins no other."""
    small = begun(tmp_path)
    small.rotate()
    small.rotate()
    assert [each.number for each in small.state().hierarchies] == [1, 2]


def test_renewing_goes_on_with_a_rotation_that_was_interrupted(tmp_path: Path) -> None:
    """Killed right after it was written down, a rotation needs nobody to ask for it again."""
    small = begun(tmp_path)
    with small.opened() as opened:
        opened.signers.plan()
        opened.state.rotation = Rotation("making", 1, 2, int(small.now.timestamp()))
        opened.signers.save()
    small.renew()
    assert phase(small) == "trusting"


def test_it_waits_for_the_cluster(tmp_path: Path) -> None:
    """That a Secret was written says nothing about the cluster: only the cluster's own answer does."""
    small = begun(tmp_path)
    small.rotate()
    with small.opened() as opened:
        done = opened.renew(lambda: small.now)
    assert [(each.what, each.consumer) for each in done.waits] == [("unknown", "shop/api")]
    small.now += 3 * RELOAD
    with small.opened() as opened:
        done = opened.renew(lambda: small.now, small.cluster)
    assert [(each.what, each.consumer) for each in done.waits] == [("bundle", "shop/api")]
    assert done.waits[0].message == "it does not trust the new CA yet"
    small.apply()
    with small.opened() as opened:
        done = opened.renew(lambda: small.now, small.cluster)
    assert [each.what for each in done.waits] == ["reload"]


def test_what_was_confirmed_stays_while_nothing_is_known(tmp_path: Path) -> None:
    """A renewal that is not told of the cluster neither goes on with a rotation nor throws it back."""
    small = begun(tmp_path)
    small.rotate()
    small.renew()
    small.now += RELOAD
    with small.opened() as opened:
        opened.renew(lambda: small.now)
    assert phase(small) == "trusting"
    small.renew()
    assert phase(small) == "reissuing"


def test_a_consumer_that_falls_back_is_waited_for_anew(tmp_path: Path) -> None:
    """Somebody puts the old Secret back: the time that users have to notice begins again."""
    small = begun(tmp_path)
    old = small.cluster
    small.rotate()
    small.renew()
    small.now += RELOAD
    with small.opened() as opened:
        opened.renew(lambda: small.now, old)
    assert phase(small) == "trusting"
    small.now += MINUTE
    small.renew()
    assert phase(small) == "trusting"
    small.now += RELOAD
    small.renew()
    assert phase(small) == "reissuing"


def test_time_is_counted_from_when_files_were_read_back(tmp_path: Path) -> None:
    """A round that takes long does not shorten the time that users have."""
    small = begun(tmp_path)
    small.rotate()
    small.renew()
    small.now += RELOAD - MINUTE
    folder = tmp_path / "out" / "late"
    with small.opened() as opened:
        opened.enrol([Consumer("late", "folder", str(folder), identity=identity("late"))])
    times = iter([small.now, *(small.now + timedelta(minutes=5) for _ in range(9))])
    with small.opened() as opened:
        opened.state.rotation.confirmed = None  # type: ignore[union-attr]
        done = opened.renew(lambda: next(times), small.cluster)
    assert [each.until for each in done.waits] == [int((small.now + timedelta(minutes=5) + RELOAD).timestamp())]


def test_leaves_out_of_sight_are_waited_for(tmp_path: Path) -> None:
    """A certificate for a request, and that of a consumer that is forgotten, keep the old root until they end."""
    small = begun(tmp_path)
    with small.opened() as opened:
        opened.sign(requests.read(_request()), None, small.now)
        opened.forget("shop/web")
    small.rotate()
    small.renew()
    small.now += RELOAD
    done = small.renew()
    said = sorted(each.message.partition(": the old")[0] for each in done.waits if each.what == "leaf")
    assert said == ["web.shop.svc", "web.shop.svc, spiffe://example.org/ns/shop/sa/web"]
    small.now += timedelta(hours=25)
    small.renew()
    assert phase(small) == "reissuing"
    small.now += RELOAD
    small.renew()
    assert phase(small) is None


def test_a_revoked_leaf_is_not_waited_for(tmp_path: Path) -> None:
    """A certificate out of sight that was revoked may be left behind."""
    small = begun(tmp_path)
    with small.opened() as opened:
        chain = opened.sign(requests.read(_request()), None, small.now)
        opened.revoke(read(chain).certificates[0].serial, "superseded", small.now)
    small.rotate()
    small.renew()
    small.now += RELOAD
    small.renew()
    small.now += RELOAD
    small.renew()
    assert phase(small) is None


def test_roots_that_are_put_away(tmp_path: Path) -> None:
    """With the root's key elsewhere leaves are issued; what needs the root is said and done once it is connected."""
    disk, away = tmp_path / "disk", tmp_path / "away"
    disk.mkdir()
    small = Small(tmp_path)
    authority.init(small.ca, POLICY, small.now, root_keys=str(disk))
    assert [path.name.partition("-")[0] for path in disk.iterdir()] == ["root"]
    assert [path.name.partition("-")[0] for path in (small.ca / "keys").iterdir()] == ["intermediate"]
    disk.rename(away)
    small.issue()
    assert small.renew().problems == ()
    small.now += timedelta(days=9)
    done = small.renew()
    key = small.state().hierarchies[0].root.key
    said = f"root 1: an intermediate is due, and was not made: the key {key} is not in {disk}"
    assert [each.message for each in done.problems] == [said]
    with small.opened() as opened, pytest.raises(AuthorityError, match="there is no such folder"):
        opened.rotate(small.now)
    assert [each.what for each in small.renew().waits] == ["key"]
    away.rename(disk)
    assert small.renew().problems == ()
    assert phase(small) == "trusting"
    assert not away.exists()


@pytest.mark.parametrize("seed", range(5))
def test_nobody_is_ever_refused(seed: int, tmp_path: Path) -> None:
    """Whatever comes when: who may still use what was replaced is understood by all, and understands all."""
    own = random.Random(seed)
    small = begun(tmp_path)
    small.look()
    for _ in range(40):
        small.now += timedelta(minutes=own.choice((0, 1, 3, 9, 10, 11, 60, 400)))
        act = own.randrange(6)
        if act == 0:
            small.rotate()
        elif act == 1:
            small.apply()
        elif act == 2:
            with small.opened() as opened:
                opened.issue(["shop/web", "shop/api"], small.now, anew=True)
        elif act == 3:
            with small.opened() as opened:
                opened.renew(lambda: small.now, small.cluster if own.random() < 0.7 else None)
        else:
            small.renew()
        small.look()
        assert not small.lost()


def _request() -> bytes:
    names = x509.SubjectAlternativeName([x509.DNSName("web.shop.svc")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=True)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM)
