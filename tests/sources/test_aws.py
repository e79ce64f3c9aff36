"""What is read from a live account of AWS: real boto3, over HTTP, from moto's server."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

import crenel
from apiserver import Server
from apiserver.harness import Harness
from command import ROOT
from command import crenel as command
from crenel.library import Network
from crenel.network.firewalls import Infrastructure
from crenel.questions.exposure.paths import Path as Way
from crenel.sources import aws, files, snapshot
from crenel.sources.aws_calls import CALLS, permissions
from crenel.sources.document import Reading
from sources import aws_account
from sources.aws_account import KEY, OFFICES, REGION, SECRET, TOKEN, client
from sources.aws_front import Front, Reply, Request, refusal
from sources.conftest import Moto

pytestmark = pytest.mark.xdist_group("aws")

QUICK = aws.Limits(connect=2, silence=5, attempts=1)


def kinds(reading: Reading) -> Counter[str]:
    """How many documents there are of each call."""
    return Counter(" ".join(each.origin.source.split()[1:3]) for each in reading.loose)


def understood(reading: Reading) -> Infrastructure:
    """What the dialects make of a reading, all of which they have to know."""
    net = Network(reading)
    assert net.problems == []
    return net.infrastructure


def meaning(value: Any) -> Any:
    """A value of the model without where it was written, and without the order of what has none."""
    if isinstance(value, enum.Enum):
        return str(value)
    if dataclasses.is_dataclass(value):
        fields = [each.name for each in dataclasses.fields(value) if each.name not in ("origin", "field")]
        parts = [(name, meaning(getattr(value, name))) for name in fields]
        return type(value).__name__, [(n, sorted(map(str, each)) if n == "targets" else each) for n, each in parts]
    if isinstance(value, dict):
        return sorted((str(key), meaning(each)) for key, each in value.items())
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [meaning(each) for each in value]
    return value


def estate(made: Infrastructure) -> tuple[list[str], ...]:
    """What an infrastructure says, comparable."""
    filters = [(tier.layer, tier.direction, one) for tier in made.tiers for rank in tier.ranks for one in rank]
    parts = (made.interfaces, filters, made.balancers, made.assumptions)
    return tuple(sorted(str(meaning(each)) for each in part) for part in parts)


def ways(net: Network) -> list[Way]:
    """The paths by the node port of the shop that are not closed."""
    return [each for each in net.exposure().paths if each.entry.port == 30443 and each.state.value != "closed"]


def test_every_answer_is_a_document_with_its_call(account: Reading, moto: Moto) -> None:
    """One document for each list of the region and for each thing that has to be asked for by itself."""
    assert account.problems == [] and account.documents == []
    lists = len(client("ec2", moto.url).describe_managed_prefix_lists()["PrefixLists"])
    assert kinds(account) == {
        "ec2 describe-vpcs": 1, "ec2 describe-subnets": 1, "ec2 describe-route-tables": 1,
        "ec2 describe-nat-gateways": 1, "ec2 describe-network-acls": 1, "ec2 describe-security-groups": 1,
        "ec2 describe-network-interfaces": 1, "ec2 describe-instances": 1, "ec2 describe-managed-prefix-lists": 1,
        "ec2 get-managed-prefix-list-entries": lists, "elbv2 describe-load-balancers": 1,
        "elbv2 describe-listeners": 1, "elbv2 describe-rules": 1, "elbv2 describe-target-groups": 1,
        "elbv2 describe-target-group-attributes": 1, "elbv2 describe-target-health": 1,
        "elb describe-load-balancers": 1, "eks describe-cluster": 1,
    }  # fmt: skip
    assert account.examined == len(account.loose) + 1
    sources = {each.origin.source for each in account.loose}
    assert {f"aws:{REGION} ec2 describe-security-groups", f"aws:{REGION} eks describe-cluster shop"} <= sources
    assert f"aws:{REGION} ec2 get-managed-prefix-list-entries {moto.account.offices}" in sources
    assert all(each.origin.line(("Vpcs",)) is None for each in account.loose)


def test_documents_are_json_without_what_people_write_in_tags(account: Reading) -> None:
    """Times are texts, as the command line prints them; tags are not kept."""
    text = json.dumps([each.data for each in account.loose])
    assert re.search(r'"LaunchTime": "20\d\d-\d\d-\d\dT', text)
    assert "hunter2" not in text and '"Tags"' not in text


def test_the_dialect_knows_the_account(account: Reading, moto: Moto) -> None:
    """Nodes, load balancers and the control plane are there, and answers are tied to what they are of."""
    made = understood(account)
    nodes = {f"aws:///{REGION}a/{each}" for each in moto.account.nodes}
    assert nodes <= {each.machine for each in made.interfaces}
    assert sum(each.name.startswith("control plane of shop") for each in made.interfaces) == 2
    by_name = {each.name: each for each in made.balancers}
    assert by_name.keys() == {"shop", "old"}
    [listening] = by_name["shop"].listeners
    assert listening.targets is not None and {each.machine for each in listening.targets} == nodes
    peers = [rule.peer for tier in made.tiers for rank in tier.ranks for one in rank for rule in one.rules]
    assert [each for each in peers if each.addresses and each.addresses.cidrs() == list(OFFICES)]
    assert not [each for each in peers for text in each.unknown if "prefix list" in text]


def test_answers_saved_by_hand_say_the_same(account: Reading, moto: Moto, tmp_path: Path) -> None:
    """The same account through JSON files, as the command line writes them, gives the same infrastructure."""
    save(moto, tmp_path)
    saved = files.read([str(tmp_path)])
    assert len(saved.loose) == len(list(tmp_path.iterdir()))
    live, by_hand = understood(account), understood(saved)
    assert len(live.interfaces) == 6
    assert estate(live) == estate(by_hand)


def save(moto: Moto, folder: Path) -> None:
    """Write files as people would: as it is printed, the ids of lists in the names of files, those of groups beside."""
    ec2, elb = client("ec2", moto.url), client("elbv2", moto.url)
    eks, classic = client("eks", moto.url), client("elb", moto.url)
    answers = {
        name: getattr(ec2, f"describe_{name}")()
        for name in (
            "vpcs", "subnets", "route_tables", "nat_gateways", "network_acls", "security_groups", "instances",
            "network_interfaces", "managed_prefix_lists",
        )
    }  # fmt: skip
    for each in answers["managed_prefix_lists"]["PrefixLists"]:
        name = each["PrefixListId"]
        answers[name] = ec2.get_managed_prefix_list_entries(PrefixListId=name)
    answers["balancers"], answers["targets"] = elb.describe_load_balancers(), elb.describe_target_groups()
    balancer = answers["balancers"]["LoadBalancers"][0]["LoadBalancerArn"]
    target = answers["targets"]["TargetGroups"][0]["TargetGroupArn"]
    answers["listeners"] = elb.describe_listeners(LoadBalancerArn=balancer)
    listener = answers["listeners"]["Listeners"][0]["ListenerArn"]
    answers["rules"] = elb.describe_rules(ListenerArn=listener)
    answers["attributes"] = elb.describe_target_group_attributes(TargetGroupArn=target) | {"TargetGroupArn": target}
    answers["health"] = elb.describe_target_health(TargetGroupArn=target) | {"TargetGroupArn": target}
    answers["classic"], answers["cluster"] = classic.describe_load_balancers(), eks.describe_cluster(name="shop")
    for name, answer in answers.items():
        answer.pop("ResponseMetadata")
        (folder / f"{name}.json").write_text(json.dumps(answer, default=str))


@pytest.mark.usefixtures("front")
def test_a_snapshot_says_the_same_and_holds_no_credential(account: Reading, tmp_path: Path) -> None:
    """Answers of AWS are read back from a snapshot as they were, with lines; the same account gives the same text."""
    path = tmp_path / "snapshot.json"
    snapshot.take(account, path)
    assert snapshot.render(aws.read([REGION], limits=QUICK)) == path.read_bytes()
    assert not [each for each in (KEY, SECRET, TOKEN, "hunter2") if each in path.read_text()]
    again = snapshot.from_documents(files.read([str(path)]))
    assert [each.message for each in again.problems] == ["a snapshot of a cluster"]
    again.problems.clear()
    before, after = ([each.data for each in one.loose] for one in (account, again))
    assert sorted(after, key=str) == sorted(before, key=str)
    assert estate(understood(again)) == estate(understood(account))
    [groups] = [each.origin for each in again.loose if "SecurityGroups" in each.data]
    line = groups.line(("SecurityGroups", 0, "GroupId"))
    assert line is not None and '"GroupId"' in path.read_text().splitlines()[line - 1]


@pytest.mark.usefixtures("front")
def test_the_library_joins_files_and_the_account(moto: Moto, tmp_path: Path) -> None:
    """With `aws`, an exposure is judged by the account's firewalls: the offices alone, by the node that is public."""
    (tmp_path / "cluster.yaml").write_text(aws_account.manifests(moto.account))
    net = crenel.load(str(tmp_path), aws=("",))
    assert net.problems == []
    [way] = ways(net)
    assert (way.state.value, way.target, way.sources.cidrs()) == ("open", "shop/web", list(OFFICES))


