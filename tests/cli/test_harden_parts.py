"""`crenel harden` for Services, TLS and the infrastructure, from the outside."""

from __future__ import annotations

import json
import shutil
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import crenel as library
from cli.test_harden import APP
from command import ROOT, Ran, crenel
from crenel.cli import harden_options, harden_writing
from crenel.editing.files import FileChange, write_all
from crenel.editing.values import RefusalError
from crenel.harden import services, whole
from crenel.harden.infrastructure import PLATFORMS
from crenel.harden.infrastructure.comparing import Difference
from crenel.output.hardening_report import HardeningReport
from output.shapes import Hardening

ENTRANCES = ROOT / "examples" / "entrances"
AWS = ROOT / "examples" / "layers" / "aws"
SHOP = ROOT / "examples" / "shop"
ASKED = ("--services", "--tls", "--cluster-issuer", "letsencrypt", "--infrastructure", "azure")


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """A copy of the bookshop that has grown on Azure."""
    folder = tmp_path / "books"
    folder.mkdir()
    for name in ("app.yaml", "crenel.yaml"):
        shutil.copy(ENTRANCES / name, folder)
    return folder


def texts(folder: Path) -> dict[str, str]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def hardened(folder: Path, *more: str) -> Ran:
    """Harden a folder with all parts, into one beside the input."""
    return crenel("harden", "-f", str(folder), *ASKED, "-o", str(folder / "out"), *more)


def data(*arguments: str) -> dict[str, Any]:
    """The report as JSON, of the documented shape."""
    out = crenel("harden", *arguments, "--format", "json").out
    msgspec.json.decode(out, type=Hardening)
    found: dict[str, Any] = json.loads(out)
    return found


def test_one_folder_with_all_parts(books: Path) -> None:
    """Policies, a Component and rules are in one folder; the user's files stay, and a second run changes nothing."""
    before = (books / "app.yaml").read_text()
    first = hardened(books)
    files = texts(books / "out")
    assert sorted(files) == [
        "SHA256SUMS",
        "infrastructure/.crenelignore", "infrastructure/azure/crenel-azure.template.json",
        "infrastructure/azure/crenel-azure.tf.json",
        "policies/books/admin.yaml", "policies/books/default-deny.yaml", "policies/books/web.yaml",
        "policies/ingress-nginx/controller.yaml", "policies/ingress-nginx/default-deny.yaml",
        "policies/kustomization.yaml",
        "services/.crenelignore", "services/certificate-books-web-tls.yaml", "services/kustomization.yaml",
        "services/patch-ingress-books-web.yaml", "services/patch-service-books-admin.yaml",
    ]  # fmt: skip
    again = hardened(books)
    assert again.out == first.out
    assert f"{books}/out: nothing changes\n" in again.err
    assert texts(books / "out") == files
    assert (books / "app.yaml").read_text() == before
    assert crenel("can", "books/web", "books/admin:9000", "-f", str(books)).code == 1


def test_policies_are_for_what_the_changes_leave(books: Path) -> None:
    """Whoever source ranges keep out is not let in by the policies either, and firewalls follow both."""
    hardened(books)
    assert 'cidr: "10.20.0.0/16"' in (books / "out" / "policies" / "books" / "admin.yaml").read_text()
    report = data("-f", str(AWS), "--infrastructure", "aws")
    whys = [each["why"] for each in report["infrastructure"]["openings"]]
    assert "images and the cloud's API" in whys
    assert not [each for each in whys if "no policy keeps" in each]


def test_write(books: Path) -> None:
    """With --write the user's files are changed, comments and order kept; what they say is no Component any more."""
    ran = hardened(books, "--write")
    assert f"changed: {books}/app.yaml\nwritten: " in ran.err or f"\nchanged: {books}/app.yaml\n" in ran.err
    text = (books / "app.yaml").read_text()
    assert "  name: admin      # for the back office\n" in text
    assert "  loadBalancerSourceRanges:\n    - 10.20.0.0/16\n" in text
    assert (books / "certificate-books-web-tls.yaml").exists()
    assert not (books / "out" / "services").exists()
    files = texts(books)
    again = hardened(books, "--write")
    assert f"{books}/out: nothing changes\n" in again.err
    assert texts(books) == files
    assert "0 changes of Services and TLS" in again.out


