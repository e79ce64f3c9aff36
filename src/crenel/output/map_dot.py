"""The map in the DOT language of Graphviz."""

from __future__ import annotations

from crenel.output.graph import Edge, Node, draw
from crenel.output.reports import MapReport
from crenel.output.words import clean


def render(report: MapReport) -> str:
    """Write a directed graph with a cluster for each namespace; dashed edges are possible, not certain."""
    graph = draw(report)
    lines = ["digraph crenel {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    lines.append('  edge [fontname="sans-serif", fontsize=10];')
    if report.context.warning:
        lines.append(f"  label={_quoted('warning: ' + report.context.warning)};")
    for number, (box, nodes) in enumerate(graph.boxes.items()):
        if not box:
            lines += [f"  {_node(node)}" for node in nodes]
            continue
        lines += [f"  subgraph cluster_{number} {{", f"    label={_quoted(box)};"]
        lines += [f"    {_node(node)}" for node in nodes]
        lines.append("  }")
    lines += [f"  {_edge(edge)}" for edge in graph.edges]
    return "\n".join([*lines, "}", ""])


def _node(node: Node) -> str:
    style = ", style=rounded" if node.group else ""
    return f"{node.identity} [label={_quoted(node.label)}{style}];"


def _edge(edge: Edge) -> str:
    style = ", style=dashed" if edge.possible else ""
    return f"{edge.source} -> {edge.destination} [label={_quoted(edge.label)}{style}];"


def _quoted(text: str) -> str:
    """A quoted string of DOT, in which a backslash stays one."""
    escaped = clean(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
