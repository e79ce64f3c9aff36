"""Print the nftables rules that enforce the policies of the input on one node.

ACTION is `render`. The rules are for `nft -f`; loading them replaces what the table `inet crenel` held, in one
transaction. Pods and nodes that have no address in the input get those that `crenel lab` gives them. What only a
running node knows is left empty: the interfaces of its pods, and the addresses that DNS names have.
"""

import argparse

from crenel.cli.options import add_input_options
from crenel.cli.usage import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `action` is ``render``, `node` the name of a node or None."""
    parser.add_argument("action", choices=("render",), metavar="ACTION", help="render: print the rules of a node")
    parser.add_argument(
        "--node", metavar="NODE", help="the node whose pods are guarded; needed where there are several"
    )
    add_input_options(parser)
    parser.set_defaults(namespace=[])


def run(args: argparse.Namespace) -> int:
    """Print the rules and return the exit code."""
    from crenel.cli import exit_codes, inputs, reporting
    from crenel.cli.clock import Clock
    from crenel.cli.complaints import note
    from crenel.enforce.compiler import compile_node
    from crenel.enforce.text import write
    from crenel.lab.cluster.addressing import ExhaustedError
    from crenel.lab.cluster.placement import EVERY_REPLICA, Wishes, place
    from crenel.lab.cluster.roster import enrol
    from crenel.lab.cluster.sites import sites
    from crenel.output.words import count

    net = inputs.network(args, Clock())
    code = inputs.verify(args, net)
    if nothing := inputs.nothing_examined(net):
        return exit_codes.worst((code, nothing))
    try:
        placement = place(net.model, Wishes(replicas=EVERY_REPLICA))
    except ExhaustedError as error:
        raise UsageError(str(error)) from None
    names = [node.name for node in placement.nodes]
    node = args.node or (names[0] if len(names) == 1 else None)
    if node not in names:
        asked = f"no node {args.node!r}" if args.node else "which node? give --node"
        raise UsageError(f"{asked}; there are {', '.join(names)}")
    if placement.invented:
        note(f"addresses that the input does not say are those of the lab: {count(placement.invented, 'pod')}")
    ruleset = compile_node(placement.model.network, sites(placement, enrol(placement), {})[node])
    for doubt in ruleset.doubts:
        note(doubt)
    reporting.emit(write(ruleset))
    return code
