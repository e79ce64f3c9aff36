"""Settings out of Secrets, and guesses that something speaks against."""

from __future__ import annotations

from harden.needs.test_rights import operator
from harden.pieces import Object, gathered, remarks, service, shown, workload

STORE = (workload("store-cache", ports=[6379]), service("store-cache", 6379))
KNOWN = workload("known", env={"CACHE_HOST": "store-cache"})


def secretive(name: str) -> Object:
    """A workload with one variable out of a Secret."""
    found = workload("web")
    reference = {"secretKeyRef": {"name": "s", "key": "k"}}
    found["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": name, "valueFrom": reference}]
    return found


def test_a_secret_that_speaks_of_a_service() -> None:
    """A host or a password out of a Secret leads to the one Service that its name speaks of, even if others use it."""
    for name in ("CACHE_URL", "CACHE_PASSWORD"):
        assert "shop/web -> shop/store-cache TCP/6379 ?" in shown(gathered(*STORE, KNOWN, secretive(name)))
    for name in ("CACHE_KEY", "MAIL_URL", "URL"):
        assert not any(line.startswith("shop/web") for line in shown(gathered(*STORE, KNOWN, secretive(name))))


def test_a_secret_that_speaks_of_several() -> None:
    """Where several Services have the word, it is not known which one is meant."""
    more = (workload("other-cache", ports=[6379]), service("other-cache", 6379))
    found = gathered(*STORE, *more, KNOWN, secretive("CACHE_URL"), workload("b", env={"OTHER_URL": "other-cache:6379"}))
    assert not any(line.startswith("shop/web") for line in shown(found))


def test_ports_for_probes_are_for_nobody() -> None:
    """Nobody is guessed to be a client at a port for probes or profiles."""
    keeper = workload("keeper", ports=[(8008, "profiling"), (8080, "http")])
    ports = [{"name": "profiling", "port": 8008}, {"name": "http", "port": 8080}]
    found = shown(gathered(keeper, service("keeper", more={"ports": ports}), workload("caller")))
    assert [line for line in found if "shop/keeper" in line] == ["shop/caller -> shop/keeper TCP/8080 ?"]


def test_who_answers_the_api_server() -> None:
    """Who serves a webhook is not guessed to be a client of others, nor they of it."""
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "m"},
        "webhooks": [{"name": "a.b.c", "clientConfig": {"service": {"namespace": "shop", "name": "op"}}}],
    }  # fmt: skip
    objects = (operator(ports=[8443]), service("op", 443, 8443), hook)
    found = gathered(*objects, workload("keeper", ports=[80]), service("keeper", 80))
    assert [line for line in shown(found) if "shop" in line] == [
        "the control plane, wherever it is -> shop/op TCP/8443"
    ]
    assert "shop/keeper: nobody is known to use it: it is closed to everybody" in remarks(found)
