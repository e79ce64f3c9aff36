"""Rules that speak of DNS names, in all policies that have such, and names that belong to whoever asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from crenel.audit.finding import Thing
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.policies import AdminPolicy, ForeignPolicy
from crenel.provenance import FieldPath

_REGISTRIES = ("co", "com", "net", "org", "gov", "edu", "ac", "ne", "or", "go")
"""Second labels under which registries of countries hand out names: ``co.uk``, ``com.au``."""

SHARED = (
    "amazonaws.com", "s3.amazonaws.com", "s3.*.amazonaws.com", "s3-website*.amazonaws.com", "elb.amazonaws.com",
    "*.elb.amazonaws.com", "execute-api.*.amazonaws.com", "dkr.ecr.*.amazonaws.com", "compute.amazonaws.com",
    "*.compute.amazonaws.com", "on.aws", "lambda-url.*.on.aws", "cloudfront.net", "elasticbeanstalk.com",
    "*.elasticbeanstalk.com", "amplifyapp.com", "awsapprunner.com", "blob.core.windows.net", "file.core.windows.net",
    "queue.core.windows.net", "table.core.windows.net", "web.core.windows.net", "*.web.core.windows.net",
    "core.windows.net", "windows.net", "azureedge.net", "azurefd.net", "azurewebsites.net", "cloudapp.net",
    "cloudapp.azure.com", "*.cloudapp.azure.com", "trafficmanager.net", "azurecontainerapps.io", "googleapis.com",
    "storage.googleapis.com", "googleusercontent.com", "appspot.com", "run.app", "*.run.app", "cloudfunctions.net",
    "web.app", "firebaseapp.com", "firebaseio.com", "github.io", "githubusercontent.com", "gitlab.io", "herokuapp.com",
    "fastly.net", "fastlylb.net", "akamaized.net", "akamaihd.net", "edgekey.net", "edgesuite.net", "b-cdn.net",
    "workers.dev", "pages.dev", "r2.dev", "r2.cloudflarestorage.com", "*.r2.cloudflarestorage.com", "trycloudflare.com",
    "vercel.app", "netlify.app", "onrender.com", "fly.dev", "ngrok.io", "ngrok-free.app", "ngrok.app",
    "digitaloceanspaces.com", "*.digitaloceanspaces.com", "ondigitalocean.app", "backblazeb2.com",
    "*.backblazeb2.com", "wasabisys.com", "s3.wasabisys.com", "linodeobjects.com", "*.linodeobjects.com",
    "supabase.co", "dropboxusercontent.com", "duckdns.org", "nip.io", "sslip.io",
)  # fmt: skip
"""Domains under which anybody can have a name, or whose servers answer for everybody's: clouds, hosts of pages, content
delivery networks, tunnels, dynamic DNS (most of them in the private section of publicsuffix.org)."""


@dataclass(frozen=True, slots=True)
class ByName:
    """One name, or pattern of names, in an egress rule."""

    thing: Thing
    name: str
    field: FieldPath
    denies: bool = False


def broad(pattern: str) -> str:
    """Whose names a pattern takes in beside those that were meant; empty for a plain name or a domain of one owner."""
    text = pattern.lower().rstrip(".")
    if "*" not in text:
        return ""
    suffix = text.rpartition("*")[2].lstrip(".")
    labels = suffix.split(".")
    if not suffix:
        return "every name, or every ending of one"
    if len(labels) == 1 or (len(labels) == 2 and labels[0] in _REGISTRIES and len(labels[1]) == 2):
        return f"every name under {suffix}"
    if any(fnmatchcase(suffix, each) or each.endswith(f".{suffix}") for each in SHARED):
        return f"names under {suffix}, where anybody can have one"
    return ""


def shared(name: str) -> str:
    """The domain of `SHARED` that a plain name is under; empty where it is under none."""
    rest = name.lower().rstrip(".")
    while "." in rest:
        rest = rest.partition(".")[2]
        if any(fnmatchcase(rest, each) for each in SHARED):
            return rest
    return ""


def by_name(decoded: Decoded) -> Iterator[ByName]:
    """All names in egress rules that allow or deny."""
    for admin in decoded.admin_policies:
        yield from _admin(admin)
    for policy in decoded.foreign_policies:
        group = policy.api_version.rpartition("/")[0]
        match group, policy.kind:
            case "cilium.io", _:
                yield from _cilium(policy)
            case (("projectcalico.org" | "crd.projectcalico.org"), ("NetworkPolicy" | "GlobalNetworkPolicy")):
                yield from _calico(policy)
            case ("k8s.ovn.org", "EgressFirewall") | ("network.openshift.io", "EgressNetworkPolicy"):
                yield from _firewall(policy)
            case "networking.gke.io", "FQDNNetworkPolicy":
                yield from _google(policy)
            case "networking.k8s.aws", _:
                yield from _amazon(policy)


def specs(policy: ForeignPolicy) -> Iterator[tuple[dict[str, Any], FieldPath]]:
    """The rules of a policy of Cilium: one ``spec``, or several under ``specs``."""
    if set(policy.spec) - {"specs"}:
        yield policy.spec, ("spec",)
    for place, each in items(policy.spec.get("specs")):
        yield each, ("specs", place)


def items(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings of a list with their places; nothing for what is none."""
    for place, each in enumerate(value if isinstance(value, list) else ()):
        if isinstance(each, dict):
            yield place, each


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    for place, each in enumerate(value if isinstance(value, list) else ()):
        if isinstance(each, str):
            yield place, each


