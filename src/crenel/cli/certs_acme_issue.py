"""Have one certificate for one or more HOSTs, and look after it from then on. What is good already is kept.

The folder --out gets `tls.crt` (leaf first) and `tls.key`, which change together, also when it is renewed. That the
hosts are yours is shown by answering requests for port 80 of each, which have to get to the listener of --http-01; or
by records in the DNS, which a program of yours sets: it is run as `PROGRAM add|remove NAME VALUE`.
"""

import argparse

from crenel.cli.certs_acme_options import act, add_folder, add_report, add_time


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `hosts` is a list, `renew_at` a number, `anew` a flag; the others are texts, or None."""
    parser.add_argument("hosts", nargs="+", metavar="HOST", help="DNS names, with --dns-01 also *.NAME; or addresses")
    add_folder(parser)
    add_time(parser)
    parser.add_argument("--out", required=True, metavar="PATH", help="the folder that gets the files")
    parser.add_argument("--name", metavar="NAME", help="what to call it (default: the first HOST)")
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument("--http-01", metavar="[ADDRESS:]PORT", help="listen there (default ADDRESS: 127.0.0.1)")
    ways.add_argument("--dns-01", metavar="FILE", help="the program that sets and removes TXT records")
    parser.add_argument("--key", default="p256", metavar="KIND", help="p256, rsa3072 or ed25519 (default: p256)")
    parser.add_argument("--chain", default="", metavar="NAME", help="of several chains the one that NAME has issued")
    parser.add_argument("--profile", default="", metavar="NAME", help="what the server calls this kind of certificate")
    text = "renew after this fraction of its life, where the server does not say when (default: 0.67)"
    parser.add_argument("--renew-at", type=float, default=2 / 3, metavar="FRACTION", help=text)
    parser.add_argument("--anew", action="store_true", help="have another one, even where what is there is good")
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Have it issued and return the exit code."""
    return act("issue", args)
