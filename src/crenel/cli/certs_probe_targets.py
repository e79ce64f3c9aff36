"""Which servers `crenel certs probe` looks at, where they are, and what they have to serve."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from crenel.certificates.probing.stored import Secrets
from crenel.certificates.probing.targets import Stored, Target, TargetError, detoured, detours, read
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.library import Network

Held = Mapping[tuple[str, int] | None, tuple[Stored, ...]]
"""What has to be served, by host and port; None stands for all targets."""


def targets(args: argparse.Namespace, net: "Network | None") -> list[Target]:
    """What was named, with what the input says of it; or all that the input declares. Each once.

    Raises:
        UsageError: something cannot be read, or the input has no such Secret.
    """
    known = _declared(net, args.default_namespace)
    try:
        named = [_informed(read(text), known) for text in args.targets]
        elsewhere, held = detours(args.connect_to), _held(args.stored, net, args.default_namespace)
    except TargetError as error:
        raise UsageError(str(error)) from None
    wanted = (_holding(each, held) for each in named or known)
    return list(dict.fromkeys(detoured(each, elsewhere) for each in wanted))


def _declared(net: "Network | None", default_namespace: str) -> list[Target]:
    """The servers of the input, by host and port."""
    if net is None:
        return []
    from crenel.certificates.probing.declared import declared

    return declared(net.given.decoded, net.documents, default_namespace)


def _informed(target: Target, known: Sequence[Target]) -> Target:
    """A target that was named, with what the input says of the same host and port."""
    for each in known:
        if (each.host, each.port) == (target.host, target.port):
            return replace(each, https=target.https, at=target.at or each.at)
    return target


def _holding(target: Target, held: Held) -> Target:
    mine = held.get((target.host, target.port)) or held.get(None)
    return replace(target, stored=mine) if mine else target


def _held(texts: Sequence[str], net: "Network | None", default_namespace: str) -> Held:
    """Read ``HOST:PORT=NS/NAME``, or ``NS/NAME`` for all targets."""
    secrets = Secrets(net.documents if net is not None else (), default_namespace)
    found: dict[tuple[str, int] | None, tuple[Stored, ...]] = {}
    for text in texts:
        whose, separator, name = text.rpartition("=")
        stored = secrets.get(*name.partition("/")[::2])
        if stored is None:
            raise UsageError(f"--stored {text}: the input has no such Secret with a certificate")
        target = read(whose) if separator else None
        key = (target.host, target.port) if target is not None else None
        found[key] = (*found.get(key, ()), stored)
    return found
