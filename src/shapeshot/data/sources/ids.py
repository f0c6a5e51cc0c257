"""Object ids: safe as file names, unique within a source."""

from __future__ import annotations

import re


def free_id(text: str, taken: set[str]) -> str:
    """`text` in [a-z0-9_-], with a number behind it where `taken` has it already; the new id joins `taken`."""
    slug = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-") or "object"
    candidate, count = slug, 1
    while candidate in taken:
        count += 1
        candidate = f"{slug}-{count}"
    taken.add(candidate)
    return candidate
