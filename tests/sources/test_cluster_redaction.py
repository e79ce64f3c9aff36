"""Secret values in objects: gone from what is saved; everything that the network needs stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from apiserver.harness import pod, thing
from crenel.sources.cluster_redaction import redact

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
GONE = [
    ("DB_PASSWORD", "hunter2", "REDACTED"),
    ("dbPassword", "hunter2", "REDACTED"),
    ("API_KEY", "abc", "REDACTED"),
    ("GITHUB_PAT", "abc", "REDACTED"),
    ("AWS_SECRET_ACCESS_KEY", "abc/def", "REDACTED"),
    ("DATABASE_URL", "postgres://app:hunter2@db.shop:5432/shop", "postgres://REDACTED@db.shop:5432/shop"),
    ("DATABASE_URL", "postgres://app:p@ss/word@db.shop:5432/shop", "postgres://REDACTED@db.shop:5432/shop"),
    ("DB_DSN", "app:hunter2@tcp(db.shop:3306)/shop", "REDACTED@tcp(db.shop:3306)/shop"),
    ("SLACK_WEBHOOK_URL", "https://hooks.test/services/T0/B0/x", "https://hooks.test/REDACTED"),
    ("CALLBACK", "https://api.test/x?token=abc&n=1", "https://api.test/x?token=REDACTED&n=1"),
    ("OPTIONS", "host=db port=5432 password=hunter2", "host=db port=5432 password=REDACTED"),
    ("NODES", "redis://:a@one:1,redis://:b@two:2", "redis://REDACTED@one:1,redis://REDACTED@two:2"),
    ("JAVA_OPTS", "-Xmx1g -Ddb.password=hunter2 -Dx=y", "-Xmx1g -Ddb.password=REDACTED -Dx=y"),
    ("SCRIPT", "OPTS=--password=hunter2 run", "OPTS=--password=REDACTED run"),
    ("JSON", '{"user":"ann","password":"hunter2"}', '{"user":"ann","password":"REDACTED"}'),
    ("HEADER", f"Bearer {JWT}", "Bearer REDACTED"),
    ("CONFIG", f"x {JWT} y", "x REDACTED y"),
    ("PEM", PEM, "REDACTED"),
    ("AWS_ID", "AKIAIOSFODNN7EXAMPLE", "REDACTED"),
]
KEPT = [
    ("DB_HOST", "db.shop.svc.cluster.local"),
    ("CATALOG_ADDR", "catalog:8080"),
    ("AUTH_SERVICE_ADDR", "auth.shop:443"),
    ("TOKEN_ENDPOINT", "idp.shop:8443"),
    ("SECRET_SERVICE_HOST", "10.96.0.7"),
    ("KEYCLOAK", "http://keycloak.shop:8080/auth"),
    ("PASSWORD_FILE", "/run/secrets/password"),
    ("SECRET_NAME", "db-credentials"),
    ("TOKEN_TTL", "3600"),
    ("ENABLE_TOKENS", "true"),
    ("DB_PASSWORD", "$(PASSWORD_FROM_SECRET)"),
    ("UPSTREAMS", "a:1,b:2;c:3"),
    ("SITE", "http://site.test:8080/@user"),
    ("EMPTY_PASSWORD", ""),
]


def env(name: str, value: str) -> str:
    item = pod("web", spec={"containers": [{"name": "c", "env": [{"name": name, "value": value}]}]})
    redacted: str = redact(item)["spec"]["containers"][0]["env"][0]["value"]
    return redacted


@pytest.mark.parametrize(("name", "value", "left"), GONE)
def test_a_secret_in_the_environment_is_gone(name: str, value: str, left: str) -> None:
    """By the variable's name or by the value's shape; the host that it leads to stays."""
    assert env(name, value) == left


@pytest.mark.parametrize(("name", "value"), KEPT)
def test_what_is_no_secret_stays(name: str, value: str) -> None:
    """Addresses, files, names and switches are what the answers are made of."""
    assert env(name, value) == value


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--password=hunter2", "--host=db"], ["--password=REDACTED", "--host=db"]),
        (["--token", "abc", "--port", "80"], ["--token", "REDACTED", "--port", "80"]),
        (["sh", "-c", "in --token abc && x --db pg://a:b@db/x"], ["sh", "-c", "in --token REDACTED && x --db pg://REDACTED@db/x"]),
        (["sh", "-c", 'export API_KEY="abc"; run'], ["sh", "-c", 'export API_KEY="REDACTED"; run']),
        (["--tls-private-key-file=/pki/tls.key"], ["--tls-private-key-file=/pki/tls.key"]),
        (["--token-ttl", "1h", "--password=$(PASSWORD)"], ["--token-ttl", "1h", "--password=$(PASSWORD)"]),
    ],
)  # fmt: skip
def test_a_secret_in_a_command_is_gone(words: list[str], left: list[str]) -> None:
    """As a flag's value, the next word, or within a line for the shell."""
    item = thing(
        "apps/v1",
        "Deployment",
        "d",
        "shop",
        spec={"template": {"spec": {"containers": [{"args": words, "command": words}]}}},
    )
    [container] = redact(item)["spec"]["template"]["spec"]["containers"]
    assert container == {"args": left, "command": left}


