"""`crenel lab` from the outside: what it prints, what it leaves, and labs that stay up."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from cli.labs import POLICY, files, gone, holders, own_namespace, started
from command import SCRIPTS, crenel, run
from crenel.cli.main import dispatch
from crenel.enforce.ruleset import Ruleset
from crenel.lab.stage import Stage
from kernel import nobody
from kernel.needs import needs_namespaces
from output.shapes import Lab as LabPage

pytestmark = needs_namespaces

INODE = "readlink /proc/self/ns/net"


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Path]:
    """Where the labs of a test have their sockets; what is still up at the end is removed."""
    folder = tmp_path / "run"
    folder.mkdir()
    yield folder
    for name in crenel("lab", "list", XDG_RUNTIME_DIR=str(folder)).out.splitlines():
        crenel("lab", "down", "--name", name.split()[0], XDG_RUNTIME_DIR=str(folder))


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """Two pods, a Service and a policy."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return files(folder)


def number(printed: str) -> int:
    """The inode in ``net:[4026532345]``."""
    return int(printed.strip().removeprefix("net:[").removesuffix("]"))


def test_the_table_of_agreement(shop: str) -> None:
    """The table counts the probes of each way; who dropped how many follows; agreement is exit code 0."""
    ran = crenel("lab", "-f", shop, "--family", "4")
    assert ran.code == 0, ran.err
    assert (
        ran.out
        == """\
ROUTE                PROTOCOL  PROBES  ALLOWED  DENIED  DISAGREE
pod to pod           TCP       11      7        4       0
pod to pod           UDP       4       2        2       0
pod to pod           SCTP      4       2        2       0
pod to pod           ICMP      2       1        1       0
node to pod          TCP       11      11       0       0
node to pod          UDP       4       4        0       0
node to pod          SCTP      4       4        0       0
node to pod          ICMP      2       2        0       0
pod to node          TCP       10      10       0       0
pod to node          UDP       4       4        0       0
pod to node          SCTP      4       4        0       0
pod to node          ICMP      2       2        0       0
outside to pod       TCP       22      12       10      0
outside to pod       UDP       8       4        4       0
outside to pod       SCTP      8       4        4       0
outside to pod       ICMP      4       2        2       0
pod to outside       TCP       20      20       0       0
pod to outside       UDP       8       8        0       0
pod to outside       SCTP      8       8        0       0
pod to outside       ICMP      4       4        0       0
to a Service inside  TCP       3       2        1       0

DROPPED BY             PROBES
networkpolicy shop/db  30

kernel and model agree on all 147 probes
"""
    )


def test_json_has_every_probe_with_both_answers(shop: str) -> None:
    """The answers are `allowed` or `denied`, a denial names its policy, and the summary adds up."""
    ran = crenel("lab", "-f", shop, "--family", "both", "-o", "json")
    assert ran.code == 0
    page = msgspec.json.decode(ran.out, type=LabPage)
    assert {each.model for each in page.probes} == {each.kernel for each in page.probes} == {"allowed", "denied"}
    for each in page.probes:
        assert each.model == each.kernel
        assert each.policy == ("networkpolicy shop/db" if each.kernel == "denied" else None)
    summary = page.summary
    assert summary.probes == len(page.probes) == summary.allowed + summary.denied
    assert summary.disagreements == summary.undecided == summary.lost == 0
    assert {each.family for each in page.probes} == {"IPv4", "IPv6"}
    assert {each.protocol for each in page.probes} == {"TCP", "UDP", "SCTP", "ICMP", "ICMPv6"}


def test_junit_and_markdown_are_read_by_others(shop: str) -> None:
    """JUnit is well-formed XML whose numbers add up; Markdown begins with the conclusion."""
    suites = ET.fromstring(crenel("lab", "-f", shop, "-o", "junit").out)  # noqa: S314 - it is our own
    cases = suites.findall("./testsuite/testcase")
    assert int(suites.attrib["tests"]) == len(cases) > 10
    assert suites.attrib["failures"] == "0"
    assert not suites.findall(".//failure")
    assert crenel("lab", "-f", shop, "-o", "md").out.startswith("**kernel and model agree on all ")


