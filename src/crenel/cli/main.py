"""The command `crenel`: find the command that was asked for, run it, and end with its exit code.

Nothing is imported before it is needed, argparse included: the help starts as fast as an empty program.
"""

import sys

COMMANDS = {
    "map": ("crenel.cli.map", "show who can talk to whom"),
    "can": ("crenel.cli.can", "say whether SOURCE may reach TARGET, and why"),
    "exposure": ("crenel.cli.exposure", "show what the internet can reach, and where workloads can go"),
    "audit": ("crenel.cli.audit", "say what is wrong with the network's security, and how to mend it"),
    "prove": ("crenel.cli.prove", "say which declared intents hold, and what mends the others"),
    "harden": ("crenel.cli.harden", "write what closes all that nobody needs: policies, Services, TLS, firewalls"),
    "diff": ("crenel.cli.diff", "show what became possible and impossible between two states"),
    "flows": ("crenel.cli.flows", "show who was seen to talk to whom, and what a change would break"),
    "unused": ("crenel.cli.unused", "show what policies allow and nobody was seen to use"),
    "lab": ("crenel.cli.lab", "build the cluster on this machine and prove the answers with real packets"),
    "enforce": ("crenel.cli.enforce", "print the nftables rules that enforce the policies on a node"),
    "certs": ("crenel.cli.certs", "know certificates, issue and rotate them, and prove that they are asked for"),
    "snapshot": ("crenel.cli.snapshot", "save what the other commands need from a cluster in one file"),
    "completion": ("crenel.cli.completion", "print the completion script of a shell"),
}
"""Each command by its name: the module that has its `configure` and `run`, and one line of help."""

HIDDEN = {"__complete": "crenel.cli.candidates"}
"""Commands that only scripts call."""

HELP = """\
Who can talk to whom in a Kubernetes cluster, exactly, and why.

Usage:
  {prog} COMMAND [ARGUMENTS] [-f PATH]... [-o FORMAT]

Commands:
{commands}

Options:
  -h, --help     show this help; after a command, that command's
  -V, --version  show the version

Without -f the current kubeconfig context is read; nothing is ever written to a cluster.

Exit codes: 0 fine; 1 the answer is no; 2 wrong use or unreadable input; 3 nothing was examined.
"""


def main() -> int:
    """Run the command line of this process and return its exit code; no exception leaves it."""
    prog = "kubectl crenel" if sys.argv[0].rpartition("/")[2] == "kubectl-crenel" else "crenel"
    try:
        return _flushed(dispatch(prog, sys.argv[1:]))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last resort of a process
        from crenel.cli.failures import report_failure

        return report_failure(prog, error)


def dispatch(prog: str, arguments: list[str]) -> int:
    """Run the command that `arguments` begins with, under the name `prog`, and return its exit code."""
    name = arguments[0] if arguments else ""
    if name in ("-h", "--help"):
        _write(HELP.format(prog=prog, commands="\n".join(f"  {n:<12} {line}" for n, (_, line) in COMMANDS.items())))
        return 0
    if name in ("-V", "--version"):
        from crenel import __version__

        _write(f"crenel {__version__}\n")
        return 0
    if name in COMMANDS or name in HIDDEN:
        from crenel.cli.parser import run_command

        return run_command(prog, name, arguments[1:])
    from crenel.cli.failures import unknown_command

    raise unknown_command(prog, name)


def _write(text: str) -> None:
    if sys.stdout is not None:
        sys.stdout.write(text)


def _flushed(code: int) -> int:
    """Flush now, where a reader that went away is still handled."""
    if sys.stdout is not None:
        sys.stdout.flush()
    return code
