"""Show what the internet can reach, path by path: through load balancers, node ports, firewalls and policies.

Besides manifests, -f reads what clouds and hosts say of their firewalls: the JSON of their command lines, Terraform
plans, templates, rulesets. What is in no input is said to be unknown, or assumed where --assume says so.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.options import add_exposure_options, add_input_options, add_namespace_options, add_report_options

if TYPE_CHECKING:
    from crenel.library import Network

FORMATS = ("table", "json", "md")
"""What the paths can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `egress` and `every` are flags."""
    parser.add_argument(
        "--egress", action="store_true", help="the reverse: where each workload can go outside of the cluster"
    )
    parser.add_argument("--all", dest="every", action="store_true", help="closed paths too, with what closes them")
    add_exposure_options(parser)
    add_namespace_options(parser)
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the paths and return the exit code."""
    from crenel.cli import inputs, reporting
    from crenel.cli.clock import Clock
    from crenel.cli.complaints import complain

    clock = Clock()
    inputs.pause_collector()
    net = inputs.network(args, clock)
    inputs.take_assumptions(args, net)
    code = inputs.verify(args, net)
    if nothing := inputs.nothing_examined(net):
        return reporting.final(args, code, nothing)
    with clock.phase("translate"):
        complain(net.joined.proxies.problems)
    with clock.phase("solve"):
        rendered = _egress(net, args) if args.egress else _ingress(net, args)
    reporting.emit(rendered)
    clock.report()
    return reporting.final(args, code)


def _ingress(net: "Network", args: argparse.Namespace) -> str | bytes:
    from crenel.cli import inputs, reporting
    from crenel.output import exposure_json, exposure_markdown, exposure_table
    from crenel.questions.exposure.paths import State
    from crenel.questions.exposure.report import within

    report = within(net.exposed, args.namespace)
    wanted = list(State) if args.every else [State.OPEN, State.POSSIBLE]
    if args.output == "json":
        return exposure_json.render(report, wanted, inputs.context(net))
    if args.output == "md":
        return exposure_markdown.render(report, wanted)
    return exposure_table.render(report, wanted, reporting.paint())


def _egress(net: "Network", args: argparse.Namespace) -> str | bytes:
    from crenel.cli import inputs, reporting
    from crenel.output import outlets_json, outlets_markdown, outlets_table
    from crenel.questions.exposure.paths import State

    wanted = list(State) if args.every else [State.OPEN, State.POSSIBLE]
    found = [each for each in net.outlets() if not args.namespace or each.workload.split("/")[0] in args.namespace]
    chosen = [each for each in found if each.state in wanted]
    if args.output == "json":
        return outlets_json.render(chosen, net.infrastructure.assumptions, inputs.context(net))
    everything = net.joined.model.network.table.describe(net.joined.model.network.table.everything)
    if args.output == "md":
        return outlets_markdown.render(chosen, everything)
    return outlets_table.render(chosen, everything, net.infrastructure.assumptions, reporting.paint())
