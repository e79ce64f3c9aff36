"""The real command gives the verdicts that the suites expect, on real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.data import Question, Step, case, ids
from conformance.library import documents, source_of, target_of

SAMPLE = (
    "e2e:e2e/09",
    "e2e_ipv6:e2e/26",
    "npapi:npapi/cnp/CNPAdminTierEgressNamedPort",
    "spec:spec/01",
    "spec:spec/26",
)
CHOSEN = [each for each in ids() if each.id in SAMPLE]
PER_CASE = 6
CODES = {"allowed": 0, "denied": 1}


@pytest.mark.parametrize(("name", "identifier"), CHOSEN)
def test_can_on_files(name: str, identifier: str, tmp_path: Path) -> None:
    """`crenel can -o json` answers the questions of the last step, and its exit code says the same."""
    step = case(name, identifier).steps[-1]
    write(step, tmp_path)
    for question in step.questions[:: max(1, len(step.questions) // PER_CASE)]:
        ran = crenel("can", source_of(question), target_with_port(question), "-f", str(tmp_path), "-o", "json")
        assert json.loads(ran.stdout)["outcome"] == question.outcome, question
        assert ran.returncode == CODES[question.outcome], ran.stderr


@pytest.mark.parametrize(("name", "identifier"), [each for each in ids() if each.id == "e2e:e2e/09"])
def test_map_on_files(name: str, identifier: str, tmp_path: Path) -> None:
    """`crenel map --expand -o json` lists a connection exactly where a cell of the table is allowed."""
    for number, step in enumerate(case(name, identifier).steps):
        write(step, home := tmp_path / str(number))
        ran = crenel("map", "--expand", "-f", str(home), "-o", "json")
        assert ran.returncode == 0, ran.stderr
        connections = json.loads(ran.stdout)["connections"]
        for question in step.questions:
            assert listed(connections, question) is (question.outcome == "allowed"), question


class Quoting(yaml.SafeDumper):
    """Quotes every text: a namespace `y` is true to Kubernetes, which reads YAML 1.1."""


Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def crenel(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "crenel", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def write(step: Step, home: Path) -> None:
    """Write the objects of a step as YAML: the cluster in one file, each policy in its own."""
    home.mkdir(exist_ok=True)
    objects = documents(step)
    cluster = [each for each in objects if not each["kind"].endswith("Policy")]
    (home / "cluster.yaml").write_text(yaml.dump_all(cluster, Dumper=Quoting))
    for number, policy in enumerate(step.policies):
        (home / f"policy-{number}.yaml").write_text(yaml.dump(policy, Dumper=Quoting))


def target_with_port(question: Question) -> str:
    """The destination as an argument: ``a/pod/web:80/UDP``, ``[fd00::1]:80``."""
    target = target_of(question)
    ported = f"[{target}]" if target.count(":") > 1 else target
    return f"{ported}:{question.port}/{question.protocol}"


def listed(connections: list[dict[str, Any]], question: Question) -> bool:
    """Whether a connection of the map is the one a question is about."""
    return any(
        (each["source"], each["destination"], each["certainty"]) == (question.source, question.destination, "sure")
        and any(
            part["protocol"] == question.protocol and holds(part["ports"], question.port) for part in each["traffic"]
        )
        for each in connections
    )


def holds(ports: str, port: int) -> bool:
    """Whether ports like ``80,443-445`` hold one."""
    spans = [part.partition("-") for part in ports.split(",")]
    return any(int(first) <= port <= int(last or first) for first, _, last in spans)
