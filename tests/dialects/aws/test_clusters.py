"""Clusters and groups of instances in plans of Terraform."""

from __future__ import annotations

from typing import Any

from crenel.network.firewalls import Answer, Infrastructure, Role
from dialects.aws.asking import asked, read
from dialects.aws.plans import EVERYWHERE, Written, inline, network, plan, written

PLANE = "control plane of shop in terraform:aws_subnet.back"
NODES = "machines of aws_eks_node_group.main in terraform:aws_subnet.back"
CROWD = "machines of aws_autoscaling_group.main in terraform:aws_subnet.front"


def cluster(*more: Written) -> Infrastructure:
    """A cluster in the private subnet of a network."""
    config: dict[str, Any] = {"vpc_config": [{"security_group_ids": [], "subnet_ids": [None]}]}
    unknown = {"vpc_config": [{"cluster_security_group_id": True, "subnet_ids": [True]}]}
    expressions = [{"subnet_ids": {"references": ["aws_subnet.back.id", "aws_subnet.back"]}}]
    made = Written("aws_eks_cluster.main", {"name": "shop", **config}, {"id": True, **unknown},
                   {"vpc_config": expressions})  # fmt: skip
    return read(plan(*network(), made, *more))


def nodes(values: dict[str, Any], **references: str | list[str]) -> Written:
    """Nodes of the cluster."""
    return written("aws_eks_node_group.main", {"cluster_name": "shop", **values}, subnet_ids="aws_subnet.back.id",
                   **references)  # fmt: skip


def launched(name: str, **values: Any) -> Written:
    """A launch template that names the group ``own``."""
    return written(f"aws_launch_template.{name}", {"name": name, **values},
                   vpc_security_group_ids="aws_security_group.own.id")  # fmt: skip


GROUP = written("aws_security_group.own", {"name": "own", "ingress": [inline("tcp", 443, None, EVERYWHERE)]},
                ("egress",), vpc_id="aws_vpc.main.id")  # fmt: skip


def test_nodes_carry_the_group_of_their_cluster() -> None:
    """It lets itself in and everything out (EKS user guide, "security group requirements")."""
    made = cluster(nodes({}))
    assert asked(made, PLANE, NODES, "TCP/10250").value == "allowed"
    assert asked(made, NODES, PLANE, "TCP/443").value == "allowed"
    assert asked(made, "10.0.9.9", NODES, "TCP/10250").value == "denied"
    (found,) = [each for each in made.interfaces if each.name == NODES]
    assert (found.role, str(found.ranges), found.entered[4].answer) == (Role.MACHINE, "10.0.2.0/24", Answer.NO)
    assert any("cluster security group of shop" in each for each in made.assumptions)


def test_nodes_with_a_launch_template_carry_its_groups() -> None:
    """Those alone, where it names any (EKS user guide, "Customize managed nodes with launch templates")."""
    made = cluster(GROUP, launched("own"), nodes({"launch_template": [{"name": "own", "version": "1"}]}))
    assert asked(made, "10.0.9.9", NODES, "TCP/443").value == "allowed"
    assert asked(made, PLANE, NODES, "TCP/10250").value == "denied"
    bare = written("aws_launch_template.own", {"name": "own"})
    made = cluster(bare, nodes({"launch_template": [{"name": "own", "version": "1"}]}))
    assert asked(made, PLANE, NODES, "TCP/10250").value == "allowed"
    made = cluster(nodes({"launch_template": [{"id": "lt-1", "version": "1"}]}))
    assert asked(made, "10.0.9.9", NODES, "TCP/443").value == "unknown", "a template that is not in the input"
    made = cluster(nodes({"remote_access": [{"ec2_ssh_key": "x"}]}))
    assert asked(made, "10.0.9.9", NODES, "TCP/22").value == "unknown", "one more group, which EKS makes"


def test_rules_may_be_added_to_the_group_of_a_cluster() -> None:
    """It is known by an attribute of the cluster."""
    rule = {"type": "ingress", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.9.0/24"]}
    attribute = "aws_eks_cluster.main.vpc_config[0].cluster_security_group_id"
    added = written("aws_security_group_rule.more", rule, security_group_id=[attribute, "aws_eks_cluster.main"])
    made = cluster(nodes({}), added)
    assert asked(made, "10.0.9.9", NODES, "TCP/443").value == "allowed"
    assert asked(made, "10.0.8.8", NODES, "TCP/443").value == "denied"


def test_groups_of_instances() -> None:
    """They carry the groups of their template, and get public addresses where it, or the subnet, says so."""
    crowd = written("aws_autoscaling_group.main", {"launch_template": [{"name": "own"}]},
                    vpc_zone_identifier="aws_subnet.front.id")  # fmt: skip
    made = read(plan(*network(), GROUP, launched("own"), crowd))
    assert asked(made, "8.8.8.8", CROWD, "TCP/443").value == "allowed"
    assert asked(made, "8.8.8.8", CROWD, "TCP/80").value == "denied"
    (found,) = [each for each in made.interfaces if each.name == CROWD]
    assert found.entered[4].answer is Answer.YES
    hidden = written("aws_launch_template.own", {"name": "own", "network_interfaces": [
        {"associate_public_ip_address": "false", "security_groups": ["sg-far"]}]})  # fmt: skip
    made = read(plan(*network(), hidden, crowd))
    (found,) = [each for each in made.interfaces if each.name == CROWD]
    assert found.entered[4].answer is Answer.NO
    assert asked(made, "8.8.8.8", CROWD, "TCP/80").value == "unknown"


def test_instances_of_a_group_are_targets_that_are_not_told() -> None:
    """So the targets of its target group are not known."""
    balancer = written("aws_lb.main", {"name": "lb", "load_balancer_type": "network", "internal": False},
                       subnets="aws_subnet.front.id")  # fmt: skip
    targets = written("aws_lb_target_group.main", {"port": 80, "protocol": "TCP", "target_type": "instance"})
    values = {"port": 80, "protocol": "TCP", "default_action": [{"type": "forward"}]}
    listener = written("aws_lb_listener.main", values, {"default_action": [{"target_group_arn": True}]},
                       load_balancer_arn="aws_lb.main.arn")  # fmt: skip
    listener.expressions["default_action"] = [{"target_group_arn": {"references": ["aws_lb_target_group.main.arn"]}}]
    target = written("aws_lb_target_group_attachment.main", {"target_id": "i-1", "port": 80},
                     target_group_arn="aws_lb_target_group.main.arn")  # fmt: skip
    crowd = written("aws_autoscaling_group.main", {}, vpc_zone_identifier="aws_subnet.front.id",
                    target_group_arns="aws_lb_target_group.main.arn")  # fmt: skip
    for more, known in ((), True), ((crowd,), False):
        (found,) = read(plan(*network(), balancer, targets, listener, target, *more)).balancers
        (listening,) = found.listeners
        assert (listening.targets is not None) == known
