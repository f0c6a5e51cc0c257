"""How often what happens in the pictures that a finder is trained on. Here, as the settings need no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shares:
    """further, hinted, other_meant: as in a `FinderConfig`."""

    further: float = 0.3
    hinted: float = 0.45
    other_meant: float = 0.5


SHARES = Shares()
