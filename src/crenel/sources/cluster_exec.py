"""Exec credential plugins: programs that log in to a cloud (client.authentication.k8s.io v1 and v1beta1).

Source of the rules: Kubernetes documentation "Authenticating", section "client-go credential plugins", and client-go
plugin/pkg/client/auth/exec/exec.go.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

from crenel.sources.cluster_errors import ClusterError, one_line
from crenel.sources.kubeconfig import Access, ExecPlugin

_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MODES = ("Never", "IfAvailable", "Always")


class ExecStatus(msgspec.Struct, rename="camel"):
    """What a plugin obtained; nothing in here may reach a message."""

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None

    def __repr__(self) -> str:
        return "ExecStatus(...)"


class _ExecCredential(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: ExecStatus | None = None


def run(plugin: ExecPlugin, access: Access, seconds: float) -> ExecStatus:
    """Run a plugin and return what it printed.

    Its standard error goes to the terminal where it may ask the user something, and else into the message.

    Raises:
        ClusterError: it is missing, fails, takes longer than `seconds`, or prints no credential.

    """
    if plugin.api_version not in _VERSIONS:
        raise _error(access, plugin, f"speaks {plugin.api_version!r}; Crenel speaks {' and '.join(_VERSIONS)}")
    if plugin.interactive_mode not in _MODES:
        raise _error(access, plugin, f"has interactiveMode {plugin.interactive_mode!r}; one of {', '.join(_MODES)}")
    interactive = plugin.interactive_mode != "Never" and sys.stdin is not None and sys.stdin.isatty()
    if plugin.interactive_mode == "Always" and not interactive:
        raise _error(access, plugin, "needs a terminal to ask the user")
    return _parse(plugin, access, _output(plugin, access, seconds, interactive=interactive))


def _output(plugin: ExecPlugin, access: Access, seconds: float, *, interactive: bool) -> bytes:
    environment = os.environ | {each.name: each.value for each in plugin.env or ()}
    environment["KUBERNETES_EXEC_INFO"] = _exec_info(plugin, access, interactive=interactive)
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's kubeconfig names the program
            [plugin.command, *(plugin.args or ())],
            env=environment,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if interactive else subprocess.PIPE,
            start_new_session=not interactive,
        )
    except OSError as error:
        hint = f"; {one_line(plugin.install_hint)}" if plugin.install_hint else ""
        raise _error(access, plugin, f"cannot be run: {error.strerror}{hint}") from None
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise _error(access, plugin, f"did not end within {seconds:g} s") from None
    finally:
        _end(process, whole_group=not interactive)
    if process.returncode:
        last = (errors or b"").decode(errors="replace").strip().rpartition("\n")[2]
        raise _error(access, plugin, f"failed with status {process.returncode}{': ' if last else ''}{one_line(last)}")
    return output


def _end(process: subprocess.Popen[bytes], *, whole_group: bool) -> None:
    """Stop what still runs, children included, without waiting for pipes that they may hold open."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL) if whole_group else process.kill()
        process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()


def _parse(plugin: ExecPlugin, access: Access, output: bytes) -> ExecStatus:
    try:
        credential = msgspec.json.decode(output, type=_ExecCredential)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _error(access, plugin, "did not print an ExecCredential in JSON") from None
    if credential.kind != "ExecCredential" or credential.api_version != plugin.api_version:
        raise _error(access, plugin, f"did not print an ExecCredential of {plugin.api_version}")
    status = credential.status or ExecStatus()
    if bool(status.client_certificate_data) != bool(status.client_key_data):
        raise _error(access, plugin, "printed a client certificate without its key, or a key without its certificate")
    if not status.token and not status.client_certificate_data:
        raise _error(access, plugin, "printed neither a token nor a client certificate")
    if status.expiration_timestamp and status.expiration_timestamp.tzinfo is None:
        status.expiration_timestamp = status.expiration_timestamp.replace(tzinfo=UTC)
    return status


def _exec_info(plugin: ExecPlugin, access: Access, *, interactive: bool) -> str:
    """The environment variable that tells a plugin what is wanted."""
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        cluster = access.cluster
        facts = {
            "server": cluster.server,
            "tls-server-name": cluster.tls_server_name,
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
            "certificate-authority-data": cluster.certificate_authority_data,
            "proxy-url": cluster.proxy_url,
            "config": cluster.exec_config,
        }
        spec["cluster"] = {key: value for key, value in facts.items() if value or key == "config"}
    info = {"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec}
    return msgspec.json.encode(info).decode()


def _error(access: Access, plugin: ExecPlugin, what: str) -> ClusterError:
    program = f"the login program {plugin.command!r} of user {access.user_name}"
    return ClusterError(f"context {access.context}: {program} {what}")
