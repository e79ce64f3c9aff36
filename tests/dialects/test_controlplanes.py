"""Control planes of managed clusters: what is no cluster, and what is written in no expected way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.dialects import controlplanes
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer, ControlPlane, Filter, Infrastructure
from crenel.provenance import Origin

HERE = Origin("input.json")
KEYS = (
    "cluster", "resourcesVpcConfig", "publicAccessCidrs", "endpointPublicAccess", "name", "type", "properties",
    "apiServerAccessProfile", "authorizedIPRanges", "masterAuth", "masterAuthorizedNetworksConfig", "cidrBlocks",
    "cidrBlock", "enabled", "Resources", "Type", "Properties", "resources", "value", "clusters",
    "controlPlaneEndpointsConfig", "ipEndpointsConfig",
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(
    ("0.0.0.0/0", "x", "", "AWS::EKS::Cluster", "Microsoft.ContainerService/managedClusters")
)  # fmt: skip
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)  # fmt: skip


def planes(data: Any) -> list[ControlPlane]:
    """What one document says."""
    return list(controlplanes.read([(data, HERE)]).control_planes)


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_anything_can_be_read(data: Any) -> None:
    """Whatever a document has in it, nothing is raised; one that is not recognised has no control plane."""
    recognised, found = controlplanes.recognises(data), planes(data)
    assert recognised == bool(found)


def test_templates() -> None:
    """Clusters are found in templates of CloudFormation and Azure; what a function gives is not known."""
    properties = {"Name": "shop", "ResourcesVpcConfig": {"PublicAccessCidrs": ["203.0.113.0/24"], "SubnetIds": []}}
    (plane,) = planes({"Resources": {"Shop": {"Type": "AWS::EKS::Cluster", "Properties": properties}}})
    assert (plane.public, plane.allowed) == (Answer.YES, AddressSet.of("203.0.113.0/24"))
    assert plane.field == ("Resources", "Shop", "Properties", "ResourcesVpcConfig", "PublicAccessCidrs")
    profile = {"authorizedIPRanges": "[parameters('ranges')]"}
    cluster = {
        "type": "Microsoft.ContainerService/managedClusters", "name": "shop",
        "properties": {"apiServerAccessProfile": profile},
    }  # fmt: skip
    (plane,) = planes({"$schema": "deploymentTemplate.json#", "resources": [cluster]})
    assert plane.public is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "unknown"),
    [
        ("aws_eks_cluster", {"vpc_config": [{"public_access_cidrs": True}]}),
        ("azurerm_kubernetes_cluster", {"private_cluster_enabled": True}),
        ("google_container_cluster", {"master_authorized_networks_config": True}),
    ],
)
def test_what_is_known_after_apply(kind: str, unknown: dict[str, Any]) -> None:
    """A plan that does not tell is not known."""
    resource = {"address": f"{kind}.shop", "type": kind, "values": {"name": "shop"}}
    change = {"address": f"{kind}.shop", "change": {"after_unknown": unknown}}
    plan = {
        "format_version": "1.2", "planned_values": {"root_module": {"resources": [resource]}},
        "resource_changes": [change],
    }  # fmt: skip
    (plane,) = planes(plan)
    assert plane.public is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"value": [{"name": "a", "type": "Microsoft.ContainerService/managedClusters", "properties": {
                "apiServerAccessProfile": {"authorizedIPRanges": ["203.0.113.0/24", "2001:db8::/32"]}}}]},
            [("AKS cluster a", Answer.YES, ("203.0.113.0/24", "2001:db8::/32"))],
        ),
        (
            [{"name": "a", "type": "Microsoft.ContainerService/ManagedClusters",
              "apiServerAccessProfile": {"enablePrivateCluster": True, "authorizedIpRanges": None}}],
            [("AKS cluster a", Answer.NO, None)],
        ),
        (
            {"clusters": [
                {"name": "a", "controlPlaneEndpointsConfig": {"ipEndpointsConfig": {
                    "enabled": True, "authorizedNetworksConfig": {
                        "enabled": True, "cidrBlocks": [{"cidrBlock": "203.0.113.0/24"}]}}}},
                {"name": "b", "masterAuthorizedNetworksConfig": {"enabled": True}},
            ]},
            [("GKE cluster a", Answer.YES, ("203.0.113.0/24",)), ("GKE cluster b", Answer.YES, ())],
        ),
        (
            [{"name": "a", "controlPlaneEndpointsConfig": {"ipEndpointsConfig": {"enablePublicEndpoint": False}}}],
            [("GKE cluster a", Answer.NO, None)],
        ),
    ],
    ids=["az list", "az, private", "gcloud list", "gcloud, private"],
)  # fmt: skip
def test_answers(data: Any, expected: list[tuple[str, Answer, tuple[str, ...] | None]]) -> None:
    """Lists and single clusters, as the commands of the clouds print them, with the addresses that may connect."""
    assert [(each.name, each.public, each.allowed) for each in planes(data)] == [
        (name, public, None if cidrs is None else AddressSet.of(*cidrs)) for name, public, cidrs in expected
    ]


def test_what_is_no_address() -> None:
    """A text that is no address is a problem, and then nobody knows."""
    data = {"cluster": {"name": "shop", "resourcesVpcConfig": {"publicAccessCidrs": ["everybody"]}}}
    found = controlplanes.read([(data, HERE)])
    assert [str(each) for each in found.problems] == [
        ("input.json: EKS cluster shop: cluster.resourcesVpcConfig.publicAccessCidrs: not an address: everybody")
    ]
    assert found.control_planes[0].public is Answer.UNKNOWN


def test_side_by_side() -> None:
    """Two infrastructures together have the control planes, and the filters that guard nothing, of both."""
    one = Infrastructure(control_planes=[ControlPlane("a", Answer.YES)], idle=[Filter("f", frozenset(), ())])
    both = one | Infrastructure(control_planes=[ControlPlane("b", Answer.NO)])
    assert [each.name for each in both.control_planes] == ["a", "b"]
    assert [each.title for each in both.idle] == ["f"]
    assert not both, "they are no firewalls that anything passes"
