"""A square part of a picture."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """A square in source pixels, (0, 0) being the image's top left corner; it may reach beyond the frame."""

    left: float
    top: float
    side: float
