"""Chains: each way to break has its own reason, and each way to hold is found."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography import x509

from certificates.making import ANY, AT, CLIENT, DAY, SERVER, Issued, authority, issue, key, leaf
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.chains import Broken, Chain, Purpose, Reason, Roots, build, ordered, unfit

ROOT = authority()
CA = authority("CA", ROOT)
WEB = leaf("web.shop.svc", CA)


def of(*issued: Issued) -> list[Certificate]:
    """Certificates alone."""
    return [each.certificate for each in issued]


def chain(last: Issued, *others: Issued, roots: tuple[Issued, ...] = (ROOT,), **more: Any) -> Chain | Broken:
    """Build one at the usual time."""
    return build(last.certificate, of(*others), of(*roots), more.pop("at", AT), **more)


def reason(last: Issued, *others: Issued, **more: Any) -> tuple[Reason, str]:
    """Why there is none, and at which certificate."""
    found = chain(last, *others, **more)
    assert isinstance(found, Broken)
    assert found.message and not found.message.endswith(".")
    return found.reason, found.certificate.title


def test_a_chain_that_holds() -> None:
    """It leads from the leaf to the root, in order."""
    found = chain(WEB, CA, host="web.shop.svc")
    assert isinstance(found, Chain)
    assert [each.title for each in found.certificates] == ["web.shop.svc", "CN=CA", "CN=Root"]
    assert found.root == ROOT.certificate


def test_any_trusted_certificate_ends_it() -> None:
    """A trusted intermediate, and a trusted leaf, are enough."""
    assert len(chain(WEB, roots=(CA,)).certificates) == 2  # type: ignore[union-attr]
    assert chain(WEB, roots=(WEB,)).certificates == (WEB.certificate,)  # type: ignore[union-attr]


def test_order_and_repetition_do_not_matter() -> None:
    """Others may come in any order, more than once, and with strangers among them."""
    assert chain(WEB, ROOT, authority("Other"), CA, CA, WEB)


def broken() -> dict[str, tuple[Issued, tuple[Issued, ...], Reason, str]]:
    """Leaf, others, and what is wrong where."""
    expired = authority("CA", ROOT, days=300)
    future = authority("CA", ROOT, begins=AT + DAY)
    plain = issue("CA", ROOT, ca=False, private=CA.private)
    unsaid = issue("CA", ROOT, ca=None, private=CA.private)
    mute = authority("CA", ROOT, usages=("crl_sign",))
    short = authority("CA", ROOT, path_length=0)
    below = authority("Sub", short)
    clients = authority("CA", ROOT, purposes=(CLIENT,))
    narrow = authority("CA", ROOT, constraints=x509.NameConstraints([x509.DNSName("pay.svc")], None))
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    return {
        "missing intermediate": (WEB, (), Reason.NO_ISSUER, "web.shop.svc"),
        "untrusted root": (leaf("x", authority("Other")), (authority("Other"),), Reason.UNTRUSTED, "CN=Other"),
        "self-signed leaf": (leaf("x"), (), Reason.UNTRUSTED, "x"),
        "re-keyed": (leaf("x", authority("Root", private=key(77))), (), Reason.KEY_ID, "x"),
        "forged": (leaf("x", ROOT, signer=key(77)), (), Reason.SIGNATURE, "x"),
        "expired leaf": (leaf("x", ROOT, days=5), (), Reason.EXPIRED, "x"),
        "expired intermediate": (leaf("x", expired), (expired,), Reason.EXPIRED, "CN=CA"),
        "future leaf": (leaf("x", ROOT, begins=AT + DAY), (), Reason.NOT_YET_VALID, "x"),
        "future intermediate": (leaf("x", future), (future,), Reason.NOT_YET_VALID, "CN=CA"),
        "no CA": (leaf("x", plain), (plain,), Reason.NOT_A_CA, "CN=CA"),
        "no basic constraints": (leaf("x", unsaid), (unsaid,), Reason.NOT_A_CA, "CN=CA"),
        "may not sign": (leaf("x", mute), (mute,), Reason.KEY_USAGE, "CN=CA"),
        "path length": (leaf("x", below), (below, short), Reason.PATH_LENGTH, "CN=CA"),
        "wrong purpose": (leaf("x", ROOT, purposes=(CLIENT,)), (), Reason.PURPOSE, "x"),
        "any purpose": (leaf("x", ROOT, purposes=(ANY,)), (), Reason.PURPOSE, "x"),
        "wrong purpose above": (leaf("x", clients), (clients,), Reason.PURPOSE, "CN=CA"),
        "wrong usage": (leaf("x", ROOT, usages=("crl_sign",)), (), Reason.KEY_USAGE, "x"),
        "name constraints": (leaf("x", narrow), (narrow,), Reason.NAME, "x"),
        "critical extension": (leaf("x", ROOT, more=((unknown, True),)), (), Reason.CRITICAL, "x"),
    }


@pytest.mark.parametrize("what", broken())
def test_every_break_has_its_reason(what: str) -> None:
    """What is wrong, and where."""
    last, others, why, where = broken()[what]
    assert reason(last, *others) == (why, where)


def test_a_host_that_is_not_covered() -> None:
    """That is said first, whatever else is wrong."""
    assert reason(WEB, CA, host="pay.shop.svc") == (Reason.HOST, "web.shop.svc")


def test_times_at_the_edges() -> None:
    """Both ends of a life belong to it."""
    made = leaf("x", ROOT, begins=AT, days=1)
    assert chain(made, at=AT) and chain(made, at=AT + DAY)
    assert not chain(made, at=AT - DAY / 86400) and not chain(made, at=AT + DAY + DAY / 86400)


def test_purposes() -> None:
    """A client's is no server's; without a purpose it does not matter."""
    client = leaf("x", ROOT, purposes=(CLIENT,))
    assert chain(client, purpose=Purpose.CLIENT) and chain(client, purpose=Purpose.ANY)
    assert unfit(client.certificate, Purpose.SERVER) is not None
    assert unfit(client.certificate, Purpose.CLIENT) is None
    both = leaf("x", ROOT, purposes=(CLIENT, SERVER))
    assert chain(both) and chain(both, purpose=Purpose.CLIENT)
    assert chain(issue("x", ROOT, dns=("x",)))


def test_another_path_is_found() -> None:
    """Where one way is broken and another holds, it holds: cross-signed, renewed, and with the same name."""
    old = authority("CA", ROOT, days=300)
    assert chain(leaf("x", old), old, CA), "the same key, renewed"
    other = authority("Other")
    crossed = issue("Root", other, ca=True, private=ROOT.private, begins=AT - 300 * DAY, days=3000)
    assert chain(WEB, CA, crossed, roots=(other,)), "a root that another signed"
    twin = authority("CA", ROOT, private=key(88))
    assert chain(leaf("x", CA, identifiers=False), twin, CA), "two authorities of one name"


def test_loops_and_length_end() -> None:
    """Authorities that signed each other, and chains without end, are given up."""
    one = authority("One", authority("Two"))
    two = authority("Two", one)
    assert reason(leaf("x", one), one, two)[0] in (Reason.NO_ISSUER, Reason.UNTRUSTED)
    made = [ROOT]
    for number in range(12):
        made.append(authority(f"CA {number}", made[-1]))
    assert reason(leaf("x", made[-1]), *made)[0] is Reason.TOO_LONG


def test_the_search_is_bounded() -> None:
    """A hundred authorities of one name and key, all of which signed each other, take no time."""
    many = [authority("Same", private=key(5), begins=AT - (400 + number) * DAY) for number in range(60)]
    assert not chain(leaf("x", many[0], signer=key(6), identifiers=False), *many)
    assert not chain(leaf("x", many[0]), *many)


@pytest.mark.parametrize("number", [12, 15, 40])
def test_authorities_that_all_signed_each_other(number: int) -> None:
    """They have more ways than there is time; without a trusted one among them that is given up, and soon."""
    names = [authority(f"N{each}", private=key(6)) for each in range(number)]
    crossed = [issue(f"N{one}", names[two], ca=True, private=key(6), begins=AT - 300 * DAY, days=900)
               for one in range(number) for two in range(number) if one != two]  # fmt: skip
    start = time.process_time()
    assert not chain(leaf("x", names[0], private=key(6)), *crossed)
    assert chain(leaf("x", names[0], private=key(6)), *crossed, roots=(names[1],))
    assert time.process_time() - start < 20


def test_roots_are_made_ready_once() -> None:
    """The same roots serve many chains."""
    roots = Roots(of(ROOT))
    assert roots.build(WEB.certificate, of(CA), AT) and not roots.build(WEB.certificate, (), AT)


def test_order() -> None:
    """Each certificate names the next as its issuer, or they are not in order."""
    assert ordered(of(WEB, CA, ROOT)) and ordered(of(WEB)) and ordered([])
    assert not ordered(of(CA, WEB)) and not ordered(of(WEB, ROOT, CA))
