"""Rulesets of nftables, generated: any that the kernel takes and that has no loop."""

from __future__ import annotations

from hypothesis import strategies as st

from dialects.hosts.lab import HOST, OUTSIDE, POD

PORTS = (80, 81, 90)
V4 = [each for each in (*OUTSIDE, *HOST, *POD) if "." in each] + ["10.1.0.0/16", "10.0.0.0/8", "192.0.2.0/24"]
V6 = [each for each in (*OUTSIDE, *HOST, *POD) if ":" in each] + ["fd01::/64", "fd00::/8"]
_CHAINS = ("c1", "c2", "c3")


def several(values: list[str]) -> st.SearchStrategy[str]:
    """One value, a set of some, or the negation of either."""
    one = st.sampled_from(values)
    some = st.lists(one, min_size=1, max_size=3, unique=True).map(lambda each: "{ " + ", ".join(each) + " }")
    return st.builds(lambda sign, value: sign + value, st.sampled_from(["", "", "!= "]), st.one_of(one, some))


def addresses(family: str, values: list[str]) -> st.SearchStrategy[str]:
    """A condition on an address. Sets of overlapping prefixes are refused by nft, so sets have addresses alone."""
    single = [each for each in values if "/" not in each]
    part = st.one_of(several(single), st.sampled_from(values), st.sampled_from(values).map(lambda each: f"!= {each}"))
    return st.builds(lambda side, value: f"{family} {side} {value}", st.sampled_from(["saddr", "daddr"]), part)


ports = st.builds(
    lambda name, value: f"{name} dport {value}",
    st.sampled_from(["tcp", "udp", "meta l4proto { tcp, udp } th"]),
    st.one_of(several([*map(str, PORTS), "85-100"]), st.sampled_from(["> 80", "<= 81", ">= 90", "< 90"])),
)
FIXED = [
    "meta l4proto tcp", "meta l4proto != udp", "ip protocol udp", "ip6 nexthdr tcp", "meta nfproto ipv4",
    "meta nfproto ipv6", "ct state new", "ct state established,related", "ct state != established", "ct state invalid",
    "ct state { new, untracked }", "tcp flags & (fin|syn|rst|ack) == syn", "tcp flags & (fin|syn|rst|ack) != syn",
    "tcp flags ack", "fib daddr type local", "fib daddr type != local", "fib saddr type local", 'iifname "lo"',
    'iifname "up0"', 'iifname != "pod0"', 'oifname "pod0"', 'iifname { "lo", "up0" }', 'oifname != "up0"',
    "ip saddr . tcp dport { 10.1.0.1 . 80, 10.1.0.2 . 81, 10.9.0.1 . 80-90 }",
    "ip saddr . ip daddr != { 10.1.0.1 . 10.9.0.1, 10.9.0.1 . 10.1.0.254 }",
    "ip saddr @some", "ip saddr != @some", "ip6 daddr @others", "meta l4proto . th dport @kinds",
    "ip daddr & 255.0.0.0 == 10.0.0.0", "meta mark 0x1", "meta mark & 0x6 == 0x4", "meta mark & 0x6 != 0",
    "meta mark 0", "ct mark 0x4", "ct mark & 0x1 == 0", "ct direction original",
    "ct direction reply", "ip saddr 10.0.0.0-10.1.0.1",
]  # fmt: skip
UNDECIDED = ["tcp sport 1024-30000", "udp sport != 20000-30000", "limit rate 1/hour burst 5 packets", "ip dscp cs1",
             "meta length > 30", "ct status dnat", "numgen inc mod 2 == 0", "ip ttl 63"]  # fmt: skip
SETS = """
set some { type ipv4_addr; flags interval; elements = { 10.1.0.0/31, 10.9.0.2, 192.0.2.1-192.0.2.9 } }
set others { type ipv6_addr; elements = { fd01::1, fd09::2 } }
set kinds { type inet_proto . inet_service; flags interval; elements = { tcp . 80-85, udp . 90 } }
map led { type ipv4_addr : verdict; elements = { 10.1.0.1 : accept, 10.1.0.2 : drop } }
"""


def conditions(loose: bool) -> st.SearchStrategy[str]:
    """What a rule asks for; with `loose` also what the model does not decide."""
    fixed = st.sampled_from(FIXED)
    known = st.one_of(addresses("ip", V4), addresses("ip6", V6), ports, fixed, fixed)
    return st.one_of(known, known, known, st.sampled_from(UNDECIDED)) if loose else known


