"""Components of kustomize: they say the same as the edits of the user's own files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.pieces import deployment, service
from audit.routing_pieces import NGINX, WEB, ingress
from crenel.editing.patches import Append, Edit, Remove, Set
from crenel.editing.values import applied
from crenel.harden.services.components import operations
from harden.services.planning import ADMIN, AZURE, BALANCED, planned

PORT = service("old", "type: NodePort, ports: [{port: 9000, targetPort: 8080, nodePort: 30900}]")
APPLICATION = AZURE + BALANCED + deployment("old") + PORT + NGINX + WEB + ingress()


def test_the_same_as_the_files(tmp_path: Path) -> None:
    """What kubectl makes of the component is what the changed file says."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl")
    found = planned(tmp_path, APPLICATION, confirmed=("*",), issuer="letsencrypt")
    assert {each.thing.kind for each in found.made} == {"Service", "Ingress"}
    component = tmp_path / "hardened"
    component.mkdir()
    for name, text in found.component.items():
        (component / name).write_text(text)
    lines = ["resources: [app.yaml]", "components: [hardened]"]
    (tmp_path / "kustomization.yaml").write_text("\n".join([KUSTOMIZATION, *lines]))
    ran = subprocess.run(["kubectl", "kustomize", str(tmp_path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert _sorted(yaml.safe_load_all(ran.stdout)) == _sorted(each.data for each in found.after.documents)


KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization"


def _sorted(documents: Any) -> list[Any]:
    """Documents in an order that both have; empty annotations say nothing."""
    found = list(documents)
    for each in found:
        if not each["metadata"].get("annotations", True):
            del each["metadata"]["annotations"]
    return sorted(found, key=lambda each: (each["kind"], each["metadata"]["name"]))


def test_merge_patches_where_people_can_read_them(tmp_path: Path) -> None:
    """What only sets fields is a patch that is merged; what speaks of places in lists is one of operations."""
    found = planned(tmp_path, AZURE + BALANCED + deployment("old") + PORT, confirmed=("*",))
    assert found.component["patch-service-shop-admin.yaml"] == (
        "# service shop/admin: service.beta.kubernetes.io/azure-load-balancer-internal: true\n"
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: admin\n  namespace: shop\n  annotations:\n"
        "    service.beta.kubernetes.io/azure-load-balancer-internal: 'true'\n"
    )
    assert found.component["patch-service-shop-old.yaml"] == (
        "# service shop/old: type: ClusterIP in the place of NodePort\n"
        "- op: add\n  path: /spec/type\n  value: ClusterIP\n"
        "- op: test\n  path: /spec/ports/0/nodePort\n  value: 30900\n"
        "- op: remove\n  path: /spec/ports/0/nodePort\n"
    )
    assert ADMIN


KEYS = st.sampled_from(["a", "b/c", "d~e", "f"])
VALUES = st.recursive(
    st.integers(0, 9),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def naive(data: Any, operation: dict[str, Any]) -> None:
    """Apply one operation of RFC 6902, by its text."""
    *path, last = [each.replace("~1", "/").replace("~0", "~") for each in operation["path"].split("/")[1:]]
    for step in path:
        data = data[int(step)] if isinstance(data, list) else data[step]
    if operation["op"] == "test":
        assert (data[int(last)] if isinstance(data, list) else data[last]) == operation["value"]
    elif operation["op"] == "remove":
        del data[int(last) if isinstance(data, list) else last]
    elif last == "-":
        data.append(operation["value"])
    elif isinstance(data, list):
        data.insert(int(last), operation["value"])
    else:
        data[last] = operation["value"]


@settings(max_examples=80)
@given(data=st.data(), spec=st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_operations_say_what_edits_say(data: st.DataObject, spec: dict[str, Any]) -> None:
    """For any value: applied one after the other they make the same of it as the edits."""
    key, other = data.draw(KEYS), data.draw(KEYS)
    edits: list[Edit] = [Set(("spec", key, "new") if isinstance(spec.get(key, {}), dict) else ("spec", key), 7)]
    if isinstance(spec.get(other, []), list) and other != key:
        edits.append(Append(("spec", other), 8))
    edits += [Remove(("spec", name)) for name in spec if name not in (key, other)][:1]
    meant, found = applied({"spec": spec}, edits), applied({"spec": spec}, ())
    for operation in operations({"spec": spec}, edits):
        naive(found, operation)
    assert found == meant
