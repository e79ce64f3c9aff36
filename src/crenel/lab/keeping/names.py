"""What people call the ends of a twin, and what a pod's own resolver file says of the others."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from crenel.dialects.service import resolve
from crenel.lab.stage import Stage
from crenel.lab.twin.topology import OUTSIDE, node_key, pod_key


class NoSuchPodError(ValueError):
    """Nobody in the twin has that name; the message is one line."""


def space_of(staged: Stage, text: str) -> tuple[str, str]:
    """The namespace that ``shop/web``, ``shop/pod/web-0``, ``node/worker-1`` or ``outside`` is in, as (key, title).

    Of a workload with several pods the first is meant.

    Raises:
        NoSuchPodError: there is none.
    """
    known = dict(_spaces(staged))
    if text in known:
        return known[text]
    usual = sorted(name for name in known if name.count("/") < 2)
    near = difflib.get_close_matches(text, usual, n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else f"; there are {', '.join(usual[:8])}"
    raise NoSuchPodError(f"no pod {text!r} in the twin{hint}")


def _spaces(staged: Stage) -> Iterator[tuple[str, tuple[str, str]]]:
    groups = staged.placement.model.scope.groups
    for pod in reversed(staged.placement.pods):
        group = groups[staged.roster.pods[pod.title]]
        found = pod_key(pod), pod.title
        yield f"{group.namespace}/{group.workload}", found
        yield f"{group.namespace}/{group.kind.lower()}/{group.workload}", found
    for pod in staged.placement.pods:
        yield pod.title, (pod_key(pod), pod.title)
        yield f"{pod.namespace}/pod/{pod.name}", (pod_key(pod), pod.title)
    for node in staged.placement.nodes:
        yield f"node/{node.name}", (node_key(node.name), f"node/{node.name}")
    yield OUTSIDE, (OUTSIDE, OUTSIDE)


def hosts_file(staged: Stage, namespace: str) -> str:
    """What stands in the place of cluster DNS: Services, pods and outside names as the lines of hosts(5).

    Names without a namespace are those of the pod's own.
    """
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for address, name, home in _named(staged):
        service = [f"{name}.{home}", f"{name}.{home}.svc", f"{name}.{home}.svc.cluster.local"] if home else [name]
        own = [name] if home == namespace and home else []
        lines.append(" ".join([address, *own, *service]))
    return "\n".join([*lines, ""])


def _named(staged: Stage) -> Iterator[tuple[str, str, str]]:
    """(address, name, namespace) of all that has a name; the namespace is empty for names outside."""
    exposed = {each.title: each for each in staged.placement.services}
    for each in exposed.values():
        yield from ((address, each.service.name, each.service.namespace) for address in each.addresses)
    yield from _headless(staged)
    for pod in staged.placement.pods:
        if f"{pod.namespace}/svc/{pod.name}" not in exposed:
            yield from ((address, pod.name, pod.namespace) for address in pod.addresses)
    for host in staged.world.hosts:
        if host.title.startswith("dns:"):
            yield host.text, host.title.removeprefix("dns:"), ""


def _headless(staged: Stage) -> Iterator[tuple[str, str, str]]:
    """The names of Services without an address of their own lead to their pods."""
    model = staged.placement.model
    for service in model.given.decoded.services:
        if service.spec is None or service.spec.cluster_ip != "None":
            continue
        found = resolve(service, None, model.scope, model.given.decoded, model.network)
        behind = {backend.endpoint for backend in found.backends}
        for pod in staged.placement.pods:
            if staged.roster.pods[pod.title] in behind:
                yield from ((address, service.name, service.namespace) for address in pod.addresses)
