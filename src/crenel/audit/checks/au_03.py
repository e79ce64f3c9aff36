"""Something that sets findings aside, and there are none.

## What it does

Looks for comments `crenel: ignore` and for `[[set-aside]]` tables of `crenel.toml` that are valid and match no finding,
when all checks that they speak of have run.

## Why it is bad

The finding has been mended, or the comment stands in the wrong place. Left behind, it will hide the next finding of
its sort.

## Example

```yaml
# crenel: ignore[NP-11] until 2999-12-31: the agent needs it
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: example.org/web}]}
```

## Fix

Delete the comment, or put it above the object, or on the line, that the finding is about.

## References

- [Setting findings aside](../concepts/audit.md#setting-findings-aside)
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject

CHECK = Check("AU-03", "Unused ignore", Pillar.UPKEEP, Severity.LOW, late=True)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each that set nothing aside."""
    for thing in subject.unused:
        yield CHECK.found(thing, "sets no finding aside", fix="delete it, or put it where the finding is")
