"""Host names in Ingresses, listeners and routes.

Source: apimachinery pkg/util/validation (IsDNS1123Subdomain, IsWildcardDNS1123Subdomain) and the ``Hostname`` type of
kubernetes-sigs/gateway-api (apis/v1/shared_types.go).
"""

from __future__ import annotations

import re

from crenel.kubernetes.validation.mistakes import Mistake, invalid
from crenel.kubernetes.validation.names import dns_subdomain
from crenel.provenance import FieldPath

_ADDRESS = re.compile(r"[0-9.]+").fullmatch


def check_host(text: str, field: FieldPath, found: list[Mistake], *, wildcard: bool = True) -> None:
    """Add a mistake for a host that is no name: an address, upper case, a port, a wildcard inside."""
    name = text[2:] if wildcard and text.startswith("*.") else text
    if _ADDRESS(text) and text.count(".") == 3:
        found.append(invalid(field, text, "must be a DNS name, not an IP address"))
    elif reasons := dns_subdomain(name):
        found += [invalid(field, text, reason) for reason in reasons]
