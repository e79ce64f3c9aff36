"""The map as nodes and edges: what the drawings share."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from crenel.output.map_table import POSSIBLE, traffic_text
from crenel.output.reports import MapReport
from crenel.output.words import short_party
from crenel.questions.parties import EVERY, Party

OUTSIDE = "outside the cluster"
"""The title of the box of all that is not in the cluster; no namespace can be called so."""


@dataclass(frozen=True, slots=True)
class Node:
    """A side of connections; `box` is its namespace, `OUTSIDE`, or empty for a group across namespaces."""

    identity: str
    label: str
    box: str
    group: bool
    """Whether it stands for several endpoints."""


@dataclass(frozen=True, slots=True)
class Edge:
    """All connections from one node to another; `possible` when none of them is certain."""

    source: str
    destination: str
    label: str
    possible: bool


@dataclass(slots=True)
class Graph:
    """What is drawn: the nodes box by box, and the edges."""

    boxes: dict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))
    edges: list[Edge] = field(default_factory=list)
    _nodes: dict[Party, Node] = field(default_factory=dict)

    def node(self, party: Party) -> str:
        """The identity of the node of a party, which is added when it is new."""
        if party not in self._nodes:
            node = Node(f"n{len(self._nodes)}", _label(party), _box(party), group=not party.single)
            self._nodes[party] = node
            self.boxes[node.box].append(node)
        return self._nodes[party].identity


def draw(report: MapReport) -> Graph:
    """Make the graph of a map."""
    graph = Graph()
    found: dict[tuple[Party, Party], list[tuple[str, bool]]] = defaultdict(list)
    for connection, extent in report.shown():
        label = traffic_text(connection, report)
        some = f"{label} (some)" if extent == "some" else label
        found[connection.sources, connection.destinations].append((some, connection.certainty == POSSIBLE))
    for (sources, destinations), parts in found.items():
        label = "; ".join(text for text, _ in parts)
        possible = all(doubt for _, doubt in parts)
        graph.edges.append(Edge(graph.node(sources), graph.node(destinations), label, possible))
    return graph


def _label(party: Party) -> str:
    box = _box(party)
    text = short_party(party)
    if party.names == (EVERY,):
        return f"all workloads{text[1:]}"
    return text.removeprefix(f"{box}/") if party.single and box else text


def _box(party: Party) -> str:
    """The namespace that all names are in, if there is one."""
    if party.outside:
        return OUTSIDE
    found = {name.partition("/")[0] for name in party.names}
    box = found.pop()
    return "" if found or box == EVERY else box
