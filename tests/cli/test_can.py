"""`crenel can`: the real command on real files."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cli import shop
from command import Ran, crenel
from output.shapes import Verdict


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The shop with its policy."""
    return shop.write(tmp_path / "shop", app=shop.APP, policy=shop.POLICY)


def on(home: Path, *arguments: str) -> Ran:
    """Run `crenel can` in a folder's parent, on the folder."""
    return crenel("can", "-f", home.name, *arguments, cwd=home.parent)


def decoded(ran: Ran) -> Verdict:
    """A verdict in JSON."""
    return msgspec.json.decode(ran.out, type=Verdict)


def test_denied(home: Path) -> None:
    """The answer, everything that blocks it with file and line, and the smallest change that would allow it."""
    assert on(home, "shop/web", "data/db:5432") == (
        1,
        (
            "denied: shop/web to data/db:5432\n"
            "\n"
            "ingress:\n"
            "  denies  networkpolicy data/db isolates data/db for ingress and no rule of it allows this\n"
            "          shop/policy.yaml:4\n"
            "\n"
            "the smallest change that would allow it:\n"
            "  add to `from` of ingress rule 1 of networkpolicy data/db (shop/policy.yaml:8)\n"
            "      - podSelector:\n"
            "          matchLabels:\n"
            "            app: web\n"
            "        namespaceSelector:\n"
            "          matchLabels:\n"
            "            kubernetes.io/metadata.name: shop\n"
        ),
        "",
    )


def test_the_change_allows_it(home: Path) -> None:
    """What is proposed, once applied, is what was asked for."""
    assert on(home, "shop/web", "data/db:5432", "--exit-zero").code == 0
    (home / "policy.yaml").write_text(shop.POLICY + shop.MORE)
    assert on(home, "shop/web", "data/db:5432").code == 0


def test_allowed(home: Path) -> None:
    """The rule that allows it, and a packet that gets through."""
    assert on(home, "shop/cart", "data/db:5432") == (
        0,
        (
            "allowed: shop/cart to data/db:5432\n"
            "\n"
            "ingress:\n"
            "  allows  networkpolicy data/db ingress rule 1 allows it\n"
            "          shop/policy.yaml:8\n"
            "\n"
            "for example: shop/cart to data/db TCP/5432 (IPv4)\n"
        ),
        "",
    )


def test_service(home: Path) -> None:
    """A Service stands for the pods behind it, and its port for theirs."""
    ran = on(home, "shop/cart", "data/svc/db:15432")
    assert ran.out.startswith("allowed: shop/cart to data/svc/db:15432 TCP/5432\n")
    assert on(home, "shop/cart", "data/db:15432").code == 1


def test_unknown(tmp_path: Path) -> None:
    """Unknown is not yes; the missing input is named, and with it the answer is known."""
    home = shop.write(tmp_path / "shop", app=shop.APP, policy=shop.POLICY + shop.NARROW)
    ran = on(home, "shop/web", "data/db:5432")
    assert ran.code == 1
    assert ran.out.startswith("unknown: shop/web to data/db:5432\n")
    assert ran.out.endswith(
        "depends on:\n"
        "  shop/web gets an address in 10.0.0.0/8\n"
        "  --pod-cidr CIDR says where pods get their addresses from, and may settle it\n"
    )
    assert on(home, "shop/web", "data/db:5432", "--pod-cidr", "10.0.0.0/16").code == 0
    assert on(home, "shop/web", "data/db:5432", "--pod-cidr", "172.16.0.0/16").code == 1


def test_not_understood(home: Path) -> None:
    """A policy that is not understood makes it unknown, by name."""
    (home / "cilium.yaml").write_text(shop.CILIUM)
    ran = on(home, "shop/cart", "shop/web:8080")
    assert ran.code == 1
    assert "depends on:\n  ciliumnetworkpolicy shop/web, which is not understood, allows it\n" in ran.out


def test_not_enforced(home: Path) -> None:
    """What policies say that nothing enforces is said so in the first line."""
    (home / "cni.yaml").write_text(shop.FLANNEL)
    ran = on(home, "shop/web", "data/db:5432")
    assert ran.out.startswith(
        "denied by policy, not enforced: shop/web to data/db:5432\nwarning: not enforced: Flannel "
    )
    found = decoded(on(home, "shop/web", "data/db:5432", "-o", "json"))
    assert (found.outcome, found.allowed, found.enforced) == ("denied", False, False)
    assert [notice.severity for notice in found.notices] == ["warning"]


