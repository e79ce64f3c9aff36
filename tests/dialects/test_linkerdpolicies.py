"""Whom Servers and authorizations of Linkerd let in."""

from __future__ import annotations

import pytest
import yaml

from crenel.dialects.admission import Client
from crenel.dialects.known import Truth
from crenel.dialects.linkerdpolicies import Authorized
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.objects.settings import Setting
from crenel.kubernetes.selectors import LabelIndex
from crenel.network.addresses import AddressSet

INDEX = LabelIndex([(0, {"app": "web"}, frozenset()), (1, {"app": "db"}, frozenset())])
WEB, DB = 0, 1
API, PLAIN = Client(("shop", "api")), Client(None, AddressSet.of("10.244.0.0/16"))
YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN
GRANTED = "{targetRef: {kind: Server, name: web}, requiredAuthenticationRefs: [%s]}"


def policy(kind: str, spec: str, name: str = "web") -> ForeignPolicy:
    return ForeignPolicy("policy.linkerd.io/v1beta3", kind, name, "shop", yaml.safe_load(spec))


def setting(kind: str, spec: str, name: str) -> Setting:
    return Setting("policy.linkerd.io/v1alpha1", kind, name, "shop", yaml.safe_load(spec))


SERVER = policy("Server", "{podSelector: {matchLabels: {app: web}}, port: 8080}")
NAMED = policy("Server", "{podSelector: {matchLabels: {app: web}}, port: http}")
MESH = setting("MeshTLSAuthentication", "{identityRefs: [{kind: ServiceAccount, name: api}]}", "mesh")
NEAR = setting("NetworkAuthentication", "{networks: [{cidr: 10.0.0.0/8, except: [10.9.0.0/16]}]}", "near")


def admits(
    *policies: ForeignPolicy, settings: tuple[Setting, ...] = (MESH, NEAR), client: Client = API, port: int = 8080,
    position: int = WEB, default: str = "all-unauthenticated",
) -> Truth:  # fmt: skip
    names = {"http"} if port == 8080 else set[str]()
    return Authorized(policies, settings, INDEX).admits(position, "shop", port, names, client, default)


@pytest.mark.parametrize(
    ("default", "api", "plain"),
    [
        ("all-unauthenticated", YES, YES),
        ("audit", YES, YES),
        ("all-authenticated", YES, NO),
        ("cluster-authenticated", YES, NO),
        ("cluster-unauthenticated", YES, UNKNOWN),
        ("deny", NO, NO),
        ("something new", UNKNOWN, UNKNOWN),
    ],
)
def test_defaults(default: str, api: Truth, plain: Truth) -> None:
    """The default policy decides at ports without a Server, and that of a Server where nothing is authorized."""
    assert admits(default=default) is api
    assert admits(default=default, client=PLAIN) is plain
    server = policy("Server", f"{{podSelector: {{}}, port: 8080, accessPolicy: '{default}'}}")
    assert admits(server, default="deny") is api


def test_a_server_closes_its_port() -> None:
    """By number or name, for the pods that it selects; two for one port are refused by Linkerd, and not known here."""
    for server in (SERVER, NAMED):
        assert admits(server) is NO
        assert admits(server, port=9090) is YES
        assert admits(server, position=DB) is YES
    assert admits(SERVER, NAMED) is UNKNOWN
    assert admits(policy("Server", "{externalWorkloadSelector: {}, port: 8080}")) is YES


@pytest.mark.parametrize(
    ("refs", "api", "plain"),
    [
        ("{kind: MeshTLSAuthentication, name: mesh}", YES, NO),
        ("{kind: NetworkAuthentication, name: near}", UNKNOWN, YES),
        ("{kind: MeshTLSAuthentication, name: mesh}, {kind: NetworkAuthentication, name: near}", UNKNOWN, NO),
        ("{kind: ServiceAccount, name: api}", YES, NO),
        ("{kind: ServiceAccount, name: api, namespace: other}", NO, NO),
        ("{kind: MeshTLSAuthentication, name: elsewhere}", UNKNOWN, UNKNOWN),
    ],
)
def test_authorizations(refs: str, api: Truth, plain: Truth) -> None:
    """All authentications that one requires have to match; one that is not in the input is unknown."""
    grant = policy("AuthorizationPolicy", GRANTED % refs)
    assert admits(SERVER, grant) is api
    assert admits(SERVER, grant, client=PLAIN) is plain


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{identities: ['*']}", YES),
        ("{identities: [api.shop.serviceaccount.identity.linkerd.cluster.local]}", YES),
        ("{identities: [api.shops.serviceaccount.identity.linkerd.cluster.local]}", NO),
        ("{identities: ['*.shop.serviceaccount.identity.linkerd.cluster.local']}", YES),
        ("{identities: ['*.other.serviceaccount.identity.linkerd.cluster.local']}", NO),
        ("{identities: ['*.linkerd.cluster.local']}", UNKNOWN),
        ("{identityRefs: [{kind: ServiceAccount}]}", YES),
        ("{identityRefs: [{kind: ServiceAccount, namespace: other}]}", NO),
        ("{identityRefs: [{kind: Namespace, name: shop}]}", YES),
        ("{identityRefs: [{kind: Unheard, name: shop}]}", UNKNOWN),
    ],
)
def test_identities(spec: str, expected: Truth) -> None:
    """Identities are names of certificates, or service accounts, one or all of a namespace."""
    grant = policy("AuthorizationPolicy", GRANTED % "{kind: MeshTLSAuthentication, name: mesh}")
    assert admits(SERVER, grant, settings=(setting("MeshTLSAuthentication", spec, "mesh"),)) is expected


def test_targets() -> None:
    """An authorization is for a Server, or for all of its namespace; what one for a route comes to is not known."""
    refs = "requiredAuthenticationRefs: [{kind: ServiceAccount, name: api}]"
    for target, expected in (
        ("{kind: Namespace, name: shop}", YES), ("{kind: Server, name: other}", NO),
        ("{kind: HTTPRoute, name: web}", UNKNOWN),
    ):  # fmt: skip
        assert admits(SERVER, policy("AuthorizationPolicy", f"{{targetRef: {target}, {refs}}}")) is expected


@pytest.mark.parametrize(
    ("client", "api", "plain"),
    [
        ("{unauthenticated: true}", YES, YES),
        ("{unauthenticated: true, networks: [{cidr: 192.0.2.0/24}]}", UNKNOWN, NO),
        ("{meshTLS: {unauthenticatedTLS: true}}", YES, NO),
        ("{meshTLS: {serviceAccounts: [{name: api}]}}", YES, NO),
        ("{meshTLS: {serviceAccounts: [{name: other}]}}", NO, NO),
        ("{meshTLS: {identities: ['*']}}", YES, NO),
    ],
)
def test_server_authorizations(client: str, api: Truth, plain: Truth) -> None:
    """The older form, by the name of a Server or for all of them."""
    for server in ("{name: web}", "{selector: {}}"):
        grant = policy("ServerAuthorization", f"{{server: {server}, client: {client}}}")
        assert admits(SERVER, grant) is api
        assert admits(SERVER, grant, client=PLAIN) is plain
    assert admits(SERVER, policy("ServerAuthorization", f"{{server: {{name: x}}, client: {client}}}")) is NO
