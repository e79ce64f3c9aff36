"""Logging in: client certificate, token, token file, password and login programs."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apiserver import Server
from apiserver.access import ADMIN
from apiserver.certificates import stranger
from apiserver.harness import Harness, errors, names, pod
from apiserver.messages import Request
from crenel.sources import cluster
from crenel.sources.cluster_kinds import Kind

PODS = [Kind("", "Pod", "pods")]
SECRET = "s3cr3t-t0ken-that-nobody-may-see-0123456789"  # noqa: S105 - it opens nothing


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Harness]:
    with Server() as server:
        server.api.tokens[SECRET] = ADMIN
        harness = Harness(server, tmp_path)
        harness.put(pod("web"))
        yield harness


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def program(directory: Path, text: str) -> str:
    """Write a login program in Python."""
    path = directory / "login"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def plugin(program: str, version: str = "v1", **settings: Any) -> dict[str, Any]:
    api_version = f"client.authentication.k8s.io/{version}"
    return {"exec": {"apiVersion": api_version, "command": program, "interactiveMode": "Never"} | settings}


def printing(status: dict[str, Any], version: str = "v1") -> str:
    credential = {"apiVersion": f"client.authentication.k8s.io/{version}", "kind": "ExecCredential", "status": status}
    return f"print({json.dumps(credential)!r})"


def test_a_client_certificate_in_the_kubeconfig_itself(live: Harness) -> None:
    """Certificate, key and authority may be base64 data instead of files."""
    keys = live.server.keys
    user = {
        "client-certificate-data": encoded(keys.certificate("admin")),
        "client-key-data": encoded(keys.key("admin")),
    }
    authority = {"certificate-authority": None, "certificate-authority-data": encoded(keys.authority)}
    assert names(live.read(user, authority, kinds=PODS), "Pod") == ["web"]


def test_a_token(live: Harness) -> None:
    """A bearer token is accepted."""
    assert names(live.read({"token": SECRET}, kinds=PODS), "Pod") == ["web"]


def test_a_token_file_comes_before_a_token_and_is_read_again_when_it_is_refused(live: Harness) -> None:
    """The kubelet writes new tokens into the file; a 401 in between is no failure."""
    path = live.directory / "token"
    path.write_text("old-token\n")

    def rotate(request: Request) -> None:
        del request
        path.write_text(f"{SECRET}\n")

    live.server.before("^/api/v1$", rotate)
    assert names(live.read({"tokenFile": str(path), "token": "wrong"}, kinds=PODS), "Pod") == ["web"]


def test_a_user_name_and_password(live: Harness) -> None:
    """Basic authentication, which some front ends still have."""
    live.server.api.tokens[base64.b64encode(b"ann:pw").decode()] = ADMIN
    assert names(live.read({"username": "ann", "password": "pw"}, kinds=PODS), "Pod") == ["web"]


def test_impersonation_is_passed_on(live: Harness) -> None:
    """Who reads as someone else must not silently read as themselves."""
    keys = live.server.keys
    user = {"client-certificate": str(keys.certificate("admin")), "client-key": str(keys.key("admin"))}
    live.read(user | {"as": "eve", "as-user-extra": {"scopes": ["view"]}}, kinds=PODS)
    headers = live.server.requests[0].headers
    assert headers["impersonate-user"] == "eve" and headers["impersonate-extra-scopes"] == "view"


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_login_program_brings_a_token(live: Harness, version: str) -> None:
    """A program named in the kubeconfig is run with its arguments and environment, and told what is wanted."""
    text = (
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "assert sys.argv[1:] == ['get', 'token'] and os.environ['REGION'] == 'here'\n"
        "assert info['spec']['cluster']['server'].startswith('https://') and not info['spec']['interactive']\n"
        + printing({"token": SECRET}, version)
    )
    user = plugin(
        program(live.directory, text), version, args=["get", "token"], env=[{"name": "REGION", "value": "here"}],
        provideClusterInfo=True,
    )  # fmt: skip
    reading = live.read(user, kinds=PODS)
    assert errors(reading) == [] and names(reading, "Pod") == ["web"]


def test_a_login_program_is_found_beside_the_kubeconfig(live: Harness) -> None:
    """A relative path with a slash begins at the kubeconfig's folder."""
    program(live.directory, printing({"token": SECRET}))
    assert names(live.read(plugin("./login"), kinds=PODS), "Pod") == ["web"]


def test_a_login_program_brings_a_client_certificate(live: Harness) -> None:
    """The certificate of a login program is presented to the server."""
    keys = live.server.keys
    status = {
        "clientCertificateData": keys.certificate("admin").read_text(),
        "clientKeyData": keys.key("admin").read_text(),
    }
    assert names(live.read(plugin(program(live.directory, printing(status))), kinds=PODS), "Pod") == ["web"]


