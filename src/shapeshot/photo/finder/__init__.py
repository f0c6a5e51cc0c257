"""The finder: a network that tells the one object that a photo is about, or that is pointed at, from everything else.

`finder.py` looks and judges, `windows.py` is where it looks when somebody points beside what the photo is about, and
`boxes.py` brings masks from a part of a photo to the whole and back.
"""

from shapeshot.photo.finder.boxes import Point
from shapeshot.photo.finder.finder import (
    NOTHING_MEANT,
    NOTHING_THERE,
    SHIPPED,
    Finder,
    Look,
    Sighting,
    doubts,
    finder_card,
    require_object,
    shipped_finder,
)

__all__ = [
    "NOTHING_MEANT",
    "NOTHING_THERE",
    "SHIPPED",
    "Finder",
    "Look",
    "Point",
    "Sighting",
    "doubts",
    "finder_card",
    "require_object",
    "shipped_finder",
]
