"""The options of `crenel harden` for Services, TLS and the infrastructure, and what they come to."""

import argparse
from collections.abc import Sequence

from crenel.cli.usage import UsageError

PLATFORMS = ("aws", "azure", "gcp", "openstack", "hosts")
OBSERVED_DAYS = 7


def add_services_options(parser: argparse.ArgumentParser) -> None:
    """Add `services`, `tls`, `mesh_policies`, `write`, lists `confirm` and `internal`, the number `observed_days`."""
    group = parser.add_argument_group("services and TLS")
    text = "close what Services open and nobody needs: source ranges, internal load balancers, fewer node ports"
    group.add_argument("--services", action="store_true", help=text)
    text = "TLS and redirect for every host, mutual TLS where a mesh is in use"
    group.add_argument("--tls", action="store_true", help=text)
    text = "with --tls: policies of the mesh in use that let in whom the needs name, and nobody else"
    group.add_argument("--mesh-policies", action="store_true", help=text)
    issuers = group.add_mutually_exclusive_group()
    text = "the ClusterIssuer of cert-manager that signs what is missing"
    issuers.add_argument("--cluster-issuer", metavar="NAME", help=text)
    issuers.add_argument("--issuer", metavar="NAME", help="its Issuer, which every namespace with a host has")
    text = "make changes that wait for that, by their ids, such as 'service shop/*: cluster-ip'; may be repeated"
    group.add_argument("--confirm", action="append", default=[], metavar="PATTERN", help=text)
    text = "a network of your own that has no private addresses; may be repeated"
    group.add_argument("--internal", action="append", default=[], metavar="CIDR", help=text)
    text = "for how many days it has to be observed until nobody else is taken to come (default: 7)"
    group.add_argument("--observed-days", type=int, default=OBSERVED_DAYS, metavar="DAYS", help=text)
    text = "change your own files too; without it the changes are a kustomize Component in the folder of -o"
    group.add_argument("--write", action="store_true", help=text)


def add_infrastructure_options(parser: argparse.ArgumentParser) -> None:
    """Add `infrastructure`, a list of platforms, and what nobody can see; these are lists of CIDRs."""
    group = parser.add_argument_group("infrastructure")
    text = f"write the rules for nodes and load balancers: {', '.join(PLATFORMS)}; may be repeated"
    group.add_argument(
        "--infrastructure", action="append", default=[], choices=PLATFORMS, metavar="PLATFORM", help=text
    )
    for name, text in (
        ("administrators", "who may open sessions at machines (SSH); nobody without it"),
        ("registries", "where machines get images and the cloud's API; everywhere without it"),
        ("resolvers", "the DNS servers of machines, where no cloud gives any"),
        ("clocks", "their time servers"),
    ):
        more = f"{text}; may be repeated"
        group.add_argument(f"--{name}", action="append", default=[], metavar="CIDR", help=more)


def check(args: argparse.Namespace) -> None:
    """Look whether the options go together.

    Raises:
        UsageError: they do not, or an address is none.
    """
    entrances = args.services or args.tls
    for name in ("write", "confirm", "internal"):
        if getattr(args, name) and not entrances:
            raise UsageError(f"--{name} goes with --services or --tls")
    if args.observed_days < 1:
        raise UsageError(f"--observed-days {args.observed_days}: at least 1")
    if args.observed_days != OBSERVED_DAYS and not (entrances and args.flows):
        raise UsageError("--observed-days goes with --services or --tls, and with --flows")
    if (args.issuer or args.cluster_issuer) and not args.tls:
        raise UsageError("--issuer and --cluster-issuer go with --tls")
    if args.mesh_policies and not args.tls:
        raise UsageError("--mesh-policies goes with --tls")
    for name in ("administrators", "registries", "resolvers", "clocks"):
        if getattr(args, name) and not args.infrastructure:
            raise UsageError(f"--{name} goes with --infrastructure")
    for name in ("internal", "administrators", "registries", "resolvers", "clocks"):
        _check_addresses(name, getattr(args, name))


def _check_addresses(name: str, texts: Sequence[str]) -> None:
    from crenel.network.addresses import parse_network

    for text in texts:
        try:
            parse_network(text)
        except ValueError:
            raise UsageError(f"--{name} {text}: no address and no CIDR") from None
