"""Which class an Ingress belongs to, and so which controller serves it.

Source of the rules: k8s.io/api networking/v1 ``IngressSpec.ingressClassName`` (the older annotation
``kubernetes.io/ingress.class`` has precedence where both are given) and ``IngressClass``; admission plugin
DefaultIngressClass (of several default classes the youngest, then the first by name).
"""

from __future__ import annotations

from dataclasses import dataclass

from crenel.dialects.known import Truth
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.ingress import Ingress, IngressClass

ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT = "ingressclass.kubernetes.io/is-default-class"

NGINX = "k8s.io/ingress-nginx"
ALB = "ingress.k8s.aws/alb"
GCE = "k8s.io/ingress-gce"
AGIC = "azure/application-gateway"
AGC = "alb.networking.azure.io/alb-controller"
_BY_ANNOTATION = {"nginx": NGINX, "alb": ALB, "gce": GCE, "gce-internal": GCE, AGIC: AGIC}
"""Controllers by what their users have always written in the annotation, which needs no IngressClass."""
_BY_NAME = {"alb": ALB, "azure-application-gateway": AGIC, "azure-alb-external": AGC}
"""Controllers that install a class of a fixed name, for inputs that have the Ingresses and not the class."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """The class of one Ingress. `served` is NO where no controller can take it; `reason` says why."""

    name: str = ""
    controller: str = ""
    served: Truth = Truth.YES
    reason: str = ""


def belonging(ingress: Ingress, decoded: Decoded, *, closed: bool) -> Belonging:
    """The class of an Ingress."""
    annotation = (ingress.metadata.annotations or {}).get(ANNOTATION)
    if annotation:
        found = next((each for each in decoded.ingress_classes if each.name == annotation), None)
        return Belonging(annotation, controller_of(found) or _BY_ANNOTATION.get(annotation, ""))
    named = ingress.spec.ingress_class_name if ingress.spec else None
    if named:
        return _named(named, decoded, closed=closed)
    chosen = default_class(decoded.ingress_classes)
    if chosen is not None:
        return Belonging(chosen.name, controller_of(chosen))
    why = "it names no class and none is the default: only a controller that takes such Ingresses serves it"
    return Belonging(served=Truth.UNKNOWN, reason=why)


def _named(name: str, decoded: Decoded, *, closed: bool) -> Belonging:
    for each in decoded.ingress_classes:
        if each.name == name:
            return Belonging(name, controller_of(each))
    served = Truth.NO if closed else Truth.UNKNOWN
    controller = "" if closed else _BY_NAME.get(name, "")
    return Belonging(name, controller, served, f"there is no IngressClass {name} in the input")


def default_class(classes: list[IngressClass]) -> IngressClass | None:
    """The class that admission gives to Ingresses without one; None when no class is marked as the default."""
    marked = [each for each in classes if (each.metadata.annotations or {}).get(DEFAULT) == "true"]
    ordered = sorted(marked, key=lambda each: each.name)
    return max(ordered, key=lambda each: str(each.metadata.creation_timestamp or ""), default=None)


def controller_of(of: IngressClass | None) -> str:
    """The controller that a class names; empty when there is none."""
    return (of.spec.controller or "") if of is not None and of.spec is not None else ""
