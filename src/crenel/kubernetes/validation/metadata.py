"""Names, namespaces and labels of objects.

Source: apimachinery pkg/api/validation/objectmeta.go. The name of a Service is held to the looser rule of newer
servers (RelaxedServiceNameValidation).
"""

from __future__ import annotations

from collections.abc import Callable

from crenel.kubernetes.objects.meta import Metadata
from crenel.kubernetes.validation.mistakes import Mistake, invalid, required
from crenel.kubernetes.validation.names import Reasons, dns_label, label
from crenel.kubernetes.validation.selectors import check_labels


def check_metadata(metadata: Metadata, name_syntax: Callable[[str], Reasons], found: list[Mistake]) -> None:
    """Everything of an object's metadata that the network depends on."""
    if metadata.name:
        if reasons := name_syntax(metadata.name):
            found += [invalid(("metadata", "name"), metadata.name, reason) for reason in reasons]
    elif not metadata.generate_name:
        found.append(required(("metadata", "name"), "name or generateName is required"))
    if metadata.namespace and (reasons := dns_label(metadata.namespace)):
        found += [invalid(("metadata", "namespace"), metadata.namespace, reason) for reason in reasons]
    if metadata.labels and not all(map(label, metadata.labels.items())):
        check_labels(metadata.labels, ("metadata", "labels"), found)
