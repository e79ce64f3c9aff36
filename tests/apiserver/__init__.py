"""A small Kubernetes API server for tests: real HTTP/1.1 and TLS on loopback, the reading half of the API.

`Server` runs it, `Store` holds its objects, `certificates` makes its keys, `write_kubeconfig` a way in. What it answers
is held to a recording of a real API server by ``test_exchanges.py``. Writing and watching have their places: `Store`
keeps every change with its revision, and `api.VERBS` is the table a further verb is entered in.
"""

from apiserver.access import ADMIN, Rights, Rule, User
from apiserver.certificates import Certificates, certificates
from apiserver.faults import Answer, CloseEarly, Drip, Fault, Hang, Raw
from apiserver.kubeconfig import write_kubeconfig
from apiserver.resources import Resource, default_resources
from apiserver.server import Server
from apiserver.store import Store

__all__ = [
    "ADMIN", "Answer", "Certificates", "CloseEarly", "Drip", "Fault", "Hang", "Raw", "Resource", "Rights", "Rule",
    "Server", "Store", "User", "certificates", "default_resources", "write_kubeconfig",
]  # fmt: skip
