"""Labels and label selectors.

Source: apimachinery pkg/apis/meta/v1/validation/validation.go. The admin policies' definitions leave the inside of a
selector unchecked, but no implementation can evaluate one that breaks these rules, so they hold for those as well.
"""

from __future__ import annotations

from crenel.kubernetes.objects.meta import LabelSelector, Requirement
from crenel.kubernetes.validation.mistakes import Mistake, forbidden, invalid, required
from crenel.kubernetes.validation.names import label, label_key, label_value
from crenel.provenance import FieldPath


def check_labels(labels: dict[str, str], field: FieldPath, found: list[Mistake]) -> None:
    """Labels, or the ``matchLabels`` of a selector (ValidateLabels)."""
    for item in labels.items():
        if not label(item):
            key, value = item
            found += [invalid((*field, key), key, reason) for reason in label_key(key)]
            found += [invalid((*field, key), value, reason) for reason in label_value(value)]


def is_plain(selector: LabelSelector | None) -> bool:
    """Whether a selector has nothing but labels that are right, as nearly all have; the quick way."""
    if selector is None:
        return True
    labels = selector.match_labels
    return not selector.match_expressions and (not labels or all(map(label, labels.items())))


def check_selector(selector: LabelSelector, field: FieldPath, found: list[Mistake]) -> None:
    """A whole selector (ValidateLabelSelector)."""
    if selector.match_labels:
        check_labels(selector.match_labels, (*field, "matchLabels"), found)
    if selector.match_expressions:
        for position, requirement in enumerate(selector.match_expressions):
            _check_requirement(requirement, (*field, "matchExpressions", position), found)


def _check_requirement(requirement: Requirement, field: FieldPath, found: list[Mistake]) -> None:
    values = requirement.values or ()
    if requirement.operator in ("In", "NotIn"):
        if not values:
            found.append(required((*field, "values"), "must be specified when `operator` is 'In' or 'NotIn'"))
    elif requirement.operator in ("Exists", "DoesNotExist"):
        if values:
            found.append(
                forbidden((*field, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
            )
    else:
        found.append(invalid((*field, "operator"), requirement.operator, "not a valid selector operator"))
    found += [invalid((*field, "key"), requirement.key, reason) for reason in label_key(requirement.key)]
    for position, value in enumerate(values):
        found += [invalid((*field, "values", position), value, reason) for reason in label_value(value)]
