"""What each platform's dialect makes of its documents, the kernel does as well.

The estates are those of the platform's own tests: whole ones, and one for each of the cases in its tables of rules. Of
these ordinary runs take some, always the same; with HYPOTHESIS_PROFILE=soak it is all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from crenel.provenance import Origin
from firewalls.foretelling import ANSWERED, REFUSED
from firewalls.proof import prove
from firewalls.strategies import SOAK
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces
PLATFORMS = ("aws", "azure", "gcp", "openstack")
BUILDERS = {"azure": "dialects.azure.test_rules:estate", "gcp": "dialects.gcp.samples:shop"}
"""Makes an estate of the rules of one case, for platforms whose ``test_rules.CASES`` have just rules."""
MOST = 10**6 if SOAK else 3
"""How many cases of each platform are taken, about."""


def there(module: str) -> bool:
    """Whether there is a module; what it is in may be absent as well."""
    parts = module.split(".")
    return all(find_spec(".".join(parts[:length])) for length in range(1, len(parts) + 1))


def whole() -> Iterator[Any]:
    """What ``documents()`` of a platform's samples has, by name."""
    for platform in PLATFORMS:
        if there(f"crenel.dialects.{platform}") and there(f"dialects.{platform}.samples"):
            samples = import_module(f"dialects.{platform}.samples")
            for name, documents in getattr(samples, "documents", list)():
                yield pytest.param(platform, documents, id=f"{platform} {name}")


def cases() -> Iterator[Any]:
    """Estates of cases at equal distances in the platforms' tables."""
    for platform, builder in BUILDERS.items():
        module, name = builder.split(":")
        if there(f"crenel.dialects.{platform}") and there(f"dialects.{platform}.test_rules") and there(module):
            build: Callable[..., list[Any]] = getattr(import_module(module), name)
            table = import_module(f"dialects.{platform}.test_rules").CASES
            for case in table[:: max(1, len(table) // MOST)]:
                yield pytest.param(platform, build(*case.rules), id=f"{platform} {case.says}")


def read(platform: str, documents: list[Any]) -> Any:
    """What a dialect makes of documents, each from a file of its own."""
    dialect = import_module(f"crenel.dialects.{platform}")
    return dialect.read([(each, Origin(f"{number}.json")) for number, each in enumerate(documents)])


@pytest.mark.parametrize(("platform", "documents"), list(whole()))
def test_whole_estates_agree(platform: str, documents: list[Any]) -> None:
    """Every packet between the machines of an estate and the outside becomes what the model says."""
    report = prove(read(platform, documents))
    assert report.wrong == []
    assert min(report.compared[ANSWERED], report.compared[REFUSED]) > 100


@pytest.mark.parametrize(("platform", "documents"), list(cases()))
def test_cases_agree(platform: str, documents: list[Any]) -> None:
    """So it does under the rules of each case."""
    report = prove(read(platform, documents))
    assert report.wrong == []
    assert report.compared.total() > 100
