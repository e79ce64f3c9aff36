"""A comment that sets findings aside without saying which, why, or until when.

## What it does

Looks for comments `crenel: ignore` that lack the checks in brackets, a date, or a reason. Such a comment sets nothing
aside.

## Why it is bad

What was set aside without a reason cannot be reviewed, and what has no end stays for ever.

## Example

```yaml
# crenel: ignore[NP-01]
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: example.org/web}]}
```

## Fix

Write all three, in one line:

```yaml
# crenel: ignore[NP-01] until 2999-12-31: the namespace is a sandbox without data
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: example.org/web}]}
```

## References

- [Setting findings aside](../concepts/audit.md#setting-findings-aside)
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject

CHECK = Check("AU-01", "Ignore comment without checks, date or reason", Pillar.UPKEEP, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each such comment."""
    for comment in subject.comments:
        if comment.wrong:
            yield CHECK.found(
                comment,
                f"sets nothing aside: it lacks {comment.wrong}",
                fix="write it like: crenel: ignore[NP-08] until 2027-03-01: reason",
            )
