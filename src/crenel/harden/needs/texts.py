"""Finds what looks like an address in the texts of a configuration: URLs, ``host:port``, DNS names, bare hosts.

A text says more with the name of the setting that holds it: ``DB_HOST: redis`` speaks of a host, ``DB_NAME: redis`` of
something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_HOST = r"[A-Za-z0-9_](?:[-A-Za-z0-9_.]*[A-Za-z0-9_])?"
_PLACED = re.compile(
    rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://+(?:[^\s/@\"'<>]*@)?)?"
    rf"(?<![-\w.$%{{])(?P<host>\[[0-9A-Fa-f:.]+\]|{_HOST})(?::(?P<port>\d{{1,5}})(?P<more>(?::\d{{1,5}})*))?(?![-\w])"
)
_PAIR = re.compile(
    r"^[\s,{-]*[\"']?(?P<key>[A-Za-z_][\w.-]*)[\"']?\s*[:=]\s*[\"']?(?P<value>[^\"'#\s,;]+)[\"']?[\s,;]*$"
)
_KEYED = re.compile(
    rf"(?:^|(?<=[;\s]))(?:server|data source|host|hostname|address|addr|network address)\s*=\s*(?:tcp:)?"
    rf"(?P<host>{_HOST})(?:\\\w+)?(?:[,:](?P<port>\d{{1,5}})|\s*[;\s]port\s*=\s*(?P<beside>\d{{1,5}}))?(?=[;\s]|$)",
    re.IGNORECASE,
)
"""The host of connection strings such as ADO.NET's and libpq's: ``Server=tcp:db,1433;User=x``, ``host=db port=5``."""
_OPENED = re.compile(r"^[\s-]*[\"']?(?P<key>[A-Za-z_][\w.-]*)[\"']?\s*:\s*$")
_ITEM = re.compile(r"^\s*-\s+[\"']?(?P<value>[^\"'#\s,;:]+(?::\d+)?)[\"']?\s*$")
"""A list in YAML: the line that opens it, and one item."""
_QUOTED = re.compile(r"[\"']([a-z0-9]+(?:-[a-z0-9]+)+)[\"']")
_HOST_KEY = re.compile(r"^\[?([\w.-]+)\]?(?::\d+)? (?:ssh|ecdsa|sk)-", re.MULTILINE)
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")

HOST_WORDS = frozenset({
    "host", "hosts", "hostname", "hostnames", "addr", "addrs", "address", "addresses", "server", "servers",
    "endpoint", "endpoints", "url", "urls", "uri", "uris", "service", "services", "svc", "broker", "brokers",
    "bootstrap", "upstream", "target", "targets", "backend", "dsn", "origin", "proxy", "peer", "peers", "seed",
    "seeds", "connect", "connection", "master", "leader", "primary", "replica", "node", "nodes", "cluster",
    "quorum", "join", "discovery", "remote", "api", "collector", "gateway", "registry", "source", "sources", "sink",
    "database", "db",
})  # fmt: skip
"""Words in the name of a setting that let its value be a host."""
OTHER_WORDS = frozenset({
    "name", "user", "username", "password", "passwd", "pass", "secret", "token", "key", "keys", "database",
    "schema", "namespace", "level", "mode", "type", "kind", "path", "file", "dir", "directory", "image", "version",
    "enabled", "enable", "format", "class", "label", "labels", "app", "component", "role", "realm", "issuer",
    "audience", "topic", "group", "id", "profile", "branding", "platform", "environment", "env", "region", "zone",
    "prefix", "suffix", "method", "title",
})  # fmt: skip
"""Words that end the name of a setting whose value is something else."""
_NOTHING = frozenset({"type", "types", "provider", "providers"})
"""Words anywhere in the name of a setting whose value is something else."""
_OUTER = frozenset({"external", "ext", "public", "root", "site"})
_LOCATION = frozenset({"url", "uri", "endpoint", "host", "hostname", "address", "domain", "base", "web"})
SCHEME_PORTS = {
    "http": 80, "https": 443, "ws": 80, "wss": 443, "grpc": 80, "redis": 6379, "rediss": 6379, "postgres": 5432,
    "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mongodb": 27017, "amqp": 5672, "amqps": 5671, "nats": 4222,
    "ldap": 389, "ldaps": 636, "smtp": 25, "smtps": 465, "kafka": 9092, "mqtt": 1883, "mqtts": 8883, "zk": 2181,
    "zookeeper": 2181, "memcached": 11211, "bolt": 7687, "neo4j": 7687, "cassandra": 9042, "sqlserver": 1433,
    "clickhouse": 9000, "etcd": 2379, "oci": 443, "ftp": 21, "sftp": 22, "ssh": 22, "git": 9418, "tcp": 0, "udp": 0,
}  # fmt: skip
"""The ports of schemes where a URL has none (IANA's registry, and the documentation of the servers)."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One host in a text. `port` is None where the text has none; `scheme` is empty without.

    `whole` says that the text is nothing but this host, or a list of such, so that a single word may be one; `key` is
    the name of the setting, empty for none. `datagram` says that it is spoken to with UDP.
    """

    host: str
    port: int | None
    scheme: str = ""
    whole: bool = False
    key: str = ""

    @property
    def placed(self) -> bool:
        """Whether the form alone says that this is where something is reached."""
        return bool(self.scheme) or self.port is not None

    @property
    def datagram(self) -> bool:
        """Whether the scheme is UDP's."""
        return self.scheme.lower() in ("udp", "statsd", "syslog+udp")

    @property
    def default_port(self) -> int | None:
        """The port that the scheme stands for."""
        return SCHEME_PORTS.get(self.scheme.lower().rpartition("+")[2] or "") or None


def words_of(key: str) -> list[str]:
    """The words of a setting's name: ``redisHost`` and ``REDIS_HOST`` are both redis, host."""
    return list(_words_of(key))


@lru_cache(maxsize=65_536)
def _words_of(key: str) -> tuple[str, ...]:
    return tuple(word.lower() for part in re.split(r"[^A-Za-z0-9]+", key) for word in _WORDS.findall(part))


def speaks_of_host(key: str) -> bool | None:
    """Whether a setting by its name holds a host; None where that cannot be told."""
    words = words_of(key)
    if not words:
        return None
    if _NOTHING & set(words):
        return False
    if words[-1] in HOST_WORDS and words[-1] not in OTHER_WORDS:
        return True
    if words[-1] in OTHER_WORDS or (words[-1].endswith("name") and words[-1] not in HOST_WORDS):
        return False
    return True if HOST_WORDS & set(words) else None


def is_apart(key: str) -> bool:
    """Whether a setting has names that are not connected to: what no proxy is asked for, what a certificate is for."""
    words = words_of(key)
    pairs_of = set(pairwise(words))
    return bool(
        {("no", "proxy"), ("non", "proxy"), ("dns", "name"), ("dns", "names")} & pairs_of
        or {"noproxy", "san", "sans"} & set(words)
    )


def is_published(key: str) -> bool:
    """Whether a setting has the name that others know the application by: ``EXTERNAL_URL``, ``PUBLIC_HOSTNAME``."""
    words = words_of(key)
    return len(words) > 1 and words[0] in _OUTER and set(words[1:]) <= _LOCATION


def mentions(text: str, key: str = "") -> Iterator[Mention]:
    """All hosts that one value of a setting may speak of."""
    stripped = text.strip()
    pieces = [piece.strip() for piece in re.split(r"[,;]", stripped) if piece.strip()]
    if len(words := stripped.split()) > 1 and all("." in word for word in words):
        pieces += words  # a list without commas
    for found in _PLACED.finditer(text):
        host = found["host"].strip("[]")
        scheme = (found["scheme"] or "").rpartition(":")[2]
        whole = found[0] in pieces
        if _is_tag(text, found) or not host:
            continue
        for port in _numbers(found):
            yield Mention(host, port, scheme, whole, key)
    for found in _KEYED.finditer(text):
        yield Mention(found["host"], int(found["port"] or found["beside"] or 0) or None, "", True, "host")


def _numbers(found: re.Match[str]) -> Iterator[int | None]:
    """The ports of a host: ZooKeeper writes several of them, ``host:2888:3888``."""
    texts = [found["port"], *(found["more"] or "").split(":")]
    numbers = [int(text) for text in texts if text and 0 < int(text) <= 65535]
    if numbers:
        yield from numbers
    else:
        yield None


def _is_tag(text: str, found: re.Match[str]) -> bool:
    """Whether it is part of a path or of an image with a tag rather than a host."""
    before = text[found.start() - 1] if found.start() else ""
    return not found["scheme"] and before in ("/", "@", "\\") and not text[: found.start()].endswith(("//", "=@"))


def pairs(text: str) -> Iterator[tuple[str, str, int]]:
    """The lines of a file that set something: (name, value, line from 0). Items of a list have the name of the list."""
    above = ""
    for number, line in enumerate(text.splitlines()):
        if (found := _PAIR.match(line)) is not None:
            yield found["key"], found["value"], number
        elif above and (found := _ITEM.match(line)) is not None:
            yield above, found["value"], number
            continue
        above = opened["key"] if (opened := _OPENED.match(line)) is not None else ""


def argument(word: str) -> tuple[str, str]:
    """Take an argument apart: the name of the flag, empty for none, and its value."""
    if word.startswith("-") and "=" in word:
        name, _, value = word.lstrip("-").partition("=")
        return name, value
    if (found := re.match(r"([A-Za-z_][\w.-]*)=(.*)", word, re.DOTALL)) is not None:
        return found[1], found[2]
    return "", word


def quoted_names(text: str) -> Iterator[str]:
    """Names of more than one word that stand in quotes: ``"orders-api"`` in a program."""
    yield from dict.fromkeys(found[1] for found in _QUOTED.finditer(text))


def known_hosts(text: str) -> Iterator[str]:
    """The hosts of a file of SSH's keys (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT")."""
    yield from dict.fromkeys(found[1] for found in _HOST_KEY.finditer(text))
