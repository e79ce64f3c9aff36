"""List every certificate and key pair of the input."""

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from crenel.cli.options import add_input_options

    add_input_options(parser)


def run(args: argparse.Namespace) -> int:  # noqa: ARG001
    """Print."""
    return 0