def test_a_login_program_is_run_once_for_all_lists(live: Harness) -> None:
    """Its answer is kept until it expires."""
    text = "open(os.path.dirname(__file__) + '/runs', 'a').write('x')\n" + printing({"token": SECRET})
    live.read(plugin(program(live.directory, text)))
    assert (live.directory / "runs").read_text() == "x"


def test_an_expired_login_is_renewed(live: Harness) -> None:
    """A credential that has expired, or that the server refuses, is obtained once more."""
    folder = "os.path.dirname(__file__) + '/runs'"
    text = f"open({folder}, 'a').write('x')\n" + printing(
        {"token": SECRET, "expirationTimestamp": "2020-01-01T00:00:00Z"}
    )
    assert names(live.read(plugin(program(live.directory, text)), kinds=PODS), "Pod") == ["web"]
    assert len((live.directory / "runs").read_text()) > 1


def test_a_login_that_the_server_refuses_twice_is_given_up(live: Harness) -> None:
    """A program that keeps bringing a wrong token is run twice, not for ever."""
    text = "open(os.path.dirname(__file__) + '/runs', 'a').write('x')\n" + printing({"token": "wrong"})
    reading = live.read(plugin(program(live.directory, text)))
    assert (live.directory / "runs").read_text() == "xx"
    assert len(errors(reading)) == 1 and "(401)" in errors(reading)[0]


WRONG_PROGRAMS = {
    "fails": ("print('no login, run: cloud', file=sys.stderr); sys.exit(3)", "status 3: no login, run: cloud"),
    "tells a secret": (f"print('bad token {SECRET}', file=sys.stderr); sys.exit(1)", "status 1: bad token (hidden)"),
    "hangs": ("time.sleep(60)", "did not end within 1 s"),
    "leaves a child that holds its pipes": ("os.fork() or time.sleep(60); time.sleep(60)", "did not end within 1 s"),
    "prints nonsense": (f"print('{SECRET}')", "did not print an ExecCredential in JSON"),
    "prints another version": (printing({"token": SECRET}, "v1beta1"), "an ExecCredential of client.authentication"),
    "prints nothing useful": (printing({}), "printed neither a token nor a client certificate"),
    "prints half a certificate": (printing({"clientKeyData": SECRET}), "printed a client certificate without its key"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_PROGRAMS)
def test_a_login_program_that_goes_wrong_is_one_line(live: Harness, name: str) -> None:
    """The line says which program, whose, and what; never what it printed as a credential."""
    text, said = WRONG_PROGRAMS[name]
    reading = live.read(plugin(program(live.directory, text)), limits=cluster.Limits(login=1))
    [message] = errors(reading)
    assert said in message and message.startswith("context test: the login program ")
    assert SECRET not in message and "\n" not in message
    assert reading.documents == [] and reading.unreadable


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"command": "no-such-program", "installHint": "get it\nhere"}, "No such file or directory; get it here"),
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "speaks 'client.authentication.k8s.io/v1alpha1'"),
        ({"interactiveMode": "Always"}, "needs a terminal to ask the user"),
        ({"interactiveMode": "Sometimes"}, "has interactiveMode 'Sometimes'"),
    ],
)  # fmt: skip
def test_a_login_program_that_cannot_be_run_is_one_line(
    live: Harness, settings: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the kubeconfig's entry is said before anything is run."""
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        reading = live.read(plugin("true", **settings))
    [message] = errors(reading)
    assert said in message


REFUSED = {
    "a wrong token": {"token": "expired-token"},
    "a certificate of nobody the server knows": "stranger",
    "an unsendable token": {"token": "two\nlines"},
    "a missing token file": {"tokenFile": "/nowhere/token"},
    "a removed way to log in": {"auth-provider": {"name": "gcp", "config": {"access-token": SECRET}}},
    "a certificate without its key": {"client-certificate-data": "eA=="},
    "a certificate that is none": {"client-certificate-data": "eA==", "client-key-data": "eA=="},
    "data that is not base64": {"client-certificate-data": f"!{SECRET}", "client-key-data": "eA=="},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_login_that_cannot_work_is_one_line_without_secrets(live: Harness, name: str) -> None:
    """Nothing is read, everything is unreadable, and no credential is in the message."""
    user = REFUSED[name]
    if not isinstance(user, dict):
        stranger().issue("eve", subject="/CN=admin")
        user = {"client-certificate": str(stranger().certificate("eve")), "client-key": str(stranger().key("eve"))}
    reading = live.read(user)
    [message] = errors(reading)
    assert message.startswith("context test: ") and "\n" not in message
    assert not any(secret in message for secret in (SECRET, "expired-token", "two"))
    assert reading.documents == [] and reading.unreadable


def test_no_credential_is_a_refusal_not_an_empty_cluster(live: Harness) -> None:
    """Someone anonymous is told that everything is forbidden."""
    reading = live.read({})
    assert reading.documents == []
    assert {each.reason for each in reading.unreadable} == {"forbidden"}
