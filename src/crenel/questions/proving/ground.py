"""What statements are asked of: a network with its layers, cut where the statements are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from crenel.dialects.assemble import Assembly
from crenel.dialects.enforcement import Enforcement
from crenel.dialects.model import Input, Model, build_with
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.network.network import Cuts
from crenel.questions.enforced import api_of, unsure_notice
from crenel.questions.exposure.targets import INTERNET
from crenel.questions.layered import Layers, layered
from crenel.questions.proving.waysin import Outside
from crenel.questions.verdict import Verdict

if TYPE_CHECKING:
    from crenel.dialects.joined import Joined
    from crenel.network.firewalls import Infrastructure
    from crenel.questions.exposure.report import Exposure


class Asked(Protocol):
    """What a network has to offer: the public network does."""

    given: Input

    @property
    def infrastructure(self) -> Infrastructure:
        """Clouds and the firewalls of hosts."""

    @property
    def joined(self) -> Joined:
        """The cluster together with that."""

    @property
    def exposed(self) -> Exposure:
        """The ways in from outside."""

    @property
    def layers(self) -> Layers:
        """All of it as layers."""

    @property
    def resting_on(self) -> Sequence[str]:
        """What answers assume of the infrastructure."""

    @property
    def enforcement(self) -> Enforcement:
        """Which policies are enforced."""

    @property
    def warning(self) -> str:
        """What is not; empty where all is."""

    def can(self, source: str, target: str) -> Verdict:
        """One connection."""

    def with_documents(self, added: Sequence[Any], remove: Sequence[str]) -> Asked:
        """The same with other objects."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What statements are asked of.

    `build` makes the model of an input, cut where the statements are; `idle` says what in the input is not enforced,
    in words, and then `bare` is the same ground without it.
    """

    given: Input
    build: Callable[[Input, Callable[[Assembly], Cuts]], Model]
    outside: Outside
    mendable: bool = True
    """Whether edits of policies are all that decides: not where other layers do as well."""
    idle: str = ""
    bare: Callable[[], Ground] | None = None
    notes: tuple[str, ...] = ()
    unsure: str = ""
    """What is not known of the enforcement of policies, for statements that rest on them."""


def ground(network: Asked) -> Ground:
    """What statements about a network are asked of."""
    outside = Outside(lambda: network.joined, lambda: network.exposed, lambda url: network.can(INTERNET, url))
    return Ground(
        network.given,
        lambda given, further: cut(network, given, further),
        outside,
        mendable=not network.infrastructure,
        idle=network.warning.partition(": ")[2],
        bare=(lambda: _bare(network)) if network.warning else None,
        notes=tuple(f"assumed: {text}" for text in network.resting_on),
        unsure=unsure_notice(network.given.decoded, network.enforcement),
    )


def cut(network: Asked, given: Input, further: Callable[[Assembly], Cuts]) -> Model:
    """The model of an input, with the infrastructure's layers where there are any, cut where statements are."""
    if not network.infrastructure:
        return build_with(given, further)
    return layered([network.layers], further)[0]


def _bare(network: Asked) -> Ground:
    """The same without the policies that nothing enforces."""
    decoded = network.given.decoded
    policies: list[NetworkPolicy | AdminPolicy] = [*decoded.network_policies, *decoded.admin_policies]
    idle = [each for each in policies if network.enforcement.enforced(api_of(each)) is False]
    names = ["/".join(filter(None, (each.kind, each.namespace, each.name))) for each in idle]
    return ground(network.with_documents([], names))
