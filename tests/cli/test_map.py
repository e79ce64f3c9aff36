"""`crenel map`: the real command on real files."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from cli import shop
from command import Ran, crenel
from output.shapes import Map


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The shop with its policy."""
    return shop.write(tmp_path / "shop", app=shop.APP, policy=shop.POLICY)


def on(home: Path, *arguments: str, **environment: str) -> Ran:
    """Run `crenel map` in a folder's parent, on the folder."""
    return crenel("map", "-f", home.name, *arguments, cwd=home.parent, **environment)


def test_a_cluster_without_policies_is_open(tmp_path: Path) -> None:
    """Everybody reaches everybody, and that is three lines."""
    assert on(shop.write(tmp_path / "shop", app=shop.APP)) == (
        0,
        (
            "SOURCE     DESTINATION  TRAFFIC\n"
            "*          *            all\n"
            "*          0.0.0.0/0    all\n"
            "0.0.0.0/0  *            all\n"
        ),
        "",
    )


def test_policies_are_lines_of_their_own(home: Path) -> None:
    """What a policy restricts stands apart; the report is all that is printed."""
    assert on(home) == (
        0,
        (
            "SOURCE     DESTINATION  TRAFFIC\n"
            "*          0.0.0.0/0    all\n"
            "*          shop/*       all\n"
            "0.0.0.0/0  shop/*       all\n"
            "shop/cart  data/db      TCP/5432\n"
        ),
        "",
    )


def test_filters(home: Path) -> None:
    """`--from`, `--to`, `--port` and `-n` narrow the map."""
    assert on(home, "--to", "data/db").out == ("SOURCE     DESTINATION  TRAFFIC\nshop/cart  data/db      TCP/5432\n")
    assert on(home, "--from", "shop/web", "--to", "shop/cart", "--port", "http").out == (
        "SOURCE    DESTINATION  TRAFFIC\nshop/web  shop/cart    TCP/8080\n"
    )
    assert on(home, "--from", "internet", "-n", "data").out == "No connections.\n"


def test_by_namespace(home: Path) -> None:
    """A line for each pair of namespaces says whether all of its pods are meant or some."""
    assert on(home, "--by", "namespace").out == (
        "SOURCE     DESTINATION  PAIRS  TRAFFIC\n"
        "*          0.0.0.0/0    all    all\n"
        "*          shop/*       all    all\n"
        "0.0.0.0/0  shop/*       all    all\n"
        "shop/*     data/*       some   TCP/5432\n"
    )
    assert on(home, "--by", "namespace", "--expand").code == 2


def test_expand(home: Path) -> None:
    """Every member of a group has a line of its own."""
    assert on(home, "--expand", "--to", "shop/cart").out == (
        "SOURCE     DESTINATION  TRAFFIC\n"
        "0.0.0.0/0  shop/cart    all\n"
        "data/db    shop/cart    all\n"
        "shop/web   shop/cart    all\n"
    )


def test_possible_connections_are_marked(tmp_path: Path) -> None:
    """What depends on addresses that no manifest has is marked, and `wide` says what it depends on."""
    home = shop.write(tmp_path / "shop", app=shop.APP, policy=shop.POLICY + shop.NARROW)
    assert "shop/web    data/db      TCP/5432 ?\n\n? is possible, not certain" in on(home).out
    wide = on(home, "-o", "wide").out
    assert "data/db      TCP/5432  any     possible   shop/web gets an address in 10.0.0.0/8\n" in wide
    assert "?" not in on(home, "--pod-cidr", "10.0.0.0/16").out


def test_json(home: Path) -> None:
    """The JSON has the documented shape, with the workloads and the network plugin."""
    (home / "cni.yaml").write_text(shop.FLANNEL)
    ran = on(home, "-o", "json")
    found = msgspec.json.decode(ran.out, type=Map)
    assert found.workloads == ["data/db", "kube-flannel/kube-flannel-ds", "shop/cart", "shop/web"]
    assert found.enforcement.cni == "Flannel"
    assert found.enforcement.enforced["networkpolicy"] is False
    assert found.enforcement.evidence == [
        "Flannel: daemonset kube-flannel/kube-flannel-ds runs ghcr.io/flannel-io/flannel:v0.26.0"
    ]
    assert {"source": "shop/cart", "destination": "data/db"}.items() <= json.loads(ran.out)["connections"][-1].items()


def test_policies_that_nothing_enforces(home: Path) -> None:
    """The report says so itself, and stderr does."""
    (home / "cni.yaml").write_text(shop.FLANNEL)
    ran = on(home)
    assert ran.out.startswith("warning: not enforced: Flannel does not enforce ")
    assert ran.err.startswith("note: not enforced: Flannel does not enforce ")
    assert ran.code == 0
    notices = msgspec.json.decode(on(home, "-o", "json").out, type=Map).notices
    assert [notice.severity for notice in notices] == ["warning"]


