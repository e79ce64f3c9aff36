"""The numbers and names of cipher suites, against those of OpenSSL and tlslite, and what is wrong with them."""

from __future__ import annotations

import re
import subprocess

import pytest

from certificates.probing.servers import program
from certificates.probing.weak import NAMES as THEIRS
from crenel.certificates.probing.profiles import NAMES as PROFILES
from crenel.certificates.probing.profiles import profile
from crenel.certificates.probing.wire.numbers import Group, Version
from crenel.certificates.probing.wire.suites import NAMES, faults_of, name_of, suites_of

LEFT_OUT = ("_PSK_", "_SRP_", "_KRB5_", "GOST", "_PSK")


def test_openssl() -> None:
    """Every suite that OpenSSL knows and that needs no shared secret is known here, under the same name."""
    listed = subprocess.run(
        [program("openssl"), "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
        check=True, capture_output=True, text=True, timeout=20,
    ).stdout  # fmt: skip
    found = {int(first + second, 16): name
             for first, second, name in re.findall(r"0x(..),0x(..) - (TLS_\S+)", listed)
             if not any(word in name for word in LEFT_OUT)}  # fmt: skip
    assert len(found) > 60
    assert {number: NAMES.get(number) for number in found} == found


def test_tlslite() -> None:
    """The same for what tlslite has a name for."""
    ours = {number: name for number, name in THEIRS.items() if number in NAMES}
    assert len(ours) > 60
    assert {number: NAMES[number] for number in ours} == {
        number: name.replace("_DH_ANON_", "_DH_anon_").replace("_ECDH_ANON_", "_ECDH_anon_")
        for number, name in ours.items()
    }


FAULTS = [
    (0x1301, ()),
    (0xC02B, ()),
    (0xC013, ()),
    (0x009C, ("no forward secrecy",)),
    (0xC02D, ("no forward secrecy",)),
    (0x0004, ("RC4", "MD5", "no forward secrecy")),
    (0x000A, ("3DES", "no forward secrecy")),
    (0x0016, ("3DES",)),
    (0x0009, ("DES", "no forward secrecy")),
    (0x0011, ("export grade", "DES")),
    (0x0002, ("no encryption", "no forward secrecy")),
    (0xC018, ("no authentication",)),
]


@pytest.mark.parametrize(("number", "faults"), FAULTS, ids=[name_of(number) for number, _ in FAULTS])
def test_faults(number: int, faults: tuple[str, ...]) -> None:
    """What is wrong with a suite follows from its name."""
    assert faults_of(number) == faults


def test_versions() -> None:
    """A version is offered its own suites alone, each once, and those that no server should choose last."""
    for version in Version:
        suites = suites_of(version)
        assert len(set(suites)) == len(suites)
        assert all((number >> 8 == 0x13) == (version is Version.TLS1_3) for number in suites)
    assert 0xC02B not in suites_of(Version.TLS1_1) and 0x003C not in suites_of(Version.TLS1_0)
    assert all(number < 0xC000 for number in suites_of(Version.SSL3))
    assert "anon" in name_of(suites_of(Version.TLS1_2)[-1]) and not faults_of(suites_of(Version.TLS1_2)[0])
    assert name_of(0x9999) == "0x9999"


@pytest.mark.parametrize("name", PROFILES)
def test_profiles(name: str) -> None:
    """The shipped profiles name their version and source, and nothing that could not be asked for."""
    found = profile(name)
    assert found.title == f"Mozilla {name} 5.8" and found.source.endswith("/5.8.json")
    assert found.suites <= set(NAMES.values())
    assert found.versions <= {version.title for version in Version}
    assert set(found.groups) <= {group.title for group in Group}
    assert found.hsts == 63072000


def test_profiles_grow() -> None:
    """What a stricter profile allows, a laxer one does too; the sizes are those of the guidelines."""
    modern, intermediate, old = (profile(name) for name in ("modern", "intermediate", "old"))
    assert modern.suites < intermediate.suites < old.suites
    assert [len(each.suites) for each in (modern, intermediate, old)] == [3, 9, 24]
    assert [min(each.versions) for each in (modern, intermediate, old)] == ["TLS 1.3", "TLS 1.2", "TLS 1.0"]
