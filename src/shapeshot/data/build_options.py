"""What a dataset is built with, besides its source."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from shapeshot.errors import UserError
from shapeshot.geometry.camera import ELEVATIONS

SPLIT_CHOICES = ("auto", "train", "val")
BOUNDS = {"views": (1, 1000), "size": (32, 2048), "samples": (1, 4096), "variants": (0, 100), "rooms": (0, 1000)}


@dataclass(frozen=True)
class BuildOptions:
    """What determines the bytes of a dataset, besides its source.

    views: rendered views per object. rooms: how many of them, the last ones, show the object in a room.
    size: their side in pixels. samples: paths per pixel.
    variants: stretched and repainted copies per training object. split: "auto", or "train" or "val" to put all there.
    elevation: of the cameras, of `ELEVATIONS`.
    Raises UserError where a value is out of its bounds.
    """

    views: int = 24
    size: int = 224
    samples: int = 16
    variants: int = 0
    seed: int = 0
    split: str = "auto"
    objects_per_shard: int = 64
    rooms: int = 0
    elevation: str = "standing"

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise UserError(f"{name} must lie in {low}..{high}; got {getattr(self, name)}")
        if self.rooms > self.views:
            raise UserError(f"rooms are some of the views: at most {self.views} of them; got {self.rooms}")
        if self.split not in SPLIT_CHOICES:
            raise UserError(f"split must be auto, train or val; got {self.split!r}")
        if self.elevation not in ELEVATIONS:
            raise UserError(f"elevation must be one of {', '.join(ELEVATIONS)}; got {self.elevation!r}")

    def to_plan(self) -> dict[str, Any]:
        """The options as the manifest's plan holds them, without those that came later and are as before they came."""
        later = {"rooms": 0, "elevation": "standing"}
        return {name: value for name, value in asdict(self).items() if later.get(name) != value}