@pytest.mark.parametrize("ending", ["success", "failure", "interrupt", "terminate", "kill"])
def test_nothing_is_left(shop: str, runtime: Path, ending: str) -> None:
    """However a lab ends, every process in it ends, and with the last of them its namespaces do."""
    command = {"success": f"{INODE}; exit 0", "failure": f"{INODE}; exit 3"}.get(ending, f"{INODE}; exec sleep 600")
    with started("-f", shop, "--exec", "shop/web", "--", "sh", "-c", command, run=runtime) as process:
        assert process.stdout is not None
        inside = number(process.stdout.readline())
        assert inside != own_namespace()
        if ending == "kill":
            assert holders(inside)
            process.kill()
        elif ending == "terminate":
            process.terminate()
        elif ending == "interrupt":
            os.killpg(process.pid, signal.SIGINT)
        code = process.wait(timeout=20)
        assert code == {"success": 0, "failure": 3, "interrupt": 130, "terminate": -15, "kill": -9}[ending]
        assert gone(inside)


def test_a_kill_while_probes_are_sent_leaves_nothing(runtime: Path) -> None:
    """A lab that is killed at work takes all of its namespaces with it."""
    with started("-f", "examples/shop", run=runtime) as process:
        end = time.monotonic() + 20
        held: set[int] = set()
        while len(held) < 10 and time.monotonic() < end:
            held = namespaces_of(process.pid) - {own_namespace()}
        assert len(held) >= 10
        process.kill()
        process.wait(timeout=10)
        assert all(gone(inode) for inode in held)


def namespaces_of(process: int) -> set[int]:
    """The network namespaces that a process has descriptors of."""
    found = set()
    try:
        for link in Path(f"/proc/{process}/fd").iterdir():
            target = str(link.readlink())
            if target.startswith("net:["):
                found.add(number(target))
    except OSError:
        pass
    return found


def test_a_kept_lab_is_entered_changed_and_removed(shop: str, runtime: Path) -> None:
    """It answers by names until it is taken down; `apply` changes what it enforces and says what it cut."""
    here: Any = {"XDG_RUNTIME_DIR": str(runtime)}
    up = crenel("lab", "-f", shop, "--keep", **here)
    assert up.code == 0
    assert up.err.startswith("the lab is up: ")
    assert crenel("lab", "list", **here).out == "default  2 pods on 1 node\n"
    inside = crenel("lab", "--exec", "shop/web", "--", "sh", "-c", INODE, **here)
    asked = ["lab", "--exec", "shop/web", "--", "python3", "-c", TALK]
    assert crenel(*asked, "database", "5432", **here).out == "shop/db\n"
    assert crenel(*asked, "db", "5433", **here).out == "timed out\n"
    Path(shop, "policy.yaml").write_text(POLICY.replace("5432", "5433"))
    assert crenel("lab", "apply", "-f", shop, **here).err == "applied: 0 connections cut, 0 allowed again\n"
    again = crenel("lab", "probe", **here)
    assert again.code == 0
    assert again.out.splitlines()[-1].startswith("kernel and model agree on all ")
    assert crenel(*asked, "database", "5432", **here).out == "timed out\n"
    assert crenel(*asked, "db", "5433", **here).out == "refused\n"
    assert holders(number(inside.out))
    assert crenel("lab", "down", **here) == (0, "", "")
    assert gone(number(inside.out))
    assert crenel("lab", "list", **here).code == 3
    assert not list((runtime / "crenel" / "labs").iterdir())


def test_a_shell_on_a_terminal(shop: str) -> None:
    """`--shell` gives the user's shell in the pod's network, on the terminal, and ends with its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["SHELL"] = "/bin/sh"
        os.execv(SCRIPTS / "crenel", ["crenel", "lab", "-f", shop, "--shell", "shop/web"])  # noqa: S606 - on the pty
    os.write(terminal, b"echo I am $CRENEL_POD; test -t 0 && exit 7\n")
    printed = b""
    try:
        while part := os.read(terminal, 1024):
            printed += part
    except OSError:
        pass  # Linux' way to say that nobody is left on the other side
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert b"I am shop/web\r\n" in printed


TALK = """
import socket, sys
with socket.socket(socket.AF_INET) as asked:
    asked.settimeout(0.5)
    try:
        asked.connect((sys.argv[1], int(sys.argv[2])))
        asked.send(b"hello")
        print(asked.recv(300).decode().splitlines()[-1])
    except ConnectionRefusedError:
        print("refused")
    except TimeoutError:
        print("timed out")
