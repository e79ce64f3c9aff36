"""The controllers of ingress-nginx in an input: by their images, with their versions and admission webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crenel.audit.advisories import Version
from crenel.audit.finding import Thing, Witness
from crenel.audit.subject import Subject
from crenel.audit.workloads import Template, Workload
from crenel.bits import members, union
from crenel.kubernetes.objects.workloads import Container
from crenel.network.rules import Direction
from crenel.network.traffic import TCP
from crenel.provenance import FieldPath

_REPOSITORY = re.compile(
    r"(^|/)(ingress-nginx/(kube-)?controller(-chroot)?|(kubernetes-ingress-controller|bitnami|bitnamilegacy|rancher|sig-platform)"
    r"/nginx-ingress-controller(-\w+)?|mirrored-ingress-nginx-controller)$"
)
"""Where the project, and those who build it from the same source, publish the controller."""
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_WEBHOOK = re.compile(r"--validating-webhook[= ]\S*?:(\d+)")


@dataclass(frozen=True)
class Controller:
    """One container that runs ingress-nginx. `version` is None where its image does not say."""

    thing: Thing
    field: FieldPath
    """Its image."""
    image: str
    version: Version | None
    webhook: int | None
    """The port of its admission webhook; None where it has none."""
    rebuilt: bool
    """Whether somebody builds it who puts fixes into older versions."""
    workload: Workload | None


def controllers(subject: Subject) -> Iterator[Controller]:
    """All of them."""
    workloads = {
        (each.namespace, each.group.kind, each.group.workload): each for each in reversed(subject.workloads)
    }  # fmt: skip
    for template in subject.templates:
        for place, container in enumerate(template.spec.containers or ()):
            repository, tag = _split(container.image or "")
            if _REPOSITORY.search(repository):
                field = (*template.path, "containers", place, "image")
                yield _controller(template, container, field, tag, workloads.get(template.owner))


def _controller(
    template: Template, container: Container, field: FieldPath, tag: str, workload: Workload | None
) -> Controller:
    said = " ".join([*(container.command or ()), *(container.args or ())])
    port, version = _WEBHOOK.search(said), _VERSION.search(tag)
    return Controller(
        template.thing, field, container.image or "",
        (int(version[1]), int(version[2]), int(version[3])) if version else None,
        int(port[1]) if port and int(port[1]) < 65536 else None,
        "hardened" in tag, workload,
    )  # fmt: skip


def _split(image: str) -> tuple[str, str]:
    """The repository and the tag of an image."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    base, _, tag = last.partition(":")
    return f"{head}{slash}{base}", tag


def callers(subject: Subject, controller: Controller) -> tuple[str, Witness] | None:
    """Who surely reaches its webhook, nodes and itself aside, in words and as a witness; None for nobody.

    An input without any other pod says that all reach a controller which no policy isolates.
    """
    workload = controller.workload
    if workload is None or controller.webhook is None:
        return None
    others = union(each.index for each in subject.workloads if not each.hosted) & ~(1 << workload.index)
    ends = subject.reach.into(workload.index).sure(subject.mask([(TCP, controller.webhook)])) & others
    port = f"TCP/{controller.webhook}"
    if ends:
        one = subject.by_index[members(ends)[0]]
        return subject.words(ends, 1 << workload.index), Witness(one.name, workload.name, port)
    if subject.isolated(workload, Direction.INGRESS) is False:
        return "every pod of the cluster", Witness("any pod of the cluster", workload.name, port)
    return None
