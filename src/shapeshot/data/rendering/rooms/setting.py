"""How an object would be met with: on a floor, on a table, on a wall, at a ceiling or out of doors; and the camera."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from shapeshot.data.objects import ObjectInfo
from shapeshot.geometry.camera import Camera

CEILING_WORDS = ("pendant", "chandelier", "ceiling", "smoke detector", "hanging lamp", "suspended")
WALL_WORDS = (
    *("wall", "window", "picture", "painting", "mirror", "light switch", "air conditioner", "towel", "toilet paper"),
    *("radiator", "water heater", "door", "curtain", "thermostat", "hood"),
)
LOW_WORDS = ("door", "radiator", "curtain")  # of those: what reaches down to the floor, or nearly
OUTDOOR_WORDS = (
    *("car", "truck", "bus", "tree", "hedge", "fence", "motorcycle", "bicycle", "boat", "tent", "hut", "playground"),
    *("goal", "swimming pool", "street lamp", "road", "fountain", "mailbox", "picnic table", "deck chair", "rails"),
)
TABLE_METRES = 0.5  # smaller things stand on a table
LARGEST = 0.97  # of the half picture that the object may reach over
HUGE_METRES = 3.2  # larger ones do not stand in a room


@dataclass(frozen=True)
class Setting:
    """place: "floor", "table", "wall", "ceiling" or "outdoors". metres: the length of a canonical unit.

    support: height of what the object stands on, canonical units; drop: how far the floor lies below that.
    """

    place: str
    metres: float
    support: float
    drop: float = 0.0

    def units(self, metres: float) -> float:
        """A length in metres in canonical units."""
        return metres / self.metres


def choose_setting(info: ObjectInfo, vertices: Float[np.ndarray, "vertices 3"], rng: np.random.Generator) -> Setting:
    """Choose a place where one would meet an object of that kind and size. vertices: of its canonical mesh.

    An object of unknown size is given one between a shoe box and a wardrobe.
    """
    known = info.size_metres is not None and max(info.size_metres) > 0
    metres = (
        max(info.size_metres) if known and info.size_metres else float(np.exp(rng.uniform(np.log(0.25), np.log(1.8))))
    )
    lowest = float(vertices[:, 1].min())
    words = f" {info.kind} {info.name} ".lower()
    if _mentions(words, CEILING_WORDS):
        return Setting("ceiling", metres, lowest, float(rng.uniform(1.6, 2.2)) / metres)
    if _mentions(words, WALL_WORDS) and metres < HUGE_METRES:
        drop = 0.0 if _mentions(words, LOW_WORDS) else float(rng.uniform(0.4, 1.5)) / metres
        return Setting("wall", metres, lowest, drop)
    if _mentions(words, OUTDOOR_WORDS) or metres > HUGE_METRES:
        small = metres < 0.6  # a toy
        return Setting("table" if small else "outdoors", metres, lowest, 0.74 / metres if small else 0.0)
    if metres < TABLE_METRES and rng.random() < 0.85:
        return Setting("table", metres, lowest, float(rng.uniform(0.4, 0.95)) / metres)
    return Setting("floor", metres, lowest)


def room_camera(
    camera: Camera, setting: Setting, vertices: Float[np.ndarray, "vertices 3"], rng: np.random.Generator
) -> Camera:
    """A camera of the studio, moved to where one can stand in the room, with the object over half to most of its frame.

    It stays above what the object stands on, before a wall that it hangs on, and below a ceiling. vertices: of the
    canonical mesh.
    """
    azimuth, elevation = camera.azimuth_deg, max(camera.elevation_deg, 3.0)
    if setting.place == "wall":
        azimuth, elevation = azimuth * 65.0 / max(abs(azimuth), 65.0), min(elevation, 40.0)
    elif setting.place == "ceiling":
        elevation = float(np.clip(camera.elevation_deg - 25.0, -15.0, 3.0))
    fill = float(rng.uniform(0.5, 0.95))
    nearest = 1.2 * float(np.linalg.norm(vertices, axis=1).max())
    moved = replace(camera, azimuth_deg=azimuth, elevation_deg=elevation)
    for _ in range(3):  # perspective: the size in the picture is only roughly as 1 / distance
        moved = replace(moved, distance=max(moved.distance * _extent(moved, vertices) / fill, nearest))
    while _extent(moved, vertices) > LARGEST:
        moved = replace(moved, distance=1.1 * moved.distance)
    return moved


def _extent(camera: Camera, vertices: Float[np.ndarray, "vertices 3"]) -> float:
    """How far from the picture's middle the object reaches: 1 is the edge."""
    return float(np.abs(camera.project(vertices, 2) - 1).max())


def _mentions(text: str, words: tuple[str, ...]) -> bool:
    return any(f" {word} " in text or f" {word}s " in text for word in words)
