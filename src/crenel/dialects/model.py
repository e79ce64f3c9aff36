"""A whole input, translated: the network with the objects that it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from crenel.dialects.assemble import Assembly, assemble
from crenel.dialects.distinctions import gather
from crenel.dialects.enforcement import Enforcement, recognise
from crenel.dialects.scope import Scope
from crenel.dialects.surroundings import survey
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.population import Distinctions, populate
from crenel.network.addresses import AddressSet
from crenel.network.endpoints import Registry
from crenel.network.network import Blueprint, Cuts, Network
from crenel.network.traffic import TrafficTable
from crenel.provenance import Unreadable


@dataclass(frozen=True, slots=True)
class Input:
    """What a model is made from."""

    decoded: Decoded
    pod_cidrs: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What two models share so that they can be compared bit by bit."""

    registry: Registry
    distinctions: Distinctions
    cuts: Cuts | None = None
    table: TrafficTable | None = None


@dataclass(slots=True)
class Model:
    """The network of one input, with the objects behind it."""

    given: Input
    assembly: Assembly
    network: Network
    enforcement: Enforcement
    frame: Frame

    @property
    def scope(self) -> Scope:
        """The selectors' side of it."""
        return self.assembly.scope


def build(given: Input, cut_at: AddressSet | None = None) -> Model:
    """Build the model of one input. The address space is cut around `cut_at` as well, although no rule speaks of it."""
    frame = Frame(Registry(), gather(given.decoded))
    assembly = _assembled(given, frame)
    if cut_at is not None:
        cuts = assembly.blueprint.cuts() | Cuts(addresses=frozenset({cut_at}))
        frame = replace(frame, cuts=cuts)
    return _finish(given, assembly, frame)


def build_with(given: Input, further: Callable[[Assembly], Cuts]) -> Model:
    """Build the model of one input on cuts that are shared with something else, made when the members are known."""
    frame = Frame(Registry(), gather(given.decoded))
    assembly = _assembled(given, frame)
    cuts = assembly.blueprint.cuts() | further(assembly)
    return _finish(given, assembly, replace(frame, cuts=cuts, table=TrafficTable(cuts.traffic)))


def build_alike(
    inputs: Sequence[Input],
    extend: Sequence[Callable[[Assembly], Blueprint]] = (),
    further: Callable[[Assembly], Cuts] | None = None,
) -> list[Model]:
    """Build several models on the same endpoints, blocks and traffic atoms, so that they can be compared.

    `extend` may have for each of them what adds further stages, `further` says where else to cut.
    """
    registry = Registry()
    frame = Frame(registry, gather(*(given.decoded for given in inputs)))
    assemblies = [_assembled(given, frame) for given in inputs]
    if extend:
        assemblies = [replace(each, blueprint=more(each)) for each, more in zip(assemblies, extend, strict=True)]
    cuts = Cuts()
    for assembly in assemblies:
        cuts |= assembly.blueprint.cuts()
        cuts |= further(assembly) if further is not None else Cuts()
    frame = Frame(registry, frame.distinctions, cuts=cuts, table=TrafficTable(cuts.traffic))
    return [_finish(given, assembly, frame) for given, assembly in zip(inputs, assemblies, strict=True)]


def _assembled(given: Input, frame: Frame) -> Assembly:
    population = populate(given.decoded, frame.distinctions)
    surroundings = survey(given.decoded, given.pod_cidrs)
    return assemble(given.decoded, population, surroundings, frame.registry, given.unreadable)


def _finish(given: Input, assembly: Assembly, frame: Frame) -> Model:
    network = Network(assembly.blueprint, frame.cuts, frame.table)
    return Model(given, assembly, network, enforcement_of(given.decoded), frame)


def enforcement_of(decoded: Decoded) -> Enforcement:
    """Which network plugin an input shows, and what it enforces."""
    kinds: list[tuple[str, str] | str] = [*decoded.custom_resource_names, *decoded.others_seen]
    kinds += [(policy.api_version, policy.kind) for policy in decoded.foreign_policies]
    return recognise(decoded.workloads, decoded.pods, decoded.config_maps, decoded.nodes, kinds)
