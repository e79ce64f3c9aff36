"""List every certificate and key pair of the input: who serves it, who trusts it, and who renews it.

Read are Secrets, what Ingresses, Gateways and pods refer to, caBundles, ConfigMaps and trust bundles, cert-manager's
objects, kubeconfigs and the roots of meshes. -f also takes files in PEM or DER, and directories with them. Of private
keys nothing is shown but kind and fingerprint. The exit code is 1 when anything is wrong.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.options import add_input_options, add_namespace_options, add_report_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crenel.certificates.inventory.model import Inventory
    from crenel.cli.clock import Clock
    from crenel.library import Network
    from crenel.output.inventory_words import Judged

FORMATS = ("table", "json", "md")
"""What the inventory can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `at` is a text or None, `secrets` a flag."""
    text = "the time to judge by, such as 2026-11-26 or 2026-11-26T10:00:00Z (default: now)"
    parser.add_argument("--at", metavar="DATE", help=text)
    text = "without -f: read Secrets of the cluster too, those of the type for TLS and those of meshes"
    parser.add_argument("--secrets", action="store_true", help=text)
    add_namespace_options(parser)
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the inventory and return the exit code."""
    from crenel.cli import exit_codes, inputs, reporting
    from crenel.cli.clock import Clock
    from crenel.cli.complaints import complain, note, say
    from crenel.cli.moments import moment

    clock, at, live = Clock(), moment(args.at), not args.filename
    inputs.pause_collector()
    net, files = _input(args, clock)
    code = inputs.verify(args, net)
    if live and not args.secrets:
        note("no Secret was read: --secrets reads those of the type for TLS")
    with clock.phase("solve"):
        inventory = net.certificates(at, files)
        entries = _judged(inventory, args.namespace)
    if complain(inventory.problems) and not args.lenient:
        code = exit_codes.ERROR
    if not entries:
        say("nothing was examined: there is no certificate in the input")
        return reporting.final(args, code, exit_codes.NOTHING)
    with clock.phase("render"):
        reporting.emit(_rendered(args, entries, inventory, net))
    clock.report()
    return reporting.final(args, code, exit_codes.NO if any(faults for _, faults in entries) else exit_codes.FINE)


def _input(args: argparse.Namespace, clock: "Clock") -> "tuple[Network, Sequence[Path]]":
    """The network of the manifests, or of the cluster, and the files with certificates.

    Raises:
        UsageError: an option's value makes no sense, or ``--secrets`` goes with ``-f``.
    """
    from crenel.certificates.inventory.finding import split
    from crenel.cli import inputs
    from crenel.library import Network
    from crenel.sources.cluster_kinds import CERTIFICATES, SECRETS
    from crenel.sources.document import Reading

    if args.secrets and args.filename:
        raise UsageError("--secrets is for a live cluster: it goes without -f")
    with clock.phase("read"):
        manifests, files, problems = split(args.filename)
    if files and not manifests:
        net = Network(Reading(problems=problems, examined=len(files)), args.default_namespace)
    else:
        args.filename = manifests
        net = inputs.network(args, clock, (*CERTIFICATES, *(SECRETS if args.secrets else ())))
        net.problems = [*net.problems, *problems]
    return net, files


def _judged(inventory: "Inventory", namespaces: "Sequence[str]") -> "list[Judged]":
    """The entries that touch some namespaces, all where none is named, each with what is wrong with it."""
    from crenel.certificates.inventory import faults

    return [
        (each, faults.of(each, inventory.at))
        for each in inventory.entries
        if not namespaces or {each.place.namespace, *(one.place.namespace for one in each.served)} & set(namespaces)
    ]


def _rendered(
    args: argparse.Namespace, entries: "Sequence[Judged]", inventory: "Inventory", net: "Network"
) -> str | bytes:
    from crenel.cli import inputs, reporting
    from crenel.output import inventory_json, inventory_markdown, inventory_table

    if args.output == "json":
        return inventory_json.render(entries, inventory.at, inputs.context(net))
    if args.output == "md":
        return inventory_markdown.render(entries, inventory.at)
    return inventory_table.render(entries, inventory.at, reporting.paint())
