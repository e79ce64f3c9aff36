"""Is it enforced? The second answer of every verdict."""

from __future__ import annotations

from collections.abc import Iterable

from crenel.dialects.enforcement import Enforcement
from crenel.dialects.model import Model
from crenel.kubernetes.decode import Decoded
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


def _admin(decoded: Decoded) -> dict[str, int]:
    kinds = [policy.kind for policy in decoded.admin_policies]
    cluster = kinds.count("ClusterNetworkPolicy")
    return {"adminnetworkpolicy": len(kinds) - cluster, "clusternetworkpolicy": cluster}
