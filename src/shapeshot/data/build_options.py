"""What a dataset is built with, besides its source."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from shapeshot.errors import UserError

SPLIT_CHOICES = ("auto", "train", "val")
BOUNDS = {"views": (1, 1000), "size": (32, 2048), "samples": (1, 4096), "variants": (0, 100), "rooms": (0, 1000)}


@dataclass(frozen=True)
class BuildOptions:
    """What determines the bytes of a dataset, besides its source.

    views: rendered views per object. rooms: how many of them, the last ones, show the object in a room.
    size: their side in pixels. samples: paths per pixel.
    variants: stretched and repainted copies per training object. split: "auto", or "train" or "val" to put all there.
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

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise UserError(f"{name} must lie in {low}..{high}; got {getattr(self, name)}")
        if self.rooms > self.views:
            raise UserError(f"rooms are some of the views: at most {self.views} of them; got {self.rooms}")
        if self.split not in SPLIT_CHOICES:
            raise UserError(f"split must be auto, train or val; got {self.split!r}")

    def to_plan(self) -> dict[str, Any]:
        """The options as the manifest's plan holds them. Plans from before there were rooms lack the key."""
        values = asdict(self)
        return values if self.rooms else {name: value for name, value in values.items() if name != "rooms"}
