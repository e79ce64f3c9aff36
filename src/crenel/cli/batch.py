"""Many questions to one network: one on each line, one answer on each line."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from crenel.cli import exit_codes, inputs, questioning, reporting
from crenel.cli.complaints import say
from crenel.library import Network
from crenel.output import verdict_json
from crenel.questions.places import PlaceError


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """A question in JSON; without `traffic`, the target's port or else all traffic is meant."""

    source: str
    target: str
    traffic: str | None = None


def run(net: Network, args: argparse.Namespace) -> int:
    """Answer each line of a file, or of standard input as they come, and return the worst exit code."""
    inputs.resume_collector()
    codes = set()
    with _opened(args.batch) as file:
        for number, line in enumerate(file, 1):
            text = line.decode("utf-8", "replace").strip()
            if not text or text.startswith("#"):
                continue
            code, answer = _answer(net, text, number, args.namespace)
            codes.add(code)
            reporting.emit(answer)
            if args.batch == "-":
                sys.stdout.flush()
    if not codes:
        say("nothing was examined: there is no question")
        return exit_codes.NOTHING
    return exit_codes.worst(codes)


def read_question(text: str) -> Question:
    """Read ``SOURCE TARGET [TRAFFIC]`` or a JSON object.

    Raises:
        ValueError: it is neither.
    """
    if text.startswith("{"):
        return msgspec.json.decode(text, type=Question)
    words = text.split()
    if len(words) not in (2, 3):
        raise ValueError("a question is SOURCE TARGET [TRAFFIC], or a JSON object with source, target and traffic")
    return Question(*words)


def _answer(net: Network, text: str, number: int, namespaces: list[str]) -> tuple[int, bytes]:
    try:
        question = read_question(text)
        report = questioning.ask(net, question.source, question.target, question.traffic, namespaces, alone=False)
    except (PlaceError, ValueError) as error:
        return exit_codes.ERROR, verdict_json.render_error(str(error), number)
    code = exit_codes.FINE if report.verdict.allowed else exit_codes.NO
    return code, verdict_json.render_line(report)


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        yield file
