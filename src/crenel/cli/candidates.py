"""Print what could stand where the cursor is: what the completion scripts ask.

The answer is that of kubectl plugins: a candidate on each line, a tab and its description, and in the end ``:`` and a
number: 4 for these candidates alone, 0 to complete paths.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crenel.cli import subcommands
from crenel.cli.main import COMMANDS
from crenel.cli.parser import Parser, build_parser, load_command

CANDIDATES, PATHS = 4, 0
"""What the shell is to do with the answer."""


@dataclass(slots=True)
class Answer:
    """What could come next: candidates with their descriptions, or paths."""

    candidates: dict[str, str] = field(default_factory=dict)
    paths: bool = False

    def text(self, prefix: str) -> str:
        """Return the lines for the shell: the candidates that begin with `prefix`."""
        lines = [f"{name}\t{line}\n" for name, line in self.candidates.items() if name.startswith(prefix)]
        return "".join(lines) + f":{PATHS if self.paths else CANDIDATES}\n"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command line after `crenel`; the last is the one under the cursor and may be empty."""
    parser.add_argument("words", nargs=argparse.REMAINDER)


def run(args: argparse.Namespace) -> int:
    """Print the candidates for the last word."""
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    sys.stdout.write(complete(words or [""]))
    return 0


def kubectl() -> int:
    """Answer kubectl, which runs `kubectl_complete-crenel WORDS...` to complete `kubectl crenel WORDS...`."""
    sys.stdout.write(complete(sys.argv[1:] or [""]))
    return 0


def complete(words: Sequence[str]) -> str:
    """Return the answer for the last of `words`, in the shells' protocol."""
    *before, current = _rejoined(words)
    if not before:
        return _commands(current).text(current)
    name, *given = before
    if name not in COMMANDS:
        return Answer().text("")
    parser, given = _innermost(build_parser("crenel", name, load_command(name)), given)
    option, equals, _ = current.partition("=")
    if equals and option.startswith("--"):
        answer = _values(parser.option(option))
        answer.candidates = {f"{option}={choice}": line for choice, line in answer.candidates.items()}
        return answer.text(current)
    return _next(parser, given, current).text(current)


def _commands(current: str) -> Answer:
    if current.startswith("-"):
        return Answer({"--help": "show the help", "--version": "show the version"})
    return Answer({name: line for name, (_, line) in COMMANDS.items()})


def _innermost(parser: Parser, given: list[str]) -> tuple[Parser, list[str]]:
    """The parser of the subcommand that the words after a command begin with, and the words after it."""
    while given and (inner := subcommands.below(parser).get(given[0])) is not None:
        parser, given = inner, given[1:]
    return parser, given


def _next(parser: Parser, given: Sequence[str], current: str) -> Answer:
    """Return what may follow the words `given` after the command."""
    positionals = [action for action in parser.arguments if not action.option_strings]
    pending: argparse.Action | None = None
    used: list[argparse.Action] = []
    for word in given:
        if pending is not None:
            pending = None
        elif word.startswith("-") and word != "-":
            action = parser.option(word.partition("=")[0])
            used += [action] if action else []
            pending = action if action and action.nargs != 0 and "=" not in word else None
        elif positionals:
            positionals.pop(0)
    if pending is not None:
        return _values(pending)
    if current.startswith("-"):
        return Answer(dict(_options(parser, used)))
    if positionals and (named := subcommands.lines(parser)):
        return Answer(dict(named))
    return _values(positionals[0] if positionals else None)


def _options(parser: Parser, used: Sequence[argparse.Action]) -> Iterator[tuple[str, str]]:
    """Yield the long options that may still be given."""
    for action in parser.arguments:
        repeatable = isinstance(action.default, list)
        if action.option_strings and (repeatable or action not in used):
            yield action.option_strings[-1], _first_sentence(action.help or "")


def _values(action: argparse.Action | None) -> Answer:
    """Return what may be the value of an argument."""
    if action is None:
        return Answer()
    if action.choices is not None:
        return Answer(dict.fromkeys(action.choices, ""))
    return Answer(paths=action.metavar in ("PATH", "FILE", "OLD", "NEW"))


def _first_sentence(text: str) -> str:
    return text.partition("; ")[0].partition(". ")[0]


def _rejoined(words: Sequence[str]) -> list[str]:
    """Undo what bash does to `--by=namespace`, which it hands over as three words."""
    joined: list[str] = []
    for word in words:
        if joined and ((word == "=" and joined[-1].startswith("--")) or joined[-1].endswith("=")):
            joined[-1] += word
        else:
            joined.append(word)
    return joined
