"""One ClientHello and what the server makes of it: what to send, what to feed, and the answer in the end.

Nothing is sent or waited for here, so every conversation can be played from bytes.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from crenel.certificates.probing.wire import messages
from crenel.certificates.probing.wire.cursor import WireError
from crenel.certificates.probing.wire.hello import Offer, client_hello, in_record
from crenel.certificates.probing.wire.messages import Alert, ClientRequest, ServerHello
from crenel.certificates.probing.wire.numbers import Kind, Message, Version
from crenel.certificates.probing.wire.records import Messages, Record, Records
from crenel.certificates.probing.wire.schedule import Reader, hashed_hello
from crenel.certificates.probing.wire.shares import Share, share


class Until(enum.Enum):
    """How much of an answer is wanted."""

    CHOICE = "choice"
    """What the server chose: its ServerHello or HelloRetryRequest."""
    CERTIFICATES = "certificates"
    """The chain, and whether the client's certificate is asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server made of a ClientHello; without `hello` it refused."""

    hello: ServerHello | None = None
    alert: Alert | None = None
    chain: tuple[bytes, ...] = ()
    staple: bytes | None = None
    alpn: str | None = None
    request: ClientRequest | None = None
    """Whether it asks for the client's certificate; only told where certificates were waited for."""
    retried: int | None = None
    """The group that a HelloRetryRequest named."""


class Greeting:
    """One conversation. `answer` is complete when `done`."""

    def __init__(self, offer: Offer, until: Until = Until.CHOICE, mine: Share | None = None) -> None:
        """`mine` is our half of the key share in the offer, which certificates of TLS 1.3 cannot be read without."""
        self._offer, self._until, self._share = offer, until, mine
        self._records, self._messages = Records(), Messages()
        self._transcript = client_hello(offer)
        self._reader: Reader | None = None
        self.answer = Answer()
        self.done = False
        self.outgoing = in_record(offer, self._transcript)
        """What is to be sent now; taken by `take`."""

    def take(self) -> bytes:
        """What is to be sent now, once."""
        data, self.outgoing = self.outgoing, b""
        return data

    def feed(self, data: bytes) -> None:
        """Read what the server sent.

        Raises:
            NoTLSError: it is not TLS.
            WireError: it is not what the protocol allows.
        """
        for record in self._records.feed(data):
            if not self.done:
                self._read(record)

    def _read(self, record: Record) -> None:
        kind, body = int(record.kind), record.body
        if self._reader is not None and record.kind is Kind.APPLICATION_DATA:
            kind, body = self._reader.open(record)
        if kind == Kind.ALERT:
            self._take_alert(messages.alert(body))
        elif kind == Kind.HANDSHAKE:
            if self._reader is not None and record.kind is Kind.HANDSHAKE:
                raise WireError("a handshake message in plain text after the ServerHello")
            for number, message in self._messages.feed(body):
                if not self.done:
                    self._take_message(number, message)
        elif kind != Kind.CHANGE_CIPHER_SPEC or not self._ignores(body):
            raise WireError(f"a record of type {kind} in a handshake")

    def _ignores(self, body: bytes) -> bool:
        """A ChangeCipherSpec of TLS 1.3 means nothing (RFC 8446, section 5)."""
        hello = self.answer.hello
        return body == b"\x01" and hello is not None and hello.version == Version.TLS1_3

    def _take_alert(self, alert: Alert) -> None:
        if alert.fatal or self._reader is not None:
            self.answer = replace(self.answer, alert=alert)
            self.done = True

    def _take_message(self, number: int, message: bytes) -> None:
        if self.answer.hello is None or self.answer.hello.retry:
            if number != Message.SERVER_HELLO:
                raise WireError(f"message {number} before a ServerHello")
            self._take_hello(message)
        elif self.answer.hello.version == Version.TLS1_3:
            self._take_1_3(number, message)
        else:
            self._take_1_2(number, message)

    def _take_hello(self, message: bytes) -> None:
        before, hello = self.answer.hello, messages.server_hello(message)
        if hello.retry and before is not None:
            raise WireError("a second HelloRetryRequest")
        if hello.suite not in self._offer.suites:
            raise WireError(f"suite 0x{hello.suite:04X} was not offered")
        self.answer = replace(
            self.answer, hello=hello, alpn=hello.alpn, retried=hello.group if hello.retry else self.answer.retried
        )
        if self._until is Until.CHOICE or hello.version != self._offer.version:
            self.done = True
        elif hello.retry:
            self._retry(hello, message)
        elif hello.version == Version.TLS1_3:
            self._agree(hello, message)

    def _retry(self, hello: ServerHello, message: bytes) -> None:
        """Greet again with the group that was asked for, or stop where we have no half for it."""
        made = share(hello.group) if hello.group is not None else self._share
        if made is None or made.group not in self._offer.groups:
            self.done = True
            return
        self._share = made
        self._offer = replace(self._offer, shares=[(made.group, made.public)], cookie=hello.cookie)
        again = client_hello(self._offer)
        self._transcript = hashed_hello(hello.suite, self._transcript) + message + again
        self.outgoing = in_record(self._offer, again)

    def _agree(self, hello: ServerHello, message: bytes) -> None:
        if self._share is None or hello.group != self._share.group:
            raise WireError("a key share of a group that was not offered")
        if self._messages.unfinished:
            raise WireError("a message that begins in plain text and ends encrypted")
        self._transcript += message
        self._reader = Reader(hello.suite, self._share.secret(hello.share), self._transcript)

    def _take_1_3(self, number: int, message: bytes) -> None:
        if self._reader is None:
            raise WireError(f"message {number} in plain text")
        if number == Message.ENCRYPTED_EXTENSIONS:
            self.answer = replace(self.answer, alpn=messages.encrypted_extensions(message))
        elif number == Message.CERTIFICATE_REQUEST:
            self.answer = replace(self.answer, request=messages.certificate_request_1_3(message))
        elif number == Message.CERTIFICATE:
            served = messages.certificate_1_3(message)
            self.answer = replace(self.answer, chain=served.chain, staple=served.staple)
            self.done = True
        else:
            raise WireError(f"message {number} in place of a certificate")

    def _take_1_2(self, number: int, message: bytes) -> None:
        if number == Message.CERTIFICATE:
            self.answer = replace(self.answer, chain=messages.certificate_1_2(message))
        elif number == Message.CERTIFICATE_STATUS:
            self.answer = replace(self.answer, staple=messages.certificate_status(message))
        elif number == Message.CERTIFICATE_REQUEST:
            version = self.answer.hello.version if self.answer.hello is not None else 0
            self.answer = replace(self.answer, request=messages.certificate_request_1_2(message, version))
        elif number == Message.SERVER_HELLO_DONE:
            self.done = True
        elif number != Message.SERVER_KEY_EXCHANGE:
            raise WireError(f"message {number} in place of a certificate")