def test_json(home: Path) -> None:
    """The JSON has the documented shape, with every step and the change."""
    found = decoded(on(home, "shop/web", "data/db:5432", "-o", "json"))
    assert (found.source, found.destination, found.outcome) == ("shop/web", "data/db:5432", "denied")
    [step] = [each for each in found.trace if each.decision == "deny"]
    assert (step.stage, step.direction, step.decisive) == ("networkpolicy", "ingress", True)
    assert (step.policy, step.file, step.line) == ("networkpolicy data/db", "shop/policy.yaml", 4)
    assert found.change is not None
    assert [(edit.file, edit.line) for edit in found.change.edits] == [("shop/policy.yaml", 8)]
    allowed = decoded(on(home, "shop/cart", "data/db:5432", "-o", "json"))
    assert allowed.change is None
    assert [(each.source, each.destination, each.protocol, each.port) for each in allowed.witness] == [
        ("shop/cart", "data/db", "TCP", 5432)
    ]


def test_markdown(home: Path) -> None:
    """Fit for a comment: the answer, a table of steps, the change as code."""
    assert on(home, "shop/web", "data/db:5432", "-o", "md").out == (
        "**denied**: `shop/web` to `data/db:5432`\n"
        "\n"
        "| Direction | Decision | Rule | Where |\n"
        "| --- | --- | --- | --- |\n"
        "| ingress | denies | networkpolicy data/db isolates data/db for ingress and no rule of it allows this"
        " | `shop/policy.yaml:4` |\n"
        "\n"
        "The smallest change that would allow it:\n"
        "\n"
        "- add to `from` of ingress rule 1 of networkpolicy data/db (shop/policy.yaml:8)\n"
        "\n"
        "  ```yaml\n"
        "  - podSelector:\n"
        "      matchLabels:\n"
        "        app: web\n"
        "    namespaceSelector:\n"
        "      matchLabels:\n"
        "        kubernetes.io/metadata.name: shop\n"
        "  ```\n"
    )


def test_partly_allowed(home: Path) -> None:
    """Where only a part gets through, each part is named."""
    ran = on(home, "shop/cart", "data/db")
    assert ran.code == 1
    assert ran.out.startswith(
        "partly allowed: shop/cart to data/db all\n\n  partial: shop/cart to data/db, only TCP/5432\n"
    )


def test_what_if(home: Path) -> None:
    """`--with` answers as if a file were applied, `--without` as if an object were gone."""
    question = ("shop/web", "data/db:5432")
    shop.write(home.parent, wider=shop.POLICY + shop.MORE, broken="a: [\n")
    assert on(home, *question, "--with", "wider.yaml").code == 0
    assert on(home, *question, "--without", "networkpolicy/data/db").code == 0
    assert on(home, *question, "--with", "broken.yaml").code == 2
    assert on(home, *question, "--without", "networkpolicy/data/nope") == (
        2,
        "",
        "crenel: nothing to leave out: no networkpolicy data/nope in the input\n",
    )


@pytest.mark.parametrize("port", ["nosuch", "nosuch/UDP", "http/UDP"])
def test_a_port_by_a_name_that_nobody_declares(home: Path, port: str) -> None:
    """It is denied, and the answer says why, in every format."""
    for form in ([], ["-o", "json"], ["-o", "md"]):
        ran = on(home, "shop/cart", f"shop/web:{port}", *form)
        assert (ran.code, ran.err) == (1, "")
        assert f"declares no port named '{port.partition('/')[0]}'" in ran.out


def test_namespace(home: Path) -> None:
    """With `-n`, names without a namespace are in it; addresses and `internet` stay what they are."""
    assert on(home, "cart", "web:http", "-n", "shop").out.startswith("allowed: shop/cart to shop/web:http TCP/8080\n")
    assert on(home, "cart", "192.0.2.1:443", "-n", "shop").code == 0
    assert on(home, "internet", "web:8080", "-n", "shop").out.startswith("denied: internet to shop/web:8080")
    assert on(home, "cart", "[2001:db8::1]:443", "-n", "shop").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shop/web"], "crenel: give SOURCE and TARGET, or --batch FILE"),
        (["shop/web", "data/db", "--batch", "x"], "crenel: give SOURCE and TARGET, or --batch FILE"),
        (["shop/nope", "data/db"], "crenel: no workload or pod 'shop/nope' in the input"),
        (["shop/db", "data/db"], "crenel: no workload or pod 'shop/db' in the input (did you mean data/db?)"),
        (["shop/web", "data/db:99999"], "crenel: 'data/db:99999': impossible port '99999': ports are from 1 to 65535"),
    ],
)
def test_wrong_use(home: Path, arguments: list[str], message: str) -> None:
    """A question that cannot be read, or that names nobody, is exit code 2 and one line."""
    ran = on(home, *arguments)
    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (2, "", message)


def test_nothing_examined(tmp_path: Path) -> None:
    """Without any workload there is no verdict: exit code 3."""
    home = shop.write(tmp_path / "shop", policy=shop.POLICY)
    assert on(home, "shop/web", "data/db:5432", "--exit-zero") == (
        3,
        "",
        "nothing was examined: there is no workload in the input\n",
    )
