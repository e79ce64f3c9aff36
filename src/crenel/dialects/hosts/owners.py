"""Chains that belong to the cluster: those of kube-proxy, of CNIs and of what enforces NetworkPolicy.

They are recognised by their names. What they deny is no decision of the host's firewall: NetworkPolicy and Services are
judged where they are read themselves. What they *accept* matters here, because it passes the rules after them. So the
chains are kept without their denials and without their translations; where they are too many, one rule stands for all
of them, which accepts possibly. An exception are Calico's chains of host endpoints, whose denials are meant for the
host: those deny possibly (projectcalico felix, rules/endpoints.go and rules/rule_defs.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from crenel.dialects.hosts.ruleset import (
    Accept,
    Assign,
    Deny,
    Dispatch,
    Doubt,
    Jump,
    Perhaps,
    Rule,
    Step,
    Table,
    Translate,
)
from crenel.dialects.hosts.words import Register

CLUSTER = re.compile(
    r"KUBE-|CNI-|cali-|CILIUM_|OLD_CILIUM_|FLANNEL-|ANTREA-|OVN-KUBE|WEAVE|KUBE_|kube-router|AWS-(?:SNAT|CONNMARK)-CHAIN"
)
"""How the names of their chains begin."""
_TABLES = re.compile(r"kube-proxy\Z|calico\Z|flannel-ipv[46]\Z|ovn-kubernetes|antrea|kube-router|cni_hostport|kindnet")
"""How the names of tables of nftables begin that are theirs as a whole."""
_HOST_ENDPOINT = re.compile(r"cali-(?:fh|th|fhfw|thfw)-")
_FOLLOWED = 200
"""How many of their rules are followed for one base chain."""
_FULL = 0xFFFF_FFFF
_HARD = Deny | Perhaps | Translate


def is_clusters(name: str) -> bool:
    """Whether a chain is the cluster's, by its name."""
    return CLUSTER.match(name) is not None


def without_clusters(tables: Iterable[Table], host: str, assumptions: dict[str, None]) -> Iterator[Table]:
    """The tables as the host's own firewall: what is the cluster's reduced to what it accepts."""
    seen: set[str] = set()
    for table in tables:
        if _TABLES.match(table.name.rpartition(" ")[2]):
            assumptions[f"{host}: table {table.name} is the cluster's own and no firewall of the host"] = None
            continue
        owned = {name for name in table.chains if is_clusters(name)}
        if owned:
            seen |= {_prefix(name) for name in owned}
            _reduce(table, owned)
        yield table
    if seen:
        shown = ", ".join(sorted(seen))
        assumptions[f"{host}: what the chains {shown} deny is judged by the policies and Services themselves"] = None


def _prefix(name: str) -> str:
    found = CLUSTER.match(name)
    assert found is not None
    return f"{found.group()}*"


def _reduce(table: Table, owned: set[str]) -> None:
    reached = {name: _reached(table, name) for name in _entered(table, owned)}
    chains = {name: list(_softened(table.chains[name].rules)) for name in owned}
    translating = table.layer == "iptables" and table.name == "nat"
    for name, below in reached.items():
        rules = [rule for each in below for rule in table.chains[each].rules]
        if translating or len(rules) > _FOLLOWED or any(map(_HOST_ENDPOINT.match, below)):
            chains[name] = list(_stub(name, below, rules, translating))
    for name, rules in chains.items():
        table.chains[name] = replace(table.chains[name], rules=rules)


def _softened(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Rules without what they deny and translate."""
    for rule in rules:
        steps = tuple(_soft(step) for step in rule.steps)
        if not any(isinstance(step, _HARD) for step in steps):
            yield replace(rule, steps=steps)


def _soft(step: Step) -> Step:
    if isinstance(step, Dispatch):
        return Dispatch(tuple(case for case in step.cases if not isinstance(case[1], _HARD)))
    return step


def _entered(table: Table, owned: set[str]) -> list[str]:
    """The cluster's chains that others jump to."""
    found: dict[str, None] = {}
    for name, chain in table.chains.items():
        if name not in owned:
            found.update((each, None) for rule in chain.rules for each in _targets(rule) if each in owned)
    return list(found)


def _targets(rule: Rule) -> Iterator[str]:
    for step in rule.steps:
        if isinstance(step, Jump):
            yield step.chain
        elif isinstance(step, Dispatch):
            yield from (verdict.chain for _, verdict in step.cases if isinstance(verdict, Jump))


def _reached(table: Table, start: str) -> list[str]:
    """A chain and all that it leads to."""
    found = {start: None}
    todo = [start]
    while todo:
        for rule in table.chains[todo.pop()].rules:
            fresh = [each for each in _targets(rule) if each in table.chains and each not in found]
            found.update(dict.fromkeys(fresh))
            todo += fresh
    return list(found)


def _stub(name: str, below: Sequence[str], rules: Sequence[Rule], translating: bool) -> Iterator[Rule]:
    """What stands for a chain that is not followed: marks that it may set, and verdicts that it may give."""
    steps = [step for rule in rules for step in rule.steps]
    field = rules[0].field if rules else ()
    for register in (Register.MARK, Register.CONNECTION_MARK):
        bits = _touched(step for step in steps if isinstance(step, Assign) and step.register is register)
        if bits:
            yield Rule((Assign(register, None, bits),), name, field)
    if translating:
        return
    if any(map(_HOST_ENDPOINT.match, below)) and any(isinstance(step, Deny) for step in steps):
        yield Rule((Doubt("denied by a host endpoint of Calico"), Deny()), name, field)
    if any(isinstance(step, Accept) for step in steps):
        yield Rule((Doubt(f"accepted by {name}"), Accept()), name, field)


def _touched(assignments: Iterable[Assign]) -> int:
    """The bits of a register that any of some assignments may change."""
    bits = 0
    for step in assignments:
        if step.formula is None:
            return _FULL
        kept = [mask for register, mask in step.formula.parts if register is step.register]
        others = [mask for register, mask in step.formula.parts if register is not step.register]
        bits |= _FULL & ~(kept[0] if len(kept) == 1 else 0) | step.formula.number
        for mask in others:
            bits |= mask
    return bits
