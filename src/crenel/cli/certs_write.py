"""Write cert-manager's Certificates for what has no certificate, or one that nobody renews.

Looked at are hosts of Ingresses and Gateways, Services whose port says that it speaks TLS, and those that the API
server calls. What a Certificate of the input or somebody else looks after is left alone, and no object is written
whose name is taken. Nothing is applied: the objects go to stdout, or to a new file.
"""

import argparse

from crenel.cli.options import add_input_options, add_namespace_options

FORMATS = ("yaml", "json")
SKELETONS = ("ca", "self-signed", "acme")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `secrets` and `exit_zero` are flags; the others are texts, or None."""
    issuers = parser.add_mutually_exclusive_group(required=True)
    issuers.add_argument("--issuer", metavar="NAME", help="the Issuer, in each namespace one of this name")
    issuers.add_argument("--cluster-issuer", metavar="NAME", help="the ClusterIssuer")
    text = "begin the issuer where the input does not have it: ca, self-signed or acme"
    parser.add_argument("--skeleton", choices=SKELETONS, metavar="KIND", help=text)
    parser.add_argument("--mail", default="", metavar="MAIL", help="with --skeleton acme: where its CA may write to")
    parser.add_argument("--duration", default="2160h", metavar="TIME", help="how long they live (default: 2160h)")
    text = "how long before the end they are renewed (default: a third of their life)"
    parser.add_argument("--renew-before", metavar="TIME", help=text)
    text = "the domain of the cluster's DNS (default: cluster.local)"
    parser.add_argument("--cluster-domain", default="cluster.local", metavar="NAME", help=text)
    parser.add_argument("--out", metavar="PATH", help="a new file to write to")
    parser.add_argument("--at", metavar="DATE", help="the time to judge by (default: now)")
    text = "without -f: read the cluster's Secrets of the type for TLS, which has to be said"
    parser.add_argument("--secrets", action="store_true", help=text)
    add_namespace_options(parser)
    add_input_options(parser)
    group = parser.add_argument_group("report")
    group.add_argument(
        "-o", "--output", choices=FORMATS, default="yaml", metavar="FORMAT", help="yaml or json (default: yaml)"
    )
    group.add_argument("--exit-zero", action="store_true", help="exit with 0 even where something could not be helped")


def run(args: argparse.Namespace) -> int:
    """Write, and return the exit code."""
    from crenel.cli import certs_write_acting

    return certs_write_acting.write(args)