"""


def test_two_labs_side_by_side(shop: str, runtime: Path) -> None:
    """Labs of two names do not know of each other, though their pods have the same addresses."""
    here: Any = {"XDG_RUNTIME_DIR": str(runtime)}
    for name in ("one", "two"):
        assert crenel("lab", "-f", shop, "--keep", "--name", name, **here).code == 0
    again = crenel("lab", "-f", shop, "--keep", "--name", "one", **here)
    assert (again.code, again.err) == (2, "crenel: a lab named 'one' is up; `crenel lab down --name one` removes it\n")
    found = [
        crenel("lab", "--name", name, "--exec", "shop/web", "--", "sh", "-c", INODE, **here).out
        for name in ("one", "two")
    ]
    assert found[0] != found[1]
    assert crenel("lab", "down", "--name", "one", **here).code == 0
    assert gone(number(found[0]))
    assert holders(number(found[1]))


def test_a_lab_with_other_pods_has_to_be_started_again(shop: str, runtime: Path) -> None:
    """`apply` refuses an input with other pods in one line, and the lab stays as it is."""
    here: Any = {"XDG_RUNTIME_DIR": str(runtime)}
    crenel("lab", "-f", shop, "--keep", **here)
    path = Path(shop, "cluster.yaml")
    path.write_text(path.read_text().replace("name: db, namespace", "name: other, namespace"))
    ran = crenel("lab", "apply", "-f", shop, **here)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "crenel: the lab has no pod shop/other: build it again\n"
    ran = crenel("lab", "apply", "-f", str(Path(shop, "policy.yaml")), **here)
    assert ran.err == (
        "crenel: the input lacks pods of the lab: shop/db, shop/web; give all of it, workloads included\n"
    )


def test_a_visit_ends_with_the_lab(shop: str, runtime: Path) -> None:
    """What somebody runs in a pod of a lab from elsewhere ends when the lab is taken down."""
    here: Any = {"XDG_RUNTIME_DIR": str(runtime)}
    crenel("lab", "-f", shop, "--keep", **here)
    with started("--exec", "shop/web", "--", "sh", "-c", f"{INODE}; exec sleep 600", run=runtime) as visit:
        assert visit.stdout is not None
        inside = number(visit.stdout.readline())
        assert crenel("lab", "down", **here).code == 0
        assert visit.wait(timeout=10) == 137
        assert gone(inside)


def test_nothing_that_policies_could_decide() -> None:
    """Where every pod is its node nothing is probed, which is no agreement: exit code 3."""
    spec = "{hostNetwork: true, containers: [{name: c, image: example.org/c:1}]}"
    pod = f"{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: a}}, spec: {spec}}}"
    ran = run(["sh", "-c", f"echo '{pod}' | crenel lab -f -"])
    assert ran.code == 3
    assert ran.err.endswith(
        "nothing was examined: there is no probe that a policy could decide and the model foretell\n"
    )


def test_a_live_cluster_is_read_by_default(runtime: Path) -> None:
    """Without -f the kubeconfig context is read, as everywhere; where there is none, that is said."""
    environment: Any = {"XDG_RUNTIME_DIR": str(runtime), "KUBECONFIG": str(runtime / "none")}
    for command in (["lab"], ["lab", "apply"], ["enforce", "render"]):
        ran = crenel(*command, **environment)
        assert ran.code in (2, 3)
        assert "internal error" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["down"], "crenel: no lab named 'default' is up; `crenel lab --keep` leaves one up"),
        (["up", "-f", "examples/shop"], "crenel: no action 'up'"),
        (["--exec", "shop/web"], "crenel: --exec needs a command"),
        (["-f", "examples/shop", "--replicas", "0"], "crenel: --replicas 0: must be at least 1"),
        (
            ["--name", "../x", "down"],
            "crenel: --name '../x': letters, digits, dots, dashes and underscores, at most 64",
        ),
    ],
)
def test_wrong_use_is_one_line(runtime: Path, arguments: list[str], message: str) -> None:
    """What cannot be done is said in a line, with exit code 2."""
    ran = crenel("lab", *arguments, XDG_RUNTIME_DIR=str(runtime))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[0] == message


def test_a_disagreement_is_shown_from_both_sides(
    shop: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Where the kernel does not do what the model says, both traces are printed in every format; the code is 1."""
    honest = Stage.rulesets

    def forged(staged: Stage) -> dict[str, Ruleset]:
        """The rules without the one that lets the web pod in."""
        found = {}
        for node, ruleset in honest(staged).items():
            chain = ruleset.chains["ingress/networkpolicy/shop/db"]
            found[node] = replace(ruleset, chains={**ruleset.chains, chain.name: replace(chain, rules=())})
        return found

    monkeypatch.setattr(Stage, "rulesets", forged)
    printed = {}
    for wanted in ("table", "json", "junit", "md"):
        assert dispatch("crenel", ["lab", "-f", shop, "--family", "4", "-o", wanted]) == 1
        printed[wanted] = capsysbinary.readouterr().out.decode()
    assert "disagreement 1 of 2: shop/web to shop/db:5432/TCP\n" in printed["table"]
    for line in (
        "  model   allowed\n          ingress: networkpolicy shop/db ingress rule 1 allows it (",
        "  kernel  denied by networkpolicy shop/db\n          node/node-1: antispoofing: iif",
        "drop (verdict drop)\n  why     the model allows it\n",
        "kernel and model disagree on 2 of 147 probes\n",
    ):
        assert line in printed["table"]
    wrong = [each for each in json.loads(printed["json"])["probes"] if each["model"] != each["kernel"]]
    assert [(each["source"], each["destination"], each["port"]) for each in wrong] == [
        ("shop/web", "shop/db", 5432), ("shop/web", "shop/svc/database", 5432)
    ]  # fmt: skip
    assert all(each["model_trace"] and each["kernel_trace"] and each["why"] == "the model allows it" for each in wrong)
    assert ET.fromstring(printed["junit"]).attrib["failures"] == "2"  # noqa: S314 - it is our own
    assert "| `shop/web` | `shop/db:5432/TCP` | allowed | denied by networkpolicy shop/db |" in printed["md"]


