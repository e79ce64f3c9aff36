"""The formats of a verdict, for what files do not easily show."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from crenel.kubernetes.objects.policies import NetworkPolicy
from crenel.network.rules import Direction
from crenel.output import verdict_json, verdict_markdown, verdict_text
from crenel.output.paint import Paint
from crenel.output.reports import VerdictReport
from crenel.questions.remedies.proposal import Edit, Remedy
from crenel.questions.verdict import Decision, Outcome, Step, Verdict, Witness
from output.reports import HOSTILE
from output.shapes import Error
from output.shapes import Verdict as Shape

POLICY = NetworkPolicy("networking.k8s.io/v1", "NetworkPolicy")
DENIED = Verdict(
    source="shop/web",
    destination="shop/dns:53/UDP",
    traffic=(("UDP", "53"),),
    outcome=Outcome.DENIED,
    trace=(
        Step("networkpolicy", Direction.INGRESS, Decision.NONE, "no networkpolicy isolates shop/dns for ingress"),
        Step("admin", Direction.EGRESS, Decision.DENY, "adminnetworkpolicy a egress rule 1 denies it"),
        Step(
            "baseline", Direction.EGRESS, Decision.DENY, "adminnetworkpolicy b egress rule 1 denies it", decisive=False
        ),
    ),
)


def test_egress_comes_first_and_steps_that_are_not_reached_are_told_apart() -> None:
    """A reader sees the order of a packet, what decides, and what would block as well."""
    assert verdict_text.render(VerdictReport(DENIED)) == (
        "denied: shop/web to shop/dns:53/UDP\n"
        "\n"
        "egress:\n"
        "  denies  adminnetworkpolicy a egress rule 1 denies it\n"
        "  also    adminnetworkpolicy b egress rule 1 denies it\n"
        "\n"
        "ingress:\n"
        "  -  no networkpolicy isolates shop/dns for ingress\n"
    )


def test_the_answer_is_coloured() -> None:
    """Red is no, green is yes."""
    assert verdict_text.render(VerdictReport(DENIED), Paint(on=True)).startswith("\x1b[1;31mdenied: ")
    allowed = replace(DENIED, outcome=Outcome.ALLOWED)
    assert verdict_text.render(VerdictReport(allowed), Paint(on=True)).startswith("\x1b[1;32mallowed: ")


def test_witnesses() -> None:
    """A packet of each family; a protocol without ports has none."""
    verdict = replace(
        DENIED,
        outcome=Outcome.ALLOWED,
        trace=(),
        reasons=("no policy stands in the way",),
        witness=(Witness(4, "10.0.0.1", "10.0.0.2", "TCP", 80), Witness(6, "fd00::1", "shop/web", "ICMPv6", None)),
    )
    assert verdict_text.render(VerdictReport(verdict)).endswith(
        "\n"
        "\n"
        "  no policy stands in the way\n"
        "\n"
        "for example: 10.0.0.1 to 10.0.0.2 TCP/80 (IPv4)\n"
        "for example: fd00::1 to shop/web ICMPv6 (IPv6)\n"
    )
    assert msgspec.json.decode(verdict_json.render(VerdictReport(verdict)), type=Shape).witness[1].port is None


def test_what_else_a_change_allows() -> None:
    """The price of a change is part of it; a long one is counted for people and whole for programs."""
    edit = Edit(POLICY, None, "add a NetworkPolicy", "kind: NetworkPolicy")
    report = VerdictReport(DENIED, change=Remedy((edit,), tuple(f"a/w{number} to b/db" for number in range(12))))
    text = verdict_text.render(report)
    assert "  add a NetworkPolicy\n      kind: NetworkPolicy\n  this would allow as well:\n      a/w0 to b/db\n" in text
    assert text.endswith("      a/w9 to b/db\n      ... and 2 more\n")
    assert "This would allow as well:\n\n- a/w0 to b/db\n" in verdict_markdown.render(report)
    change = msgspec.json.decode(verdict_json.render(report), type=Shape).change
    assert change is not None and len(change.extra) == 12
    assert (change.edits[0].file, change.edits[0].line) == (None, None)


def test_hostile_text_breaks_nothing() -> None:
    """Names of rules come from the input: they end no line, no code and no cell, and mention nobody."""
    step = replace(DENIED.trace[1], rule=f"rule {HOSTILE}")
    edit = Edit(POLICY, None, "add a NetworkPolicy", f"name: |\n  ```\n  {HOSTILE}")
    report = VerdictReport(replace(DENIED, source=HOSTILE, trace=(step,)), change=Remedy((edit,)))
    markdown = verdict_markdown.render(report)
    assert "@team" not in markdown.partition("````yaml")[0]
    assert markdown.count("````") == 2
    assert len(verdict_text.render(report).splitlines()) == 11
    assert len(verdict_json.render_line(report).splitlines()) == 1


def test_errors_of_a_batch() -> None:
    """A question that cannot be answered is a line with its number."""
    answer = msgspec.json.decode(verdict_json.render_error("no\nsuch", 7), type=Error)
    assert (answer.kind, answer.error, answer.line) == ("error", "no\\nsuch", 7)
