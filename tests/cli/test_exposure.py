"""`crenel exposure` from the outside, on the example and on a small cluster."""

from __future__ import annotations

import msgspec
import pytest

from command import crenel
from output.shapes import Exposure, Outlets

SHOP = ("-f", "examples/shop")


def test_the_shop_by_its_manifests_alone() -> None:
    """What manifests do not say leaves every path possible, and is listed."""
    ran = crenel("exposure", *SHOP)
    assert ran.code == 0, ran.err
    assert "whether the load balancer of service ingress-nginx/controller faces the internet" in ran.out
    assert ran.out.endswith("0 paths from outside are open, 9 may be, 0 are closed\n")


def test_json_has_every_layer() -> None:
    """Each path has its layers with the rules that decide, its route and its TLS, in the documented shape."""
    ran = crenel(
        "exposure", *SHOP, "--assume", "internet-facing=yes", "--assume", "public-nodes=no", "--all", "-o", "json"
    )
    page = msgspec.json.decode(ran.out, type=Exposure)
    assert page.summary == {"open": 4, "possible": 0, "closed": 5}
    assert len(page.paths) == 9
    (path,) = [each for each in page.paths if each.request == "https://shop.example.com/" and each.state == "open"]
    assert (path.destination, path.destination_port, path.seen_as) == ("shop/frontend", 8080, "the proxy")
    assert [(leg.source, leg.target, leg.tls) for leg in path.tls] == [
        ("the client", "ingress-nginx/controller", "terminate"), ("ingress-nginx/controller", "shop/frontend", "none")
    ]  # fmt: skip
    assert [layer.layer for layer in path.layers] == ["load balancer", "network policy", "network policy"]
    assert path.layers[1].rules[0].file == "examples/shop/policies/ingress.yaml"
    assert path.close is not None
    assert path.close.file == "examples/shop/app/ingress.yaml"


def test_egress() -> None:
    """The reverse names where each workload can go, and nothing that cannot go anywhere."""
    page = msgspec.json.decode(crenel("exposure", *SHOP, "--egress", "-o", "json").out, type=Outlets)
    assert [(each.workload, each.to) for each in page.outlets if each.workload.startswith("shop/")] == [
        ("shop/mailer", "other networks")
    ]
    (mailer,) = [each for each in page.outlets if each.workload == "shop/mailer"]
    assert mailer.addresses == ["198.51.100.0/25"]
    assert [(each.protocol, each.ports) for each in mailer.traffic] == [("TCP", "587")]


def test_a_proxy_is_who_the_user_names() -> None:
    """The workload that is named serves the class, in the place of the pods that its labels tell of."""
    ran = crenel("exposure", *SHOP, "--proxy", "nginx=shop/frontend", "--assume", "internet-facing=yes", "-o", "json")
    page = msgspec.json.decode(ran.out, type=Exposure)
    assert not [each for each in page.paths if each.request], "nothing leads to the pods that were named"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--assume", "x=yes"],
            "crenel: cannot assume 'x=yes': write internet-facing, public-nodes, unfiltered, with =yes or =no",
        ),
        (["--proxy", "nginx"], "crenel: --proxy nginx: write NAME=NAMESPACE/WORKLOAD"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line(arguments: list[str], message: str) -> None:
    """What cannot be read is said in a line, with exit code 2."""
    ran = crenel("exposure", *SHOP, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[0] == message


@pytest.mark.parametrize(
    ("target", "code", "beginning"),
    [
        ("https://shop.example.com/cart", 0, "allowed: internet to https://shop.example.com/cart TCP/443\n"),
        ("https://nope.example.com/", 1, "denied: internet to https://nope.example.com/"),
        ("shop/frontend:8080", 0, "allowed: internet to shop/frontend:8080\n"),
        ("shop-data/postgres:5432", 1, "denied: internet to shop-data/postgres:5432"),
        ("ingress-nginx/svc/controller:443", 0, "allowed: internet to ingress-nginx/svc/controller:443"),
    ],
)
def test_can_walks_the_same_paths(target: str, code: int, beginning: str) -> None:
    """From the internet, `can` answers for a URL, a workload and a Service."""
    ran = crenel("can", "internet", target, *SHOP, "--assume", "internet-facing=yes", "--assume", "public-nodes=no")
    assert (ran.code, ran.out[: len(beginning)]) == (code, beginning), ran.out + ran.err