def test_json_stays_in_the_component(books: Path) -> None:
    """What no text can be edited for is in the Component even with --write, and is told."""
    documents = crenel_documents(books / "app.yaml")
    (books / "app.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))
    (books / "app.yaml").unlink()
    before = (books / "app.json").read_text()
    ran = hardened(books, "--write")
    assert "not in the files: " in ran.err
    assert (books / "app.json").read_text() == before
    assert not (books / "certificate-books-web-tls.yaml").exists()
    assert (books / "out" / "services" / "patch-service-books-admin.yaml").exists()
    assert f"{books}/out: nothing changes\n" in hardened(books, "--write").err


def crenel_documents(path: Path) -> list[dict[str, Any]]:
    """The objects of a file."""
    return [dict(each.data) for each in library.load(path).documents]


def test_confirm(books: Path) -> None:
    """A change waits, is named, and is made once it is confirmed."""
    waiting = data("-f", str(books), "--services")["services"]
    (change,) = [each for each in waiting["changes"] if each["state"] == "waiting"]
    assert change["id"] == "service books/admin-old: cluster-ip"
    made = data("-f", str(books), "--services", "--confirm", "service */admin-old: *")["services"]
    assert change["id"] in [each["id"] for each in made["changes"] if each["state"] == "made"]


def test_observed_days(books: Path) -> None:
    """Two days of flows show who comes where two days are said to be enough, and not otherwise."""
    (books / "crenel.yaml").unlink()
    flows = books.parent / "flows.csv"
    flows.write_text(
        "source,destination,protocol,port,time\n"
        "10.20.0.7,books/admin,TCP,9000,2026-11-01T00:00:00Z\n10.20.0.7,books/admin,TCP,9000,2026-11-03T00:00:01Z\n"
    )
    asked = ("-f", str(books), "--services", "--flows", str(flows))
    states = {
        days: {each["id"]: each["state"] for each in data(*asked, "--observed-days", days)["services"]["changes"]}
        for days in ("2", "3")
    }
    admin = "service books/admin: internal"
    assert (states["2"][admin], states["3"][admin]) == ("made", "waiting")
    assert crenel("harden", *asked, "--observed-days", "0").code == 2
    assert crenel("harden", "-f", str(books), "--observed-days", "2").code == 2


def test_reports(books: Path) -> None:
    """Table, Markdown and JSON have all parts; who asked for none gets none."""
    table = crenel("harden", "-f", str(books), *ASKED).out
    assert "\nWhat changes in Services and TLS\n" in table
    assert "\n  +  loadBalancerSourceRanges:\n" in table
    assert "\nRules for azure: read back, they say just this\n" in table
    markdown = crenel("harden", "-f", str(books), *ASKED, "--format", "md").out
    assert "### What the infrastructure lets through\n\n| Group | Way |" in markdown
    assert "\n+  loadBalancerSourceRanges:\n" in markdown
    (rules,) = data("-f", str(books), *ASKED)["infrastructure"]["platforms"]
    assert [(each["form"], each["holds"]) for each in rules["proofs"]] == [("terraform", True), ("arm", True)]
    plain = data("-f", str(books))
    assert (plain["services"], plain["infrastructure"]) == (None, None)


def test_what_a_platform_cannot_say(tmp_path: Path) -> None:
    """What does not fit speaks against the result, as does a cluster without nodes; the other parts are written."""
    found = data("-f", str(SHOP / "app"), "--infrastructure", "azure")
    assert found["proved"]
    assert [each for each in found["objections"] if "no virtual network of Azure carries it" in each]
    (tmp_path / "app.yaml").write_text(APP)
    ran = crenel("harden", "-f", str(tmp_path), "--infrastructure", "aws", "-o", str(tmp_path / "out"))
    assert ran.code == 1
    assert "no rules for the infrastructure: no node of the input has an interface or an address" in ran.out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["SHA256SUMS", "policies"]


def test_what_was_edited_is_kept(books: Path) -> None:
    """A file that cannot bear a mark and was edited since it was written makes the folder somebody else's."""
    hardened(books)
    rules = books / "out" / "infrastructure" / "azure" / "crenel-azure.tf.json"
    rules.write_text(rules.read_text() + "\n")
    files = texts(books)
    ran = hardened(books, "--write")
    assert (ran.code, ran.out) == (2, "")
    assert "infrastructure/azure/crenel-azure.tf.json there was changed since crenel harden wrote it" in ran.err
    assert texts(books) == files


def test_nothing_is_written_unless_all_is_proved(books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One form of one rule set that says something else keeps everything from being written."""
    network = library.load(books)
    order = whole.Order(platforms=("hosts",), services=services.Wishes(intents=network.declared), in_place=True)
    found = whole.harden(network, order)
    assert found.proved
    (rules,) = found.rules
    proof = replace(rules.proofs[0], differences=(Difference("node", "internet", 4, missing="TCP/1"),))
    broken = replace(found, rules=(replace(rules, proofs=(proof,)),))
    before = texts(books)
    report = harden_writing.written(Namespace(out=str(books / "out"), write=True), HardeningReport(broken))
    assert texts(books) == before
    assert capsys.readouterr().err == "nothing was written: the proof failed\n"
    assert [each for each in report.objections if each.startswith("hosts, nft json is not what is meant: IPv4 node to")]


def test_all_files_or_none(tmp_path: Path) -> None:
    """A file that has changed since it was read keeps the others from being written."""
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    changes = [FileChange(str(tmp_path / "a"), b"1", b"new"), FileChange(str(tmp_path / "b"), b"other", b"new")]
    with pytest.raises(RefusalError, match="b: has changed since it was read"):
        write_all(changes)
    assert (tmp_path / "a").read_text() == "1"
    write_all([changes[0], FileChange(str(tmp_path / "c"), None, b"3")])
    assert texts(tmp_path) == {"a": "new", "b": "2", "c": "3"}


@pytest.mark.parametrize(
    "options",
    [
        ("--write", "-A"),
        ("--confirm", "*"),
        ("--services", "--issuer", "ca"),
        ("--tls", "--issuer", "a", "--cluster-issuer", "b"),
        ("--administrators", "10.0.0.0/8"),
        ("--infrastructure", "aws", "--registries", "nowhere"),
        ("--infrastructure", "dos"),
    ],
)
def test_wrong_use(books: Path, options: tuple[str, ...]) -> None:
    """Options that go with others say so."""
    ran = crenel("harden", "-f", str(books), *options)
    assert (ran.code, ran.out) == (2, "")
    assert options[-2].split("=")[0] in ran.err


def test_platforms_are_those_that_there_are() -> None:
    """The command line names the platforms without importing any."""
    assert harden_options.PLATFORMS == PLATFORMS


def test_administrators(tmp_path: Path) -> None:
    """Who may open sessions at machines is opened, and nobody else."""
    found = data("-f", str(SHOP / "app"), "--infrastructure", "hosts", "--administrators", "192.0.2.0/28")
    ssh = [each for each in found["infrastructure"]["openings"] if each["traffic"] == ["TCP/22"]]
    assert [(each["direction"], each["addresses"]) for each in ssh] == [("ingress", ["192.0.2.0/28"])]
    assert not list(tmp_path.iterdir())


def test_the_shop_is_hardened_as_its_authors_did(tmp_path: Path) -> None:
    """The shop without its policies gets what these allow, but for ways to the proxy."""
    home = tmp_path / "shop"
    shutil.copytree(SHOP / "app", home)
    shutil.copy(SHOP / "crenel.yaml", home)
    assert crenel("harden", "-f", str(home), "--guardrails", "-o", str(home / "out")).code == 0
    found = json.loads(crenel("diff", str(SHOP), str(home), "-o", "json").out)
    assert found["added"] == []
    assert {each["destination"] for each in found["removed"]} == {"ingress-nginx/controller"}
