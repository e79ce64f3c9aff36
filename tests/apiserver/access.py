"""Who may do what: users by token or client certificate, and rights in the manner of RBAC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apiserver.status import FailureError


@dataclass(frozen=True)
class Attributes:
    """What a request is about."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    """Set for what is not a resource, such as ``/apis``."""


@dataclass(frozen=True)
class Rule:
    """One rule of a role; `namespace` None is a ClusterRole bound cluster-wide. ``*`` matches anything."""

    verbs: Sequence[str]
    groups: Sequence[str] = ("",)
    resources: Sequence[str] = ("*",)
    names: Sequence[str] = ()
    namespace: str | None = None

    def allows(self, wanted: Attributes) -> bool:
        """Whether this rule grants it."""
        return (
            _in(wanted.verb, self.verbs)
            and _in(wanted.group, self.groups)
            and _in(wanted.resource, self.resources)
            and (not self.names or wanted.name in self.names)
            and (self.namespace is None or self.namespace == wanted.namespace)
        )


@dataclass(frozen=True)
class Rights:
    """All that a user may do with resources; `everything` is cluster-admin."""

    rules: Sequence[Rule] = ()
    everything: bool = False

    @classmethod
    def of_role(cls, role: Mapping[str, Any], namespace: str | None = None) -> Rights:
        """The rights of a Role or ClusterRole object that is bound in `namespace`."""
        return cls([
            Rule(rule["verbs"], rule["apiGroups"], rule["resources"], rule.get("resourceNames", ()), namespace)
            for rule in role["rules"]
        ])  # fmt: skip

    def allow(self, wanted: Attributes) -> bool:
        """Whether any rule grants it."""
        return self.everything or any(rule.allows(wanted) for rule in self.rules)


@dataclass(frozen=True)
class User:
    """Who is asking."""

    name: str
    groups: Sequence[str] = ("system:authenticated",)
    rights: Rights = Rights()
    discovery: bool = True
    """What system:discovery grants everyone who is authenticated; hardened clusters take it away."""


ADMIN = User("admin", ("system:masters", "system:authenticated"), Rights(everything=True))
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",), discovery=False)
PUBLIC = ("/version", "/healthz", "/livez", "/readyz")


def authorize(user: User, wanted: Attributes) -> None:
    """Raise the FailureError that a real server answers with when `user` may not do this."""
    if wanted.path:
        if wanted.path not in PUBLIC and not user.discovery and not user.rights.everything:
            message = f'forbidden: User "{user.name}" cannot {wanted.verb} path "{wanted.path}"'
            raise FailureError(403, "Forbidden", message, details={})
    elif not user.rights.allow(wanted):
        raise _forbidden(user, wanted)


def _forbidden(user: User, wanted: Attributes) -> FailureError:
    named = f'{_kind(wanted)} "{wanted.name}"' if wanted.name else _kind(wanted)
    scope = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    message = (
        f'{named} is forbidden: User "{user.name}" cannot {wanted.verb} resource "{wanted.resource}" '
        f'in API group "{wanted.group}" {scope}'
    )
    details = {"name": wanted.name} if wanted.name else {}
    details |= {"group": wanted.group} if wanted.group else {}
    return FailureError(403, "Forbidden", message, details=details | {"kind": wanted.resource})


def _kind(wanted: Attributes) -> str:
    return f"{wanted.resource}.{wanted.group}" if wanted.group else wanted.resource


def _in(wanted: str, granted: Sequence[str]) -> bool:
    return wanted in granted or "*" in granted
