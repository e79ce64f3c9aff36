"""Snapshots: written once, the same text every time, without secrets, and read back as they were taken."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import crenel
from apiserver import Rights, Rule, Server, User
from apiserver.harness import Harness, errors, names, pod, thing
from crenel.provenance import Origin, Severity, Unreadable
from crenel.sources import files, snapshot
from crenel.sources.document import Document, Reading

OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u-1", "controller": True}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Harness]:
    with Server() as server:
        harness = Harness(server, tmp_path)
        harness.put(thing("v1", "Namespace", "shop"))
        for name in ("web", "db"):
            item = pod(name, status={"phase": "Running", "podIP": f"10.0.0.{len(name)}"})
            item["metadata"] |= {"labels": {"app": name}, "ownerReferences": [OWNER], "generation": 1}
            item["spec"]["containers"][0]["env"] = [{"name": "DB_PASSWORD", "value": "hunter2"}]
            harness.put(item)
        policy = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}
        harness.put(thing("networking.k8s.io/v1", "NetworkPolicy", "db", "shop", spec=policy))
        yield harness


def reading(*items: dict[str, Any]) -> Reading:
    return Reading([Document(each, Origin("context test"), served=True) for each in items], examined=1)


def again(path: Path) -> Reading:
    return snapshot.from_documents(files.read([str(path)]))


def test_a_snapshot_is_read_back_with_the_same_answers(live: Harness) -> None:
    """Objects, owners, addresses and verdicts survive; objects count as accepted by an API server."""
    path = live.directory / "snapshot.json"
    taken = live.read()
    snapshot.take(taken, path, context="test", server_version="v1.36.2")
    found = again(path)
    assert errors(found) == [] and all(each.served for each in found.documents)
    [web] = [each.data for each in found.documents if each.data["metadata"]["name"] == "web"]
    assert web["metadata"]["ownerReferences"] == [OWNER] and web["metadata"]["uid"]
    assert web["status"] == {"phase": "Running", "podIP": "10.0.0.3"}
    assert sorted(names(found, "Pod")) == sorted(names(taken, "Pod"))
    net = crenel.load(str(path))
    assert net.can("shop/web", "shop/db", "TCP/5432").allowed is False
    assert net.can("shop/db", "shop/web", "TCP/80").allowed is True


def test_what_could_not_be_read_is_unreadable_again(live: Harness) -> None:
    """Unknown stays unknown in a file."""
    live.server.api.tokens["some"] = User("some", rights=Rights([Rule(("get", "list"), [""], ["pods", "namespaces"])]))
    taken = live.read(user={"token": "some"})
    path = live.directory / "snapshot.json"
    snapshot.take(taken, path)
    found = again(path)
    assert Unreadable("networking.k8s.io", "NetworkPolicy", None, "forbidden") in found.unreadable
    assert set(found.unreadable) == set(taken.unreadable)
    assert not [each for each in found.documents if each.data["apiVersion"] == snapshot.API_VERSION]


def test_the_same_cluster_gives_the_same_text(live: Harness) -> None:
    """Whatever the order of the lists, and however often an object was touched without a change."""
    first = snapshot.render(live.read(), context="test")
    live.put(*(each.data for each in reversed(live.read().documents) if each.data["kind"] == "Pod"))
    taken = live.read()
    taken.documents.reverse()
    assert snapshot.render(taken, context="test") == first
    assert b"resourceVersion" not in first
    dated = {item["kind"] for item in json.loads(first)["items"] if "creationTimestamp" in item.get("metadata", {})}
    assert dated == {"Pod"}, "it says since when the pod has its addresses"


def test_no_secret_is_in_a_snapshot(live: Harness) -> None:
    """Neither Secrets nor secret values, nor kubectl's copy of an object."""
    taken = live.read()
    copy = thing("v1", "Service", "s", "shop")
    copy["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "hunter2", "team": "a"}
    taken.extend(reading(thing("v1", "Secret", "s", "shop", data={"password": "aHVudGVyMg=="}), copy))
    text = snapshot.render(taken)
    assert b"hunter2" not in text and b"aHVudGVyMg" not in text and b'"Secret"' not in text
    assert b"REDACTED" in text and b'"team": "a"' in text


def test_a_snapshot_is_a_list_that_says_where_it_is_from() -> None:
    """JSON, one List; the header has context, version and the time that the caller stated."""
    text = snapshot.render(reading(pod("web")), context="prod", server_version="v1.36.2", taken="2026-01-01T00:00:00Z")
    document = json.loads(text)
    assert (document["apiVersion"], document["kind"]) == ("v1", "List")
    header, web = document["items"]
    assert header["spec"] == {"context": "prod", "serverVersion": "v1.36.2", "taken": "2026-01-01T00:00:00Z"}
    assert web["metadata"]["name"] == "web" and text.endswith(b"}\n")


def test_who_reads_a_snapshot_is_told_what_it_is_of(tmp_path: Path) -> None:
    """A notice names context, version and time."""
    path = tmp_path / "snapshot.json"
    snapshot.take(reading(pod("web")), path, context="prod", server_version="v1.36.2", taken="2026-01-01")
    notices = [each.message for each in again(path).problems if each.severity is Severity.NOTICE]
    assert notices == ["a snapshot of context prod, v1.36.2, 2026-01-01"]


def test_the_file_is_private_and_never_replaces_another(tmp_path: Path) -> None:
    """Only its owner may read it; an existing file is left alone unless that is wanted; nothing is left behind."""
    path = tmp_path / "snapshot.json"
    snapshot.take(reading(pod("one")), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError, match="exists already"):
        snapshot.take(reading(pod("two")), path)
    assert b'"one"' in path.read_bytes()
    snapshot.take(reading(pod("two")), path, force=True)
    assert b'"two"' in path.read_bytes() and b'"one"' not in path.read_bytes()
    assert [each.name for each in tmp_path.iterdir()] == ["snapshot.json"]


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two commands that write the same file cannot overwrite each other."""
    path = tmp_path / "snapshot.json"
    original = snapshot.render

    def render(*args: Any, **kwargs: Any) -> bytes:
        path.write_text("theirs")
        return original(*args, **kwargs)

    monkeypatch.setattr(snapshot, "render", render)
    with pytest.raises(FileExistsError):
        snapshot.take(reading(pod("web")), path)
    assert path.read_text() == "theirs" and len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_not_there_is_an_oserror(tmp_path: Path) -> None:
    """The command makes one line of it."""
    with pytest.raises(FileNotFoundError):
        snapshot.take(reading(pod("web")), tmp_path / "missing" / "snapshot.json")


@pytest.mark.parametrize(
    ("kind", "spec", "said"),
    [
        ("Unreadable", {"kind": 7}, "this part of a snapshot cannot be read"),
        ("Other", {}, "crenel/v1 has no kind 'Other'"),
    ],
)
def test_a_damaged_or_newer_snapshot_is_an_error(kind: str, spec: dict[str, Any], said: str) -> None:
    """What cannot be understood must not be taken for known."""
    item = {"apiVersion": "crenel/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    [message] = errors(snapshot.from_documents(reading(item)))
    assert said in message


def test_files_without_a_snapshot_are_left_alone() -> None:
    """Plain manifests are not served by anyone."""
    given = Reading([Document(pod("web"), Origin("a.yaml"))], examined=1)
    found = snapshot.from_documents(given)
    assert found.documents == given.documents and not found.documents[0].served
