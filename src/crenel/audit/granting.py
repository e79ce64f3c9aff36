"""Who is given what by roles and their bindings (kubernetes.io, Using RBAC Authorization)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.rbac import PolicyRule, RbacSubject, Role
from crenel.kubernetes.selectors import LabelIndex

_AGGREGATED = "rbac.authorization.k8s.io/aggregate-to-"
"""The labels by which the roles of every cluster take over rules: ``admin``, ``edit`` and ``view``."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who is given a role. `namespace` is that of a service account, `within` the one it holds in.

    `kind` is ``User``, ``Group`` or ``ServiceAccount``; ``ClusterRole`` for whoever is given that role of every
    cluster. `within` is empty for the whole cluster. `binding` is the title of what gives it.
    """

    kind: str
    name: str
    namespace: str = ""
    within: str = ""
    binding: str = ""

    @property
    def title(self) -> str:
        """How reports write it."""
        if self.kind == "ClusterRole":
            return f"whoever has the role {self.name}"
        return f"{self.kind.lower()} {self.namespace + '/' if self.namespace else ''}{self.name}"


@dataclass(frozen=True, slots=True)
class Granted:
    """A role some of whose rules, by their places, allow what was asked for, and who has it."""

    role: Role
    places: tuple[int, ...]
    holders: tuple[Holder, ...]


def covers(rule: PolicyRule, verbs: Collection[str], group: str, resource: str) -> bool:
    """Whether a rule allows any of some verbs on a resource, such as ``services/status``, of a group."""
    part = resource.partition("/")[2]
    wanted = {"*", resource, *([f"*/{part}"] if part else [])}
    return (
        bool({"*", *verbs} & {*(rule.verbs or ())})
        and bool({"*", group} & {*(rule.api_groups or ())})
        and bool(wanted & {*(rule.resources or ())})
    )


def granted(decoded: Decoded, verbs: Collection[str], group: str, resource: str) -> Iterator[Granted]:
    """The roles that allow any of some verbs on a resource, each with all who have it.

    A ClusterRole that takes over the rules of others is left out: the others are there, with its holders among theirs.
    """
    allowing = [
        (role, places)
        for role in decoded.roles
        if role.aggregation_rule is None
        and (places := tuple(n for n, rule in enumerate(role.rules or ()) if covers(rule, verbs, group, resource)))
    ]
    held = holders(decoded, [role for role, _ in allowing])
    yield from (Granted(role, places, found) for (role, places), found in zip(allowing, held, strict=True))


def holders(decoded: Decoded, roles: Sequence[Role]) -> Iterator[tuple[Holder, ...]]:
    """Who has each of some roles, by itself or by a ClusterRole that takes over its rules."""
    if not roles:
        return
    held, above = _holders(decoded), _above(decoded)
    for role in roles:
        found = list(held[_key(role)])
        for name in above.get(role.name, ()) if role.kind == "ClusterRole" else ():
            found += held["ClusterRole", "", name]
        for name in _of_every_cluster(role):
            found += [*held["ClusterRole", "", name], Holder("ClusterRole", name)]
        yield tuple(dict.fromkeys(found))


def _key(role: Role) -> tuple[str, str, str]:
    return role.kind, role.namespace, role.name


def _holders(decoded: Decoded) -> dict[tuple[str, str, str], list[Holder]]:
    """Who has each role, by its kind, namespace and name."""
    found: dict[tuple[str, str, str], list[Holder]] = defaultdict(list)
    for binding in decoded.role_bindings:
        if binding.role_ref is None:
            continue
        home = binding.namespace if binding.role_ref.kind == "Role" else ""
        for subject in binding.subjects or ():
            holder = _holder(subject, binding.namespace, binding.title)
            found[binding.role_ref.kind, home, binding.role_ref.name].append(holder)
    return found


def _holder(subject: RbacSubject, within: str, binding: str) -> Holder:
    """A service account is of the binding's own namespace unless it says otherwise; others have none."""
    own = (subject.namespace or within) if subject.kind == "ServiceAccount" else ""
    return Holder(subject.kind, subject.name, own, within, binding)


def _above(decoded: Decoded) -> dict[str, list[str]]:
    """The ClusterRoles of the input that take over the rules of each one, by their names."""
    roles = [role for role in decoded.roles if role.kind == "ClusterRole"]
    index = LabelIndex((place, role.labels, frozenset[str]()) for place, role in enumerate(roles))
    found: dict[str, list[str]] = defaultdict(list)
    for role in roles:
        for selector in (role.aggregation_rule.cluster_role_selectors if role.aggregation_rule else None) or ():
            chosen = index.match(selector)[0]
            for place, each in enumerate(roles):
                if chosen >> place & 1:
                    found[each.name].append(role.name)
    return found


def _of_every_cluster(role: Role) -> Iterator[str]:
    """The roles of every cluster that take over the rules of one, by its labels."""
    for key, value in role.labels.items() if role.kind == "ClusterRole" else ():
        if key.startswith(_AGGREGATED) and value == "true":
            yield key.removeprefix(_AGGREGATED)