def test_secrets_elsewhere_are_gone() -> None:
    """In annotations, also of a template, HTTP headers of a probe, config maps, and fields that hold nothing else."""
    headers = [{"name": "Authorization", "value": "Basic YWRtaW46aHVudGVyMg=="}, {"name": "Host", "value": "shop.test"}]
    item = pod(
        "web", spec={"containers": [{"livenessProbe": {"httpGet": {"httpHeaders": headers}}}], "x": {"password": "p"}}
    )
    item["metadata"]["annotations"] = {
        "vendor/api-token": "abc",
        "note": "see https://ann:pw@wiki.test",
        "scrape": "true",
    }
    item["spec"]["template"] = {"metadata": {"annotations": {"vendor/api-token": "abc"}}}
    found = redact(item)
    assert found["metadata"]["annotations"] == {
        "vendor/api-token": "REDACTED",
        "note": "see https://REDACTED@wiki.test",
        "scrape": "true",
    }
    assert found["spec"]["template"]["metadata"]["annotations"] == {"vendor/api-token": "REDACTED"}
    assert found["spec"]["containers"][0]["livenessProbe"]["httpGet"]["httpHeaders"] == [
        {"name": "Authorization", "value": "REDACTED"},
        headers[1],
    ]
    assert found["spec"]["x"] == {"password": "REDACTED"}
    settings = thing(
        "v1", "ConfigMap", "cilium-config", "kube-system", data={"etcd-key": "abc", "enable-policy": "default"}
    )
    assert redact(settings)["data"] == {"etcd-key": "REDACTED", "enable-policy": "default"}


@pytest.mark.parametrize(
    "spec",
    [
        {"podSelector": {"matchLabels": {"token": "AKIAIOSFODNN7EXAMPLE"}}, "egress": [{"to": [{"podSelector": {}}]}]},
        {"selector": {"app": "password"}, "ports": [{"name": "key", "port": 80, "targetPort": "key"}]},
        {"matchExpressions": [{"key": "token", "operator": "In", "values": ["a"]}]},
        {"containers": [{"env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}]},
        {"tls": [{"hosts": ["shop.test"], "secretName": "shop-tls"}], "volumes": [{"secret": {"secretName": "s"}}]},
    ],
)  # fmt: skip
def test_selectors_references_and_ports_are_untouched(spec: dict[str, Any]) -> None:
    """A word such as key or token means nothing there."""
    item = thing("v1", "Anything", "x", "shop", spec=spec)
    item["metadata"]["labels"] = {"token": "AKIAIOSFODNN7EXAMPLE"}
    before = copy.deepcopy(item)
    assert redact(item) == before and item == before


def test_the_object_itself_is_left_as_it_is() -> None:
    """Saving a snapshot does not change what was read."""
    item = pod("web", spec={"containers": [{"env": [{"name": "TOKEN", "value": "abc"}]}]})
    redact(item)
    assert item["spec"]["containers"][0]["env"][0]["value"] == "abc"
