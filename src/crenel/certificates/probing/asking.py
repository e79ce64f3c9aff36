"""One ClientHello over one connection."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass

from crenel.certificates.probing.peers import Line, Peer
from crenel.certificates.probing.wire.cursor import NoTLSError, WireError
from crenel.certificates.probing.wire.greeting import Answer, Greeting, Until
from crenel.certificates.probing.wire.hello import Offer
from crenel.certificates.probing.wire.shares import Share

_SHOWN = 40
"""Bytes that are shown of an answer."""


class Ending(enum.Enum):
    """How a conversation ended."""

    ANSWERED = "answered"
    """All that was wanted came."""
    REFUSED = "refused"
    """An alert came."""
    CLOSED = "closed"
    """The server ended the connection, or reset it, without a word."""
    SILENT = "silent"
    """Nothing, or not enough, came in time."""
    NO_TLS = "no TLS"
    """What came is not TLS."""
    BROKEN = "broken"
    """What came is TLS, and not what the protocol allows."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one ClientHello."""

    ending: Ending
    answer: Answer
    """What came until then."""
    detail: str = ""
    """More about the ending: what is wrong, or how an answer that is not TLS begins."""


async def ask(peer: Peer, offer: Offer, until: Until = Until.CHOICE, mine: Share | None = None) -> Heard:
    """Greet a server, and hang up when it has said what was wanted.

    Raises:
        UnreachableError: it takes no connection.
    """
    greeting = Greeting(offer, until, mine)
    ending, detail = Ending.SILENT, ""
    async with peer.line() as line:
        try:
            async with asyncio.timeout(peer.step):
                ending = await _converse(line, greeting)
        except TimeoutError:
            pass
        except NoTLSError as error:
            ending, detail = Ending.NO_TLS, printable(error.seen)
        except WireError as error:
            ending, detail = Ending.BROKEN, str(error)
        except OSError:
            ending = Ending.CLOSED
    return Heard(ending, greeting.answer, detail)


async def _converse(line: Line, greeting: Greeting) -> Ending:
    while not greeting.done:
        if waiting := greeting.take():
            await line.send(waiting)
        if not (data := await line.receive()):
            return Ending.CLOSED
        greeting.feed(data)
    return Ending.REFUSED if greeting.answer.alert is not None else Ending.ANSWERED


def printable(data: bytes) -> str:
    """The beginning of an answer, for people: of its first line, in quotation marks, with what is no ASCII escaped."""
    return repr(data.split(b"\r", 1)[0].split(b"\n", 1)[0][:_SHOWN])[1:]
