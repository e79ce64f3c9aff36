"""Settings of one namespace."""

from __future__ import annotations

import pytest

from crenel.kernel import sysctl
from crenel.kernel.namespaces import Namespace
from kernel.needs import needs_namespaces
from kernel.worlds import World

pytestmark = needs_namespaces


def test_a_setting_is_that_of_its_namespace(world: World) -> None:
    """A setting that is written in one namespace is read there, and unchanged in another."""
    before = sysctl.read(world.server, "net.ipv4.ip_forward")
    sysctl.write_all(world.client, {"net.ipv4.ip_forward": 1, "net/ipv4/conf/eth0/rp_filter": "2"})
    assert sysctl.read(world.client, "net.ipv4.ip_forward") == "1"
    assert sysctl.read(world.client, "net.ipv4.conf.eth0.rp_filter") == "2"
    assert sysctl.read(world.server, "net.ipv4.ip_forward") == before == "0"


def test_a_missing_setting_is_an_error_unless_tolerated(namespace: Namespace) -> None:
    """A setting that the kernel has not got is an error that names it, or is passed over if that is asked for."""
    with pytest.raises(FileNotFoundError, match="/proc/sys/net/ipv4/nonsense"):
        sysctl.write(namespace, "net.ipv4.nonsense", 1)
    sysctl.write_all(namespace, {"net.ipv4.nonsense": 1, "net.ipv4.ip_forward": 1}, missing_ok=True)
    assert sysctl.read(namespace, "net.ipv4.ip_forward") == "1"


def test_a_value_that_the_kernel_does_not_take(namespace: Namespace) -> None:
    """A refusal says the value and the setting."""
    with pytest.raises(OSError, match=r"the kernel does not take 'perhaps'.*ip_forward"):
        sysctl.write(namespace, "net.ipv4.ip_forward", "perhaps")


@pytest.mark.parametrize("name", ["kernel.hostname", "net", "net..x", "net/../kernel/hostname", "net.ipv4.\0"])
def test_only_what_is_below_net(namespace: Namespace, name: str) -> None:
    """No name leads out of the settings that belong to a namespace."""
    with pytest.raises(ValueError, match="no setting below net"):
        sysctl.write(namespace, name, 1)
