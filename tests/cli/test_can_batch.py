"""`crenel can --batch`: many questions, a line of JSON for each."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from cli import shop
from command import SCRIPTS, Ran, crenel
from output.shapes import Error, Verdict


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The shop with its policy."""
    return shop.write(tmp_path / "shop", app=shop.APP, policy=shop.POLICY)


def ask(home: Path, questions: str, *arguments: str) -> Ran:
    """Ask questions on standard input."""
    return crenel("can", "--batch", "-", "-f", str(home), *arguments, stdin=questions)


def outcomes(ran: Ran) -> list[str]:
    """What was answered, line by line."""
    return [msgspec.json.decode(line, type=Verdict).outcome for line in ran.out.splitlines()]


def test_every_way_to_write_a_question(home: Path) -> None:
    """Words or JSON; comments and blank lines are passed over; the exit code is the worst."""
    ran = ask(
        home,
        "# who may reach the database?\n"
        "\n"
        "shop/cart data/db:5432\n"
        "shop/cart data/db TCP/5432\n"
        '  {"source": "shop/cart", "target": "data/db", "traffic": "TCP/5432"}\n'
        '{"source": "shop/web", "target": "data/db:5432"}\n',
    )
    assert outcomes(ran) == ["allowed", "allowed", "allowed", "denied"]
    assert (ran.code, ran.err) == (1, "")
    assert ask(home, "shop/cart data/db:5432\n").code == 0
    assert ask(home, "shop/web data/db:5432\n", "--exit-zero").code == 0


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("shop/web", "a question is SOURCE TARGET [TRAFFIC], or a JSON object with source, target and traffic"),
        ("a b c d", "a question is SOURCE TARGET [TRAFFIC], or a JSON object with source, target and traffic"),
        ("shop/nope data/db:5432", "no workload or pod 'shop/nope' in the input"),
        ("shop/web data/db SQL", "unknown protocol 'SQL': TCP, UDP, SCTP, ICMP, ICMPv6 or a number up to 255"),
        ('{"source": "shop/web"}', "Object missing required field `target`"),
        ('{"source": "shop/web", "target": "data/db", "port": 1}', "Object contains unknown field `port`"),
        ("{", "Input data was truncated"),
        ("\x00\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), "a question is SOURCE TARGET [TRAFFIC]"),
    ],
)
def test_bad_questions(home: Path, question: str, message: str) -> None:
    """A question that cannot be answered has an answer that says why, and the others are answered."""
    ran = ask(home, f"{question}\nshop/cart data/db:5432\n", "--exit-zero")
    bad, good = ran.out.splitlines()
    answer = msgspec.json.decode(bad, type=Error)
    assert answer.error.startswith(message)
    assert answer.line == 1
    assert msgspec.json.decode(good, type=Verdict).outcome == "allowed"
    assert ran.code == 2


def test_no_question(home: Path) -> None:
    """No question at all is nothing examined."""
    assert ask(home, "# nothing\n") == (3, "", "nothing was examined: there is no question\n")


@pytest.mark.usefixtures("home")
def test_questions_from_a_file(tmp_path: Path) -> None:
    """A file holds questions too; one that is missing is one line."""
    (tmp_path / "questions").write_text("cart db.data\ncart web:8080\n")
    ran = crenel("can", "--batch", "questions", "-f", "shop", "-n", "shop", cwd=tmp_path)
    assert ran.code == 2
    assert msgspec.json.decode(ran.out.splitlines()[1], type=Verdict).source == "shop/cart"
    missing = crenel("can", "--batch", "nope", "-f", "shop", cwd=tmp_path)
    assert (missing.code, missing.out, missing.err) == (2, "", "crenel: nope: No such file or directory\n")


def test_wrong_use(home: Path) -> None:
    """Answers to a batch are JSON, and standard input is read once."""
    assert ask(home, "", "-o", "md").code == 2
    assert ask(home, "", "-f", "-").err.startswith("crenel: standard input can be read only once\n")


def test_answers_come_as_questions_do(home: Path) -> None:
    """Another program can ask, read the answer, and ask on."""
    with subprocess.Popen(
        [str(SCRIPTS / "crenel"), "can", "--batch", "-", "-f", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for question, outcome in (("shop/cart data/db:5432", "allowed"), ("shop/web data/db:5432", "denied")):
            process.stdin.write(f"{question}\n")
            process.stdin.flush()
            assert msgspec.json.decode(process.stdout.readline(), type=Verdict).outcome == outcome
        process.stdin.close()
    assert process.returncode == 1
