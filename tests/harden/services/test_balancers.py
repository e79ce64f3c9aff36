"""Load balancers that are open to more than need them."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.pieces import deployment, service
from audit.routing_pieces import BALANCER, NGINX, WEB, ingress
from crenel.harden.services import Certainty
from crenel.network.addresses import AddressSet
from harden.services.planning import (
    ADMIN,
    AZURE,
    BALANCED,
    INTERNET_FOR_WEB,
    added,
    ids,
    node,
    planned,
    seen,
)

BETA = "service.beta.kubernetes.io/"
INSIDE = "allow: {from: 10.0.0.0/8, to: 'shop/admin:8080'}"


@pytest.mark.parametrize(
    ("provider", "annotations", "expected"),
    [
        ("aws:///eu-west-1a/i-1", "", f'{BETA}aws-load-balancer-internal: "true"'),
        (
            "aws:///eu-west-1a/i-1",
            f'"{BETA}aws-load-balancer-scheme": internet-facing',
            f"{BETA}aws-load-balancer-scheme: internal",
        ),
        (AZURE.partition('providerID: "')[2].partition('"')[0], "", f'{BETA}azure-load-balancer-internal: "true"'),
        ("gce://p/z/n1", "", "networking.gke.io/load-balancer-type: Internal"),
        ("openstack:///u", "", f'{BETA}openstack-internal-load-balancer: "true"'),
    ],
)
def test_internal_by_the_annotation_of_the_cloud(
    tmp_path: Path, provider: str, annotations: str, expected: str
) -> None:
    """Where only private addresses are declared to come, each cloud is told in its own words, and who they are."""
    own = service("admin", "type: LoadBalancer, ports: [{port: 443, targetPort: 8080}]", annotations=annotations)
    made = planned(tmp_path, node(provider) + ADMIN + own, INSIDE)
    assert ids(made.made) == ["service shop/admin: internal"]
    text = made.files[0].new.decode()
    assert expected.replace('"', "") in text.replace('"', "")
    assert "loadBalancerSourceRanges: [10.0.0.0/8]" in text
    assert not made.withheld
    assert (
        made.made[0].cuts
        == ("the internet, as far as it got through, by load balancer service shop/admin:443 to shop/admin:8080",)
        or "aws-load-balancer-scheme" in expected
    )


def test_ranges_where_public_addresses_need_it(tmp_path: Path) -> None:
    """Addresses of the internet that are declared stay in; all others are out, and that is told."""
    found = planned(tmp_path, AZURE + BALANCED, "allow: {from: [10.0.0.0/8, 8.8.8.0/24], to: 'shop/admin:8080'}")
    assert ids(found.made) == ["service shop/admin: source-ranges"]
    assert "loadBalancerSourceRanges: [8.8.8.0/24, 10.0.0.0/8]" in found.files[0].new.decode()
    (path,) = [each for each in found.after.exposed.paths if each.entry.kind.value == "load balancer"]
    assert AddressSet.of("8.8.8.0/24") <= path.possible
    assert not AddressSet.of("8.8.4.0/24") & path.possible
    assert found.made[0].cuts[0].startswith("the internet except 8.8.8.0/24")
    assert str(found.made[0].evidence[0]).startswith("intent allow 1 (")


def test_nobody_knows_who_comes(tmp_path: Path) -> None:
    """Without intents and flows nothing is guessed: it is asked, and made only when it is confirmed."""
    found = planned(tmp_path, AZURE + BALANCED)
    assert (found.made, found.files, found.component) == ((), (), {})
    (change,) = found.waiting
    assert change.certainty is Certainty.CONFIRM
    assert change.question == "neither intents nor flows say who comes: is admin only for inside?"
    confirmed = planned(tmp_path, AZURE + BALANCED, confirmed=("service shop/admin: internal",))
    assert ids(confirmed.made) == ids(found.waiting)
    assert confirmed.waiting == ()


def test_what_is_meant_for_all_stays(tmp_path: Path) -> None:
    """A load balancer that the internet is declared to need stays as it is, with the reason."""
    text = AZURE + deployment("web") + service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    found = planned(tmp_path, text, INTERNET_FOR_WEB, tls=False)
    assert (found.changes, found.withheld) == ([], ())
    assert [each.subject for each in found.stays] == ["service shop/web"]
    assert found.stays[0].why.startswith("whoever comes from the internet needs it: intent allow 1 (")


def test_observed_clients(tmp_path: Path) -> None:
    """Who was seen for long enough is known; a shorter time proves nothing about the others."""
    rows = [seen("10.3.4.5", "shop/admin", 8080)]
    found = planned(tmp_path, AZURE + BALANCED, observed=rows)
    assert ids(found.made) == ["service shop/admin: internal"]
    assert added(found) and not any("loadBalancerSourceRanges" in line for line in added(found))
    assert "flows from 2026-10-01 to 2026-11-01" in map(str, found.made[0].evidence)
    widened = planned(tmp_path, AZURE + BALANCED, observed=rows, internal=AddressSet.of("10.0.0.0/12"))
    assert "loadBalancerSourceRanges: [10.0.0.0/12]" in widened.files[0].new.decode()
    short = [seen("10.3.4.5", "shop/admin", 8080).__class__("10.3.4.5", "shop/admin", 6, 8080, 1)]
    assert planned(tmp_path, AZURE + BALANCED, observed=short).made == ()
    public = planned(tmp_path, AZURE + BALANCED, observed=[seen("internet", "shop/admin", 8080)])
    assert (public.changes, [each.subject for each in public.stays][:1]) == ([], ["service shop/admin"])


def test_seen_and_not_declared(tmp_path: Path) -> None:
    """A change that would cut off somebody who was seen is withheld, unless an intent forbids him."""
    rows = [seen("8.8.8.8", "shop/admin", 8080)]
    found = planned(tmp_path, AZURE + BALANCED, INSIDE, observed=rows)
    assert found.changes == []
    assert [(each.change.id, each.why) for each in found.withheld] == [
        ("service shop/admin: internal", "8.8.8.8/32 was seen to come, and no intent says so or forbids it")
    ]
    forbidden = planned(tmp_path, AZURE + BALANCED, "only: {from: 10.0.0.0/8, to: shop/admin}", observed=rows)
    assert ids(forbidden.made) == ["service shop/admin: internal"]
    assert "(forbidden, and used: " in forbidden.made[0].cuts[0]


def test_the_balancer_of_a_proxy(tmp_path: Path) -> None:
    """What leads to an ingress controller is there for everybody, and is not asked about."""
    found = planned(
        tmp_path,
        AZURE + NGINX + BALANCER + WEB + ingress(),
        tls=False,
    )
    assert found.changes == []
    assert ("service edge/ingress-nginx", "it leads to a proxy, which is there for everybody") in [
        (each.subject, each.why) for each in found.stays
    ]


def test_meant_to_be_internal(tmp_path: Path) -> None:
    """An annotation that was meant to make it internal is put right, without a question."""
    own = service("admin", "type: LoadBalancer, ports: [{port: 443, targetPort: 8080}]",
                  annotations=f'"{BETA}azure-load-balancer-internl": "true"')  # fmt: skip
    found = planned(tmp_path, AZURE + ADMIN + own)
    assert ids(found.made) == ["service shop/admin: internal"]
    assert f'{BETA}azure-load-balancer-internal": "true"' in found.files[0].new.decode().replace(
        f"{BETA}azure-load-balancer-internal:", f'{BETA}azure-load-balancer-internal":'
    )
