"""Something that set findings aside until a day that is past.

## What it does

Looks for comments `crenel: ignore` and for `[[set-aside]]` tables of `crenel.toml` whose date is past. They set nothing
aside any more.

## Why it is bad

The finding was to be mended by then. Either it has been, and the comment is to go, or somebody has to decide again.

## Example

```yaml
# crenel: ignore[NP-01] until 2020-01-31: until the policies are written
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

Mend the finding and delete the comment, or give it a new date and a reason that holds.

## References

- [Setting findings aside](../concepts/audit.md#setting-findings-aside)
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Named, Pillar, Severity
from crenel.audit.subject import Subject

CHECK = Check("AU-02", "Expired ignore", Pillar.UPKEEP, Severity.MEDIUM)
_FIX = "mend what it set aside, or decide again and give it a new date"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each comment and each table that has expired."""
    today = subject.settings.today
    for comment in subject.comments:
        if not comment.wrong and comment.until is not None and comment.until < today:
            message = f"has expired on {comment.until}: {comment.reason}"
            yield CHECK.found(comment, message, fix=_FIX)
    for each in subject.settings.ignores:
        if each.until < today:
            thing = Named(f"ignore of {', '.join(each.checks)}", "", each.origin)
            yield CHECK.found(thing, f"has expired on {each.until}: {each.reason}", fix=_FIX)
