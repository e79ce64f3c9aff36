"""Scalars mean what kubectl takes them for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from crenel.sources import yaml_scalars, yaml_text
from crenel.sources.refusal import Refusal

READ_BY_KUBECTL = {
    "yes": True,
    "y": True,
    "On": True,
    "TRUE": True,
    "NO": False,
    "n": False,
    "off": False,
    "False": False,
    "tRue": "tRue",
    "oN": "oN",
    "TrUe": "TrUe",
    "nul": "nul",
    "~": None,
    "null": None,
    "NULL": None,
    "": None,
    "~x": "~x",
    "0": 0,
    "-0": 0,
    "+0": 0,
    "+80": 80,
    "017": 15,
    "0o17": 15,
    "0O7": 7,
    "-0o17": -15,
    "0o8": "0o8",
    "0o": "0o",
    "00": 0,
    "08": 8,
    "0x1F": 31,
    "0X1f": 31,
    "0x_1F": 31,
    "0xg": "0xg",
    "0x": "0x",
    "0b11": 3,
    "0B1": 1,
    "-0b11": -3,
    "0b": "0b",
    "1_000": 1000,
    "1__0": 10,
    "1_": 1,
    "0_": 0,
    "-_1": -1,
    "_1": "_1",
    "0777777777777777777777777777": 7.777777777777778e26,
    "-0x8000000000000000": -(2**63),
    "0xFFFFFFFFFFFFFFFFFFFF": "0xFFFFFFFFFFFFFFFFFFFF",
    "99999999999999999999": 1e20,
    "1.0": 1,
    "1.": 1,
    "5.e1": 50,
    ".5": 0.5,
    "+.5": 0.5,
    "-.5": -0.5,
    "+.5e3": 500,
    ".5e2": 50,
    ".5_0": 0.5,
    "._5": "._5",
    ".e1": ".e1",
    "1e3": 1000,
    "1E5": 100000,
    "12e03": 12000,
    "1e": "1e",
    "1e400": "1e400",
    "1e-400": 0,
    "0.1e-3": 0.0001,
    "1e21": 1e21,
    "1.5e18": 1500000000000000000,
    "1_0.5": 10.5,
    "-0.0": 0,
    "0.0000001": 1e-7,
    "123456789.5": 123456789.5,
    "22:22": "22:22",
    "1:30:00": "1:30:00",
    "1.2.3": "1.2.3",
    "10.0.0.0/8": "10.0.0.0/8",
    "+": "+",
    "--1": "--1",
    "2001-01-01": "2001-01-01",
    "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "=": "=",
    "<<": "<<",
    "100m": "100m",
    "1Gi": "1Gi",
    "5E": "5E",
    "! 12": "12",
    '! "12"': "12",
    '!!int "12"': 12,
    '!!int "0x1F"': 31,
    "!!float 3": 3,
    "!!float 0x10": 16,
    "!!str 12": "12",
    '!!bool "yes"': True,
    '!!null ""': None,
    "!!str": "",
    "!foo bar": "bar",
    "!foo {b: c}": {"b": "c"},
    "!!merge <<": "<<",
    "!!timestamp 2001-01-01": "2001-01-01",
    "!!binary aGVsbG8=": "hello",
    "!!set {x: null}": {"x": None},
    '"~"': "~",
    "'yes'": "yes",
    '"\\x41"': "A",
    "[1, 2,]": [1, 2],
}
"""YAML values, and what ``kubectl label --local -o json`` (1.35) prints for them."""

REFUSED_BY_KUBECTL = (
    ".inf",
    "-.inf",
    ".nan",
    "!!int x",
    "!!int _1",
    "!!int 1.0",
    "!!int",
    "!!float x",
    "!!bool 1",
    "!!null x",
    "!!timestamp x",
    '!!binary "x"',
    "{? {a: b} : 1}",
    "{~: 1}",
    "*none",
    "&a [*a]",
    "{<<: 3}",
    "-",
)

KEYS_WRITTEN_BY_KUBECTL = {
    "1": "1",
    "1.5": "1.5",
    "true": "true",
    "off": "false",
    "0x10": "16",
    "100000.0": "100000",
    "1000000.0": "1e+06",
    "0.00001": "1e-05",
    "1.1e10": "1.1e+10",
    "0.1": "0.1",
    "3.14159265358979": "3.1415927",
    ".inf": ".inf",
    "=": "=",
    "2001-01-01": "2001-01-01",
    "'1'": "1",
}

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n"


def same(one: object, other: object) -> bool:
    """Equal, and of the same kind: true is not 1."""
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("text", READ_BY_KUBECTL)
def test_values_are_those_of_kubectl(text: str) -> None:
    """Each value is what kubectl makes of it."""
    assert same(yaml_text.parse(f"a: {text}")["a"], READ_BY_KUBECTL[text])


@pytest.mark.parametrize("text", REFUSED_BY_KUBECTL)
def test_what_kubectl_refuses_is_refused(text: str) -> None:
    """What cannot become JSON is a refusal with a line."""
    with pytest.raises(Refusal) as raised:
        yaml_text.parse(f"x: 1\na: {text}")
    assert raised.value.line == 2


@pytest.mark.parametrize("text", KEYS_WRITTEN_BY_KUBECTL)
def test_keys_become_text_as_kubectl_writes_them(text: str) -> None:
    """Keys that are not strings are written as JSON names."""
    assert list(yaml_text.parse(f"{text}: v")) == [KEYS_WRITTEN_BY_KUBECTL[text]]


def test_integers_up_to_64_bits_are_exact() -> None:
    """Integers that a uint64 holds stay integers; larger ones are floating point numbers, as in go-yaml."""
    assert yaml_scalars.plain("18446744073709551615") == 2**64 - 1
    assert isinstance(yaml_scalars.plain("18446744073709551616"), float)
    assert isinstance(yaml_scalars.plain("-9223372036854775809"), float)
    assert yaml_scalars.plain("9" * 5000) == "9" * 5000


def test_the_tables_above_are_what_kubectl_says(tmp_path: Path) -> None:
    """The installed kubectl agrees with the values and keys that these tests expect."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl")
    values = [f"  v{number}: {text}" for number, text in enumerate(READ_BY_KUBECTL)]
    keys = [f"  k{number}: {{{text}: v}}" for number, text in enumerate(KEYS_WRITTEN_BY_KUBECTL)]
    told = kubectl(tmp_path, "\n".join([*values, *keys]))
    for number, (text, expected) in enumerate(READ_BY_KUBECTL.items()):
        found = told[f"v{number}"]
        assert same(found, expected) or (isinstance(expected, float) and found == expected), text
    for number, expected in enumerate(KEYS_WRITTEN_BY_KUBECTL.values()):
        assert told[f"k{number}"] == {expected: "v"}


def kubectl(folder: Path, data: str) -> dict[str, object]:
    """What kubectl reads as the data of a ConfigMap, without a cluster."""
    path = folder / "config.yaml"
    path.write_text(CONFIG + data + "\n", "utf-8")
    command = ["kubectl", "label", "--local", "-o", "json", "-f", str(path), "a=b"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, object] = json.loads(done.stdout)["data"]
    return found
