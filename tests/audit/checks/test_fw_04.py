"""FW-04: API servers that take connections from the whole internet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.asking import command, messages
from audit.walls import POD


def eks(settings: str) -> str:
    """A cluster as `aws eks describe-cluster` prints it."""
    return f"{POD}cluster:\n  name: shop\n  resourcesVpcConfig:\n    subnetIds: []\n    {settings}\n---\n"


def aks(settings: str) -> str:
    """A cluster as `az aks show` prints it."""
    return f"{POD}name: shop\ntype: Microsoft.ContainerService/ManagedClusters\nid: /x\n{settings}\n---\n"


def gke(settings: str) -> str:
    """A cluster as `gcloud container clusters describe` prints it."""
    link = "selfLink: projects/p/zones/z/clusters/shop"
    return f"{POD}name: shop\n{link}\nmasterAuth: {{}}\nnodePools: []\n{settings}\n---\n"


def planned(kind: str, **values: Any) -> str:
    """A plan of Terraform with one resource."""
    resource = {
        "address": f"{kind}.shop",
        "type": kind,
        "name": "shop",
        "mode": "managed",
        "values": {"name": "shop", **values},
    }
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [resource]}}}
    return f"{POD}{json.dumps(plan)}\n---\n"


def test_real_command(tmp_path: Path) -> None:
    """The list of networks is the place."""
    assert command("FW-04", eks("publicAccessCidrs: [0.0.0.0/0]"), tmp_path) == [
        (
            "10 high EKS cluster shop: the endpoint of its API server is public, and its list of networks "
            "holds the whole internet"
        )
    ]


EVERYBODY = "the endpoint of its API server is public, and it names no networks"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (eks("endpointPublicAccess: true"), "EKS cluster shop"),
        (aks("apiServerAccessProfile: null"), "AKS cluster shop"),
        (aks("properties: {apiServerAccessProfile: {enablePrivateCluster: false}}"), "AKS cluster shop"),
        (gke("privateClusterConfig: {enablePrivateNodes: true}"), "GKE cluster shop"),
        (gke("masterAuthorizedNetworksConfig: {gcpPublicCidrsAccessEnabled: true}"), "GKE cluster shop"),
        (planned("aws_eks_cluster", vpc_config=[{"endpoint_public_access": True}]), "EKS cluster shop"),
        (planned("azurerm_kubernetes_cluster"), "AKS cluster shop"),
        (planned("google_container_cluster", master_authorized_networks_config=[]), "GKE cluster shop"),
    ],
)
def test_no_networks_are_everybody(text: str, name: str) -> None:
    """What is not written is the default of the service: everybody."""
    assert messages("FW-04", text) == [f"high {name}: {EVERYBODY}"]


@pytest.mark.parametrize(
    "text",
    [
        eks("publicAccessCidrs: [203.0.113.0/24]"),
        eks("endpointPublicAccess: false"),
        eks("publicAccessCidrs: [{Ref: Offices}]"),
        aks("apiServerAccessProfile: {authorizedIpRanges: [203.0.113.0/24]}"),
        aks("properties: {apiServerAccessProfile: {authorizedIPRanges: [203.0.113.0/24]}}"),
        aks("apiServerAccessProfile: {enablePrivateCluster: true}"),
        gke("masterAuthorizedNetworksConfig: {enabled: true, cidrBlocks: [{cidrBlock: 203.0.113.0/24}]}"),
        gke("privateClusterConfig: {enablePrivateEndpoint: true}"),
        gke("controlPlaneEndpointsConfig: {ipEndpointsConfig: {enabled: false}}"),
        planned("aws_eks_cluster", vpc_config=[{"public_access_cidrs": ["203.0.113.0/24"]}]),
        planned("azurerm_kubernetes_cluster", api_server_access_profile=[{"authorized_ip_ranges": ["203.0.113.0/24"]}]),
        planned(
            "google_container_cluster",
            master_authorized_networks_config=[{"cidr_blocks": [{"cidr_block": "203.0.113.0/24"}]}],
        ),
    ],
)
def test_clean(text: str) -> None:
    """Limited and private endpoints are no findings, nor are those that are not known yet."""
    assert messages("FW-04", text) == []
