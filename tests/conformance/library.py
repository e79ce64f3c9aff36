"""The conformance questions as the public library writes them."""

from __future__ import annotations

import ipaddress
from typing import Any

from conformance.data import Question, Step
from conformance.objects import cluster_objects, service_for


def documents(step: Step) -> list[dict[str, Any]]:
    """Everything of a step as Kubernetes objects, with a Service where a question goes through one."""
    through = [each for each in step.questions if each.via_service]
    services = [service_for(step.cluster, each.destination, each.protocol, each.port) for each in through]
    return [*cluster_objects(step.cluster), *services, *step.policies]


def source_of(question: Question) -> str:
    """The source as an endpoint of the library."""
    return _endpoint(question.source)


def target_of(question: Question) -> str:
    """The destination as an endpoint of the library."""
    if question.name:
        return f"dns:{question.name}"
    if question.via_service:
        return f"{question.destination.partition('/')[0]}/svc/hairpin"
    return _endpoint(question.destination)


def traffic_of(question: Question) -> str:
    """The traffic as the library writes it."""
    return f"{question.protocol}/{question.port}"


def _endpoint(text: str) -> str:
    if "/" in text:
        namespace, name = text.split("/")
        return f"{namespace}/pod/{name}"
    return str(ipaddress.ip_address(text))