def test_a_name_that_is_nearly_right(shop: str) -> None:
    """A pod that is not there is answered with those that are."""
    ran = crenel("lab", "-f", shop, "--exec", "shop/wbe", "--", "true")
    assert ran.code == 2
    assert ran.err == "crenel: no pod 'shop/wbe' in the twin; did you mean shop/web, shop/db?\n"


def test_nothing_to_examine() -> None:
    """Without any workload there is no lab, and the exit code is 3."""
    ran = run(["sh", "-c", "echo '{apiVersion: v1, kind: Namespace, metadata: {name: a}}' | crenel lab -f -"])
    assert (ran.code, ran.out) == (3, "")


def test_an_ordinary_user_has_a_lab_too(shop: str, tmp_path: Path) -> None:
    """Without root it runs in a user namespace: probes, a kept lab, a visit to it, its end."""
    tmp_path.chmod(0o777)
    for part in (tmp_path, *tmp_path.parents):
        if os.geteuid() == 0 and part.owner() == "root" and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o055)
    home = tmp_path / "home"
    home.mkdir()
    if os.geteuid() == 0:
        os.chown(home, nobody.NOBODY, nobody.NOBODY)

    def lab(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [nobody.interpreter(), "-m", "crenel", "lab", *arguments]
        return nobody.run(command, XDG_RUNTIME_DIR=str(home))

    ran = lab("-f", shop)
    if "cannot make a user namespace" in ran.stderr:
        assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
        pytest.skip(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].startswith("kernel and model agree on all ")
    assert lab("-f", shop, "--keep").returncode == 0
    assert lab("--exec", "shop/web", "--", "id", "-u").stdout == "0\n"
    assert lab("down").returncode == 0
