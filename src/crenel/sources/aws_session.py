"""A conversation with AWS through boto3: read-only calls in some regions, page by page, which end in time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.parsers import ResponseParserError

from crenel import __version__
from crenel.sources import aws_errors
from crenel.sources.aws_calls import SERVICES, Call, Task
from crenel.sources.aws_failure import AwsError
from crenel.sources.aws_limits import Limits

_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NO_REGION = "no AWS region is set: name one with --aws REGION, or set AWS_REGION"


class Session:
    """Calls with the credentials of one profile; safe to use from several threads.

    `regions` are names; an empty one is the region of the environment or of the profile.

    Raises:
        AwsError: there are no credentials, no such profile, or no region.

    """

    def __init__(self, regions: Iterable[str], profile: str | None, limits: Limits) -> None:
        self._limits = limits
        self._lost: dict[tuple[str, str], AwsError] = {}
        try:
            self._session = boto3.Session(profile_name=profile)
            self._check_credentials()
            default = os.environ.get("AWS_REGION") or self._session.region_name or ""
        except (exceptions.BotoCoreError, exceptions.ClientError) as error:
            raise aws_errors.about_credentials(error, profile) from None
        self.regions = tuple(dict.fromkeys(_region(each or default) for each in regions))
        self._clients = dict(self._connect())

    def ask(self, task: Task) -> Any:
        """Make a call and return what is kept of its answer, all pages together.

        Raises:
            AwsError: it was not answered, in whole or in part.

        """
        place = task.region, task.call.service
        if place in self._lost:
            raise self._lost[place]
        client = self._clients[place]
        try:
            return self._answer(client, task)
        except (exceptions.BotoCoreError, exceptions.ClientError, ResponseParserError, ValueError) as error:
            endpoint = client.meta.endpoint_url
            found = aws_errors.diagnose(error, task.call, endpoint, self._limits.silence)
            raise self._lose(task, found) if found.wide else found from None

    def _answer(self, client: Any, task: Task) -> Any:
        arguments = {task.call.argument: task.item} if task.item else {}
        if not client.can_paginate(task.call.method):
            return _kept(getattr(client, task.call.method)(**arguments), task.call)
        return [each for page in self._pages(client, task, arguments) for each in _kept(page, task.call)]

    def _pages(self, client: Any, task: Task, arguments: dict[str, str]) -> Iterator[dict[str, Any]]:
        paginator = client.get_paginator(task.call.method)
        size = _size(client, task.call, self._limits.page)
        pages = iter(paginator.paginate(**arguments, PaginationConfig={"PageSize": size}))
        yield from islice(pages, self._limits.pages)
        if next(pages, None) is not None:
            raise AwsError(f"more than {self._limits.pages:,} pages: it is not read")

    def _check_credentials(self) -> None:
        """Obtain credentials at once, by one thread: a program or a login may have to be asked."""
        credentials = self._session.get_credentials()
        if credentials is None:
            raise exceptions.NoCredentialsError
        credentials.get_frozen_credentials()

    def _connect(self) -> Iterator[tuple[tuple[str, str], Any]]:
        """A client for every service in every region: boto3 makes them in one thread, and any may use them."""
        limits = self._limits
        config = Config(
            connect_timeout=limits.connect,
            read_timeout=limits.silence,
            retries={"mode": "standard", "total_max_attempts": limits.attempts},
            max_pool_connections=limits.connections,
            user_agent_extra=f"crenel/{__version__}",
        )
        for region in self.regions:
            for service in SERVICES:
                try:
                    yield (region, service), self._session.client(service, region_name=region, config=config)
                except (exceptions.BotoCoreError, ValueError) as error:
                    raise AwsError(f"{service} in {region} cannot be asked: {_wrong(error)}", wide=True) from None

    def _lose(self, task: Task, error: AwsError) -> AwsError:
        """Give a service up, so that no other call waits for the same in vain."""
        if error.endpoint and (hint := self._unknown_region(task.region)):
            error = AwsError(f"{error} ({hint})", wide=True, endpoint=error.endpoint)
        return self._lost.setdefault((task.region, task.call.service), error)

    def _unknown_region(self, name: str) -> str:
        """What to say of a region that boto3 does not know; empty for others.

        Regions are added faster than boto3 is replaced, so that one which answers is as good as any.
        """
        known = self._known_regions()
        if name in known:
            return ""
        near = get_close_matches(name, known, n=1)
        return f"boto3 knows no region {name!r}{f'; is it {near[0]}?' if near else ''}"

    def _known_regions(self) -> Sequence[str]:
        partitions = self._session.get_available_partitions()
        return [name for each in partitions for name in self._session.get_available_regions("ec2", each)]


def _wrong(error: Exception) -> str:
    """What keeps a client from being made; an endpoint is not repeated, for there may be a login in it."""
    return "its endpoint is no URL" if "endpoint" in str(error).lower() else type(error).__name__


def _kept(answer: dict[str, Any], call: Call) -> Any:
    """What is kept of an answer; AWS writes a list even where it is empty."""
    if call.key not in answer:
        raise AwsError(aws_errors.NONSENSE)
    return answer[call.key]


def _region(name: str) -> str:
    if not name:
        raise AwsError(_NO_REGION, wide=True)
    if not _HOST_LABEL.fullmatch(name):
        raise AwsError(f"{name!r} is no region of AWS", wide=True)
    return name


def _size(client: Any, call: Call, wanted: int) -> int:
    """How many elements to ask for in one answer: as many as are wanted, within what boto3's model of the call says."""
    shape = client.meta.service_model.operation_model(call.operation).input_shape
    for name, member in shape.members.items():
        if name.lower() in ("maxresults", "pagesize"):
            return max(int(member.metadata.get("min", 1)), min(wanted, int(member.metadata.get("max", wanted))))
    return wanted
