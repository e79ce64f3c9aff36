"""What evidence quotes of a setting never has what may be a secret."""

from __future__ import annotations

import pytest

from crenel.harden.needs.quoting import quoted
from harden.pieces import gathered, service, workload


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("DB_URL", "postgres://postgres.data:5432/ledger", "postgres://postgres.data:5432/ledger"),
        ("DB_URL", "postgres://admin:HUSH@db:5432/x", "postgres://...@db:5432/x"),
        ("DB_URL", "postgres://admin:HU/SH@HUSH@db:5432/x", "postgres://...@db:5432/x"),
        ("SENTRY_DSN", "https://HUSH@sentry.example.com/12", "https://...@sentry.example.com/12"),
        ("NODES", "http://a:HUSH@one:1,http://b:HUSH@two:2", "http://...@one:1,http://...@two:2"),
        ("DSN", "user:HU(SH@tcp(db:3306)/table", "...@tcp(db:3306)/table"),
        ("REDIS", "redis://db:6379/0?password=HUSH&x=1", "redis://db:6379/0?password=...&x=1"),
        ("CONN", "host=db port=5432 password=HUSH dbname=y", "host=db port=5432 password=... dbname=y"),
        ("CONN", "Server=db,1433;User Id=sa;Password=HUSH;", "Server=db,1433;User Id=sa;Password=...;"),
        ("CONFIG", '{"host": "db:1", "apiKey": "HUSH"}', '{"host": "db:1", "apiKey": ...}'),
        ("DB_PASSWORD", "HUSH db:5432", "..."),
        ("apiToken", "HUSH@api:443", "..."),
        ("HOOK", "https://hooks.example.com/T00/HUSHHUSHHUSHHUSHHUSH1", "https://hooks.example.com/T00/..."),
        ("", "--token=HUSH", "--token=..."),
        ("", "--auth-token=HUSH", "--auth-token=..."),
        ("LISTEN", "key-server:8080", "key-server:8080"),
        ("BROKERS", "kafka-0:9092, kafka-1:9092", "kafka-0:9092, kafka-1:9092"),
        ("LONG", "a" * 100, "a" * 57 + "..."),
    ],
)
def test_what_is_quoted(key: str, text: str, said: str) -> None:
    """Where something is stays, who may get in does not."""
    assert quoted(text, key) == said


def test_no_evidence_has_a_secret() -> None:
    """Whatever form it has, and wherever it stands: a variable, an argument, a flag with its value behind it."""
    env = {
        "DB_URL": "postgres://u:HUSH@db.shop:5432/x",
        "DB_DSN": "u:HUSH@tcp(db.shop:5432)/x",
        "DB_PASSWORD": "HUSH db.shop:5432",
        "CONN": "host=db.shop:5432 password=HUSH",
    }
    args = ["--db=redis://:HUSH@db.shop:5432", "--password", "HUSH.db.shop:5432", "-c=db.shop:5432?token=HUSH"]
    found = gathered(workload("web", env=env, args=args), workload("db", ports=[5432]), service("db", 5432))
    said = [str(each) for need in found.needs.needs for each in need.evidence]
    said += [each.text for each in found.needs.remarks]
    assert sum("db.shop" in each for each in said) > 3
    assert not [each for each in said if "HUSH" in each]


def test_long_texts() -> None:
    """A long text is quoted in no time, and where it is cut no half of a password is left over."""
    assert quoted("a." * 300_000) == "..."
    assert quoted(f"db:5432 {'x' * 480} admin:{'HUSH' * 100}@host") == "db:5432 " + "x" * 49 + "..."
    assert quoted(f"db:5432 admin:{'HUSH' * 300}@host") == "db:5432 ..."
