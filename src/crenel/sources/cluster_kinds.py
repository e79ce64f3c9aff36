"""The kinds that are read from a live cluster, as tables. Tests hold the manifests in deploy/ equal to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

KEEP_ALL = ("*",)
"""A status that is kept whole."""

CONFIG_MAPS = (
    "kube-system/amazon-vpc-cni", "kube-system/antrea-config", "kube-system/azure-ip-masq-agent-config",
    "kube-system/calico-config", "kube-system/canal-config", "kube-system/cilium-config", "kube-system/ip-masq-agent",
    "kube-system/kube-flannel-cfg", "kube-system/kube-proxy", "kube-system/kube-router-cfg",
    "kube-system/kubeadm-config", "kube-flannel/kube-flannel-cfg",
    "calico-system/cni-config", "cilium/cilium-config", "istio-system/istio",
)  # fmt: skip
"""The only config maps that are read, by name: settings of network plugins, and the cluster's own address ranges."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind that is read.

    `versions` are those that Crenel knows, the best first; any other that is served is read where none of them is, so
    that nothing new goes unseen. `status` names the parts of the status that are kept. `names` (``namespace/name``)
    are read one by one instead of a list. Where the group `twin` serves the same kind, this one is left out: it holds
    the same objects. `fields` is a field selector: what it does not match is never sent.
    """

    group: str
    kind: str
    resource: str
    versions: tuple[str, ...] = ("v1",)
    namespaced: bool = True
    status: tuple[str, ...] = KEEP_ALL
    names: tuple[str, ...] = ()
    twin: str = ""
    fields: str = ""

    @property
    def verbs(self) -> tuple[str, ...]:
        """What one must be allowed to do: never more than get and list."""
        return ("get",) if self.names else ("get", "list")


def _kinds(
    group: str,
    versions: str,
    *,
    namespaced: Mapping[str, str] | None = None,
    cluster: Mapping[str, str] | None = None,
    status: tuple[str, ...] = KEEP_ALL,
    twin: str = "",
) -> Iterator[Kind]:
    """Kinds of one group, from resource to kind."""
    for scope, table in ((True, namespaced), (False, cluster)):
        for resource, kind in (table or {}).items():
            yield Kind(group, kind, resource, tuple(versions.split()), scope, status, twin=twin)


_CALICO = {"networkpolicies": "NetworkPolicy", "networksets": "NetworkSet"}
_CALICO_GLOBAL = {
    "globalnetworkpolicies": "GlobalNetworkPolicy", "globalnetworksets": "GlobalNetworkSet",
    "hostendpoints": "HostEndpoint", "tiers": "Tier", "ippools": "IPPool", "felixconfigurations": "FelixConfiguration",
}  # fmt: skip

DEFAULT: tuple[Kind, ...] = (
    Kind("", "Namespace", "namespaces", namespaced=False, status=("phase",)),
    Kind("", "Node", "nodes", namespaced=False, status=("addresses",)),
    Kind("", "Pod", "pods", status=("phase", "podIP", "podIPs", "hostIP", "hostIPs")),
    Kind("", "Service", "services", status=("loadBalancer",)),
    *_kinds("", "v1", namespaced={"replicationcontrollers": "ReplicationController"}, status=()),
    *_kinds("apps", "v1", namespaced={
        "deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet",
        "replicasets": "ReplicaSet",
    }, status=()),
    *_kinds("batch", "v1", namespaced={"jobs": "Job", "cronjobs": "CronJob"}, status=()),
    *_kinds("monitoring.coreos.com", "v1", namespaced={
        "prometheuses": "Prometheus", "alertmanagers": "Alertmanager", "thanosrulers": "ThanosRuler",
    }, status=()),
    *_kinds("monitoring.coreos.com", "v1alpha1", namespaced={"prometheusagents": "PrometheusAgent"}, status=()),
    *_kinds("discovery.k8s.io", "v1", namespaced={"endpointslices": "EndpointSlice"}),
    Kind("", "ConfigMap", "configmaps", names=CONFIG_MAPS),
    # Policies of Kubernetes itself.
    *_kinds("networking.k8s.io", "v1", namespaced={"networkpolicies": "NetworkPolicy"}),
    *_kinds("policy.networking.k8s.io", "v1alpha2", cluster={"clusternetworkpolicies": "ClusterNetworkPolicy"}),
    *_kinds("policy.networking.k8s.io", "v1alpha1", cluster={
        "adminnetworkpolicies": "AdminNetworkPolicy", "baselineadminnetworkpolicies": "BaselineAdminNetworkPolicy",
    }),
    # Ways in.
    *_kinds("networking.k8s.io", "v1", namespaced={"ingresses": "Ingress"},
            cluster={"ingressclasses": "IngressClass", "servicecidrs": "ServiceCIDR"}, status=("loadBalancer",)),
    *_kinds("gateway.networking.k8s.io", "v1 v1beta1", cluster={"gatewayclasses": "GatewayClass"}, namespaced={
        "gateways": "Gateway", "httproutes": "HTTPRoute", "grpcroutes": "GRPCRoute",
        "referencegrants": "ReferenceGrant",
    }),
    *_kinds("gateway.networking.k8s.io", "v1 v1alpha3 v1alpha2", namespaced={
        "tlsroutes": "TLSRoute", "tcproutes": "TCPRoute", "udproutes": "UDPRoute",
        "backendtlspolicies": "BackendTLSPolicy", "listenersets": "ListenerSet",
    }),
    *_kinds("route.openshift.io", "v1", namespaced={"routes": "Route"}),
    # Policies of network plugins and clouds.
    *_kinds("cilium.io", "v2 v2alpha1", cluster={
        "ciliumclusterwidenetworkpolicies": "CiliumClusterwideNetworkPolicy", "ciliumcidrgroups": "CiliumCIDRGroup",
        "ciliumegressgatewaypolicies": "CiliumEgressGatewayPolicy",
        "ciliumclusterwideenvoyconfigs": "CiliumClusterwideEnvoyConfig",
    }, namespaced={
        "ciliumnetworkpolicies": "CiliumNetworkPolicy", "ciliumlocalredirectpolicies": "CiliumLocalRedirectPolicy",
        "ciliumenvoyconfigs": "CiliumEnvoyConfig",
    }),
    *_kinds("projectcalico.org", "v3", cluster=_CALICO_GLOBAL, namespaced=_CALICO),
    *_kinds("crd.projectcalico.org", "v1", cluster=_CALICO_GLOBAL, namespaced=_CALICO, twin="projectcalico.org"),
    *_kinds("crd.antrea.io", "v1beta1 v1alpha3 v1alpha1", cluster={
        "clusternetworkpolicies": "ClusterNetworkPolicy", "tiers": "Tier", "clustergroups": "ClusterGroup",
        "egresses": "Egress",
    }, namespaced={"networkpolicies": "NetworkPolicy", "groups": "Group"}),
    *_kinds("k8s.ovn.org", "v1", cluster={
        "egressips": "EgressIP", "adminpolicybasedexternalroutes": "AdminPolicyBasedExternalRoute",
        "clusteruserdefinednetworks": "ClusterUserDefinedNetwork",
    }, namespaced={
        "egressfirewalls": "EgressFirewall", "egressservices": "EgressService",
        "userdefinednetworks": "UserDefinedNetwork",
    }),
    *_kinds("network.openshift.io", "v1", namespaced={"egressnetworkpolicies": "EgressNetworkPolicy"}),
    *_kinds("networking.k8s.aws", "v1alpha1", cluster={"clusternetworkpolicies": "ClusterNetworkPolicy"},
            namespaced={"applicationnetworkpolicies": "ApplicationNetworkPolicy"}),
    *_kinds("vpcresources.k8s.aws", "v1beta1", namespaced={"securitygrouppolicies": "SecurityGroupPolicy"}),
    *_kinds("networking.gke.io", "v1alpha1", namespaced={"fqdnnetworkpolicies": "FQDNNetworkPolicy"}),
    *_kinds("k8s.cni.cncf.io", "v1beta2 v1beta1", namespaced={"multi-networkpolicies": "MultiNetworkPolicy"}),
    *_kinds("k8s.cni.cncf.io", "v1", namespaced={"network-attachment-definitions": "NetworkAttachmentDefinition"}),
    # Policies of meshes.
    *_kinds("security.istio.io", "v1 v1beta1", namespaced={
        "authorizationpolicies": "AuthorizationPolicy", "peerauthentications": "PeerAuthentication",
        "requestauthentications": "RequestAuthentication",
    }),
    *_kinds("networking.istio.io", "v1 v1beta1 v1alpha3", namespaced={
        "sidecars": "Sidecar", "serviceentries": "ServiceEntry", "workloadentries": "WorkloadEntry",
        "destinationrules": "DestinationRule", "gateways": "Gateway", "virtualservices": "VirtualService",
    }),
    *_kinds("policy.linkerd.io", "v1beta3 v1beta2 v1beta1 v1alpha1", namespaced={
        "servers": "Server", "serverauthorizations": "ServerAuthorization", "egressnetworks": "EgressNetwork",
        "authorizationpolicies": "AuthorizationPolicy", "meshtlsauthentications": "MeshTLSAuthentication",
        "networkauthentications": "NetworkAuthentication", "httproutes": "HTTPRoute",
    }),
    *_kinds("consul.hashicorp.com", "v1alpha1", namespaced={"serviceintentions": "ServiceIntentions"}),
    # Who may change Services and the like.
    *_kinds("rbac.authorization.k8s.io", "v1", namespaced={"roles": "Role", "rolebindings": "RoleBinding"},
            cluster={"clusterroles": "ClusterRole", "clusterrolebindings": "ClusterRoleBinding"}),
    # What says which plugin it is, and certificates (their keys are in Secrets, which are never read).
    *_kinds("operator.tigera.io", "v1", cluster={"installations": "Installation"}),
    *_kinds("config.openshift.io", "v1", cluster={"networks": "Network"}),
    *_kinds("cert-manager.io", "v1", cluster={"clusterissuers": "ClusterIssuer"},
            namespaced={"certificates": "Certificate", "issuers": "Issuer"}),
)  # fmt: skip
"""Everything that is read, in the order it is read in."""

CERTIFICATES: tuple[Kind, ...] = (
    *_kinds("admissionregistration.k8s.io", "v1", cluster={
        "validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
        "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
    }),
    *_kinds("apiregistration.k8s.io", "v1", cluster={"apiservices": "APIService"}, status=()),
    *_kinds("apiextensions.k8s.io", "v1", cluster={"customresourcedefinitions": "CustomResourceDefinition"}, status=()),
    *_kinds("certificates.k8s.io", "v1 v1beta1 v1alpha1", cluster={"clustertrustbundles": "ClusterTrustBundle"}),
    *_kinds("cert-manager.io", "v1", namespaced={"certificaterequests": "CertificateRequest"}),
    *_kinds("trust.cert-manager.io", "v1alpha1", cluster={"bundles": "Bundle"}),
    Kind("", "ConfigMap", "configmaps", names=(
        "istio-system/istio-ca-root-cert", "kube-system/kube-root-ca.crt", "linkerd/linkerd-identity-trust-roots",
        "spire/spire-bundle", "spire-server/spire-bundle",
    )),
)  # fmt: skip
"""What `crenel certs inventory` reads besides: who trusts whom. No Secret either."""

SECRETS: tuple[Kind, ...] = (
    Kind("", "Secret", "secrets", fields="type=kubernetes.io/tls"),
    Kind("", "Secret", "secrets", names=(
        "istio-system/cacerts", "istio-system/istio-ca-secret", "linkerd/linkerd-identity-issuer",
    )),
)  # fmt: skip
"""What it and `crenel certs probe` read only when they are told to: certificates with their keys. Nothing else ever
reads them."""
