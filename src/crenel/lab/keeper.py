"""The process that a kept lab is: it holds the twin, lets pods answer, and does what it is asked."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from crenel.lab import kept
from crenel.lab.addressing import ExhaustedError
from crenel.lab.lab import Lab
from crenel.lab.names import NoSuchPodError, hosts_file, space_of
from crenel.lab.placement import NotPlacedError
from crenel.library import Network
from crenel.provenance import Origin
from crenel.sources.document import Document, Reading

_USER = Path("/proc/self/ns/user")


def spawn(lab: Lab, door: kept.Door) -> int:
    """Leave a lab to a process in the background. Returns its id; here nothing of the lab may be used any more."""
    _ = lab.prober
    child = os.fork()
    if child:
        door.leave()
        return child
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        _Keeper(lab, door).run()
    finally:
        os._exit(0)


class _Keeper:
    def __init__(self, lab: Lab, door: kept.Door) -> None:
        self._lab, self._door = lab, door
        self._over = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        try:
            self._lab.prober.serve({self._door.fileno(): self._asked}, lambda: self._over)
        finally:
            self._door.close()
            self._lab.close()

    def _stop(self, *_: object) -> None:
        self._over = True

    def _asked(self, _descriptor: int) -> None:
        try:
            with self._door.answering() as asked:
                request, strange = kept.receive(asked)
                for descriptor in strange:
                    os.close(descriptor)
                answer, descriptors = self._answer(request)
                try:
                    kept.send(asked, answer, descriptors)
                finally:
                    for descriptor in descriptors:
                        os.close(descriptor)
        except (OSError, EOFError, msgspec.DecodeError):
            return  # whoever asked has gone, or had no right to

    def _answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], Sequence[int]]:
        match request.get("do"):
            case "down":
                self._over = True
                return {}, ()
            case "enter":
                return self._enter(str(request.get("pod")))
            case "apply":
                return self._apply(request), ()
            case "describe":
                staged = self._lab.stage.placement
                return {"pods": [pod.title for pod in staged.pods], "nodes": [node.name for node in staged.nodes]}, ()
        return {"problem": "a request that this version does not know"}, ()

    def _enter(self, text: str) -> tuple[dict[str, Any], Sequence[int]]:
        try:
            key, title = space_of(self._lab.stage, text)
        except NoSuchPodError as error:
            return {"problem": str(error)}, ()
        namespace = title.partition("/")[0]
        answer = {"title": title, "hosts": hosts_file(self._lab.stage, namespace)}
        with _USER.open("rb") as user:
            return answer, (os.dup(user.fileno()), os.dup(self._lab.twin.spaces[key].fd))

    def _apply(self, request: dict[str, Any]) -> dict[str, Any]:
        documents = [Document(data, Origin(str(source)), bool(served)) for data, source, served in request["documents"]]
        network = Network(Reading(documents), str(request["default_namespace"]), tuple(request["pod_cidrs"]))
        try:
            review = self._lab.apply(network.model)
        except (NotPlacedError, ExhaustedError) as error:
            return {"problem": str(error)}
        return {"revoked": review.revoked, "restored": review.restored}
