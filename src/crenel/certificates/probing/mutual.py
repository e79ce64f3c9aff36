"""The proof of mutual TLS: data is sent without a certificate, with wrong ones, and in plain text; the answers tell.

A handshake proves nothing. Without a client's certificate, nginx and HAProxy both complete one of TLS 1.3; then nginx
answers 400, and HAProxy sends the alert certificate_required when the client first reads.
"""

from __future__ import annotations

import enum
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from crenel.certificates.probing import pages
from crenel.certificates.probing.asking import printable
from crenel.certificates.probing.findings import HIGH, MEDIUM, Finding
from crenel.certificates.probing.pages import Page
from crenel.certificates.probing.peers import Peer
from crenel.certificates.probing.talking import Fate, Reply, plainly, talk

HTTP1, HTTP2, NOTHING = ("http/1.1",), ("h2",), ()
"""What is offered by ALPN: HTTP/1.1, HTTP/2 to servers that do not take it, and nothing to those that take neither."""


class Outcome(enum.Enum):
    """What one attempt came to."""

    REFUSED = "refused"
    """An alert about certificates, or a page that says that one is needed."""
    CLOSED = "closed"
    """The connection was ended without a word."""
    ANSWERED = "answered"
    """The application answered."""
    UNCLEAR = "unclear"
    """Something else, which could be either."""
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt."""

    kind: str
    """What was sent: one of `NONE`, `STRANGER`, `FORGED`, `EXPIRED`, `PLAIN`, `RIGHT`."""
    outcome: Outcome
    detail: str
    """What came back, or why nothing was tried."""
    status: int | None = None
    """The status of HTTP, where that came back."""


NONE, STRANGER, EXPIRED = "no certificate", "a stranger's certificate", "an expired certificate"
FORGED = "a forged certificate"
"""One with all the names of the right one and of its issuer: what looks at names alone takes it, and what lets unknown
CAs pass may not."""
PLAIN, RIGHT = "plain text", "the right certificate"

Contexts = dict[tuple[str, tuple[str, ...]], ssl.SSLContext]
"""How to talk with each certificate, and without, by kind and ALPN."""

_ABOUT_CERTIFICATES = frozenset({
    "handshake_failure", "no_certificate", "bad_certificate", "unsupported_certificate", "certificate_revoked",
    "certificate_expired", "certificate_unknown", "unknown_ca", "access_denied", "decrypt_error",
    "certificate_required",
})  # fmt: skip
_NGINX = frozenset({495, 496})
"""Statuses of nginx for wrong and for missing certificates (ngx_http_ssl_module, "Error Processing")."""
_ASKS_FOR_ONE = (b"No required SSL certificate was sent", b"The SSL certificate error")
_IS_PLAIN = (
    b"plain HTTP request was sent to HTTPS port",
    b"Client sent an HTTP request to an HTTPS server",
    b"speaking plain HTTP to an SSL-enabled server port",
)
"""What nginx, Go and Apache answer in plain text on a port for TLS."""
_AMBIGUOUS = frozenset({400, 401, 403})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Mutual:
    """The attempts, and what they prove."""

    trials: tuple[Trial, ...]

    @property
    def enforced(self) -> bool | None:
        """Whether nobody without the right certificate got an answer; None where that is not proved."""
        wrong = [each for each in self.trials if each.kind != RIGHT and each.outcome is not Outcome.NOT_TRIED]
        if any(each.outcome is Outcome.ANSWERED for each in wrong):
            return False
        good = all(each.outcome is Outcome.REFUSED or _is_closed_plain(each) for each in wrong)
        tried = {each.kind for each in wrong}
        return True if good and {NONE, STRANGER, PLAIN} <= tried else None


def _is_closed_plain(trial: Trial) -> bool:
    return trial.kind == PLAIN and trial.outcome is Outcome.CLOSED


async def prove(
    peer: Peer, name: str | None, host: str, contexts: Contexts, *, asked: bool, plain_host: str | None = None
) -> Mutual:
    """Make all attempts; `asked` says whether the server asks for a certificate in its handshake.

    `plain_host` is the host that is asked for in plain text, where that is to be another one.

    Raises:
        UnreachableError: the server takes no connection any more.
    """
    trials: list[Trial] = []
    for kind in (NONE, STRANGER, FORGED, EXPIRED, RIGHT):
        if (kind, HTTP1) not in contexts:
            if kind == EXPIRED:
                trials.append(Trial(kind, Outcome.NOT_TRIED, "--expired-cert gives one of the right CA"))
        elif kind != NONE and not asked:
            trials.append(Trial(kind, Outcome.NOT_TRIED, "the server asks for none"))
        else:
            trials.append(_secured(kind, await _talk(peer, name, host, contexts, kind), peer.step))
    trials.insert(len(trials) - (RIGHT in {each.kind for each in trials}), await _plain(peer, plain_host or host))
    return Mutual(tuple(_compared(trials)))


def findings(mutual: Mutual, *, asked: bool) -> Iterator[Finding]:
    """What the attempts show to be wrong."""
    answered = [each for each in mutual.trials if each.kind != RIGHT and each.outcome is Outcome.ANSWERED]
    for each in answered:
        also = "" if asked else ", and none is asked for in the handshake"
        yield Finding("TL-15", HIGH, f"{each.kind} gets an answer: {each.detail}{also if each.kind == NONE else ''}")
    if not answered and mutual.enforced is None:
        unclear = [f"{each.kind}: {each.detail}" for each in mutual.trials if _is_doubtful(each)]
        asking = [] if asked else ["no certificate is asked for in the handshake"]
        yield unproven("; ".join([*asking, *unclear]))
    for each in mutual.trials:
        if each.kind == RIGHT and each.outcome in (Outcome.REFUSED, Outcome.CLOSED):
            yield Finding("mtls-refused", HIGH, f"the right certificate is refused: {each.detail}")


def unproven(why: str) -> Finding:
    """The finding where nothing is wrong that is known, and nothing is proved."""
    return Finding("mtls-unproven", MEDIUM, f"not proved: {why}")


def _is_doubtful(trial: Trial) -> bool:
    return trial.kind != RIGHT and trial.outcome in (Outcome.UNCLEAR, Outcome.CLOSED) and not _is_closed_plain(trial)


async def _talk(peer: Peer, name: str | None, host: str, contexts: Contexts, kind: str) -> Reply:
    """Ask in HTTP/1.1, unless the server wants another protocol: that is no refusal of a certificate."""
    for alpn in (HTTP1, HTTP2, NOTHING):
        request = pages.request_2(host) if alpn == HTTP2 else pages.request(host)
        reply = await talk(peer, contexts[kind, alpn], name, request)
        if reply.detail != "no_application_protocol":
            break
    return reply


async def _plain(peer: Peer, host: str) -> Trial:
    """Ask in HTTP/1.1, and in HTTP/2 where that is answered with nothing: an application may speak that alone."""
    reply = await plainly(peer, pages.request(host))
    if reply.fate is Fate.CLOSED:
        second = await plainly(peer, pages.request_2(host))
        reply = second if pages.speaks_2(second.data) else reply
    if reply.fate is Fate.ALERT:
        detail = "a TLS record" if reply.detail == "TLS" else f"alert {reply.detail}"
        return Trial(PLAIN, Outcome.REFUSED, detail)
    if reply.fate is not Fate.DATA:
        return _wordless(PLAIN, reply, peer.step)
    if (page := pages.read(reply.data)) is not None:
        return Trial(PLAIN, *_in_plain_text(page), page.status)
    said = "HTTP/2" if pages.speaks_2(reply.data) else f"data that begins with {printable(reply.data)}"
    return Trial(PLAIN, Outcome.ANSWERED, said)


def _in_plain_text(page: Page) -> tuple[Outcome, str]:
    location = page.headers.get("location", "")
    if page.status in _REDIRECTS and location.lower().startswith("https://"):
        return Outcome.REFUSED, f"HTTP {page.status} to https"
    if page.status == 400:
        known = any(words in page.body for words in _IS_PLAIN)
        return (Outcome.REFUSED if known else Outcome.UNCLEAR), "HTTP 400"
    return Outcome.ANSWERED, f"HTTP {page.status}"


def _secured(kind: str, reply: Reply, step: float) -> Trial:
    """Judge what came back through TLS."""
    if reply.fate is Fate.ALERT:
        about = reply.detail in _ABOUT_CERTIFICATES and reply.chosen
        return Trial(kind, Outcome.REFUSED if about else Outcome.UNCLEAR, f"alert {reply.detail}")
    if reply.fate is not Fate.DATA:
        return _wordless(kind, reply, step)
    page = pages.read(reply.data) or pages.read_2(reply.data)
    if page is not None:
        return Trial(kind, *_page(page), page.status)
    if pages.speaks_2(reply.data):
        return Trial(kind, Outcome.UNCLEAR, "HTTP/2 without an answer to the request")
    return Trial(kind, Outcome.ANSWERED, f"data that begins with {printable(reply.data)}")


def _page(page: Page) -> tuple[Outcome, str]:
    shown = f"HTTP {page.status}"
    if page.status in _NGINX:
        return Outcome.REFUSED, shown
    for words in _ASKS_FOR_ONE:
        if page.status == 400 and words in page.body:
            return Outcome.REFUSED, f"{shown}, {words.decode('ascii')}"
    return (Outcome.UNCLEAR if page.status in _AMBIGUOUS else Outcome.ANSWERED), shown


def _wordless(kind: str, reply: Reply, step: float) -> Trial:
    if reply.fate is Fate.CLOSED:
        return Trial(kind, Outcome.CLOSED, "the connection was ended without an answer")
    if reply.fate is Fate.SILENT:
        return Trial(kind, Outcome.UNCLEAR, f"no answer in {step:g} s")
    return Trial(kind, Outcome.UNCLEAR, f"TLS failed on our side: {reply.detail}")


def _compared(trials: Sequence[Trial]) -> Iterator[Trial]:
    """What could be either is a refusal where the right certificate gets something else."""
    right = next((each for each in trials if each.kind == RIGHT), None)
    for each in trials:
        if right is not None and each is not right and _differs(each, right):
            detail = f"{each.detail}, where the right certificate gets {right.detail}"
            yield replace(each, outcome=Outcome.REFUSED, detail=detail)
        elif each is right and each.outcome is Outcome.UNCLEAR and each.status is not None:
            yield replace(each, detail=f"{each.detail}: whether the certificate or the request is refused is not known")
        else:
            yield each


def _differs(trial: Trial, right: Trial) -> bool:
    if right.outcome is not Outcome.ANSWERED or trial.kind == PLAIN:
        return False
    ambiguous = trial.outcome is Outcome.UNCLEAR and trial.status is not None
    return ambiguous or trial.outcome is Outcome.CLOSED
