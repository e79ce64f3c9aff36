"""Reads sources into a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypeAlias

from crenel import intents
from crenel.intents import Intents
from crenel.library import Network
from crenel.provenance import Origin, Problem, Severity
from crenel.sources.cluster_kinds import DEFAULT, Kind
from crenel.sources.document import Document, Reading

Source: TypeAlias = "str | Path | Iterable[dict[str, Any]]"
"""A file, a directory, ``-``, ``git:REV[:PATH]``; or objects that are already parsed."""


def load(
    *sources: Source,
    default_namespace: str = "default",
    pod_cidrs: Sequence[str] = (),
    context: str | None = None,
    kubeconfig: str | None = None,
    namespaces: Sequence[str] = (),
    aws: Sequence[str] = (),
    aws_profile: str | None = None,
) -> Network:
    """Read configuration into a `Network`.

    Without `sources` the cluster of the current kubeconfig context, or of `context`, is read (extra
    ``crenel[cluster]``). `aws` are regions that are read besides from the account of the current credentials, or of
    `aws_profile` (extra ``crenel[aws]``); an empty name is the region of the environment or of the profile. Nothing
    that is wrong with the input raises: see `Network.problems`.

    Raises:
        ValueError: a pod CIDR is none.
    """
    reading = read(sources, context=context, kubeconfig=kubeconfig, namespaces=namespaces)
    reading.extend(read_aws(aws, aws_profile))
    return Network(reading, default_namespace, pod_cidrs)


def load_intents(*sources: str | Path) -> Intents:
    """Read declared intents from files and directories; what else lies there is passed over.

    Nothing that is wrong raises: see `Intents.problems`. A source that declares none is a problem.
    """
    documents: list[tuple[Any, Origin]] = []
    problems: list[Problem] = []
    for source in sources:
        reading = read([source])
        loose = {id(each.problem) for each in reading.loose}
        found = [(each.data, each.origin) for each in reading.loose if intents.recognises(each.data)]
        wrong = [each for each in reading.problems if id(each) not in loose and each.severity is Severity.ERROR]
        if not found and not wrong:
            hint = f"no intents are declared here: a document needs schema: {intents.SCHEMA}"
            wrong = [Problem(hint, Origin(str(source)))]
        documents += found
        problems += wrong
    declared = intents.read(documents)
    return replace(declared, problems=[*problems, *declared.problems])


def read(
    sources: Sequence[Source],
    *,
    context: str | None = None,
    kubeconfig: str | None = None,
    namespaces: Sequence[str] = (),
    stdin: IO[bytes] | None = None,
    kinds: Sequence[Kind] = DEFAULT,
) -> Reading:
    """Read sources; without any, the live cluster: objects of some `kinds`."""
    if not sources:
        from crenel.sources import cluster

        return cluster.read(context=context, kubeconfig=kubeconfig, namespaces=namespaces or None, kinds=kinds)
    total = Reading()
    for source in sources:
        total.extend(_one(source, stdin))
    return total


def read_aws(regions: Sequence[str], profile: str | None = None) -> Reading:
    """Read regions of an account of AWS; nothing where none is named."""
    if not regions:
        return Reading()
    from crenel.sources import aws

    return aws.read(regions, profile=profile)


def _one(source: Source, stdin: IO[bytes] | None) -> Reading:
    if isinstance(source, (str, Path)):
        from crenel.sources import files, git, snapshot

        text = str(source)
        found = git.export(text) if text.startswith("git:") else files.read([text], stdin=stdin)
        return snapshot.from_documents(found)
    documents = [Document(data, Origin("objects", number)) for number, data in enumerate(source)]
    return Reading(documents, examined=1)
