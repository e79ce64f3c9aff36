"""The platforms that rule sets are written for, each imported when it is asked for."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Protocol, cast

from crenel.harden.infrastructure.comparing import Blind, Seen
from crenel.harden.infrastructure.fitting import nameless, without
from crenel.harden.infrastructure.model import Wanted
from crenel.harden.infrastructure.written import Form, Written
from crenel.network.rules import Direction

PLATFORMS = ("aws", "azure", "gcp", "openstack", "hosts")


class Platform(Protocol):
    """What the package of a platform has."""

    def write(self, wanted: Wanted) -> Written:
        """Write an intent."""

    def meaning(self, written: Written) -> Wanted:
        """The intent that the files keep, with what the platform always lets through of its own accord."""

    def read(self, written: Written, form: Form) -> list[Seen]:
        """What our own dialect makes of one form, with the interfaces in their places."""

    def blind(self, written: Written, /) -> Blind:
        """What the platform decides whatever its rules say."""


def platform(name: str) -> Platform:
    """The platform of a name.

    Raises:
        ValueError: there is none.
    """
    if name not in PLATFORMS:
        raise ValueError(f"no rules are written for {name!r}: {', '.join(PLATFORMS)}")
    return cast(Platform, import_module(f"crenel.harden.infrastructure.{name}"))


def write(wanted: Wanted, platform_name: str) -> Written:
    """The smallest rule set for a platform that keeps an intent. Groups without members are spoken of by addresses.

    Raises:
        ValueError: there is no such platform, or a port of the intent is named and not numbered.
    """
    absent = [each.name for each in wanted.groups if not each.members]
    written = platform(platform_name).write(without(wanted, absent))
    return replace(written, unfit=[*nameless(wanted, absent, *Direction), *written.unfit])
