"""A host's firewall as its tools print it, for whoever needs one: the same rules by nft and by iptables."""

from __future__ import annotations

from typing import Any

from dialects.hosts.asking import chain, listing, match, rule, saved, table, verdict

ESTABLISHED = match("ct state", ["established", "related"], "in")


def nft_listing() -> dict[str, Any]:
    """SSH from one network, the kubelet from the cluster, node ports for all; one network is kept from pods."""
    offices = {
        "family": "inet",
        "name": "offices",
        "table": "t",
        "type": "ipv4_addr",
        "handle": 3,
        "flags": ["interval"],
    }
    return listing(
        table(),
        {"set": {**offices, "elem": [{"prefix": {"addr": "198.51.100.0", "len": 24}}]}},
        chain("in", "input", policy="drop"),
        chain("through", "forward"),
        chain("services"),
        rule("in", ESTABLISHED, verdict("accept")),
        rule("in", match("meta iifname", "lo"), verdict("accept")),
        rule("in", match("ip saddr", "@offices"), match("tcp dport", 22), verdict("accept")),
        rule("in", verdict("jump", "services")),
        rule("services", match("ip saddr", {"prefix": {"addr": "172.18.0.0", "len": 16}}), match("tcp dport", 10250),
             verdict("accept")),
        rule("services", match("tcp dport", {"range": [30000, 32767]}), verdict("accept")),
        rule("through", ESTABLISHED, verdict("accept")),
        rule("through", match("ip saddr", {"prefix": {"addr": "192.0.2.0", "len": 24}}), verdict("drop")),
    )  # fmt: skip


def iptables_text() -> str:
    """The same for IPv4."""
    return saved(
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -i lo -j ACCEPT",
        "-A INPUT -p tcp -m set --match-set offices src -m tcp --dport 22 -j ACCEPT",
        "-A INPUT -j SERVICES",
        "-A SERVICES -s 172.18.0.0/16 -p tcp -m tcp --dport 10250 -j ACCEPT",
        "-A SERVICES -p tcp -m tcp --dport 30000:32767 -j ACCEPT",
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -s 192.0.2.0/24 -j DROP",
        policies="INPUT=DROP",
    )


def ip6tables_text() -> str:
    """The same for IPv6, where no network is denied and SSH is closed."""
    return saved(
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -i lo -j ACCEPT",
        "-A INPUT -p tcp -m tcp --dport 30000:32767 -j ACCEPT",
        policies="INPUT=DROP",
        tool="ip6tables",
    )


def ipset_text() -> str:
    """The set that the text for IPv4 asks for."""
    return "create offices hash:net family inet hashsize 1024 maxelem 65536\nadd offices 198.51.100.0/24\n"
