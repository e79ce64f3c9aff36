"""Is it enforced? The second answer of every verdict."""

from __future__ import annotations

from collections.abc import Iterable

from crenel.dialects.enforcement import Enforcement
from crenel.dialects.model import Model
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.questions.verdict import Step


def enforced(model: Model, trace: Iterable[Step]) -> bool | None:
    """Whether the cluster's CNI enforces the policies that a verdict rests on; None when that is not known.

    A verdict that rests on no policy needs nobody to enforce it.
    """
    found = {model.enforcement.enforced(step.api) for step in trace if step.api}
    if False in found:
        return False
    return None if None in found else True


def unenforced_notice(decoded: Decoded, enforcement: Enforcement) -> str:
    """One line that says that policies exist which nothing enforces; empty when that is not so."""
    present = {"networkpolicy": len(decoded.network_policies)} | _admin(decoded)
    idle = [f"{count} {api}" for api, count in present.items() if count and enforcement.enforced(api) is False]
    if not idle:
        return ""
    return f"not enforced: {enforcement.cni} does not enforce {' and '.join(idle)} objects of this input"


def unsure_notice(decoded: Decoded, enforcement: Enforcement) -> str:
    """One line that says that nothing is known of who enforces the policies of an input; empty when that is not so."""
    policies: list[NetworkPolicy | AdminPolicy] = [*decoded.network_policies, *decoded.admin_policies]
    if all(enforcement.enforced(api_of(each)) is not None for each in policies):
        return ""
    plugin = f"of {enforcement.cni} that is not known" if enforcement.cni else "the input shows no network plugin"
    return f"what is denied is denied if the policies are enforced: {plugin}"


def api_of(policy: NetworkPolicy | AdminPolicy) -> str:
    """The policy API that a policy belongs to, as its steps call it."""
    if isinstance(policy, NetworkPolicy):
        return "networkpolicy"
    return "clusternetworkpolicy" if policy.kind == "ClusterNetworkPolicy" else "adminnetworkpolicy"


def _admin(decoded: Decoded) -> dict[str, int]:
    kinds = [policy.kind for policy in decoded.admin_policies]
    cluster = kinds.count("ClusterNetworkPolicy")
    return {"adminnetworkpolicy": len(kinds) - cluster, "clusternetworkpolicy": cluster}