def test_policies_that_are_not_understood(home: Path) -> None:
    """A notice names them, with file and line, and what they could change is possible."""
    (home / "cilium.yaml").write_text(shop.CILIUM)
    ran = on(home)
    assert ran.err.startswith("note: shop/cilium.yaml:1: ciliumnetworkpolicy shop/web: ")
    assert "shop/web     all ?" in ran.out
    [notice] = msgspec.json.decode(on(home, "-o", "json").out, type=Map).notices
    assert (notice.severity, notice.file, notice.line) == ("notice", "shop/cilium.yaml", 1)


def test_bad_documents(home: Path) -> None:
    """A line for each, the report all the same, and exit code 2; `--lenient` tolerates them."""
    (home / "values.yaml").write_text("replicas: 3\n")
    (home / "broken.yaml").write_text("a: [\n")
    good = on(home, "--lenient")
    assert (good.code, good.out.count("\n")) == (0, 5)
    ran = on(home)
    assert (ran.code, ran.out, ran.err) == (2, good.out, good.err)
    assert [line.partition(":")[0] for line in ran.err.splitlines()] == ["error", "error"]
    assert "shop/broken.yaml:" in ran.err and "shop/values.yaml:1:" in ran.err


def test_many_problems_are_cut(tmp_path: Path) -> None:
    """Nobody reads a thousand lines: fifty, and how many are left."""
    home = shop.write(tmp_path / "shop", app=shop.APP, bad="---\n".join(f"a: {number}\n" for number in range(1000)))
    lines = on(home).err.splitlines()
    assert len(lines) == 51
    assert lines[-1] == "... and 950 more"


def test_nothing_examined(tmp_path: Path) -> None:
    """No workload is no answer: exit code 3 in every format, with a valid document."""
    home = shop.write(tmp_path / "shop", policy=shop.POLICY)
    assert on(home) == (3, "No workloads.\n", "nothing was examined: there is no workload in the input\n")
    for form in ("wide", "json", "csv", "md", "mermaid", "dot"):
        assert on(home, "-o", form, "--exit-zero").code == 3
    (tmp_path / "empty").mkdir()
    ran = on(tmp_path / "empty")
    assert (ran.code, ran.err.splitlines()[-1]) == (3, "nothing was examined: nothing was read")
    assert on(tmp_path / "absent").code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-n", "nope"], "crenel: no workload in namespace 'nope'\n"),
        (["--from", "shop/nope"], "crenel: no workload or pod 'shop/nope' in the input\n"),
        (["--port", "nope"], "crenel: no workload declares a port named 'nope'\n"),
        (["--pod-cidr", "nope"], "crenel: --pod-cidr nope: not a CIDR\n"),
    ],
)
def test_wrong_use(home: Path, arguments: list[str], message: str) -> None:
    """What names nothing is wrong use, in one line."""
    assert on(home, *arguments) == (2, "", message)


def test_standard_input() -> None:
    """`-f -` reads manifests from standard input."""
    ran = crenel("map", "-f", "-", stdin=shop.APP + "---\n" + shop.POLICY)
    assert ran.out.endswith("shop/cart  data/db      TCP/5432\n")


def test_without_a_cluster(tmp_path: Path) -> None:
    """Without `-f` and without a kubeconfig, one line says what is missing."""
    ran = crenel("map", "-o", "json", HOME=str(tmp_path))
    assert ran.code == 2
    assert msgspec.json.decode(ran.out, type=Map).workloads == []
    assert ran.err.startswith("error: no kubeconfig was found")


def test_colours(home: Path) -> None:
    """A pipe gets none unless they are forced."""
    assert "\x1b" not in on(home).out
    assert on(home, FORCE_COLOR="1").out.startswith("\x1b[1mSOURCE")


def test_timings(home: Path) -> None:
    """`CRENEL_TIMINGS` adds a line of JSON on stderr with the CPU seconds of each phase."""
    ran = on(home, CRENEL_TIMINGS="1")
    assert set(json.loads(ran.err)) == {"read", "decode", "translate", "solve", "render", "total", "max_rss_mb"}


@pytest.mark.parametrize("form", ["csv", "md", "mermaid", "dot"])
def test_other_formats(home: Path, form: str) -> None:
    """Each of them names who reaches the database."""
    ran = on(home, "-o", form, "--to", "data/db")
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == {
            "csv": "source,destination,traffic,certainty,conditions,family\nshop/cart,data/db,TCP/5432,sure,,\n",
            "md": "| Source | Destination | Traffic |\n| --- | --- | --- |\n| `shop/cart` | `data/db` | TCP/5432 |\n",
            "mermaid": (
                'flowchart LR\n  subgraph box0["shop"]\n    n0["cart"]\n  end\n'
                '  subgraph box1["data"]\n    n1["db"]\n  end\n  n0 -->|"TCP/5432"| n1\n'
            ),
            "dot": (
                'digraph crenel {\n  rankdir=LR;\n  node [shape=box, fontname="sans-serif"];\n'
                '  edge [fontname="sans-serif", fontsize=10];\n'
                '  subgraph cluster_0 {\n    label="shop";\n    n0 [label="cart"];\n  }\n'
                '  subgraph cluster_1 {\n    label="data";\n    n1 [label="db"];\n  }\n'
                '  n0 -> n1 [label="TCP/5432"];\n}\n'
            ),
        }[form]
    )
