"""A deliberately naive evaluator of Kubernetes network policies: one point at a time, with loops and `ipaddress` alone.

It shares nothing with the library, so that the two can be held against each other. Where something is not known (the
order of equal priorities, the address of a pod, the names of an address, the node of a pod), it tries every
possibility and answers "unknown" when they differ.
"""

from reference.cluster import Cluster
from reference.evaluate import combined, families, verdict

__all__ = ["Cluster", "combined", "families", "verdict"]
