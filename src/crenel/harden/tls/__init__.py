"""TLS for hosts and between pods: sections, redirects, certificates and the policies of the mesh in use."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.harden.services.context import Context
from crenel.harden.services.model import Change
from crenel.harden.tls import authorizing, gateways, hsts, ingresses, meshes, unrenewed
from crenel.harden.tls.certificates import Certificates


def changes(context: Context) -> Iterator[Change]:
    """All of them."""
    certificates = Certificates(context)
    yield from ingresses.changes(context, certificates)
    yield from gateways.changes(context, certificates)
    yield from unrenewed.changes(context, certificates)
    yield from hsts.changes(context)
    yield from meshes.changes(context)
    yield from authorizing.changes(context)
