"""Object ids: safe as file names, unique within a source."""

from __future__ import annotations

import re

MAX_LENGTH = 120  # of an id, without its number: file systems end at 255 bytes


def free_id(text: str, taken: set[str]) -> str:
    """Make an id of `text`, in [a-z0-9_-], numbered where `taken` has it already; the new id joins `taken`."""
    slug = re.sub(r"[^a-z0-9_]+", "-", text[:MAX_LENGTH].lower()).strip("-") or "object"
    candidate = slug if slug not in taken else f"{slug}-{_free_number(slug, taken)}"
    taken.add(candidate)
    return candidate


def _free_number(slug: str, taken: set[str]) -> int:
    """A number from 2 on that is free behind a slug: the least one where those in use have no gaps.

    Looked for in doubling steps and then in halves, since a hostile catalogue may name 50,000 things alike.
    """
    high = 2
    while f"{slug}-{high}" in taken:
        high *= 2
    low = high // 2  # taken, or 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if f"{slug}-{middle}" in taken else (low, middle)
    return high
