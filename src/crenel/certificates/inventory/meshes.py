"""What meshes sign and trust: by the names that their control planes give Secrets and ConfigMaps.

Source of the names: istio.io, "Plug in CA Certificates" (``cacerts``, ``istio-ca-secret``, ``istio-ca-root-cert``);
linkerd.io, "Automatically Rotating Control Plane TLS Credentials" (``linkerd-identity-issuer``,
``linkerd-identity-trust-roots``); spiffe.io, the ConfigMap of the k8sbundle notifier (``spire-bundle``).
"""

from __future__ import annotations

from crenel.certificates.inventory.model import Entry, Inventory, Place, Serving, Use

ISSUERS = {
    "istio-ca-secret": "Istio", "cacerts": "Istio", "linkerd-identity-issuer": "Linkerd",
}  # fmt: skip
"""The Secrets that meshes sign workloads with, by name; they are in the namespace of the control plane."""
ROOTS = {"istio-ca-root-cert": "Istio", "linkerd-identity-trust-roots": "Linkerd", "spire-bundle": "SPIRE"}
"""The ConfigMaps that workloads of meshes trust."""


def mesh_of(entry: Entry) -> str:
    """The mesh that a pair or bundle is the issuer or the root of; empty for none."""
    if entry.place.kind == "secret":
        return ISSUERS.get(entry.place.name, "")
    return ROOTS.get(entry.place.name, "") if entry.place.kind == "configmap" and entry.use is Use.BUNDLE else ""


def settle(inventory: Inventory) -> None:
    """Say of the entries of meshes who signs with them and who trusts them."""
    for entry in inventory.entries:
        mesh = mesh_of(entry)
        if mesh and entry.use is Use.BUNDLE:
            entry.trusted.append(f"workloads of {mesh}")
        elif mesh and entry.secret is not None:
            entry.served.append(Serving(Place("mesh", mesh), entry.secret, mounted=True))