def test_answers_come_in_pages(front: Front, moto: Moto) -> None:
    """A list that is longer than a page is read to its end, each element once."""
    region, names = "eu-north-1", [f"lb-{number:02}" for number in range(8)]
    ec2, elb = client("ec2", moto.url, region), client("elbv2", moto.url, region)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    for name in names:
        elb.create_load_balancer(Name=name, Type="network", Subnets=[subnet])
    reading = aws.read([region], limits=dataclasses.replace(QUICK, page=5))
    assert reading.problems == []
    [balancers] = [each.data["LoadBalancers"] for each in reading.loose if "LoadBalancers" in each.data]
    assert sorted(each["LoadBalancerName"] for each in balancers) == names
    pages = [each.arguments for each in front.requests if each.action == "DescribeLoadBalancers"]
    assert [each["PageSize"] for each in pages if each["Version"] == "2015-12-01"] == ["5", "5"]


def test_what_is_asked_for(front: Front) -> None:
    """Actions are those that the page names; calls overlap as far as they may; pages are as large as an API allows."""
    aws.read([REGION], limits=dataclasses.replace(QUICK, connections=3))
    assert 1 < front.most <= 3
    sizes = {each.action: each.arguments.get("MaxResults") or each.arguments.get("PageSize") for each in front.requests}
    assert sizes["DescribeNetworkInterfaces"] == sizes["DescribeInstances"] == "1000"
    assert sizes["DescribeRouteTables"] == sizes["GetManagedPrefixListEntries"] == "100"
    assert sizes["DescribeLoadBalancers"] == sizes["DescribeTargetGroups"] == "400"
    assert front.asked() == set(permissions()) == {each.permission for each in CALLS}
    page = (ROOT / "docs" / "concepts" / "infrastructure.md").read_text("utf-8")
    [block] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    [statement] = json.loads(block)["Statement"]
    assert statement["Action"] == permissions() and statement["Effect"] == "Allow"


