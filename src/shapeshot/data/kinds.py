"""Kinds."""
from __future__ import annotations
from collections.abc import Sequence


def kind_of(name: str, tags: Sequence[str] = (), category: str = "") -> str:
    return name.lower().split()[-1]
