"""What `crenel certs ca issue` does: for the workloads of an input, for one consumer, or for a signing request."""

import argparse
from pathlib import Path

from crenel.certificates.authority import authority, policy, requests
from crenel.certificates.authority.identity import Identity, is_name, refusals, spiffe_id
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.report import report
from crenel.certificates.authority.state import Consumer
from crenel.certificates.authority.workloads import Workload, workloads
from crenel.cli import exit_codes, inputs, reporting
from crenel.cli.certs_ca_acting import clock, moment, said, tell
from crenel.cli.clock import Clock as Stopwatch
from crenel.cli.complaints import complain, say
from crenel.cli.usage import UsageError
from crenel.provenance import Problem


def issue(args: argparse.Namespace) -> int:
    """Issue certificates."""
    rules = policy.read(Path(args.ca))
    if args.csr is not None:
        return _answer(args, rules)
    if args.out is None:
        raise UsageError("issue needs --out: the folder, or with -o yaml the file, to write to")
    if args.service_account or args.dns or args.ip or args.trust_only:
        return _supply(args, [_single(args, rules)], exit_codes.FINE)
    if args.secret is not None:
        raise UsageError("--secret goes with a NAME and its names: --dns, --ip, --service-account")
    found, code = _of_input(args, rules)
    if not found:
        say("nothing was issued: there is no workload that may have a certificate")
        return exit_codes.worst((code, exit_codes.NOTHING))
    return _supply(args, [_consumer(args, each) for each in found], code)


def _of_input(args: argparse.Namespace, rules: Policy) -> tuple[list[Workload], int]:
    """The workloads of the input that were asked for, and an exit code."""
    net = inputs.network(args, Stopwatch())
    code = inputs.verify(args, net)
    found, problems = workloads(net.model.scope, net.given.decoded, rules)
    if args.names:
        unknown = set(args.names) - {each.name for each in found}
        found = [each for each in found if each.name in args.names]
        problems = [each for each in problems if each.object in args.names]
        if unknown - {each.object for each in problems}:
            raise UsageError(f"the input has no workload {min(unknown)!r}")
    failed = complain(problems)
    return found, exit_codes.worst((code, exit_codes.ERROR if failed else exit_codes.FINE))


def _consumer(args: argparse.Namespace, workload: Workload) -> Consumer:
    out = Path(args.out).absolute()
    namespace, _, rest = workload.name.partition("/")
    if args.output == "yaml":
        secret = f"{namespace}/{rest.replace('/', '-')}-tls"
        return Consumer(workload.name, "secret", str(out), secret, workload.identity)
    return Consumer(workload.name, "folder", str(out / workload.name), identity=workload.identity)


def _single(args: argparse.Namespace, rules: Policy) -> Consumer:
    """The one consumer that options describe."""
    if len(args.names) != 1:
        raise UsageError("give the consumer one NAME, like shop/web")
    out, name = Path(args.out).absolute(), args.names[0]
    identity = None if args.trust_only else _identity(args, rules)
    if args.trust_only and (args.service_account or args.dns or args.ip):
        raise UsageError("--trust-only writes the bundle alone, without names")
    if args.output == "yaml":
        namespace, _, rest = name.partition("/")
        if not (is_name(namespace) and is_name(rest)):
            raise UsageError(f"{name}: a Secret needs a namespace; write NAMESPACE/NAME")
        secret = args.secret if args.secret is not None else f"{rest}-tls"
        if not is_name(secret):
            raise UsageError(f"--secret {secret}: a Secret cannot be called that")
        return Consumer(name, "secret", str(out), f"{namespace}/{secret}", identity)
    if args.secret is not None:
        raise UsageError("--secret goes with -o yaml")
    return Consumer(name, "folder", str(out), identity=identity)


def _identity(args: argparse.Namespace, rules: Policy) -> Identity:
    uri = ""
    if args.service_account is not None:
        namespace, _, account = args.service_account.partition("/")
        uri = spiffe_id(rules.trust_domain, namespace, account)
    identity = Identity.of(uri, tuple(args.dns), tuple(args.ip))
    if reasons := refusals(identity, rules):
        raise UsageError(reasons[0])
    return identity


def _supply(args: argparse.Namespace, consumers: list[Consumer], code: int) -> int:
    tell_time = clock(args)
    with authority.opened(Path(args.ca)) as opened:
        now = moment(tell_time)
        opened.enrol(consumers)
        done = opened.issue([each.name for each in consumers], now, anew=args.anew)
        wrong = [Problem(each.why, object=name) for name, each in done.items() if each.action in ("failed", "refused")]
        problems, waits = (*said(opened), *wrong), tuple(opened.waits(now))
        found = report(opened, "issue", now, held=opened.supply.held, done=done, problems=problems, waits=waits)
    return reporting.final(args, code, tell(args, found))


def _answer(args: argparse.Namespace, rules: Policy) -> int:
    """Answer a signing request: the chain goes to stdout, or to a new file."""
    tell_time = clock(args)
    if len(args.names) > 1:
        raise UsageError("a request is for one NAME at most")
    request = requests.read(Path(args.csr).read_bytes())
    code, allowed = exit_codes.FINE, None
    if args.names:
        found, code = _of_input(args, rules)
        if not found:
            raise UsageError(f"{args.names[0]} may have no certificate")
        allowed = found[0].identity
    with authority.opened(Path(args.ca)) as opened:
        chain = opened.sign(request, allowed, moment(tell_time))
        complain(said(opened))
    if args.out is None:
        reporting.emit(chain.decode())
    else:
        with Path(args.out).open("xb") as file:
            file.write(chain)
        say(f"{args.out}: written")
    return code
