"""Show who can talk to whom: all connections between workloads, and between workloads and the outside."""

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from crenel.cli.options import add_exposure_options, add_input_options, add_namespace_options, add_report_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.library import Network
    from crenel.output.paint import Paint
    from crenel.output.reports import MapReport

FORMATS = ("table", "wide", "json", "csv", "md", "mermaid", "dot")
"""What the map can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `sources`, `targets` and `ports` are lists of texts, `by` is ``namespace`` or None."""
    parser.add_argument(
        "--from",
        dest="sources",
        action="append",
        default=[],
        metavar="PLACE",
        help="only connections from here: shop/web, a CIDR, internet; may be repeated",
    )
    parser.add_argument(
        "--to",
        dest="targets",
        action="append",
        default=[],
        metavar="PLACE",
        help="only connections to here; may be repeated",
    )
    parser.add_argument(
        "--port",
        dest="ports",
        action="append",
        default=[],
        metavar="PORT",
        help="only this traffic: 5432, 53/UDP or a port's name; may be repeated",
    )
    parser.add_argument(
        "--by", choices=("namespace",), metavar="GROUP", help="namespace: one line for each pair of them"
    )
    parser.add_argument("--expand", action="store_true", help="write every member of a group on a line of its own")
    parser.add_argument("--nodes", action="store_true", help="show connections of nodes too")
    add_exposure_options(parser)
    add_namespace_options(parser)
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the map and return the exit code."""
    if args.by and args.expand:
        raise UsageError("--by and --expand exclude each other")
    from crenel.cli import inputs, reporting
    from crenel.cli.clock import Clock

    clock = Clock()
    inputs.pause_collector()
    net = inputs.network(args, clock)
    inputs.take_assumptions(args, net)
    with clock.phase("translate"):
        _ = net.layered
    code = inputs.verify(args, net)
    with clock.phase("solve"):
        report = _report(net, args)
    render = _renderer(args.output)
    with clock.phase("render"):
        rendered = render(report, reporting.paint())
        reporting.emit(rendered)
    _check_size(rendered, args.output)
    nothing = inputs.nothing_examined(net)
    reporting.remark(_counts(net, report))
    clock.report()
    return reporting.final(args, code, nothing)


def _report(net: "Network", args: argparse.Namespace) -> "MapReport":
    from crenel.bits import members
    from crenel.cli import inputs
    from crenel.output.reports import MapReport
    from crenel.questions.connections import connections
    from crenel.questions.namespaces import collapse
    from crenel.questions.places import PlaceError

    network = net.layered.network
    try:
        chosen = net.selection(args.namespace, args.sources, args.targets, args.ports, args.nodes)
    except PlaceError as error:
        raise UsageError(str(error)) from None
    extents = None
    if args.by:
        collapsed = collapse(network, chosen)
        found = [each.connection for each in collapsed]
        extents = [each.extent for each in collapsed]
    else:
        found = connections(network, chosen, args.expand)
    return MapReport(
        found,
        sorted(network.endpoints[index].name for index in members(net.parties.workloads)),
        inputs.resting(net),
        inputs.enforced(net),
        network.table.describe(network.table.everything),
        extents,
    )


def _renderer(wanted: str) -> "Callable[[MapReport, Paint], str | bytes]":
    """Import the one renderer that is needed."""
    module = import_module(f"crenel.output.map_{'markdown' if wanted == 'md' else wanted}")
    render: Callable[..., str | bytes] = module.render
    return render if wanted in ("table", "wide") else lambda report, _: render(report)


def _check_size(report: str | bytes, wanted: str) -> None:
    """Warn of a drawing that is too big to be drawn."""
    if wanted == "mermaid":
        from crenel.cli.complaints import note
        from crenel.output.map_mermaid import too_big

        if too_big(str(report)):
            note("this is more than Mermaid draws by default; --by namespace, -n, --from or --to make it smaller")


def _counts(net: "Network", report: "MapReport") -> str:
    from crenel.output.words import count

    decoded = net.given.decoded
    policies = len(decoded.network_policies) + len(decoded.admin_policies) + len(decoded.foreign_policies)
    found = ((len(report.workloads), "workload"), (policies, "policy"), (len(report.connections), "connection"))
    return ", ".join(count(number, noun) for number, noun in found)
