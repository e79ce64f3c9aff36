"""``crenel.yaml`` is read strictly, and what is wrong with one statement costs nothing but that statement."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.intents import SCHEMA, Allow, Intents, Isolated, Legs, Only, Selection, Tls, Way, read, recognises
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.provenance import Origin

ORIGIN = Origin("crenel.yaml")


def of(*statements: Any, **more: Any) -> Intents:
    """Read one document."""
    return read([({"schema": SCHEMA, "intents": list(statements), **more}, ORIGIN)])


def wrong(*statements: Any, **more: Any) -> list[str]:
    """What is wrong with a document, as lines."""
    return [str(each) for each in of(*statements, **more).problems]


def test_both_ends_of_a_statement() -> None:
    """Ends are texts, mappings or lists of both, kept as they were written."""
    (found,) = of(
        {"name": "a", "reason": "b", "allow": {"from": "shop/web", "to": ["shop/db:5432", "shop/x"]}}
    ).statements
    assert isinstance(found, Allow)
    assert (found.name, found.reason, found.number, found.title) == ("a", "b", 1, "a")
    assert found.sources == (Selection("shop/web", field=("intents", 0, "allow", "from")),)
    assert [each.text for each in found.targets] == ["shop/db:5432", "shop/x"]


def test_labels_are_short_or_whole_selectors() -> None:
    """Labels with values stand for matchLabels; a selector of Kubernetes may be written in full."""
    full = {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}]}
    to = {"namespaceLabels": full, "ports": [80, "53/UDP", "http"]}
    (found,) = of({"only": {"from": {"namespace": ["a", "b"], "labels": {"app": "web"}}, "to": to}}).statements
    assert isinstance(found, Only)
    assert found.sources[0].labels == LabelSelector(match_labels={"app": "web"})
    assert found.sources[0].namespaces == ("a", "b")
    assert found.targets[0].ports == ("80", "53/UDP", "http")
    expressions = found.targets[0].namespace_labels
    assert expressions is not None and expressions.match_expressions is not None
    assert expressions.match_expressions[0].values == ["a"]


def test_a_label_may_be_called_like_a_field() -> None:
    """What has a text for its value is a label, whatever it is called."""
    (found,) = of({"deny": {"from": {"labels": {"matchLabels": "x"}}, "to": "*"}}).statements
    assert found.sources[0].labels == LabelSelector(match_labels={"matchLabels": "x"})  # type: ignore[attr-defined]


def test_isolated_and_tls() -> None:
    """Borders have a way and exemptions, hosts have legs."""
    border, host = of(
        {
            "isolated": {
                "namespace": "a",
                "direction": "in",
                "except": [{"from": "b/x", "to": "a/y:1"}, {"to": "dns:c.d"}],
            }
        },
        {"tls": {"host": "shop.example.com", "legs": "client"}},
    ).statements
    assert isinstance(border, Isolated)
    assert (border.way, len(border.exemptions), border.exemptions[1].sources) == (Way.IN, 2, ())
    assert isinstance(host, Tls)
    assert (host.host, host.legs, host.title) == ("shop.example.com", Legs.CLIENT, "tls 2")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"allow": {"from": "a/b"}}, "intents[0].allow: to is missing"),
        ({"allow": {"from": "a/b", "to": []}}, "intents[0].allow.to: an empty list means nobody"),
        ({"allow": {"from": 7, "to": "a/b"}}, "intents[0].allow.from: has to be a place such as shop/web, or"),
        ({"allow": {"from": "a/b", "to": "a/c", "port": 1}}, "intents[0].allow.port: there is no field 'port' here"),
        ({"permit": {}}, "intents[0]: a statement has exactly one of allow, deny, only, isolated, tls"),
        ({"allow": {}, "deny": {}}, "intents[0]: a statement has exactly one of"),
        ({"deny": {"from": {"namespaces": "a"}, "to": "*"}}, "intents[0].deny.from.namespaces: there is no field"),
        ({"deny": {"from": {"except": "a/b"}, "to": "*"}}, "intents[0].deny.from: has to have one of of, namespace"),
        ({"deny": {"from": {"of": "a/b", "labels": {}}, "to": "*"}}, "intents[0].deny.from.of: of is a place"),
        (
            {"deny": {"from": {"of": "a/b", "ports": 1}, "to": "*"}},
            "intents[0].deny.from.ports: ports belong to the end",
        ),
        ({"deny": {"from": "*", "to": {"of": "a/b", "ports": [True]}}}, "intents[0].deny.to.ports[0]: a port is"),
        ({"deny": {"from": "*", "to": {"of": "a/b", "ports": []}}}, "intents[0].deny.to.ports: an empty list means no"),
        ({"deny": {"from": {"labels": {"a": 1}}, "to": "*"}}, "intents[0].deny.from.labels: not a label selector"),
        (
            {"deny": {"from": {"labels": {"matchExpressions": [{"key": "a", "operator": "In"}]}}, "to": "*"}},
            "intents[0].deny.from.labels.matchExpressions[0]: operator 'In': In with values",
        ),
        (
            {"isolated": {"of": "a/*", "direction": "up"}},
            "intents[0].isolated.direction: has to be one of both, in, out",
        ),
        ({"isolated": {"of": "a/*", "except": [{}]}}, "intents[0].isolated.except[0]: has to have from, to or both"),
        ({"tls": {}}, "intents[0].tls: has to have host or to"),
        ({"tls": {"to": "a/b", "legs": "all"}}, "intents[0].tls.legs: legs are those of a host"),
        ("allow", "intents[0]: has to be a mapping"),
    ],
)
def test_what_is_wrong_is_named(statement: Any, message: str) -> None:
    """The line names the field; the statement beside it is read all the same."""
    good = {"deny": {"from": "*", "to": "a/b"}}
    found = of(statement, good)
    assert [each.verb for each in found.statements] == ["deny"]
    (problem,) = found.problems
    assert str(problem).startswith(f"crenel.yaml: {message}")


def test_documents() -> None:
    """Other versions are refused, other documents passed over, unknown fields and lists that are none named."""
    assert not recognises({"kind": "Pod"})
    assert read([({"kind": "Pod"}, ORIGIN)]) == Intents()
    found = read([({"schema": "crenel/intents/v9"}, ORIGIN)])
    assert "this version reads crenel/intents/v1" in str(found.problems[0])
    assert wrong(more=1) == ["crenel.yaml: more: there is no field 'more' here: schema, intents"]
    (problem,) = read([({"schema": SCHEMA, "intents": {}}, ORIGIN)]).problems
    assert str(problem) == "crenel.yaml: intents: has to be a list of statements"


def test_names_tell_statements_apart() -> None:
    """Two of one name are a warning at the second, over all documents."""
    statement = {"name": "a", "deny": {"from": "*", "to": "a/b"}}
    assert wrong(statement, statement) == ["crenel.yaml: intents[1].name: another statement is called 'a' as well"]
