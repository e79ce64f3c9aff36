"""The API as callers see it: one service for each set of entries, on stubs of the package `spiffe`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from spiffe._proto import workload_pb2 as messages
from spiffe._proto import workload_pb2_grpc as stubs

from crenel.certificates.workload_api.entries import Entry
from crenel.certificates.workload_api.supplying import Supplied, Supplier

_HEADER = ("workload.spiffe.io", "true")
"""What every request has to say of itself (SPIFFE_Workload_Endpoint 3): a forged one that came by a detour cannot."""


class Hub:
    """What is served now, and a way to wait for something else."""

    def __init__(self, supplier: Supplier) -> None:
        self.supplier = supplier
        self.changed = asyncio.Event()
        """Set when something else is served; then there is another one."""

    @property
    def now(self) -> Supplied:
        """What is served."""
        return self.supplier.supplied

    async def refresh(self) -> bool:
        """Ask the authority, and wake up whoever waits; returns whether all is as before."""
        same = await asyncio.to_thread(self.supplier.refresh)
        if not same:
            waiting, self.changed = self.changed, asyncio.Event()
            waiting.set()
        return same


class Service(stubs.SpiffeWorkloadAPIServicer):
    """The API for callers that have some entries, or none."""

    def __init__(self, hub: Hub, entries: tuple[Entry, ...]) -> None:
        self._hub = hub
        self._entries = entries

    async def FetchX509SVID(self, _: Any, context: Any) -> AsyncIterator[messages.X509SVIDResponse]:  # noqa: N802
        """Stream the caller's certificates, with keys and roots, whenever they change."""
        async for each in self._streamed(context, self._svids):
            yield each

    async def FetchX509Bundles(self, _: Any, context: Any) -> AsyncIterator[messages.X509BundlesResponse]:  # noqa: N802
        """Stream the roots to trust, whenever they change."""
        async for each in self._streamed(context, _bundles):
            yield each

    async def FetchJWTSVID(self, _: Any, context: Any) -> None:  # noqa: N802
        """JWT-SVIDs are not served."""
        await self._left_out(context)

    async def FetchJWTBundles(self, _: Any, context: Any) -> AsyncIterator[messages.JWTBundlesResponse]:  # noqa: N802
        """JWT-SVIDs are not served."""
        await self._left_out(context)
        yield messages.JWTBundlesResponse()

    async def ValidateJWTSVID(self, _: Any, context: Any) -> None:  # noqa: N802
        """JWT-SVIDs are not served."""
        await self._left_out(context)

    async def _streamed(self, context: Any, answer: Callable[[Supplied], Any]) -> AsyncIterator[Any]:
        """Answers, each when it differs from the one before (SPIFFE_Workload_API 4.3)."""
        await self._admit(context)
        before = None
        while True:
            changed, now = self._hub.changed, self._hub.now
            if (found := answer(now)) is None:
                await self._refuse(context, now)
            if found != before:
                yield found
                before = found
            await changed.wait()

    def _svids(self, now: Supplied) -> messages.X509SVIDResponse | None:
        found = [now.svids[each.name] for each in self._entries if each.name in now.svids]
        if not found:
            return None
        svids = [
            messages.X509SVID(spiffe_id=each.id, x509_svid=each.chain, x509_svid_key=each.key, bundle=now.bundle)
            for each in found
        ]
        return messages.X509SVIDResponse(svids=svids, crl=now.lists)

    async def _admit(self, context: Any) -> None:
        if _HEADER not in [(key, value) for key, value in context.invocation_metadata() or ()]:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the metadata {_HEADER[0]}: {_HEADER[1]} is missing")
        if not self._entries:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "no identity is defined for the caller")

    async def _refuse(self, context: Any, now: Supplied) -> None:
        if all(each.name in now.refused for each in self._entries):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "the policy of the authority refuses the identity")
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the authority cannot be asked")

    async def _left_out(self, context: Any) -> None:
        await self._admit(context)
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "the JWT-SVID profile is not served")


def _bundles(now: Supplied) -> messages.X509BundlesResponse | None:
    if not now.bundle:
        return None
    return messages.X509BundlesResponse(crl=now.lists, bundles={f"spiffe://{now.trust_domain}": now.bundle})
