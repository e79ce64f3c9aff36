"""What goes wrong when AWS is read: one line that a person can act on, and the rest is read."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import crenel
from command import crenel as command
from crenel.provenance import Severity
from crenel.questions.exposure.paths import State
from crenel.sources import aws
from crenel.sources.document import Reading
from sources import aws_account
from sources.aws_account import KEY, OFFICES, REGION, SECRET, TOKEN
from sources.aws_front import Front, Reply, Request, hang, refusal
from sources.conftest import CLOSED, Moto, log_in

pytestmark = pytest.mark.xdist_group("aws")

ONCE = aws.Limits(connect=1, silence=5, attempts=1)


def lines(reading: Reading) -> list[str]:
    """The problems, none of which may hold a credential."""
    found = [str(each) for each in reading.problems]
    assert not [text for text in found for secret in (KEY, SECRET, TOKEN) if secret in text]
    assert not [text for text in found if "\n" in text]
    return found


def refusing(code: str, message: str = "no", status: int = 403) -> Callable[[Request], Reply]:
    """An answer that is an error."""
    return lambda request: refusal(request, code, message, status)


def missing(permission: str) -> str:
    """What is said of a permission."""
    return f"not allowed: the permission {permission} is missing; what it could change is unknown"


DENIED = [
    ("ec2:DescribeSecurityGroups", "ec2 describe-security-groups", "UnauthorizedOperation", "", "SecurityGroups"),
    ("ec2:DescribeNetworkAcls", "ec2 describe-network-acls", "UnauthorizedOperation", "", "NetworkAcls"),
    (
        "ec2:GetManagedPrefixListEntries",
        "ec2 get-managed-prefix-list-entries",
        "UnauthorizedOperation",
        " (for 7 of 7)",
        "Entries",
    ),
]
"""Permissions without which it is not known what the node port of the shop lets in."""


@pytest.mark.parametrize(("permission", "call", "code", "of", "key"), DENIED)
def test_what_depends_on_a_missing_permission_is_unknown(
    permission: str, call: str, code: str, of: str, key: str, front: Front, moto: Moto, tmp_path: Path
) -> None:
    """One line names the call and the permission; the rest is read; the path is possible, not open and not closed."""
    said = f"User: arn:aws:sts::1:x is not authorized. Encoded authorization failure message: {'x7' * 80} {KEY}"
    front.answers[permission.partition(":")[2]] = refusing(code, said)
    (tmp_path / "cluster.yaml").write_text(aws_account.manifests(moto.account))
    net = crenel.load(str(tmp_path), aws=[REGION])
    [problem] = net.problems
    assert str(problem) == f"aws:{REGION} {call}: {missing(permission)}{of}"
    assert problem.severity is Severity.NOTICE
    assert not [each for each in net._reading.loose if key in each.data]
    [path] = [each for each in net.exposure().paths if each.entry.port == 30443 and each.state is not State.CLOSED]
    assert path.state is State.POSSIBLE


def test_one_service_that_is_silent(front: Front) -> None:
    """The others are read, and what they refuse is told."""
    front.answers["DescribeTargetHealth"] = refusing("AccessDenied")
    front.answers["ListClusters"] = hang(1.5)
    reading = aws.read([REGION], limits=dataclasses.replace(ONCE, silence=1.0))
    permission = "elasticloadbalancing:DescribeTargetHealth"
    assert lines(reading) == [
        f"aws:{REGION}: no answer within 1 s: {front.url}",
        f"aws:{REGION} elbv2 describe-target-health: {missing(permission)} (for 1 of 1)",
    ]
    keys = {key for each in reading.loose for key in each.data}
    assert {"Attributes", "LoadBalancerDescriptions", "SecurityGroups"} <= keys
    assert not keys & {"TargetHealthDescriptions", "cluster"}


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (
            ("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException"),
            "AWS does not accept the credentials: they are wrong, or the region is not enabled for the account",
        ),
        (
            ("RequestExpired", "ExpiredToken", "ExpiredTokenException"),
            "the AWS credentials have expired, or this machine's clock is wrong: log in again",
        ),
    ],
)
def test_credentials_that_are_not_accepted(codes: tuple[str, str, str], text: str, front: Front) -> None:
    """Each service has its own code for it; it is said once, without their words, and none is asked twice."""
    code_of = dict(zip(("ec2", "elasticloadbalancing", "eks"), codes, strict=True))
    front.every = lambda request: refusal(request, code_of[request.service], f"the key {KEY} and the token {TOKEN}")
    reading = aws.read([REGION], limits=ONCE)
    assert lines(reading) == [f"aws:{REGION}: {text}"]
    assert reading.problems[0].severity is Severity.ERROR
    assert reading.loose == [] and len(front.requests) == 4


def test_no_credentials(nobody: pytest.MonkeyPatch) -> None:
    """Without any, the line says how to come by some."""
    nobody.setenv("AWS_DEFAULT_REGION", REGION)
    [line] = lines(aws.read(limits=ONCE))
    assert line == "aws: there are no AWS credentials: log in, set AWS_PROFILE, or name a profile with --aws-profile"


def test_no_region(nobody: pytest.MonkeyPatch) -> None:
    """Without a region nothing is asked; AWS_REGION is one, as for the command line of AWS."""
    log_in(nobody, CLOSED)
    nobody.delenv("AWS_DEFAULT_REGION")
    [line] = lines(aws.read(limits=ONCE))
    assert line == "aws: no AWS region is set: name one with --aws REGION, or set AWS_REGION"
    nobody.setenv("AWS_REGION", "eu-south-1")
    [line] = lines(aws.read(limits=ONCE))
    assert line == f"aws:eu-south-1: cannot be reached: {CLOSED}"


def test_regions_that_are_none(nobody: pytest.MonkeyPatch) -> None:
    """A region that cannot be one is refused; one that boto3 does not know is doubted when it does not answer."""
    log_in(nobody, CLOSED)
    assert lines(aws.read(["shop/web:80"], limits=ONCE)) == ["aws: 'shop/web:80' is no region of AWS"]
    [line] = lines(aws.read(["eu-wst-1"], limits=ONCE))
    assert line == (f"aws:eu-wst-1: cannot be reached (boto3 knows no region 'eu-wst-1'; is it eu-west-1?): {CLOSED}")


def test_profiles(nobody: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A profile that is not there is named; what a login program says is not repeated."""
    [line] = lines(aws.read([REGION], profile="prod", limits=ONCE))
    assert line == "aws: there is no profile 'prod' of AWS"
    program = tmp_path / "login"
    program.write_text(f"#!/bin/sh\necho 'refresh token {TOKEN}' >&2\nexit 1\n")
    program.chmod(0o700)
    (tmp_path / "aws-config").write_text(f"[profile prod]\ncredential_process = {program}\n")
    [line] = lines(aws.read([REGION], profile="prod", limits=ONCE))
    assert line == "aws: the AWS credentials cannot be obtained (CredentialRetrievalError)"
    nobody.setenv("AWS_ACCESS_KEY_ID", KEY)
    [line] = lines(aws.read([REGION], limits=ONCE))
    assert line == "aws: the AWS credentials are not complete: a key without its secret"


