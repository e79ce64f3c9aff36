"""Node: the part of the pod range that it has.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go (ValidateNode). A node's status is what the
cluster says of itself and is not checked.
"""

from __future__ import annotations

from crenel.kubernetes.objects.workloads import Node
from crenel.kubernetes.validation.addresses import strict_cidr
from crenel.kubernetes.validation.mistakes import Mistake, invalid
from crenel.provenance import FieldPath


def check_node(node: Node, found: list[Mistake]) -> None:
    """The CIDRs of a node's pods."""
    if node.spec is None:
        return
    written: list[tuple[FieldPath, str]] = [(("spec", "podCIDR"), node.spec.pod_cidr)] if node.spec.pod_cidr else []
    written += [(("spec", "podCIDRs", place), text) for place, text in enumerate(node.spec.pod_cidrs or ())]
    found += [invalid(field, text, reason) for field, text in written if (reason := strict_cidr(text))]
