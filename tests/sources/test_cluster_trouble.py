"""A network and a server in trouble: every request ends in time, and what went wrong is one line."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apiserver import Answer, CloseEarly, Drip, Fault, Hang, Raw, Server
from apiserver.certificates import stranger
from apiserver.harness import Harness, errors, names, notices, pod, thing
from apiserver.messages import Request
from apiserver.proxy import Proxy
from crenel.provenance import Unreadable
from crenel.sources import cluster
from crenel.sources.cluster_kinds import Kind

PODS = [Kind("", "Pod", "pods")]
NOT_REACHED = "the cluster was not reached"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Harness]:
    with Server() as server:
        harness = Harness(server, tmp_path)
        harness.put(pod("web"))
        yield harness


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Hang(), "no answer to GET /api/v1 for 1 s"),
        (Drip(), "the answer to GET /api/v1 did not end within 2 s"),
        (CloseEarly(), "the answer is no HTTP, or ends too early"),
        (Raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "the answer is no HTTP, or ends too early"),
        (Raw(b""), "the answer is no HTTP, or ends too early"),
        (Answer(200, "hello"), "this is not what a Kubernetes API server answers"),
        (Answer(302, {}, {"Location": "https://login.test/"}), "status 302"),
        (Answer(500, {"message": "etcd is\nunwell"}), "status 500: etcd is unwell"),
    ],
)
def test_a_server_in_trouble_is_one_line_in_time(live: Harness, fault: Fault, said: str) -> None:
    """Whatever a server does, reading ends soon, with one error, and everything is unknown."""
    live.server.fail("", fault)
    begun = time.monotonic()
    reading = live.read()
    assert time.monotonic() - begun < 6
    [message] = errors(reading)
    assert said in message and message.startswith(f"context test: {live.server.url}: ")
    assert {each.reason for each in reading.unreadable} == {NOT_REACHED} and reading.documents == []


@pytest.mark.parametrize("fault", [CloseEarly(), Raw(b"")])
def test_a_connection_that_breaks_twice_is_made_again(live: Harness, fault: Fault) -> None:
    """A load balancer that drops a connection costs nothing."""
    live.server.fail("^/api/v1/pods", fault, times=2)
    assert names(live.read(kinds=PODS), "Pod") == ["web"]


@pytest.mark.parametrize("fault", [CloseEarly(), Answer(200, {"items": [7]}), Answer(500), Answer(200, "garbage")])
def test_one_list_that_breaks_leaves_the_others(live: Harness, fault: Fault) -> None:
    """The kind that could not be read is an error and unreadable; the rest is there."""
    live.server.fail("^/api/v1/services", fault)
    reading = live.read()
    assert names(reading, "Pod") == ["web"]
    assert [(each.kind, each.namespace) for each in reading.unreadable] == [("Service", None)]
    [message] = errors(reading)
    assert "/api/v1/services" in message and message.endswith("what it could change is unknown")


def test_a_server_that_stops_answering_is_waited_for_once(live: Harness) -> None:
    """After one list has hung, the others do not each wait for the same."""
    live.server.fail("^/(api/v1|apis/[^/]+/v[^/]+)/[a-z]+", Hang())
    begun = time.monotonic()
    reading = live.read()
    assert time.monotonic() - begun < 5
    assert len(errors(reading)) < 5
    assert {each.reason for each in reading.unreadable} == {NOT_REACHED}


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(live: Harness, status: int) -> None:
    """Retry-After is honoured."""
    live.server.fail("^/api/v1/pods", Answer(status, headers={"Retry-After": "1"}), times=1)
    begun = time.monotonic()
    assert names(live.read(kinds=PODS), "Pod") == ["web"]
    assert time.monotonic() - begun >= 1


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}])
def test_a_server_that_stays_busy_is_given_up_in_time(live: Harness, headers: dict[str, str]) -> None:
    """Patience is bounded, whatever the server asks for."""
    live.server.fail("^/api/v1/pods", Answer(429, {"message": "slow down"}, headers))
    begun = time.monotonic()
    reading = live.read(kinds=PODS)
    assert time.monotonic() - begun < 4
    assert "status 429: slow down" in errors(reading)[0]


def expire(live: Harness) -> Any:
    """Compact away the revision that a list is being read at."""

    def compact(request: Request) -> None:
        del request
        live.server.api.store.compact()

    return compact


def test_a_list_that_expires_midway_is_begun_again(live: Harness) -> None:
    """After a 410 no pod is missing and none is there twice."""
    live.put(*(pod(f"web-{number:02}") for number in range(20)))
    live.server.before("/api/v1/pods.*continue", expire(live), after=1)
    reading = live.read(kinds=PODS, limits=cluster.Limits(page=5))
    assert names(reading, "Pod") == ["web", *(f"web-{number:02}" for number in range(20))]
    assert reading.problems == []


def test_a_list_that_expires_again_is_finished_with_a_notice(live: Harness) -> None:
    """The second time the rest is read as it is now, and the reader is told."""
    live.put(*(pod(f"web-{number:02}") for number in range(20)))
    live.server.before("/api/v1/pods.*continue", expire(live), times=2, after=1)
    reading = live.read(kinds=PODS, limits=cluster.Limits(page=5))
    assert len(names(reading, "Pod")) == len(set(names(reading, "Pod"))) == 21
    assert notices(reading) == ["the list of pods expired twice: its parts are of different moments"]


def test_a_list_that_expires_without_a_way_on_is_unreadable(live: Harness) -> None:
    """A server that offers no token for the rest leaves the kind unknown."""
    live.put(*(pod(f"web-{number:02}") for number in range(20)))
    live.server.fail("/api/v1/pods.*continue", Answer(410, {"message": "gone"}))
    reading = live.read(kinds=PODS, limits=cluster.Limits(page=5))
    assert reading.documents == [] and [each.kind for each in reading.unreadable] == ["Pod"]
    assert "status 410: gone" in errors(reading)[0]


def test_a_list_that_leads_back_to_its_own_page_ends(live: Harness) -> None:
    """A server that repeats its continue token is not followed for ever."""
    live.server.fail("/api/v1/pods", Answer(200, {"metadata": {"continue": "again"}, "items": []}))
    assert "leads back to its own page" in errors(live.read(kinds=PODS))[0]


def test_a_login_that_expires_midway_leaves_the_rest_unknown(live: Harness) -> None:
    """What was read stays; what was not is unreadable, with one error in all."""
    live.server.fail("^/(api/v1|apis/[^/]+/v[^/]+)/(?!namespaces|pods)[a-z]+", Answer(401, {}))
    live.put(thing("v1", "Namespace", "shop"))
    reading = live.read(limits=cluster.Limits(connections=1))
    assert names(reading, "Namespace") == ["shop"]
    assert Unreadable("networking.k8s.io", "NetworkPolicy", None, NOT_REACHED) in reading.unreadable
    assert len(errors(reading)) == 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


ADDRESSES = {
    "no server at the port": ("https://127.0.0.1:{port}", "no connection: Connection refused"),
    "a name without an address": ("https://cluster.invalid", "the name cluster.invalid has no address"),
    "a login in the address": ("https://ann:hunter2@127.0.0.1:{port}", "no connection: Connection refused"),
    "no address": ("", "the cluster cannot be used: it names no server"),
    "another protocol": ("ftp://127.0.0.1", "is no http or https address"),
    "no port": ("https://127.0.0.1:http", "is no http or https address"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_that_leads_nowhere_is_one_line(live: Harness, name: str) -> None:
    """A wrong address is said as such."""
    address, said = ADDRESSES[name]
    [message] = errors(live.read(cluster_={"server": address.format(port=free_port())}))
    assert said in message and "hunter2" not in message


def test_a_port_that_does_not_speak_tls_is_given_up_in_time(tmp_path: Path) -> None:
    """A handshake that never ends is no connection."""
    with Server(tls=False) as server:
        [message] = errors(Harness(server, tmp_path).read(cluster_={"server": f"https://127.0.0.1:{server.port}"}))
    assert "no connection within 2 s" in message


def test_a_certificate_of_another_authority_is_not_accepted(live: Harness) -> None:
    """The server is checked against the kubeconfig's authority."""
    [message] = errors(live.read(cluster_={"certificate-authority": str(stranger().authority)}))
    assert "the server's certificate is not accepted: " in message