def test_an_endpoint_that_is_down(nobody: pytest.MonkeyPatch) -> None:
    """One line for all services, with where they were looked for and without a login in it."""
    log_in(nobody, "http://user:hunter2@127.0.0.1:1")
    begin = time.monotonic()
    [line] = lines(aws.read([REGION], limits=dataclasses.replace(ONCE, attempts=2)))
    assert line == f"aws:{REGION}: cannot be reached: {CLOSED}"
    assert time.monotonic() - begin < 8
    nobody.setenv("AWS_ENDPOINT_URL", "user:hunter2@nowhere")
    assert lines(aws.read([REGION], limits=ONCE)) == [f"aws: ec2 in {REGION} cannot be asked: its endpoint is no URL"]


def test_an_endpoint_that_does_not_answer(front: Front) -> None:
    """Silence ends in time: each service is waited for once, and not once for each call."""
    front.every = hang(2.0)
    begin = time.monotonic()
    [line] = lines(aws.read([REGION], limits=dataclasses.replace(ONCE, silence=0.3)))
    assert line == f"aws:{REGION}: no answer within 0.3 s: {front.url}"
    assert time.monotonic() - begin < 5 and len(front.requests) == 4


def test_throttling(front: Front) -> None:
    """A request that is put off is sent again; one that always is becomes a line, and its answer is missing."""
    left = {"DescribeVpcs": 1, "DescribeSubnets": 99}

    def throttled(request: Request) -> Reply | None:
        left[request.action] -= 1
        return refusal(request, "RequestLimitExceeded", status=503) if left[request.action] >= 0 else None

    front.answers |= dict.fromkeys(left, throttled)
    front.answers["ListClusters"] = refusing("AccessDeniedException")
    reading = aws.read([REGION], limits=dataclasses.replace(ONCE, attempts=2))
    assert lines(reading) == [
        f"aws:{REGION} eks list-clusters: {missing('eks:ListClusters')}",
        f"aws:{REGION} ec2 describe-subnets: AWS takes no more requests for now (RequestLimitExceeded), after 2 tries",
    ]
    keys = {key for each in reading.loose for key in each.data}
    assert "Vpcs" in keys and "Subnets" not in keys


