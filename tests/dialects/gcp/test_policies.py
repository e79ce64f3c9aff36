"""Firewall policies: hierarchical, of networks and of regions; in which order, and what they match."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from crenel.questions.verdict import Outcome
from dialects.gcp import samples
from dialects.gcp.asking import A, D, U, outcome, read, text
from dialects.gcp.samples import ACCOUNT, NET, firewall, hierarchical, network_policy, policy_rule

ORDER = "https://docs.cloud.google.com/firewall/docs/firewall-policies-rule-eval-order"
DETAILS = "https://docs.cloud.google.com/firewall/docs/firewall-policies-rule-details"
HIERARCHY = "https://docs.cloud.google.com/firewall/docs/firewall-policies"
TAGS = "https://docs.cloud.google.com/firewall/docs/tags-firewalls-overview"
API = "https://cloud.google.com/compute/docs/reference/rest/v1/firewallPolicies"
OUT, OUT6 = "8.8.8.8", "2a00:1450::1"
ORG, FOLDER, INNER = "organizations/1", "folders/20", "folders/30"
PROJECT = {"projectId": "shop", "projectNumber": "77", "parent": {"type": "folder", "id": "30"}}
FOLDERS = [{"name": FOLDER, "parent": ORG, "displayName": "a"}, {"name": INNER, "parent": FOLDER, "displayName": "b"}]
TREE: list[Any] = [[PROJECT], FOLDERS]
HTTPS = firewall("https", "tcp:443", sourceRanges=["0.0.0.0/0", "::/0"])
CLOSED = firewall("closed", deny=True, priority=1)
FIRST = {"networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL"}


def go(action: str, priority: int = 10, **more: Any) -> dict[str, Any]:
    """A rule for all that comes in."""
    return policy_rule(priority, action, **more)


def at(place: str, action: str, number: str = "5", **more: Any) -> dict[str, Any]:
    """A hierarchical policy of one rule."""
    return hierarchical(f"at-{place.replace('/', '-')}", number, place, go(action, **more))


def of(action: str, name: str = "np", region: str = "", **more: Any) -> dict[str, Any]:
    """A network policy of one rule."""
    return network_policy(name, go(action, **more), region=region)


class Case(NamedTuple):
    """HTTPS from somewhere to `web`, given policies, rules and whether policies come first."""

    says: str
    source: str
    policies: list[Any]
    rules: list[dict[str, Any]]
    expected: Outcome
    sender: str = OUT
    first: bool = False


def from_(**match: Any) -> dict[str, Any]:
    """A policy of the network that allows what matches."""
    return of("allow", match=match)


CASES = [
    # Levels
    Case("a hierarchical denial comes before an allowing rule", ORDER, [at(ORG, "deny"), *TREE], [HTTPS], D),
    Case("a hierarchical allow ends it", ORDER, [at(ORG, "allow"), *TREE], [CLOSED], A),
    Case("goto_next leaves it to the rules", ORDER, [at(ORG, "goto_next"), *TREE], [HTTPS], A),
    Case("which may deny it", ORDER, [at(ORG, "goto_next"), *TREE], [CLOSED], D),
    Case("the organisation comes before folders", ORDER, [at(INNER, "deny", "6"), at(ORG, "allow"), *TREE], [], A),
    Case("outer folders before inner ones", ORDER, [at(INNER, "allow"), at(FOLDER, "deny", "6"), *TREE], [], D),
    Case("goto_next leads to the folder", ORDER, [at(ORG, "goto_next"), at(INNER, "allow", "6"), *TREE], [], A),
    Case("a folder that the project is not in", HIERARCHY, [at("folders/9", "deny"), *TREE], [HTTPS], A),
    Case("another organisation", HIERARCHY, [at("organizations/2", "deny"), *TREE], [HTTPS], A),
    Case("a folder that it may be in", HIERARCHY, [at(FOLDER, "deny")], [HTTPS], U),
    Case("the only organisation is taken to be its own", HIERARCHY, [at(ORG, "deny")], [HTTPS], D),
    Case("of two organisations one is", HIERARCHY, [at(ORG, "deny"), at("organizations/2", "allow", "6")], [HTTPS], U),
    Case("VPC rules come before network policies", ORDER, [of("deny")], [HTTPS], A),
    Case("whichever way they differ", ORDER, [of("allow")], [CLOSED], D),
    Case("network policies come where no rule matches", ORDER, [of("allow")], [firewall("x", "udp:1")], A),
    Case("policies first, if the network says so", ORDER, [of("deny")], [HTTPS], D, first=True),
    Case("they end it too", ORDER, [of("allow")], [CLOSED], A, first=True),
    Case("and leave to the rules what they say nothing of", ORDER, [of("goto_next")], [HTTPS], A, first=True),
    Case("global ones come before regional ones", ORDER, [of("deny", "r", "us-east1"), of("allow")], [], A),
    Case("regional ones after goto_next", ORDER, [of("allow", "r", "us-east1"), of("goto_next")], [], A),
    Case("those of another region do nothing", ORDER, [of("allow", "r", "us-west1")], [], D),
    Case("hierarchical ones before those first", ORDER, [at(ORG, "deny"), *TREE, of("allow")], [], D, first=True),
    Case("a policy of another network", API, [network_policy("np", go("allow"), nets=("x",))], [], D),
    Case("implied deny comes after all", ORDER, [of("goto_next")], [], D),
    # Rules
    Case("the lower number wins", DETAILS, [network_policy("np", go("deny", 2), go("allow", 1))], [], A),
    Case("disabled rules do nothing", DETAILS, [of("allow", disabled=True)], [], D),
    Case("a policy without its rules is not known", API, [{**of("x"), "rules": None}], [], U),
    Case("ports", DETAILS, [network_policy("np", policy_rule(1, "allow", "tcp:80-443"))], [], A),
    Case("other ports", DETAILS, [network_policy("np", policy_rule(1, "allow", "tcp:80"))], [], D),
    Case("IPv6", DETAILS, [from_(srcIpRanges=["2a00::/16"])], [], A, OUT6),
    Case("target accounts", DETAILS, [of("allow", targetServiceAccounts=[ACCOUNT.format("web")])], [], A),
    Case("other accounts", DETAILS, [of("allow", targetServiceAccounts=[ACCOUNT.format("db")])], [], D),
    Case("target networks", DETAILS, [at(ORG, "allow", targetResources=[NET]), *TREE], [], A),
    Case("other networks", DETAILS, [at(ORG, "allow", targetResources=[f"{NET}x"]), *TREE], [], D),
    Case("destination addresses", DETAILS, [from_(srcIpRanges=["0.0.0.0/0"], destIpRanges=["10.0.1.5"])], [], A),
    Case("other ones", DETAILS, [from_(srcIpRanges=["0.0.0.0/0"], destIpRanges=["10.0.1.6"])], [], D),
    Case("inspection may let it through or not", DETAILS, [of("apply_security_profile_group")], [HTTPS], U, first=True),
    Case("an action that nobody knows", API, [of("maybe")], [HTTPS], U, first=True),
    # What only the service knows
    Case("countries", DETAILS, [from_(srcRegionCodes=["DE"])], [], U),
    Case("threat lists", DETAILS, [of("deny", match={"srcThreatIntelligences": ["x"]})], [HTTPS], U, first=True),
    Case("names", DETAILS, [from_(srcFqdns=["example.com"])], [], U),
    Case("addresses besides them are sure", DETAILS, [from_(srcFqdns=["a.b"], srcIpRanges=["8.8.8.8"])], [], A),
    Case("network contexts narrow", DETAILS, [from_(srcNetworkContext="INTERNET", srcIpRanges=["8.8.8.8"])], [], U),
    Case("alone too", DETAILS, [from_(srcNetworkType="INTERNET")], [], U),
    Case("and what they narrow does not match", DETAILS, [from_(srcNetworkType="X", srcIpRanges=["9.9.9.9"])], [], D),
    Case("a rule without a source", API, [from_()], [], U),
    Case("a group that is not in the input", DETAILS, [from_(srcAddressGroups=["projects/p/addressGroups/g"])], [], U),
    Case("a group that is", DETAILS, [
        from_(srcAddressGroups=["projects/p/locations/global/addressGroups/g"]),
        [{"name": "projects/p/locations/global/addressGroups/g", "type": "IPV4", "items": ["8.8.8.0/24"]}],
    ], [], A),
]  # fmt: skip


def documents(case: Case) -> list[Any]:
    """The shop with the rules and policies of a case; without rules, one that is about something else."""
    made = samples.shop(*(case.rules or [firewall("other", "udp:1")]))
    made[0] = [samples.network(**(FIRST if case.first else {}))]
    return [*made, *case.policies]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_policies(case: Case) -> None:
    """What becomes of one connection."""
    made = documents(case)
    assert outcome(made, case.sender, "web") is case.expected, text(made, case.sender, "web")


SECURE = {"name": "tagValues/9", "state": "EFFECTIVE"}
BINDING = {
    "name": "tagBindings/x", "tagValue": "tagValues/9", "tagValueNamespacedName": "1/role/web",
    "parent": "//compute.googleapis.com/projects/77/zones/us-east1-b/instances/11",
}  # fmt: skip


def bound(number: str, value: str = "tagValues/9") -> dict[str, str]:
    """A binding of a secure tag to the instance of a number."""
    return {**BINDING, "tagValue": value, "parent": f"{BINDING['parent'][:-2]}{number}"}


@pytest.mark.parametrize(
    ("says", "bindings", "target", "expected"),
    [
        ("bound to the instance", [bound("11")], "web", A),
        ("known not to be", [bound("12"), bound("11", "tagValues/1")], "web", D),
        ("not known", [], "web", U),
    ],
)
def test_secure_tags_as_targets(says: str, bindings: list[Any], target: str, expected: Outcome) -> None:
    """They count where their bindings are in the input (docs.cloud.google.com, "Secure tags for firewalls")."""
    policy = of("allow", targetSecureTags=[SECURE])
    made = [*samples.shop(firewall("x", "udp:1")), policy, bindings]
    assert outcome(made, OUT, target) is expected, says


@pytest.mark.parametrize(
    ("says", "bindings", "sender", "expected"),
    [
        ("all bindings are known and it has one", [bound("11"), bound("12", "t"), bound("13", "t")], "web", A),
        ("all bindings are known and it has none", [bound("11"), bound("12", "t"), bound("13", "t")], "job", D),
        ("some are not known", [bound("11")], "job", U),
    ],
)
def test_secure_tags_as_sources(says: str, bindings: list[Any], sender: str, expected: Outcome) -> None:
    """The same for the other end."""
    policy = of("allow", match={"srcSecureTags": [SECURE]})
    made = [*samples.shop(firewall("x", "udp:1")), policy, bindings]
    assert outcome(made, sender, "db") is expected, says


def test_rules_whose_target_tags_are_all_gone_are_ignored() -> None:
    """They do not become rules for everyone (API, ``targetSecureTags[].state``)."""
    policy = of("allow", targetSecureTags=[{"name": "tagValues/9", "state": "INEFFECTIVE"}])
    assert outcome([*samples.shop(firewall("x", "udp:1")), policy], OUT, "web") is D


def effective(*policies: dict[str, Any], rules: tuple[dict[str, Any], ...] = (HTTPS,)) -> dict[str, Any]:
    """An answer about what is in effect."""
    return {"firewallPolicys": list(policies), "firewalls": list(rules)}


def in_effect(kind: str, action: str, **more: Any) -> dict[str, Any]:
    """A policy of such an answer."""
    return {"name": "5", "type": kind, "displayName": "x", "rules": [go(action)], **more}


@pytest.mark.parametrize(
    ("says", "answer", "expected"),
    [
        ("rules alone", effective(), A),
        ("hierarchical policies first", effective(in_effect("HIERARCHY", "deny")), D),
        ("several by their priority", effective(
            in_effect("HIERARCHY", "deny", priority=2), in_effect("HIERARCHY", "allow", priority=1)), A),
        ("system policies before the rules", effective(
            in_effect("SYSTEM_REGIONAL", "deny", region="us-east1")), D),
        ("network policies after them", effective(in_effect("NETWORK", "deny")), A),
        ("where no rule matches", effective(in_effect("NETWORK", "allow"), rules=(firewall("x", "udp:1"),)), A),
        ("a region that is not told", effective(
            in_effect("NETWORK_REGIONAL", "allow"), rules=(firewall("x", "udp:1"),)), U),
        ("a network that is not told, of one", effective(in_effect("HIERARCHY", "deny"), rules=()), D),
    ],
)  # fmt: skip
def test_effective_firewalls(says: str, answer: dict[str, Any], expected: Outcome) -> None:
    """The answer is all that guards the network (API, "networks.getEffectiveFirewalls")."""
    made = [*samples.shop(HTTPS)[:4], answer] if answer["firewalls"] else [*samples.shop(HTTPS), answer]
    assert outcome(made, OUT, "web") is expected, says + text(made, OUT, "web")
    assert not [each for each in read(*made).assumptions if "no firewall policies" in each]


def test_an_order_that_is_not_in_the_input_is_assumed() -> None:
    """Without the network, its policies come after its rules, and that is said."""
    made = [*samples.shop(HTTPS)[1:], of("deny")]
    assert outcome(made, OUT, "web") is A
    said = read(*made).assumptions
    assert "network firewall policies come after the vpc firewall rules of main, as is the default" in said


def test_associations_may_come_apart() -> None:
    """As ``gcloud compute firewall-policies associations list`` prints them."""
    policy = {**at("x", "deny"), "associations": []}
    apart = [{"name": "a", "attachmentTarget": ORG, "firewallPolicyId": "5", "displayName": "x"}]
    assert outcome([*samples.shop(HTTPS), policy, apart], OUT, "web") is D


def test_a_policy_rule_is_named_with_its_place() -> None:
    """The step names policy and rule."""
    said = text([*samples.shop(HTTPS), at(ORG, "deny"), *TREE], OUT, "web")
    assert "hierarchical firewall policy at-organizations-1, rule 10 ingress rule 1 denies it (file-5.json)" in said
