"""`crenel snapshot`, and the other commands on a live cluster: over TLS, from the project's own API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from apiserver import Server
from apiserver.harness import Harness, thing
from cli import shop
from command import crenel


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Harness]:
    """A cluster with the shop in it."""
    with Server() as server:
        harness = Harness(server, tmp_path)
        harness.put(*yaml.safe_load_all(shop.APP), *yaml.safe_load_all(shop.POLICY))
        harness.put(thing("v1", "Secret", "password", "data", data={"password": "aHVudGVyMg=="}))
        yield harness


def test_a_snapshot_answers_as_the_cluster_does(live: Harness, tmp_path: Path) -> None:
    """What is saved can be read back with `-f`, says the same, and holds no secret."""
    config = live.kubeconfig()
    ran = crenel("snapshot", "-o", "cluster.json", "--kubeconfig", config, cwd=tmp_path)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines()[0] == "context: test"
    assert ran.err.splitlines()[-1].startswith("cluster.json: ")
    text = (tmp_path / "cluster.json").read_text()
    assert "aHVudGVyMg" not in text
    question = ("can", "shop/cart", "data/db:5432", "-o", "json")
    saved = json.loads(crenel(*question, "-f", "cluster.json", cwd=tmp_path).out)
    asked = json.loads(crenel(*question, "--kubeconfig", config).out)
    assert saved["outcome"] == asked["outcome"] == "allowed"
    assert crenel("diff", "cluster.json", "live", "--kubeconfig", config, cwd=tmp_path).code == 0


def test_a_file_is_not_replaced(live: Harness, tmp_path: Path) -> None:
    """A snapshot never destroys a file, unless it is told to; stdout takes one too."""
    (tmp_path / "mine").write_text("precious")
    arguments = ("snapshot", "-o", "mine", "--kubeconfig", live.kubeconfig())
    ran = crenel(*arguments, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("crenel: mine exists already\nhint: --force replaces it\n")
    assert (tmp_path / "mine").read_text() == "precious"
    assert crenel(*arguments, "--force", cwd=tmp_path).code == 0
    printed = crenel("snapshot", "-o", "-", "--kubeconfig", live.kubeconfig())
    assert json.loads(printed.out)["kind"] == "List"


def test_no_cluster(tmp_path: Path) -> None:
    """Without a kubeconfig there is no file, and one line says why."""
    ran = crenel("snapshot", "-o", "cluster.json", cwd=tmp_path, HOME=str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: no kubeconfig was found")
    assert not (tmp_path / "cluster.json").exists()


def test_the_context_is_named(live: Harness) -> None:
    """The map of a live cluster names its context on stderr, and is else the map of its manifests."""
    ran = crenel("map", "--kubeconfig", live.kubeconfig())
    assert (ran.code, ran.err) == (0, "context: test\n")
    assert ran.out.endswith("shop/cart  data/db      TCP/5432\n")
