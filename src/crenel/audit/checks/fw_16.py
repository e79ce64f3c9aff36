"""An allowance of a host's firewall that another chain overrides.

## What it does

Looks at the base chains that packets meet one after the other at a hook of a host, by their priorities: input, forward
and output, as `nft -j list ruleset` and `iptables-save` tell them. A rule that accepts is a finding where all that it
accepts, and that earlier rules of its chain leave it, is surely dropped by the other chains of the hook, before or
after its own. That is solved with all conditions of all rules; where a part gets through, or may, there is none. Chains
of the cluster itself, such as those of kube-proxy, drop nothing here: policies and Services are judged by themselves.

A chain that only accepts, where everything would be accepted without it, is none: whether somebody expects it to close
something cannot be told.

## Why it is bad

In nftables accepting ends one base chain, not the way of the packet: the next one is asked as well, and a drop is
final. Who opens a port in a table of their own, beside that of the distribution or of firewalld, opens nothing.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
nftables:
  - metainfo: {version: 1.0.6, json_schema_version: 1}
  - table: {family: inet, name: own}
  - chain: {family: inet, table: own, name: input, type: filter, hook: input, prio: -10, policy: accept}
  - rule:
      family: inet
      table: own
      chain: input
      handle: 3
      comment: metrics
      expr:
        - match: {op: ==, left: {payload: {protocol: tcp, field: dport}}, right: 9100}
        - accept: null
  - table: {family: inet, name: site}
  - chain: {family: inet, table: site, name: input, type: filter, hook: input, prio: 0, policy: drop}
  - rule:
      family: inet
      table: site
      chain: input
      handle: 5
      expr:
        - match: {op: ==, left: {payload: {protocol: tcp, field: dport}}, right: 22}
        - accept: null
```

## Fix

Accept it in the chain that drops it as well, or in no other:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
nftables:
  - metainfo: {version: 1.0.6, json_schema_version: 1}
  - table: {family: inet, name: site}
  - chain: {family: inet, table: site, name: input, type: filter, hook: input, prio: 0, policy: drop}
  - rule:
      family: inet
      table: site
      chain: input
      handle: 5
      expr:
        - match: {op: ==, left: {payload: {protocol: tcp, field: dport}}, right: {set: [22, 9100]}}
        - accept: null
```

## References

- nft(8), STATEMENTS: accept and drop; "Base chains": priority
- nftables wiki, Configuring chains: Base chain priority
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from crenel.audit.dead import Parts, alike, key_of, less
from crenel.audit.finding import Check, Finding, Named, Pillar, Severity
from crenel.audit.machines import rule_words
from crenel.audit.subject import Subject
from crenel.network.evaluate import Cell, Event, Step, run, steps
from crenel.network.firewalls import Infrastructure, Interface, Tier
from crenel.network.lowering import Entry, StageView
from crenel.network.rules import Action, Policy, Rule
from crenel.network.wire import wire
from crenel.provenance import field_text

CHECK = Check("FW-16", "Allowance that another chain overrides", Pillar.FIREWALLS, Severity.MEDIUM)
_FIX = "accept it in the chain that drops it as well: each base chain of a hook has to accept a packet"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that accepts what other chains drop."""
    infrastructure = subject.material.infrastructure
    for row in infrastructure.unabridged:
        yield from _overridden(infrastructure, row)


def _overridden(infrastructure: Infrastructure, row: tuple[Tier, ...]) -> Iterator[Finding]:
    """The findings of one hook of one host."""
    network = wire(replace(infrastructure, tiers=row, interfaces=_guarded(infrastructure, row))).forth
    found: dict[object, tuple[Entry, Event]] = {}
    alive: set[object] = set()
    for view in network.views:
        stages = view.of(row[0].direction)
        for interface in alike(stages, view, network):
            for number, stage in enumerate(stages):
                for entry, parts in _accepted(stage, interface):
                    key = key_of(entry.policy, entry.rule)
                    by = _dropped(parts, [*stages[:number], *stages[number + 1 :]], interface)
                    if by is None:
                        alive.add(key)
                    else:
                        found.setdefault(key, (entry, by))
    yield from (_finding(entry, by) for key, (entry, by) in found.items() if key not in alive)


def _guarded(infrastructure: Infrastructure, row: tuple[Tier, ...]) -> list[Interface]:
    names = {name for tier in row for rank in tier.ranks for each in rank for name in each.guards}
    return [each for each in infrastructure.interfaces if each.name in names]


def _accepted(stage: StageView, interface: int) -> Iterator[tuple[Entry, Parts]]:
    """The rules of a chain that accept, with what comes to each of them."""
    before: list[Step] = []
    for step in steps(stage, interface, True):
        action, _, possible, traffic, entry = step
        if entry is not None and action is Action.NEXT and _is_rule(entry.policy, entry.rule):
            parts: Parts = [(traffic, possible)]
            for _, sure, _, what, _ in before:
                parts = less(parts, what, sure)
            if any(what and ends for what, ends in parts):
                yield entry, parts
        before.append(step)


def _is_rule(policy: Policy, rule: Rule) -> bool:
    """Whether it is a rule of the chain, and not its policy."""
    return bool(rule.field) and rule.field != policy.place


def _dropped(parts: Parts, others: Sequence[StageView], interface: int) -> Event | None:
    """What of other chains first drops some packets, where all are surely dropped; None where any gets on, or may."""
    events: list[Event] = []
    for traffic, ends in parts:
        cells = [Cell(traffic, 0, 0, ends)]
        for stage in others:
            run(cells, stage, interface, True, events.append)
        if any(cell.traffic and (cell.undecided | cell.allowed) for cell in cells):
            return None
    return next((each for each in events if each.entry is not None and each.entry.rule.action is Action.DENY), None)


def _finding(entry: Entry, by: Event) -> Finding:
    assert by.entry is not None
    policy, rule = by.entry.policy, by.entry.rule
    what = "its policy" if rule.field == policy.place else rule_words(rule)
    return CHECK.found(
        Named(entry.policy.title, "", entry.policy.origin),
        f"{rule_words(entry.rule)} accepts nothing: {what} of {policy.title}, which is asked as well, drops it all",
        field=entry.rule.field,
        evidence=[f"{policy.title}: {field_text(rule.field)}"],
        fix=_FIX,
    )