def consistent(parts: list[str]) -> bool:
    """Whether nft takes the conditions together: it refuses those of different families or protocols."""
    text = " ".join(parts)
    v4 = any(each in text for each in ("ip saddr", "ip daddr", "ip protocol", "nfproto ipv4", "ip dscp", "ip ttl"))
    v6 = any(each in text for each in ("ip6 ", "nfproto ipv6"))
    tcp = "tcp dport" in text or "tcp flags" in text or "tcp sport" in text or "l4proto tcp" in text
    udp = "udp dport" in text or "udp sport" in text or "ip protocol udp" in text
    other = "!= udp" in text or "nexthdr" in text or "l4proto {" in text or "l4proto ." in text or "protocol" in text
    return v4 + v6 < 2 and tcp + udp + other < 2


def verdicts(chains: tuple[str, ...], marks: bool) -> st.SearchStrategy[str]:
    """What a rule does."""
    words = ["accept", "accept", "drop", "drop", "reject", "return", "counter", 'log prefix "x" counter', "continue"]
    words += [f"{verb} {chain}" for chain in chains for verb in ("jump", "jump", "goto")]
    words += [f"tcp dport vmap {{ 80 : {chains[0]}, 81 : drop }}".replace(": c", ": jump c")] if chains else []
    words += ["ip saddr vmap { 10.1.0.1 : accept, * : drop }", "ip saddr . tcp dport vmap { 10.1.0.1 . 80 : drop }"]
    words += ["ip saddr vmap @led", "ct state vmap { new : accept, invalid : drop }"]
    if marks:
        words += ["meta mark set 0x1", "meta mark set meta mark | 0x4", "meta mark set meta mark & 0x1"]
        words += ["ct mark set meta mark", "ct mark set 0x4", "meta mark set 0x5 accept", "meta mark set ct mark"]
        words += ["ct mark set ct mark | 0x1", "meta mark set meta mark ^ 0x6 counter accept"]
    return st.sampled_from(words)


def is_rule(parts: list[str], verdict: str) -> bool:
    """Whether conditions and verdict go together."""
    vmap = [verdict.partition(" vmap")[0]] if "vmap" in verdict else []
    return consistent([*parts, *vmap])


@st.composite
def rules(draw: st.DrawFn, chains: tuple[str, ...], loose: bool, marks: bool) -> list[str]:
    """The rules of one chain."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        parts = draw(st.lists(conditions(loose), max_size=2))
        verdict = draw(verdicts(chains, marks))
        if is_rule(parts, verdict):
            found.append(" ".join([*parts, verdict]))
    return found


HOOKS = {
    "prerouting": (-300, -150, 10),
    "input": (-10, 0, 20),
    "forward": (0, 5),
    "output": (-300, 0),
    "postrouting": (50, 200),
}


@st.composite
def rulesets(draw: st.DrawFn, loose: bool = False, marks: bool = True, translating: bool = True) -> str:
    """A whole ruleset: one table of both families, some base chains, some others that they jump to."""
    lines = ["table inet t {", *SETS.strip().splitlines()]
    for number, name in enumerate(_CHAINS):
        made = draw(rules(_CHAINS[number + 1 :], loose, marks))
        lines += [f"chain {name} {{", *made, "}"]
    hooks = draw(st.lists(st.sampled_from(sorted(HOOKS)), min_size=1, max_size=4))
    for number, hook in enumerate(hooks):
        priority, policy = draw(st.sampled_from(HOOKS[hook])), draw(st.sampled_from(["accept", "accept", "drop"]))
        made = draw(rules(_CHAINS, loose, marks))
        lines += [f"chain b{number} {{", f"type filter hook {hook} priority {priority}; policy {policy};", *made, "}"]
    if translating and draw(st.booleans()):
        lines += draw(translations())
    elif draw(st.integers(0, 3)) == 0:
        lines += ["chain untracked {", "type filter hook prerouting priority -310;", "udp dport 80 notrack", "}"]
    declared = ["table inet t {", *(f"chain {name} {{ }}" for name in _CHAINS), "}"]
    text = "\n".join([*declared, *lines, "}"])
    return text.replace("reject", "drop") if "hook postrouting" in text else text  # the kernel has no reject there


@st.composite
def translations(draw: st.DrawFn) -> list[str]:
    """A chain that translates destinations."""
    found = ["chain nat { type nat hook prerouting priority -100;"]
    targets = ["redirect to :81", "dnat ip to 10.9.0.1:90", "dnat ip to 10.9.0.2", "dnat ip6 to fd09::1", "accept"]
    for _ in range(draw(st.integers(1, 2))):
        target = draw(st.sampled_from(targets))
        place = draw(st.sampled_from(["fib daddr type local", 'iifname "up0"', ""]))
        if "ip6" in target:
            place = f"{place} meta nfproto ipv6"
        elif "dnat" in target:
            place = f"{place} meta nfproto ipv4"
        found.append(f"{place} tcp dport {draw(st.sampled_from(['80', '90', '{ 80, 90 }']))} {target}")
    return [*found, "}"]
