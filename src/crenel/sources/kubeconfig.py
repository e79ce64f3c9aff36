"""Which cluster, and as whom: kubeconfig files, merged as kubectl does, and the files of a pod's service account.

Source of the rules: k8s.io/client-go tools/clientcmd (loader.go, client_config.go) and the Kubernetes documentation
"Organizing Cluster Access Using kubeconfig Files".
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import yaml

from crenel.sources.cluster_errors import ClusterError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its token and the cluster's certificate authority."""

_EXEC_EXTENSION = "client.authentication.k8s.io/exec"


class _Settings(msgspec.Struct, rename="kebab", omit_defaults=True):
    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class Variable(_Settings):
    """An environment variable for an exec plugin."""

    name: str
    value: str = ""


class ExecPlugin(_Settings, rename="camel"):
    """A program that obtains credentials (client.authentication.k8s.io)."""

    command: str
    api_version: str
    args: list[str] | None = None
    env: list[Variable] | None = None
    install_hint: str | None = None
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"


class UserSettings(_Settings):
    """How a user proves who they are. Nothing in here may reach a message."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    username: str = ""
    password: str = ""
    as_: str = msgspec.field(default="", name="as")
    as_uid: str = ""
    as_groups: list[str] | None = None
    as_user_extra: dict[str, list[str]] | None = None
    exec: ExecPlugin | None = None
    auth_provider: Any = None


class Extension(_Settings):
    """Data for other programs, by name."""

    name: str
    extension: Any = None


class ClusterSettings(_Settings):
    """Where a cluster's API server is and how to know it."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: list[Extension] | None = None

    @property
    def exec_config(self) -> Any:
        """What the kubeconfig wants an exec plugin to know about the cluster."""
        found = (each.extension for each in self.extensions or () if each.name == _EXEC_EXTENSION)
        return next(found, None)