def _admin(policy: AdminPolicy) -> Iterator[ByName]:
    for number, rule in enumerate((policy.spec.egress if policy.spec else None) or ()):
        for place, peer in enumerate(rule.to or ()):
            for index, name in enumerate(peer.domain_names or ()):
                field = ("spec", "egress", number, "to", place, "domainNames", index)
                if rule.action in ("Accept", "Allow", "Deny"):
                    yield ByName(policy, name, field, rule.action == "Deny")


def _cilium(policy: ForeignPolicy) -> Iterator[ByName]:
    for spec, path in specs(policy):
        for side in ("egress", "egressDeny"):
            for number, rule in items(spec.get(side)):
                for place, each in items(rule.get("toFQDNs")):
                    for key in ("matchName", "matchPattern"):
                        if isinstance(name := each.get(key), str):
                            field = (*path, side, number, "toFQDNs", place, key)
                            yield ByName(policy, name, field, side == "egressDeny")


def _calico(policy: ForeignPolicy) -> Iterator[ByName]:
    for number, rule in items(policy.spec.get("egress")):
        to = rule.get("destination")
        if rule.get("action") in ("Allow", "Deny") and isinstance(to, dict):
            for place, name in _texts(to.get("domains")):
                field = ("spec", "egress", number, "destination", "domains", place)
                yield ByName(policy, name, field, rule.get("action") == "Deny")


def _firewall(policy: ForeignPolicy) -> Iterator[ByName]:
    for number, rule in items(policy.spec.get("egress")):
        to = rule.get("to")
        if isinstance(to, dict) and isinstance(name := to.get("dnsName"), str):
            yield ByName(policy, name, ("spec", "egress", number, "to", "dnsName"), rule.get("type") == "Deny")


def _google(policy: ForeignPolicy) -> Iterator[ByName]:
    for number, rule in items(policy.spec.get("egress")):
        for place, each in items(rule.get("matches")):
            for key in ("name", "pattern"):
                if isinstance(name := each.get(key), str):
                    yield ByName(policy, name, ("spec", "egress", number, "matches", place, key))


def _amazon(policy: ForeignPolicy) -> Iterator[ByName]:
    for number, rule in items(policy.spec.get("egress")):
        for place, peer in items(rule.get("to")):
            for index, name in _texts(peer.get("domainNames")):
                field = ("spec", "egress", number, "to", place, "domainNames", index)
                yield ByName(policy, name, field, rule.get("action") == "Deny")
