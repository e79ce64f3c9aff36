"""No bytes make reading fail, or take long."""

from __future__ import annotations

import io
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.sources import files

MANIFEST = b"""\
---
# Source: x
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web, labels: {app: "web"}}
  spec:
    ports: &p
    - port: 80
      name: 'http'
    again: *p
---
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "n": [1, 2.0, null]}}
---
apiVersion: v1
kind: ConfigMap
data:
  text: |-
    a
     b
  <<: {a: !!str 1}
"""
PIECES = [
    b"---\n",
    b"...",
    b"\n",
    b"\r",
    b"\t",
    b": ",
    b"- ",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"'",
    b"&a ",
    b"*a",
    b"!!",
    b"%",
    b"|",
]
PIECES += [
    b"#",
    b"\\",
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xe2\x80\xa8",
    b"<<: *a",
    b"? ",
    b"{{ x }}",
    b"0x",
    b"items:",
]

edits = st.tuples(st.integers(0, len(MANIFEST)), st.integers(0, 6), st.sampled_from(PIECES) | st.binary(max_size=3))


def look(data: bytes) -> None:
    """Read, and ask for every line."""
    begun = time.monotonic()
    reading = files.read(["-"], stdin=io.BytesIO(data))
    for problem in reading.problems:
        assert "\n" not in str(problem)
    for document in reading.documents:
        assert document.origin.line(("metadata", "name")) is not None
    assert time.monotonic() - begun < 10


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))
@settings(max_examples=400, deadline=None)
def test_any_bytes(data: bytes) -> None:
    """Bytes of any kind, and YAML's own characters in any order."""
    look(data)


@given(st.lists(edits, min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_mutated_manifests(changes: list[tuple[int, int, bytes]]) -> None:
    """Manifests that someone has damaged."""
    data = MANIFEST
    for position, removed, added in changes:
        data = data[:position] + added + data[position + removed :]
    look(data)


def test_large_nonsense_is_refused_quickly() -> None:
    """Inputs that cost a naive reader more than linear time, or the stack."""
    look(b"[" * 300_000)
    look(b'{"a":' * 300_000)
    look(b"- " * 100_000)
    look(b"\n".join(b" " * (n % 2000) + b"a:" for n in range(3000)))
    look(b"---\n" * 100_000)
    look(b"\n----" * 100_000)
    look(b"{}\n" * 20_000)
    look(b"a: " + b"x" * 3_000_000)
    look(b"%" * 100_000 + b"\n---\n" * 1000)
    look(b"'" + b"\n" * 500_000)
    look(b"&a " * 50_000)
    look(b"? " * 50_000)
    look(b"a: 1\n" * 100_000)
    look(bytes(range(256)) * 2000)