class ContextSettings(_Settings):
    """A cluster and a user under one name."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(_Settings):
    name: str
    cluster: ClusterSettings | None = None


class _NamedUser(_Settings):
    name: str
    user: UserSettings | None = None


class _NamedContext(_Settings):
    name: str
    context: ContextSettings | None = None


class _File(_Settings):
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None
    current_context: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """One context, resolved: paths are absolute or relative to where Crenel runs, never to the kubeconfig."""

    context: str
    cluster: ClusterSettings = field(repr=False)
    user: UserSettings = field(repr=False)
    user_name: str = ""


@dataclass(slots=True)
class Kubeconfig:
    """All files together: the first that states a name or the current context wins, whole."""

    files: Sequence[str]
    current: str = ""
    clusters: dict[str, ClusterSettings] = field(default_factory=dict, repr=False)
    users: dict[str, UserSettings] = field(default_factory=dict, repr=False)
    contexts: dict[str, ContextSettings] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"kubeconfig {os.pathsep.join(self.files)}"


def find(context: str | None, kubeconfig: str | None, environment: Mapping[str, str] = os.environ) -> Access:
    """Resolve a context (the current one when None) of a kubeconfig file (KUBECONFIG or ~/.kube/config when None).

    Without any kubeconfig, the service account of the pod that Crenel runs in is used.

    Raises:
        ClusterError: there is no such file or context, or it cannot be read.

    """
    config = load(kubeconfig, environment)
    if config is not None:
        return _select(config, context)
    if context is None and environment.get("KUBERNETES_SERVICE_HOST"):
        return in_cluster(environment)
    raise ClusterError("no kubeconfig was found: set KUBECONFIG, name one with --kubeconfig, or read files with -f")


def current_context(kubeconfig: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """The name of the context that is read when none is named; ``in-cluster`` for a pod's service account.

    Raises:
        ClusterError: there is none, or the kubeconfig cannot be read.

    """
    return find(None, kubeconfig, environment).context


def in_cluster(environment: Mapping[str, str] = os.environ, account: Path | None = None) -> Access:
    """The access that Kubernetes gives a pod (client-go rest.InClusterConfig); `account` defaults to SERVICE_ACCOUNT.

    Raises:
        ClusterError: the pod has no service account token.

    """
    account = account or SERVICE_ACCOUNT
    if not (account / "token").is_file():
        raise ClusterError(f"this pod has no service account token at {account / 'token'}")
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "443")
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster = ClusterSettings(server=server, certificate_authority=str(account / "ca.crt"))
    return Access("in-cluster", cluster, UserSettings(token_file=str(account / "token")), "service account")


def load(kubeconfig: str | None, environment: Mapping[str, str] = os.environ) -> Kubeconfig | None:
    """Read and merge the kubeconfig files; None when there is none.

    Raises:
        ClusterError: the named file is missing, or one is no kubeconfig.

    """
    if kubeconfig is not None:
        paths = [Path(kubeconfig)]
    elif listed := environment.get("KUBECONFIG"):
        paths = [each for each in map(Path, dict.fromkeys(filter(None, listed.split(os.pathsep)))) if each.exists()]
    else:
        paths = [each for each in [Path("~/.kube/config").expanduser()] if each.exists()]
    if not paths:
        return None
    config = Kubeconfig([str(each) for each in paths])
    for path in paths:
        _merge(config, _read(path), path.absolute().parent)
    return config


def _read(path: Path) -> _File:
    try:
        data = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        return msgspec.convert(data or {}, _File)
    except OSError as error:
        raise ClusterError(f"kubeconfig {path}: {error.strerror}") from None
    except msgspec.ValidationError as error:
        raise ClusterError(f"kubeconfig {path}: {_validation(str(error))}") from None
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ClusterError(f"kubeconfig {path}{line}: this is not valid YAML") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ClusterError(f"kubeconfig {path}: this is not valid YAML") from None


def _validation(text: str) -> str:
    """``Expected `str`, got `int` - at `$.users[0].user.token``` the other way round, place first."""
    what, _, where = text.replace("`", "").partition(" - at ")
    place = where.removeprefix("$").removeprefix(".")
    return f"{place}: {what[:1].lower()}{what[1:]}" if place else f"{what[:1].lower()}{what[1:]}"


def _merge(config: Kubeconfig, found: _File, directory: Path) -> None:
    config.current = config.current or found.current_context or ""
    for context in found.contexts or ():
        config.contexts.setdefault(context.name, context.context or ContextSettings())
    for cluster in found.clusters or ():
        if cluster.name not in config.clusters:
            settings = cluster.cluster or ClusterSettings()
            settings.certificate_authority = _resolve(settings.certificate_authority, directory)
            config.clusters[cluster.name] = settings
    for user in found.users or ():
        if user.name not in config.users:
            config.users[user.name] = _resolve_user(user.user or UserSettings(), directory)


def _resolve_user(user: UserSettings, directory: Path) -> UserSettings:
    user.client_certificate = _resolve(user.client_certificate, directory)
    user.client_key = _resolve(user.client_key, directory)
    user.token_file = _resolve(user.token_file, directory)
    if user.exec and os.sep in user.exec.command:
        user.exec.command = _resolve(user.exec.command, directory)
    return user


def _resolve(path: str, directory: Path) -> str:
    return str(directory / path) if path else ""


def _select(config: Kubeconfig, name: str | None) -> Access:
    wanted = name or config.current
    if not wanted:
        raise ClusterError(f"{config.title} has no current context; name one with --context{_choice(config)}")
    context = config.contexts.get(wanted)
    if context is None:
        raise ClusterError(f"{config.title} has no context {wanted!r}{_choice(config)}")
    cluster = config.clusters.get(context.cluster)
    if cluster is None:
        _missing(config, wanted, "cluster", context.cluster)
    user = config.users.get(context.user) if context.user else UserSettings()
    if user is None:
        _missing(config, wanted, "user", context.user)
    return Access(wanted, cluster, user, context.user)


def _choice(config: Kubeconfig) -> str:
    return f": {', '.join(sorted(config.contexts))}" if config.contexts else ""


def _missing(config: Kubeconfig, context: str, what: str, name: str) -> NoReturn:
    raise ClusterError(f"{config.title}: context {context!r} names {what} {name!r}, which is not there")
