"""Rulesets of iptables, generated as the text that iptables-restore takes."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from dialects.hosts.lab import HOST, OUTSIDE, POD

ADDRESSES = [*(each for each in (*OUTSIDE, *HOST, *POD) if "." in each), "10.1.0.0/16", "10.0.0.0/8"]
_CHAINS = ("C1", "C2", "C3")
_SIGN = st.sampled_from(["", "", "! "])
_PORTS = st.sampled_from(["80", "81", "85:100", ":80", "90:"])

CONDITIONS = st.one_of(
    st.builds(
        lambda sign, side, value: f"{sign}-{side} {value}", _SIGN, st.sampled_from("sd"), st.sampled_from(ADDRESSES)
    ),
    st.builds(
        lambda protocol, sign, ports: f"-p {protocol} -m {protocol} {sign}--dport {ports}",
        st.sampled_from(["tcp", "udp"]),
        _SIGN,
        _PORTS,
    ),
    st.builds(
        lambda sign, ports: f"-p tcp -m multiport {sign}--dports {ports},81", _SIGN, st.sampled_from(["80", "85:90"])
    ),
    st.builds(lambda sign, name: f"{sign}-i {name}", _SIGN, st.sampled_from(["up0", "pod0", "lo", "u+"])),
    st.builds(
        lambda sign, state: f"-m conntrack {sign}--ctstate {state}",
        _SIGN,
        st.sampled_from(["NEW", "RELATED,ESTABLISHED", "INVALID", "NEW,UNTRACKED"]),
    ),
    st.builds(
        lambda sign, mark: f"-m mark {sign}--mark {mark}", _SIGN, st.sampled_from(["0x1", "0x4/0x6", "0x0", "0x0/0x4"])
    ),
    st.builds(lambda sign, kind: f"-m addrtype {sign}--dst-type {kind}", _SIGN, st.sampled_from(["LOCAL", "UNICAST"])),
    st.builds(
        lambda sign, side: f"-m set {sign}--match-set {side}",
        _SIGN,
        st.sampled_from(["nets src", "nets dst", "pairs src,dst"]),
    ),
    st.sampled_from(
        [
            "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
            "-p tcp -m tcp ! --tcp-flags SYN SYN",
            "-p udp",
            "! -p tcp",
            "-m iprange --src-range 10.1.0.1-10.1.0.2",
            '-m comment --comment "a \\"b\\" c"',
            "! -f",
            "-m connmark --mark 0x4/0x4",
        ]
    ),
)
SETS = """create nets hash:net family inet
add nets 10.1.0.0/30
add nets 10.9.0.2/32
add nets 10.1.0.2/32 nomatch
create pairs hash:ip,port family inet
add pairs 10.1.0.1,tcp:80
add pairs 10.9.0.1,udp:81
"""
"""What ipset restore takes; the port of ``pairs`` is that of the destination."""


def consistent(parts: list[str]) -> bool:
    """Whether iptables takes the conditions together: every option once."""
    words = " ".join(parts).replace("! ", "").split()
    options = [word for word in words if word.startswith("-") and word != "-m"]
    modules = [word for option, word in itertools.pairwise(words) if option == "-m"]
    return len(options) == len(set(options)) and len(modules) == len(set(modules))


@st.composite
def rules(draw: st.DrawFn, chain: str, below: tuple[str, ...], table: str) -> list[str]:
    """The rules of one chain, each behind its ``-A``."""
    found = []
    targets = ["ACCEPT", "DROP", "DROP", "RETURN", "LOG"] + (["REJECT"] if table == "filter" else [])
    targets += [f"MARK --set-xmark {mark}" for mark in ("0x1/0xffffffff", "0x4/0x4")] if table == "mangle" else []
    targets += ["CONNMARK --save-mark"] if table == "mangle" else []
    options = [f"-j {each}" for each in targets] + [f"{verb} {each}" for each in below for verb in ("-j", "-j", "-g")]
    for _ in range(draw(st.integers(1, 4))):
        parts = draw(st.lists(CONDITIONS, max_size=2))
        if consistent(parts):
            found.append(" ".join(["-A", chain, *parts, draw(st.sampled_from(options))]))
    return found


_TABLES = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "mangle": ("PREROUTING", "FORWARD"), "raw": ("PREROUTING",)}


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A whole text, of one or more tables."""
    lines: list[str] = []
    for table in draw(st.lists(st.sampled_from(sorted(_TABLES)), min_size=1, max_size=3, unique=True)):
        lines.append(f"*{table}")
        body: list[str] = []
        for number, chain in enumerate(_CHAINS):
            lines.append(f":{chain} - [0:0]")
            body += draw(rules(chain, _CHAINS[number + 1 :], table))
        for chain in _TABLES[table]:
            lines.append(f":{chain} {draw(st.sampled_from(['ACCEPT', 'ACCEPT', 'DROP']))} [0:0]")
            usable = [each for each in draw(rules(chain, _CHAINS, table)) if chain != "OUTPUT" or " -i " not in each]
            body += usable
        lines += [*body, "COMMIT"]
    return "\n".join([*lines, ""])