def test_other_errors_and_answers_that_are_none(front: Front) -> None:
    """An error is told in AWS' words without anything secret; nonsense is one line too; what went away is a notice."""
    front.answers["DescribeVpcs"] = refusing("InvalidParameterValue", f"not\nthis: {KEY}", 400)
    front.answers["DescribeSubnets"] = lambda _: Reply(200, b"<html>a portal")
    front.answers["DescribeInstances"] = lambda _: Reply(200, b"<html>a portal</html>")
    front.answers["ListClusters"] = lambda _: Reply(200, b"<html>a portal</html>")
    front.answers["DescribeTargetHealth"] = refusing("TargetGroupNotFound", status=400)
    reading = aws.read([REGION], limits=ONCE)
    vpcs, clusters, subnets, instances, health = lines(reading)
    assert vpcs == f"aws:{REGION} ec2 describe-vpcs: InvalidParameterValue: not this: (hidden)"
    for line, call in ((subnets, "ec2 describe-subnets"), (instances, "ec2 describe-instances")):
        assert line == f"aws:{REGION} {call}: this is not what AWS answers"
    assert clusters == f"aws:{REGION} eks list-clusters: this is not what AWS answers"
    assert health == f"aws:{REGION} elbv2 describe-target-health: it went away while it was read (for 1 of 1)"
    assert [each.severity for each in reading.problems] == [*[Severity.ERROR] * 4, Severity.NOTICE]


def test_boto3_is_not_needed_for_files_and_named_where_it_is_missing(nobody: pytest.MonkeyPatch) -> None:
    """The extra is optional: without it only reading AWS fails, in one line."""
    del nobody
    code = (
        "import sys; sys.modules['boto3'] = None\n"
        "import crenel\n"
        "assert crenel.load([]).problems == []\n"
        "print(*crenel.load([], aws=['eu-west-1']).problems)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert ran.stdout == "aws: reading AWS needs boto3: pip install 'crenel[aws]'\n"


def test_the_command_without_an_account(nobody: pytest.MonkeyPatch, moto: Moto, tmp_path: Path) -> None:
    """Files are judged all the same, but the exit code says that something is missing; a profile alone is no wish."""
    log_in(nobody, CLOSED)
    nobody.setenv("AWS_MAX_ATTEMPTS", "1")
    (tmp_path / "cluster.yaml").write_text(aws_account.manifests(moto.account))
    ran = command("exposure", "-f", str(tmp_path), "--aws", REGION)
    assert ran.code == 2 and ran.err == f"error: aws:{REGION}: cannot be reached: {CLOSED}\n"
    assert "node port" in ran.out and not set(OFFICES) & set(ran.out.split())
    ran = command("map", "-f", str(tmp_path), "--aws-profile", "prod")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "crenel: --aws-profile is of use with --aws alone\n"
