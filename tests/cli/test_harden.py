"""`crenel harden`, from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from command import crenel
from kernel.needs import needs_namespaces
from output.shapes import Hardening

APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example/web:1
          env: [{name: DB_ADDR, value: "db:5432"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "postgres:17", ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{port: 5432}]}
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with an application."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "app.yaml").write_text(APP)
    return folder


def test_write_and_again(app: Path) -> None:
    """A run writes a folder and says so; one with the result beside the input changes nothing."""
    first = crenel("harden", "-f", str(app), "-o", str(app / "policies"))
    assert (first.code, first.err) == (0, f"4 files written to {app}/policies\n")
    assert "proved on the model" in first.out
    before = {path: path.read_text() for path in (app / "policies").rglob("*.yaml")}
    again = crenel("harden", "-f", str(app), "-o", str(app / "policies"))
    assert f"{app}/policies: nothing changes\n" in again.err
    assert {path: path.read_text() for path in (app / "policies").rglob("*.yaml")} == before
    lost = crenel("can", "shop/db", "shop/web:80", "-f", str(app))
    assert lost.code == 1
    assert crenel("can", "shop/web", "shop/db:5432", "-f", str(app)).code == 0


def test_the_report(app: Path) -> None:
    """The table says what is needed, what is cut and what is left."""
    out = crenel("harden", "-f", str(app)).out
    assert 'TCP/5432       reference  variable DB_ADDR is "db:5432" (app.yaml:12)' in out
    assert "shop/db   in   *, 0.0.0.0/0: all  -        shop/web TCP/5432\n" in out
    assert "### What is cut" in crenel("harden", "-f", str(app), "--format", "md").out


def test_the_cluster_s_own_alone(app: Path) -> None:
    """Where all workloads are the cluster's own, it is said how these are hardened."""
    text = (app / "app.yaml").read_text().replace("namespace: shop", "namespace: kube-system")
    (app / "app.yaml").write_text(text)
    ran = crenel("harden", "-f", str(app))
    assert ran.code == 3
    assert ran.err.endswith("; kube-system: of the cluster itself, hardened only with -n kube-system\n")


def test_json(app: Path) -> None:
    """JSON has the documented shape."""
    ran = crenel("harden", "-f", str(app), "--format", "json")
    found = msgspec.json.decode(ran.out, type=Hardening)
    assert found.proved
    assert [each["path"] for each in json.loads(ran.out)["files"]] == [
        "policies/shop/default-deny.yaml", "policies/shop/web.yaml", "policies/shop/db.yaml",
        "policies/kustomization.yaml", "SHA256SUMS",
    ]  # fmt: skip


def test_an_edited_policy_is_not_written_over(app: Path) -> None:
    """Whoever changed one by hand is told so, and nothing is lost; without the file it is written anew."""
    out = app.parent / "out"
    crenel("harden", "-f", str(app), "-o", str(out))
    edited = out / "policies/shop/web.yaml"
    text = edited.read_text()
    edited.write_text(f"{text}# of mine\n")
    (app / "app.yaml").write_text(APP.replace("5432", "5433"))
    ran = crenel("harden", "-f", str(app), "-o", str(out))
    assert (ran.code, ran.out) == (2, "")
    assert "policies/shop/web.yaml there was changed since crenel harden wrote it" in ran.err
    assert edited.read_text() == f"{text}# of mine\n"
    edited.unlink()
    assert crenel("harden", "-f", str(app), "-o", str(out)).code == 0
    assert "5433" in edited.read_text()


def test_refusals(app: Path) -> None:
    """A folder of somebody else, and a format in the place of one, are one line each; nothing is written."""
    ran = crenel("harden", "-f", str(app), "-o", str(app))
    assert (ran.code, ran.out) == (2, "")
    assert "app.yaml there was not written by crenel harden" in ran.err
    assert crenel("harden", "-f", str(app), "-o", "json").code == 2
    assert crenel("harden", "-f", str(app), "--api-server", "nowhere").code == 2
    assert sorted(path.name for path in app.iterdir()) == ["app.yaml"]