def test_pages_without_an_end_and_pages_that_fail(front: Front) -> None:
    """Half a list would pass for all of it: it is not read at all, and one line says so."""
    numbers = iter(range(1000))

    def endless(_: Request) -> Reply:
        item = b"<item><vpcId>vpc-1</vpcId></item>"
        return Reply(200, b"<R><vpcSet>%s</vpcSet><nextToken>%d</nextToken></R>" % (item, next(numbers)))

    def broken(request: Request) -> Reply:
        if "NextToken" in request.arguments:
            return refusal(request, "InternalError", status=500)
        return Reply(200, b"<R><subnetSet><item/></subnetSet><nextToken>more</nextToken></R>")

    front.answers |= {"DescribeVpcs": endless, "DescribeSubnets": broken}
    reading = aws.read([REGION], limits=dataclasses.replace(QUICK, pages=3))
    assert [str(each) for each in reading.problems] == [
        f"aws:{REGION} ec2 describe-vpcs: more than 3 pages: it is not read",
        f"aws:{REGION} ec2 describe-subnets: InternalError: no",
    ]
    assert next(numbers) == 4
    found = kinds(reading)
    assert found["ec2 describe-vpcs"] == found["ec2 describe-subnets"] == 0 and found["ec2 describe-instances"] == 1


def test_regions(front: Front) -> None:
    """Each region is read once, whichever way it is named, and only what was asked for."""
    reading = aws.read(["", "ap-south-1", REGION], limits=QUICK)
    assert reading.problems == []
    assert {each.origin.source.split()[0] for each in reading.loose} == {f"aws:{REGION}", "aws:ap-south-1"}
    assert kinds(reading)["ec2 describe-vpcs"] == 2
    assert {each.region for each in front.requests} == {REGION, "ap-south-1"}


def test_the_command(front: Front, moto: Moto, tmp_path: Path) -> None:
    """`crenel exposure -f DIR --aws` gives the verdict of the account, and shows no credential."""
    (tmp_path / "cluster.yaml").write_text(aws_account.manifests(moto.account))
    ran = command("exposure", "-f", str(tmp_path), "--aws", REGION, "-o", "json", "--all")
    assert (ran.code, ran.err) == (0, "")
    [path] = [each for each in json.loads(ran.out)["paths"] if each["state"] == "open"]
    assert (path["destination"], path["sources"]) == ("shop/web", list(OFFICES))
    ec2, offices = client("ec2", moto.url), [{"PrefixListId": moto.account.offices}]
    rule = {"IpProtocol": "tcp", "FromPort": 30443, "ToPort": 30443, "PrefixListIds": offices}
    ec2.revoke_security_group_ingress(GroupId=moto.account.node_group, IpPermissions=[rule])
    try:
        assert ways(crenel.load(str(tmp_path), aws=[REGION])) == []
    finally:
        ec2.authorize_security_group_ingress(GroupId=moto.account.node_group, IpPermissions=[rule])
    assert not [each for each in (KEY, SECRET, TOKEN) if each in ran.out + ran.err]
    assert KEY in front.texts[0] and not [each for each in front.texts if SECRET in each]


@pytest.mark.usefixtures("front")
def test_the_command_keeps_the_cluster_and_the_account_in_one_file(moto: Moto, tmp_path: Path) -> None:
    """`crenel snapshot --aws` reads both, and `-f` gives the verdict that both give together."""
    with Server() as server:
        cluster = Harness(server, tmp_path)
        cluster.put(*yaml.safe_load_all(aws_account.manifests(moto.account)))
        ran = command("snapshot", "-o", "all.json", "--kubeconfig", cluster.kubeconfig(), "--aws", cwd=tmp_path)
    assert ran.code == 0 and " of AWS" in ran.err.splitlines()[-1]
    text = (tmp_path / "all.json").read_text()
    assert not [each for each in (KEY, SECRET, TOKEN) if each in text + ran.err]
    [way] = ways(crenel.load(str(tmp_path / "all.json")))
    assert (way.state.value, way.target, way.sources.cidrs()) == ("open", "shop/web", list(OFFICES))
