"""Consumers that are Secrets: written into one file of mode 0600 for `kubectl apply`, and seen in a cluster's answer.

What the file holds is what was issued. Whether the cluster has it, only the cluster can say: a rotation waits until its
Secrets, as ``kubectl get secrets -A -o yaml`` gives them, show it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from crenel.certificates.authority import durable
from crenel.certificates.authority.contents import BUNDLE, CHAIN, KEY, Contents, Held, examine
from crenel.certificates.authority.errors import AuthorityError
from crenel.sources.document import Document

Files: TypeAlias = dict[str, Mapping[str, bytes]]
"""The data of Secrets, by ``NAMESPACE/NAME``."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OURS = "  labels:\n    app.kubernetes.io/managed-by: crenel\n"
"""By this the inventory knows that ``crenel certs ca renew`` looks after a Secret."""
_LARGEST = 64 << 20
_HEAD = "# Private keys: keep this file as it is, and to yourself.\n"


def read(path: Path) -> Files:
    """Read the file; nothing where it is not there yet.

    Raises:
        AuthorityError: it was not written here, or is no file of Secrets any more.
    """
    try:
        text = durable.read(path, _LARGEST)
        if text.strip() and not text.startswith(_HEAD.encode()):
            raise AuthorityError(f"{path}: this file is there already and is not ours")
        return dict(_secrets(yaml.load_all(text, Loader=_LOADER)))
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, ValueError, RecursionError):
        raise AuthorityError(f"{path}: this is no file of Secrets") from None


def deployed(documents: Iterable[Document]) -> Files:
    """The Secrets among what a cluster answered."""
    return dict(_secrets(each.data for each in documents))


def held(files: Files, secret: str) -> Held:
    """What is known of one Secret."""
    if secret not in files:
        return Held(problem="there is no such Secret")
    return examine({name: data for name, data in files[secret].items() if name in (CHAIN, KEY, BUNDLE)})


def write(path: Path, files: Files, wanted: Mapping[str, Contents]) -> None:
    """Replace the file: what it held before, with some Secrets new.

    Raises:
        OSError: it cannot be written.
    """
    every = {**files, **{secret: contents.files for secret, contents in wanted.items()}}
    documents = (_document(secret, every[secret]) for secret in sorted(every))
    durable.make_folder(path.parent)
    durable.replace(path, (_HEAD + "---\n".join(documents)).encode(), durable.SECRET)


def _secrets(documents: Iterable[Any]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    for each in documents:
        if not isinstance(each, dict) or each.get("kind") != "Secret":
            continue
        metadata = each.get("metadata")
        if isinstance(metadata, dict):
            name = f"{metadata.get('namespace') or 'default'}/{metadata.get('name')}"
            yield name, dict(_data(each.get("data")))


def _data(data: object) -> Iterator[tuple[str, bytes]]:
    if isinstance(data, dict):
        for name, value in data.items():
            try:
                yield str(name), base64.b64decode(value, validate=True)
            except (binascii.Error, TypeError, ValueError):
                yield str(name), b""


def _document(secret: str, files: Mapping[str, bytes]) -> str:
    namespace, _, name = secret.partition("/")
    kind = "kubernetes.io/tls" if KEY in files else "Opaque"
    lines = "".join(f"  {key}: {base64.b64encode(data).decode()}\n" for key, data in files.items())
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {_scalar(name)}\n  namespace: {_scalar(namespace)}\n"
        f"{_OURS}type: {kind}\ndata:\n{lines}"
    )


def _scalar(name: str) -> str:
    """A name, which Kubernetes lets look like a number, as text."""
    return f'"{name}"'
