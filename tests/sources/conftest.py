"""An account of AWS that tests read over HTTP, without a way to any other one."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crenel.sources import aws
from crenel.sources.document import Reading
from sources import aws_account
from sources.aws_account import REGION, Account
from sources.aws_front import Front

CLOSED = "http://127.0.0.1:1"
"""Where nothing listens."""


@dataclass(frozen=True, slots=True)
class Moto:
    """Moto's server, and what was built in it."""

    address: tuple[str, int]
    account: Account

    @property
    def url(self) -> str:
        """Its address as boto3 wants it."""
        return "http://{}:{}".format(*self.address)


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """The server with the account in it; tests that change something do so in a region of their own, or undo it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        built = aws_account.build(f"http://{host}:{port}")
        gc.freeze()  # moto's objects stay, and would be looked through whenever boto3 makes a client
        yield Moto((host, port), built)
    finally:
        gc.unfreeze()
        server.stop()
        if server._server is not None:
            server._server.server_close()


def forget(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Leave nothing of AWS in the environment: no endpoint but one that is closed, and no metadata service."""
    for name in [*os.environ]:
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_ENDPOINT_URL", CLOSED)
    patch.setenv("AWS_CONFIG_FILE", str(folder / "aws-config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "aws-credentials"))


def log_in(patch: pytest.MonkeyPatch, url: str) -> None:
    """Set an endpoint, credentials and a region."""
    patch.setenv("AWS_ENDPOINT_URL", url)
    patch.setenv("AWS_ACCESS_KEY_ID", aws_account.KEY)
    patch.setenv("AWS_SECRET_ACCESS_KEY", aws_account.SECRET)
    patch.setenv("AWS_SESSION_TOKEN", aws_account.TOKEN)
    patch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without anything of AWS."""
    forget(monkeypatch, tmp_path)
    return monkeypatch


@pytest.fixture
def front(moto: Moto, nobody: pytest.MonkeyPatch) -> Iterator[Front]:
    """The endpoint that boto3 finds, with credentials and a region."""
    with Front(moto.address).serving() as front:
        log_in(nobody, front.url)
        yield front


@pytest.fixture(scope="session")
def account(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """All of the account, read once for those who only look at it."""
    with pytest.MonkeyPatch.context() as patch:
        forget(patch, tmp_path_factory.mktemp("aws"))
        log_in(patch, moto.url)
        return aws.read([REGION])
