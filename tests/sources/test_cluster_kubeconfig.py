"""Finding the cluster: files, merging, contexts and the service account of a pod."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from apiserver import Server
from apiserver.access import ADMIN
from apiserver.harness import QUICK, Harness, names, pod
from crenel.sources import cluster, kubeconfig
from crenel.sources.cluster_errors import ClusterError
from crenel.sources.cluster_kinds import Kind

PODS = [Kind("", "Pod", "pods")]
SECRET = "hunter2-hunter2"  # noqa: S105 - it opens nothing


def entry(
    name: str, *, server: str = "", user: dict[str, Any] | None = None, current: str | None = None
) -> dict[str, Any]:
    """A kubeconfig with one context, cluster and user of one name."""
    document: dict[str, Any] = {
        "clusters": [{"name": name, "cluster": {"server": server or f"https://{name}"}}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    return document | ({"current-context": current} if current else {})


def write(path: Path, document: Any) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    return str(path)


def failure(context: str | None, path: str | None, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ClusterError) as caught:
        kubeconfig.find(context, path, environment or {})
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


def test_the_current_context_or_the_named_one(tmp_path: Path) -> None:
    """Without a name the current context is taken, with one that."""
    one, two = entry("one", current="one"), entry("two")
    path = write(tmp_path / "config", {key: one[key] + two[key] for key in two} | {"current-context": "one"})
    assert kubeconfig.current_context(path) == "one"
    assert kubeconfig.find("two", path).cluster.server == "https://two"


def test_several_files_are_merged_and_the_first_wins(tmp_path: Path) -> None:
    """A name that two files state is the first one's, whole; the current context too; missing files are skipped."""
    first = entry("a", server="https://first", current="a")
    second = entry("a", server="https://second", user={"token": SECRET}, current="b")
    third = entry("b")
    paths = [write(tmp_path / str(number), each) for number, each in enumerate((first, second, third))]
    environment = {"KUBECONFIG": os.pathsep.join([str(tmp_path / "missing"), "", *paths])}
    access = kubeconfig.find(None, None, environment)
    assert (access.context, access.cluster.server, access.user.token) == ("a", "https://first", "")
    assert kubeconfig.find("b", None, environment).cluster.server == "https://b"


def test_relative_paths_begin_at_the_file_that_states_them(tmp_path: Path) -> None:
    """Each file of a merged kubeconfig has its own folder."""
    user = {"client-certificate": "pki/me.crt", "client-key": "/etc/me.key", "tokenFile": "token"}
    write(tmp_path / "sub" / "config", entry("a", user=user, current="a"))
    found = kubeconfig.find(None, None, {"KUBECONFIG": str(tmp_path / "sub" / "config")}).user
    assert found.client_certificate == str(tmp_path / "sub" / "pki/me.crt")
    assert (found.client_key, found.token_file) == ("/etc/me.key", str(tmp_path / "sub" / "token"))


def test_a_login_program_without_a_slash_is_looked_for_in_the_path(tmp_path: Path) -> None:
    """Only a command with a slash begins at the kubeconfig's folder."""
    for command, expected in (("aws", "aws"), ("./aws", str(tmp_path / "./aws")), ("/bin/aws", "/bin/aws")):
        settings = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command}}
        found = kubeconfig.find(None, write(tmp_path / "config", entry("a", user=settings, current="a"))).user.exec
        assert found and Path(found.command) == Path(expected)


def test_what_is_wrong_with_a_kubeconfig_is_said(tmp_path: Path) -> None:
    """File, place and reason; never a value."""
    path = tmp_path / "config"
    assert failure(None, str(path)) == f"kubeconfig {path}: No such file or directory"
    write(path, f"users:\n- name: a\n  user: {{token: *{SECRET}}}\n")
    assert failure(None, str(path)) == f"kubeconfig {path}:3: this is not valid YAML"
    write(path, entry("a", user={"token": 12345}))
    assert failure(None, str(path)) == f"kubeconfig {path}: users[0].user.token: expected str, got int"
    write(path, "- a list")
    assert failure(None, str(path)) == f"kubeconfig {path}: expected object, got array"
    write(path, "")
    assert failure(None, str(path)) == f"kubeconfig {path} has no current context; name one with --context"
    write(path, entry("a") | {"current-context": "b"})
    assert failure(None, str(path)) == f"kubeconfig {path} has no context 'b': a"
    assert failure("c", str(path)) == f"kubeconfig {path} has no context 'c': a"
    for missing in ("cluster", "user"):
        write(path, {key: value for key, value in entry("a").items() if key != f"{missing}s"})
        assert failure("a", str(path)) == f"kubeconfig {path}: context 'a' names {missing} 'a', which is not there"


def test_empty_lists_and_empty_entries_are_no_failure(tmp_path: Path) -> None:
    """kubectl writes null for an empty list."""
    path = write(tmp_path / "config", entry("a", current="a") | {"users": None, "contexts": [{"name": "a"}], "x": 1})
    assert "names cluster ''" in failure(None, path)


def test_without_any_kubeconfig_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is sent to localhost:8080."""
    monkeypatch.setenv("HOME", str(tmp_path))
    said = "no kubeconfig was found: set KUBECONFIG, name one with --kubeconfig, or read files with -f"
    assert failure(None, None) == said
    assert failure("a", None, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}) == said
    write(tmp_path / ".kube" / "config", entry("home", current="home"))
    assert kubeconfig.current_context(None, {}) == "home"


def test_nothing_secret_is_in_the_text_of_an_access(tmp_path: Path) -> None:
    """A traceback or a log that shows it tells nothing."""
    access = kubeconfig.find(None, write(tmp_path / "config", entry("a", user={"token": SECRET}, current="a")))
    assert SECRET not in repr(access) and SECRET not in repr(access.user)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Harness]:
    with Server() as server:
        server.api.tokens[SECRET] = ADMIN
        harness = Harness(server, tmp_path)
        harness.put(pod("web"))
        yield harness


def test_in_a_pod_the_service_account_is_used(live: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a kubeconfig, and with the environment of a pod, its token and authority are."""
    account = live.directory / "account"
    write(account / "token", SECRET)
    write(account / "ca.crt", live.server.keys.authority.read_text())
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", account)
    monkeypatch.setenv("HOME", str(live.directory))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(live.server.port))
    assert cluster.current_context() == "in-cluster"
    assert names(cluster.read(kinds=PODS, limits=QUICK), "Pod") == ["web"]


def test_in_a_pod_without_a_token_one_line_says_so(tmp_path: Path) -> None:
    """A pod with automountServiceAccountToken: false has none."""
    with pytest.raises(ClusterError, match="this pod has no service account token"):
        kubeconfig.in_cluster({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, tmp_path)


def test_the_address_of_an_ipv6_cluster_is_bracketed(tmp_path: Path) -> None:
    """The environment gives the bare address."""
    write(tmp_path / "token", SECRET)
    access = kubeconfig.in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}, tmp_path)
    assert access.cluster.server == "https://[fd00::1]:6443"
