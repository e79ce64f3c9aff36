"""Names of resources: paths within a project, and what things of the neutral model are called.

A resource is written as a URL (``https://www.googleapis.com/compute/v1/projects/...``), as a path, or by its last name
alone (Compute Engine API, "selfLink"); all are brought to the path from ``projects/`` on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

_WHOLE = re.compile(r"(?:^|/)(?P<path>(?:projects|organizations|folders|locations)/.*)")
_PROJECT = re.compile(r"projects/(?P<project>[^/]+)/")
_PLACE = re.compile(r"/(?:zones|regions|locations)/(?P<place>[^/]+)/")


def key(written: str, project: str = "", collection: str = "") -> str:
    """What a resource is known by. `project` and `collection` (``global/networks``) complete what is short."""
    found = _WHOLE.search(written)
    path = (found["path"] if found is not None else written).strip("/")
    if not path or found is not None:
        return path
    return f"projects/{project}/{path}" if "/" in path else f"projects/{project}/{collection}/{path}"


def project_of(path: str) -> str:
    """The project of a resource; empty where its path has none."""
    found = _PROJECT.match(path)
    return found["project"] if found is not None else ""


def place_of(path: str) -> str:
    """The zone or region of a resource, or its location, which is either; empty for a global one."""
    found = _PLACE.search(path)
    return found["place"] if found is not None else ""


def last(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/").rpartition("/")[2]


def region_of(zone: str) -> str:
    """The region that a zone is in (``us-east1`` for ``us-east1-b``)."""
    return zone.rpartition("-")[0] if zone.count("-") > 1 else zone


def provider_id(instance: str) -> str:
    """The id of an instance as Kubernetes has it in ``spec.providerID``; empty where the path is not whole.

    Source: cloud-provider-gcp, providers/gce: ``gce://PROJECT/ZONE/NAME``.
    """
    project, zone = project_of(instance), place_of(instance)
    return f"gce://{project}/{zone}/{last(instance)}" if project and zone and "/instances/" in instance else ""


def apart(names: Mapping[str, str]) -> dict[str, str]:
    """Make names unique. Takes names by key; those that more than one have get project and zone, or are the key."""
    times = Counter(names.values())
    longer = {known: _with_place(known, name) if times[name] > 1 else name for known, name in names.items()}
    times = Counter(longer.values())
    return {known: known if times[name] > 1 else name for known, name in longer.items()}


def _with_place(path: str, name: str) -> str:
    return "/".join(part for part in (project_of(path), place_of(path), name) if part)
