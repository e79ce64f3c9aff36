"""Plans as a whole: what is written says what is meant, is written once, and leaves the rest alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.pieces import deployment
from audit.routing_pieces import NGINX, WEB, ingress
from crenel.editing import files
from crenel.harden.services import Wishes, changes, plan
from crenel.loading import load
from harden.services.planning import AZURE, BALANCED, ids, node, planned, seen

NAMES = ("one", "two")
OTHER = seen("shop/one", "shop/two", 8080)


@st.composite
def services(draw: st.DrawFn) -> str:
    """A Service of any type, written in block style with comments."""
    kind = draw(st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]))
    lines = ["apiVersion: v1", "kind: Service  # a service", "metadata:", "  # its name"]
    lines += [f"  name: {draw(st.sampled_from(NAMES))}", "  namespace: shop", "spec:", f"  type: {kind}   # its type"]
    lines += ["  selector:", f"    app: {draw(st.sampled_from(NAMES))}"]
    if draw(st.booleans()):
        lines += ["  externalIPs:", "    - 203.0.113.7  # ours"]
    if kind == "LoadBalancer" and draw(st.booleans()):
        lines += ["  loadBalancerSourceRanges:", f"    - {draw(st.sampled_from(['0.0.0.0/0', '10.0.0.0/8']))}"]
    if kind != "ClusterIP" and draw(st.booleans()):
        lines += ["  externalTrafficPolicy: Local"]
    lines += ["  ports:"]
    for number in range(draw(st.integers(1, 2))):
        lines += [f"    - name: p{number}", f"      port: {80 + number}", "      targetPort: 8080  # inside"]
        if kind != "ClusterIP" and draw(st.booleans()):
            lines += [f"      nodePort: {30080 + number}  # chosen"]
    return "\n".join([*lines, "---", ""])


@settings(max_examples=25, deadline=None)
@given(
    listed=st.lists(services(), min_size=1, max_size=3, unique_by=lambda text: text.partition("name: ")[2][:3]),
    provider=st.sampled_from(["aws:///a/i-1", "gce://p/z/n", "openstack:///u", ""]),
    confirmed=st.sampled_from([(), ("*",)]),
    observed=st.sampled_from([(), (OTHER,), (OTHER, seen("10.1.1.1", "shop/one", 8080))]),
)
def test_once_and_no_more(
    tmp_path_factory: pytest.TempPathFactory, listed: list[str], provider: str, confirmed: tuple[str, ...],
    observed: tuple[object, ...],
) -> None:  # fmt: skip
    """For any Services: the result needs nothing more, its text says it, and no comment and no other object is lost."""
    text = node(provider) + deployment("one") + deployment("two") + "".join(listed)
    folder = tmp_path_factory.mktemp("plan")
    first = planned(folder, text, confirmed=confirmed, observed=observed)
    assert not first.withheld
    assert not first.refused
    for change in first.files:
        files.write(change)
    again = plan(load(folder / "app.yaml"), Wishes(confirmed=confirmed, observed=observed))  # type: ignore[arg-type]
    assert again.made == ()
    assert ids(again.waiting) == ids(first.waiting)
    new = (folder / "app.yaml").read_text()
    assert new.startswith(node(provider) + deployment("one") + deployment("two"))
    gone = {"# chosen", "# ours"} if first.made else set()
    assert {"# a service", "# its name", "# its type", "# inside"} - gone <= set(_comments(new)) | gone
    kept = [each.data for each in first.after.documents]
    assert kept == [each for each in yaml.safe_load_all(new) if each]


def _comments(text: str) -> list[str]:
    return [f"# {line.partition('# ')[2]}" for line in text.splitlines() if "# " in line]


def test_all_together(tmp_path: Path) -> None:
    """Services and hosts in one plan; the flags leave either out."""
    text = AZURE + BALANCED + NGINX + WEB + ingress()
    found = planned(tmp_path, text, confirmed=("*",), issuer="letsencrypt")
    assert ids(found.made) == ["service shop/admin: internal", "ingress shop/web: tls"]
    network = load(tmp_path / "app.yaml")
    assert ids(changes(network, Wishes(tls=False))) == ["service shop/admin: internal"]
    assert ids(changes(network, Wishes(services=False))) == ["ingress shop/web: tls"]


def test_json_has_the_component_alone(tmp_path: Path) -> None:
    """A text that cannot be edited is told of; the component has the change all the same."""
    objects = [each for each in yaml.safe_load_all(AZURE + BALANCED) if each]
    path = tmp_path / "app.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    found = plan(load(path), Wishes(confirmed=("*",)))
    assert ids(found.made) == ["service shop/admin: internal"]
    assert found.files == ()
    assert found.refused == (f"{path}: JSON is not edited",)
    assert "patch-service-shop-admin.yaml" in found.component


@pytest.mark.parametrize("name", ["online-boutique", "argo-cd", "kube-prometheus"])
def test_real_applications(shared: Path, name: str) -> None:
    """Applications of others are read, and nothing is proposed that would cut what is not known."""
    found = plan(load(shared / "realworld" / name), Wishes())
    assert (found.made, found.withheld, found.refused) == ((), (), ())
    stays = {each.subject for each in found.stays}
    assert ("service default/frontend-external" in stays) == (name == "online-boutique")
    assert "pods" in stays


BARE = """
import sys
sys.modules.update(dict.fromkeys(("cryptography", "ruamel", "ruamel.yaml", "duckdb")))
import crenel
from crenel.harden.services import Wishes, plan
found = plan(crenel.load(sys.argv[1]), Wishes(confirmed=("service *",), issuer="ca"))
print([each.id for each in found.made], [each.notes[-1] for each in found.waiting], found.refused, len(found.component))
"""


def test_without_extras(tmp_path: Path) -> None:
    """Without the libraries for texts and certificates there is the component, and it is said what is lacking."""
    path = tmp_path / "app.yaml"
    path.write_text(AZURE + BALANCED + NGINX + WEB + ingress())
    ran = subprocess.run([sys.executable, "-c", BARE, str(path)], capture_output=True, text=True, check=True)
    assert ran.stdout == (
        "['service shop/admin: internal'] "
        "[\"Certificates are written with cryptography: pip install 'crenel[certs]'\"] "
        "(\"fixing needs ruamel.yaml: pip install 'crenel[fix]'\",) 2\n"
    )
