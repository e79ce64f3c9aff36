"""Plans and states of Terraform's provider google, as ``terraform show -json`` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Written(NamedTuple):
    """A resource: its address, its values, what is known only after it is applied, what expressions refer to."""

    address: str
    values: dict[str, Any]
    unknown: tuple[str, ...] = ("id", "self_link")
    references: Mapping[str, Any] = MappingProxyType({})


def made(address: str, unknown: tuple[str, ...] = (), /, **values: Any) -> Written:
    """A resource of the project. Values that are ``Refer`` refer to others, and are not known yet."""
    referring = {name: value for name, value in values.items() if _refers(value)}
    plain = {name: _plain(value) for name, value in values.items()}
    later = ("id", "self_link", *unknown, *(name for name, value in referring.items() if isinstance(value, Refer)))
    return Written(f"google_{address}", {"project": "shop", **plain}, later, referring)


class Refer(str):
    """What an expression refers to, such as ``google_compute_network.main.id``."""

    __slots__ = ()


def _refers(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_refers, value.values()))
    return isinstance(value, Refer) or (isinstance(value, list) and any(map(_refers, value)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if not isinstance(each, Refer)}
    if isinstance(value, list):
        return [_plain(each) for each in value if not isinstance(each, Refer)]
    return None if isinstance(value, Refer) else value


def plan(*resources: Written) -> dict[str, Any]:
    """A plan that makes all of these."""
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [_value(each) for each in resources]}},
        "resource_changes": [
            {"address": each.address, "change": {"after_unknown": dict.fromkeys(each.unknown, True)}}
            for each in resources
        ],
        "configuration": {"root_module": {"resources": [
            {"address": each.address.split("[")[0], "expressions": _expressions(each.references)} for each in resources
        ]}},
    }  # fmt: skip


def _expressions(references: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in references.items():
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            found[name] = [_expressions(each) for each in value]
        elif isinstance(value, list):
            found[name] = {"references": [str(each) for each in value if isinstance(each, Refer)]}
        elif isinstance(value, Refer):
            found[name] = {"references": [str(value)]}
    return found


def state(*resources: Written) -> dict[str, Any]:
    """A state in which all of these are."""
    return {"format_version": "1.0", "values": {"root_module": {"resources": [_value(each) for each in resources]}}}


def _value(each: Written) -> dict[str, Any]:
    kind, name = each.address.split("[")[0].split(".")
    return {"address": each.address, "mode": "managed", "type": kind, "name": name, "values": each.values}


NETWORK = made("compute_network.main", name="main", auto_create_subnetworks=False)
SUBNET = made(
    "compute_subnetwork.web", name="web", region="us-east1", ip_cidr_range="10.0.1.0/24",
    network=Refer("google_compute_network.main.id"),
    secondary_ip_range=[{"range_name": "pods", "ip_cidr_range": "10.8.0.0/16"}],
)  # fmt: skip


def firewall(name: str = "https", **values: Any) -> Written:
    """A rule of the network for TCP/443."""
    whole = {
        "name": name, "direction": "INGRESS", "priority": 1000, "allow": [{"protocol": "tcp", "ports": ["443"]}],
        "network": Refer("google_compute_network.main.name"), **values,
    }  # fmt: skip
    return made(f"compute_firewall.{name}", **whole)


def machine(name: str = "web", address: str = "10.0.1.5", **values: Any) -> Written:
    """An instance in the subnet, with an external address that is not known yet."""
    nic = {
        "subnetwork": Refer("google_compute_subnetwork.web.id"), "network": Refer("google_compute_network.main.id"),
        "network_ip": address, "access_config": [{"nat_ip": None}],
    }  # fmt: skip
    return made(
        f"compute_instance.{name}", **{"name": name, "zone": "us-east1-b", "network_interface": [nic], **values}
    )


def shop(*more: Written, **values: Any) -> list[Any]:
    """A network with a machine, and more."""
    return [plan(NETWORK, SUBNET, machine(**values), *more)]