def test_without_an_authority_the_system_is_asked(live: Harness) -> None:
    """A private certificate is not accepted by the machine's own authorities."""
    [message] = errors(live.read(cluster_={"certificate-authority": None}))
    assert "the server's certificate is not accepted: " in message


def test_an_unchecked_certificate_is_a_notice(live: Harness) -> None:
    """insecure-skip-tls-verify is honoured, and the reader of the answer knows."""
    reading = live.read(cluster_={"certificate-authority": None, "insecure-skip-tls-verify": True}, kinds=PODS)
    assert names(reading, "Pod") == ["web"]
    assert notices(reading) == ["the server's certificate is not checked (insecure-skip-tls-verify)"]


def test_the_name_of_the_server_may_be_stated(live: Harness) -> None:
    """tls-server-name is what the certificate must be for."""
    assert names(live.read(cluster_={"tls-server-name": "api.test"}, kinds=PODS), "Pod") == ["web"]
    [message] = errors(live.read(cluster_={"tls-server-name": "other.test"}, kinds=PODS))
    assert "the server's certificate is not accepted: " in message


def test_a_proxy_is_used(live: Harness) -> None:
    """proxy-url leads every request through it, TLS from end to end."""
    with Proxy() as proxy:
        reading = live.read(cluster_={"proxy-url": f"http://127.0.0.1:{proxy.port}"}, kinds=PODS)
    assert names(reading, "Pod") == ["web"]
    assert set(proxy.targets) == {f"127.0.0.1:{live.server.port}"}


def test_a_proxy_that_refuses_is_named_without_its_password(live: Harness) -> None:
    """The line says that it was the proxy."""
    with Proxy("407 Proxy Authentication Required") as proxy:
        reading = live.read(cluster_={"proxy-url": f"http://ann:hunter2@127.0.0.1:{proxy.port}"}, kinds=PODS)
    [message] = errors(reading)
    assert "the proxy refuses: 407" in message and "hunter2" not in message


def test_a_proxy_that_cannot_be_one_is_one_line(live: Harness) -> None:
    """A scheme that nobody speaks is said at once."""
    [message] = errors(live.read(cluster_={"proxy-url": "gopher://ann:hunter2@proxy"}))
    assert message == "context test: the proxy-url 'gopher://proxy' cannot be used"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"insecure-skip-tls-verify": True}, "only one may be given"),
        ({"certificate-authority": "/nowhere/ca.crt"}, "the certificate authority at /nowhere/ca.crt: No such file"),
        ({"certificate-authority-data": "eA=="}, "a certificate authority that is no PEM certificate"),
    ],
)
def test_an_authority_that_cannot_be_used_is_one_line(live: Harness, settings: dict[str, Any], said: str) -> None:
    """What is wrong with it is said."""
    [message] = errors(live.read(cluster_=settings))
    assert said in message