def test_intents_beside_the_manifests(app: Path) -> None:
    """Statements beside the input are needs and bans; one that a need contradicts is told, and the exit code is 1."""
    (app / "crenel.yaml").write_text(
        "schema: crenel/intents/v1\nintents:\n"
        "  - {name: monitoring, allow: {from: 192.0.2.0/24, to: 'shop/db:9187'}}\n"
        "  - {name: apart, deny: {from: shop/web, to: shop/db}}\n"
    )
    ran = crenel("harden", "-f", str(app))
    assert ran.code == 1
    assert "intent monitoring (crenel.yaml:3)" in ran.out
    assert "shop/web -> shop/db TCP/5432 is needed, and apart forbids it: it is closed" in ran.out


def test_flows_are_needs(app: Path) -> None:
    """What was observed is a need, with how often it was seen."""
    flows = app.parent / "flows.csv"
    flows.write_text("source,destination,protocol,port\nshop/db,shop/web,TCP,8080\nshop/db,shop/web,TCP,8080\n")
    ran = crenel("harden", "-f", str(app), "--flows", str(flows), "--format", "json")
    needs = {(each["source"], each["target"], each["traffic"]): each for each in json.loads(ran.out)["needs"]}
    assert needs["shop/db", "shop/web", "TCP/8080"]["evidence"][0] == {
        "kind": "observed", "says": "seen 2 times", "file": None, "line": None,
    }  # fmt: skip


def test_only_what_is_hardened_is_said_to_stay_closed(app: Path) -> None:
    """Of namespaces that get no policies nothing is said to stay closed."""
    pods = "".join(
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: {name}, labels: {{app: p}}}}\n"
        "spec: {containers: [{name: p, image: example/p, ports: [{name: metrics, containerPort: 9000}]}]}\n"
        for name in ("a", "b")
    )
    (app / "more.yaml").write_text(pods)
    said = {
        names: {
            each["subject"]
            for each in json.loads(crenel("harden", "-f", str(app), *names, "--format", "json").out)["uncertain"]
        }
        for names in ((), ("-n", "a"))
    }
    assert said == {(): {"a", "b"}, ("-n", "a"): {"a"}}


def test_nothing(tmp_path: Path) -> None:
    """Without a workload nothing is examined."""
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    assert crenel("harden", "-f", str(tmp_path)).code == 3


@needs_namespaces
def test_lab(app: Path) -> None:
    """Real packets: what is needed connects, everything else is an observed drop."""
    found = json.loads(crenel("harden", "-f", str(app), "--lab", "--format", "json").out)["lab"]
    assert found["connected"] > 0
    assert found["dropped"] > 0
    assert found["probes"] == found["connected"] + found["dropped"]
    assert found["disagreements"] == []


def test_preview(app: Path) -> None:
    """Replayed flows are no needs; each that would break is listed with what blocks it, and the exit code is 1."""
    flows = app.parent / "flows.csv"
    flows.write_text("source,destination,protocol,port\nshop/web,shop/db,TCP,5432\nshop/db,shop/web,TCP,8080\n")
    ran = crenel("harden", "-f", str(app), "--preview", str(flows))
    assert ran.code == 1
    assert (
        "\nWhat was seen and would break\n"
        "  shop/db to shop/web TCP/8080, 1 record\n"
        "      networkpolicy shop/default-deny isolates shop/db for egress and no rule of it allows this "
        "(shop/default-deny.yaml:10)\n"
        "      networkpolicy shop/default-deny isolates shop/web for ingress and no rule of it allows this "
        "(shop/default-deny.yaml:10)\n"
    ) in ran.out
    assert "\n  1 of 2 observed connections would break.\n" in ran.out
    assert "shop/web  in   *, 0.0.0.0/0: all  shop/db" in ran.out
    markdown = crenel("harden", "-f", str(app), "--preview", str(flows), "--format", "md").out
    assert "### What was seen and would break\n\n| Connection | Blocked by |\n" in markdown
    found = msgspec.json.decode(
        crenel("harden", "-f", str(app), "--preview", str(flows), "--format", "json").out, type=Hardening
    )
    assert found.preview is not None
    assert [each.observed.source for each in found.preview.broken] == ["shop/db"]
    assert found.preview.kept == 1


def test_preview_beside_needs(app: Path) -> None:
    """What is given as needs as well does not break."""
    flows = app.parent / "flows.csv"
    flows.write_text("source,destination,protocol,port\nshop/db,shop/web,TCP,8080\n")
    ran = crenel("harden", "-f", str(app), "--flows", str(flows), "--preview", str(flows))
    assert (ran.code, "would break" in ran.out) == (0, False)
    assert crenel("harden", "-f", str(app), "--flows", "-", "--preview", "-").code == 2
