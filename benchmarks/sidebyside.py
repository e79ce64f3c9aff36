"""What `crenel audit` and checkov find on the same inputs: the example of each check's page, and other folders.

    python -m benchmarks.sidebyside --checkov /tmp/venv/bin/checkov [FOLDER]... [--write PAGE]

checkov is no dependency: it is looked for in PATH, or where the option says, in an environment of its own
(``python -m venv /tmp/venv && /tmp/venv/bin/pip install checkov``). Printed are the rows of two tables in Markdown.
With ``--write`` the measured columns of the tables in a page are brought up to date, and the others left as they are.

Of checkov's checks those count for an example that fail on it, and neither on its remedy nor on plain pods: what else
fails there is about other things, such as limits of memory. ``template.yaml``, beside this file, is a template of
CloudFormation, which both read.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import CRENEL
from crenel.audit.catalogue import Rule, rules

BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
CONFIG = re.compile(r"\A# crenel\.toml: (.+)$", re.MULTILINE)
NONE = "—"
CONTROL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web}, {name: more, image: "example.org/more:1.0"}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
"""Pods about whose network nothing is to be said: a policy guards them."""
TOGETHER = 10
"""How many folders are given to checkov at once."""
TEMPLATE = Path(__file__).parent / "template.yaml"


@dataclass(frozen=True, slots=True)
class Row:
    """What both find on one input; `key` begins the first cell of its row, and `title` follows."""

    key: str
    crenel: str
    checkov: str
    title: str = ""

    @property
    def first(self) -> str:
        """The first cell."""
        return f"{self.key} {self.title}".rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rows, or write them into a page."""
    parser = argparse.ArgumentParser(description="compare crenel audit with checkov")
    parser.add_argument("--checkov", default=shutil.which("checkov"), metavar="COMMAND")
    parser.add_argument("--write", type=Path, metavar="PAGE")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    given = parser.parse_args(arguments)
    if not given.checkov or not shutil.which(given.checkov):
        print(
            "checkov is not there: install it in an environment of its own, and name it by --checkov", file=sys.stderr
        )
        return 2
    found = [*on_examples(given.checkov), on_template(given.checkov)]
    found += [on_folder(given.checkov, each, each.name) for each in given.folders]
    if given.write:
        given.write.write_text(updated(given.write.read_text("utf-8"), found), "utf-8")
    else:
        print("\n".join(_line([row.first, row.crenel, row.checkov]) for row in found))
    return 0


def on_examples(checkov: str) -> Iterator[Row]:
    """The rows of the examples, in the order of the catalogue."""
    with tempfile.TemporaryDirectory(prefix="crenel-side-") as folder:
        for rule in rules():
            for name, text in (("example", example(rule)), ("remedy", remedy(rule))):
                path = Path(folder, name, rule.check.id, "input.yaml")
                path.parent.mkdir(parents=True)
                path.write_text(text, "utf-8")
        control = Path(folder, "control")
        control.mkdir()
        Path(control, "input.yaml").write_text(CONTROL, "utf-8")
        failed = by_folder(checkov, [control, *sorted(Path(folder).glob("[er]*/*"))])
        for rule in rules():
            mine = rule.check.id
            others = failed[Path(folder, "remedy", mine)] + failed[control]
            theirs = failed[Path(folder, "example", mine)].keys() - others.keys()
            count = found_by_crenel(Path(folder, "example", mine))[mine]
            yield Row(f"[{mine}](../checks/{mine}.md)", str(count), ", ".join(sorted(theirs)) or NONE, rule.check.title)


def example(rule: Rule) -> str:
    """The example of a check's page."""
    return BLOCK.findall(rule.sections["Example"])[0]


def remedy(rule: Rule) -> str:
    """The example with the remedy of the page, where that is written down; an empty text otherwise."""
    found = BLOCK.findall(rule.sections["Fix"])
    if not found:
        return ""
    whole = "kind: Deployment" in found[0] or "kind: Pod\n" in found[0]
    return found[0] if whole else f"{example(rule)}---\n{found[0]}"


def on_template(checkov: str) -> Row:
    """The row of the template."""
    with tempfile.TemporaryDirectory(prefix="crenel-side-") as folder:
        shutil.copy(TEMPLATE, folder)
        return on_folder(checkov, Path(folder), TEMPLATE.name)


def on_folder(checkov: str, folder: Path, name: str) -> Row:
    """The row of a folder: how many findings by which checks."""
    return Row(f"`{name}`", words(found_by_crenel(folder)), words(by_folder(checkov, [folder])[folder]))


def words(found: Mapping[str, int]) -> str:
    """How many findings by which checks: ``NP-05 13, EG-01 1``."""
    listed = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{name} {number}" for name, number in listed) or NONE


def found_by_crenel(folder: Path) -> Counter[str]:
    """How many findings each check has."""
    with tempfile.TemporaryDirectory() as place:
        config = Path(place, "crenel.toml")
        texts = [path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))]
        config.write_text("\n".join(line for text in texts for line in CONFIG.findall(text)), "utf-8")
        command = [*CRENEL, "audit", "-f", str(folder), "-o", "json", "--config", str(config)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return Counter(each["check"] for each in json.loads(ran.stdout)["findings"])


def by_folder(checkov: str, folders: Sequence[Path]) -> dict[Path, Counter[str]]:
    """How many times each check of checkov failed, by folder, each for itself."""
    found: dict[Path, Counter[str]] = {each: Counter() for each in folders}
    for some in (folders[at : at + TOGETHER] for at in range(0, len(folders), TOGETHER)):
        roots = {each.resolve(): each for each in some}
        for identifier, path in failures(checkov, list(roots)):
            found[next(roots[each] for each in path.parents if each in roots)][identifier] += 1
    return found


def failures(checkov: str, folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """The checks that failed in some folders, and the file that each did in."""
    command = [checkov, *(word for each in folders for word in ("-d", str(each)))]
    command += ["-o", "json", "--compact", "--quiet", "--skip-download", "--soft-fail"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    for report in last(ran.stdout):
        for each in report.get("results", {}).get("failed_checks", ()):
            yield each["check_id"], Path(each["file_abs_path"])


def last(text: str) -> list[dict[str, Any]]:
    """The reports of the last of several answers: checkov writes one for each folder, with those before it."""
    decoder, place, found = json.JSONDecoder(), 0, []
    while place < len(text.rstrip()):
        place += len(text[place:]) - len(text[place:].lstrip())
        answer, place = decoder.raw_decode(text, place)
        found = answer if isinstance(answer, list) else [answer]
    return found


def updated(page: str, found: Sequence[Row]) -> str:
    """A page whose rows have the measured cells; a row that is not in it yet comes behind the one before it."""
    lines, last = page.splitlines(), -1
    for row in found:
        place = next((n for n, line in enumerate(lines) if line.startswith(f"| {row.key} ")), None)
        if place is None and last >= 0:
            lines.insert(last + 1, _line([NONE] * len(_cells(lines[last]))))
            place = last + 1
        if place is not None:
            lines[place] = _line([row.first, row.crenel, row.checkov, *_cells(lines[place])[3:]])
            last = place
    return "\n".join(lines) + "\n"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
