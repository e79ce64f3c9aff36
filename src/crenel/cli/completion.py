"""Print the completion script of a shell.

  bash:  crenel completion bash > ~/.local/share/bash-completion/completions/crenel
  zsh:   crenel completion zsh > "${fpath[1]}/_crenel"
  fish:  crenel completion fish > ~/.config/fish/completions/crenel.fish

`kubectl crenel` completes without a script, through kubectl's own.
"""

import argparse
import sys
from importlib.resources import files

SHELLS = ("bash", "zsh", "fish")
"""The shells that have a script, each in a file beside this one."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the argument `shell`."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    sys.stdout.write(files("crenel.cli").joinpath("shells", f"completion.{args.shell}").read_text("utf-8"))
    return 0
