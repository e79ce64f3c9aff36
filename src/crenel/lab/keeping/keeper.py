"""The process that a kept lab is: it holds the twin, lets pods answer, and does what it is asked."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from crenel.lab.cluster.addressing import ExhaustedError
from crenel.lab.cluster.placement import NotPlacedError
from crenel.lab.keeping import kept
from crenel.lab.keeping.names import NoSuchPodError, hosts_file, space_of
from crenel.lab.lab import Lab
from crenel.library import Network
from crenel.provenance import Origin
from crenel.sources.document import Document, Reading

Probing: TypeAlias = Callable[[str, int | None], tuple[str, int]]
"""From a format and how many probes at the most, the report and the exit code."""

_USER = Path("/proc/self/ns/user")


def spawn(lab: Lab, door: kept.Door, probe: Probing) -> int:
    """Leave a lab to a process in the background. Returns its id; here nothing of the lab may be used any more.

    `probe` sends all probes again and writes the report in a format.
    """
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
        _Keeper(lab, door, probe).run()
    finally:
        os._exit(0)


class _Keeper:
    def __init__(self, lab: Lab, door: kept.Door, probe: Probing) -> None:
        self._lab, self._door, self._probe = lab, door, probe
        self._visitors: list[socket.socket] = []
        """Who is in a pod; each is told by the end of its connection when the lab ends."""
        self._over = self._busy = False

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
        self._visitors = [each for each in self._visitors if not _gone(each)]
        asked = self._door.accept()
        if asked is None:
            return
        try:
            if self._served(asked):
                self._visitors.append(asked)
                return
        except (OSError, EOFError, msgspec.DecodeError):
            pass  # whoever asked has gone
        asked.close()

    def _served(self, asked: socket.socket) -> bool:
        """Answer a request. Returns whether the connection is to be kept: it tells a visitor when the lab ends."""
        request, strange = kept.receive(asked)
        for descriptor in strange:
            os.close(descriptor)
        answer, descriptors = self._answer(request)
        try:
            kept.send(asked, answer, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return bool(descriptors)

    def _answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], Sequence[int]]:
        what = str(request.get("do"))
        if what == "enter":
            return self._enter(str(request.get("pod")))
        deeds = {"down": self._down, "apply": self._apply, "probe": self._probed, "describe": self._described}
        if self._busy and what in ("apply", "probe"):
            return {"problem": "the lab is being probed; try again when that is over"}, ()
        if what not in deeds:
            return {"problem": "a request that this version does not know"}, ()
        return deeds[what](request), ()

    def _down(self, _request: dict[str, Any]) -> dict[str, Any]:
        self._over = True
        return {}

    def _described(self, _request: dict[str, Any]) -> dict[str, Any]:
        placement = self._lab.stage.placement
        return {"pods": [pod.title for pod in placement.pods], "nodes": [node.name for node in placement.nodes]}

    def _enter(self, text: str) -> tuple[dict[str, Any], Sequence[int]]:
        try:
            key, title = space_of(self._lab.stage, text)
        except NoSuchPodError as error:
            return {"problem": str(error)}, ()
        namespace = title.partition("/")[0]
        answer = {
            "title": title, "hosts": hosts_file(self._lab.stage, namespace), "papers": self._lab.papers(title)
        }  # fmt: skip
        with _USER.open("rb") as user:
            return answer, (os.dup(user.fileno()), os.dup(self._lab.twin.spaces[key].fd))

    def _probed(self, request: dict[str, Any]) -> dict[str, Any]:
        """Probe; whoever asks for a change meanwhile is told to come again."""
        self._busy = True
        try:
            report, code = self._probe(str(request["format"]), request.get("most"))
        finally:
            self._busy = False
        return {"report": report, "code": code}

    def _apply(self, request: dict[str, Any]) -> dict[str, Any]:
        documents = [Document(data, Origin(str(source)), bool(served)) for data, source, served in request["documents"]]
        network = Network(Reading(documents), str(request["default_namespace"]), tuple(request["pod_cidrs"]))
        try:
            review = self._lab.apply(network.model)
        except (NotPlacedError, ExhaustedError) as error:
            return {"problem": str(error)}
        return {"revoked": len(review.revoked), "restored": len(review.restored)}


def _gone(visitor: socket.socket) -> bool:
    """Whether the other end of a connection is closed; then this one is closed too."""
    try:
        if visitor.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
            return False
    except BlockingIOError:
        return False
    except OSError:
        pass
    visitor.close()
    return True
