"""The map as a flowchart for Mermaid, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from crenel.output.graph import Edge, Graph, Node, draw
from crenel.output.reports import MapReport
from crenel.output.words import clean

MOST_EDGES = 500
"""What Mermaid draws unless its configuration says otherwise (maxEdges)."""
MOST_TEXT = 50_000
"""How many characters it reads (maxTextSize)."""


def render(report: MapReport) -> str:
    """Write a flowchart with a box for each namespace; dashed arrows are possible, not certain."""
    graph = draw(report)
    lines = ["flowchart LR"]
    if report.context.warning:
        lines.append(f'  warning["{_text("warning: " + report.context.warning)}"]')
    lines += _nodes(graph)
    lines += [f"  {_edge(edge)}" for edge in graph.edges]
    return "\n".join([*lines, ""])


def too_big(text: str) -> bool:
    """Whether Mermaid would refuse to draw it."""
    return len(text) > MOST_TEXT or text.count("-->|") + text.count("-.->|") > MOST_EDGES


def _nodes(graph: Graph) -> list[str]:
    lines = []
    for number, (box, nodes) in enumerate(graph.boxes.items()):
        if not box:
            lines += [f"  {_node(node)}" for node in nodes]
            continue
        lines.append(f'  subgraph box{number}["{_text(box)}"]')
        lines += [f"    {_node(node)}" for node in nodes]
        lines.append("  end")
    return lines


def _node(node: Node) -> str:
    label = f'"{_text(node.label)}"'
    return f"{node.identity}([{label}])" if node.group else f"{node.identity}[{label}]"


def _edge(edge: Edge) -> str:
    arrow = "-.->" if edge.possible else "-->"
    return f'{edge.source} {arrow}|"{_text(edge.label)}"| {edge.destination}'


def _text(text: str) -> str:
    """Escape with Mermaid's own entities what could end a label or be taken for markup."""
    kept = (each if each.isalnum() or each in " /.,:;-_?()" else f"#{ord(each)};" for each in clean(text))
    return "".join(kept).replace("--", "-#45;")
