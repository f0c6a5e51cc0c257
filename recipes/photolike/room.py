"""A room around an object: floor or table, walls, other things, a camera and real light; what LuxCore then renders.

Lengths are the object's canonical units: centred by its bounding box, its longest side 1, its front towards +z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from models import NamedModel

from shapeshot.data.objects import Part
from shapeshot.geometry.camera import Camera, frame_distance

OBJECT_ID, OTHER_ID = 1, 2
MAX_OTHERS = 3
FINISHES = (
    ("glass", ("glass",)),
    ("metal", ("chrome", "metal", "iron", "screw", "bronze", "steel")),
    ("matt", ("fabric", "carpet", "leaves", "stem", "ground", "paper", "pages", "bread", "rice", "foam")),
)
WOOD = ("wood", "kanter")
FLOORS = ((0.45, 0.28, 0.15), (0.6, 0.45, 0.3), (0.25, 0.15, 0.09), (0.5, 0.48, 0.45), (0.35, 0.33, 0.38))
WALLS = ((0.75, 0.73, 0.68), (0.6, 0.65, 0.6), (0.5, 0.56, 0.65), (0.72, 0.6, 0.5), (0.4, 0.35, 0.33), (0.8, 0.8, 0.8))


@dataclass(frozen=True, eq=False)
class Thing:
    """Triangles with a look; see luxcore.py."""

    part: Part
    look: dict[str, Any]
    id: int


@dataclass(frozen=True, eq=False)
class Room:
    """camera: looks at the object's centre. light_turn_deg: about the vertical, of the environment map."""

    things: tuple[Thing, ...]
    camera: Camera
    light: str
    light_turn_deg: float

    def to_json(self) -> dict[str, Any]:
        """The camera and the light, as photos.json keeps them."""
        return {"camera": asdict(self.camera), "light": self.light}


def furnish(
    subject: NamedModel,
    others: Sequence[NamedModel],
    place: str,
    lights: Sequence[str],
    rng: np.random.Generator,
) -> Room:
    """A room for a subject in metres. others: candidates of what stands beside and behind, in metres.

    place: "floor", with a wall at its back, or "table", with the wall farther off.
    """
    model, factor = subject.model.canonical()
    subject = NamedModel(model, subject.materials)
    camera = _camera(subject, rng)
    low, high = subject.bounds
    side = -1.0 if camera.azimuth_deg >= 0 else 1.0  # away from the camera, where a side wall hides nothing
    wall = float(low[2] - (rng.uniform(0.02, 0.5) if place == "floor" else rng.uniform(0.8, 2.0)))
    things = [*_things(subject, OBJECT_ID, rng), *_shell(float(low[1]), wall, place, rng)]
    if rng.random() < 0.5 or place == "floor":
        edge = high[0] if side > 0 else low[0]
        things.append(_side_wall(float(edge + side * rng.uniform(0.5, 1.6)), float(low[1]), wall, rng))
    for other in _beside(subject, others, factor, wall, side, camera, rng):
        things += _things(other, OTHER_ID, rng)
    light = lights[int(rng.integers(len(lights)))]
    return Room(tuple(things), camera, light, float(rng.uniform(0, 360)))


def look_of(part: Part, name: str, rng: np.random.Generator) -> dict[str, Any]:
    """The look of a part by its colour and the name that its artist gave the material."""
    lowered = name.lower()
    finish = next((kind for kind, words in FINISHES if any(word in lowered for word in words)), "glossy")
    look: dict[str, Any] = {"color": _linear(part.material.color), "finish": finish}
    if part.material.texture is not None and part.uvs is not None:
        look["texture"] = part.material.texture
    elif any(word in lowered for word in WOOD):
        look["pattern"] = {"kind": "wood", "scale": float(rng.uniform(0.1, 0.25))}
    return look


def hides(other: np.ndarray, subject: np.ndarray, camera: Camera) -> bool:
    """Whether points of another thing may stand before the subject: their boxes in the picture meet, and it is nearer.

    other, subject: float [n, 3]. Errs on the side of yes.
    """
    boxes = [camera.project(points, 1) for points in (other, subject)]
    apart = (boxes[0].max(axis=0) < boxes[1].min(axis=0)) | (boxes[1].max(axis=0) < boxes[0].min(axis=0))
    backward = camera.origin / camera.distance
    return not apart.any() and bool((other @ backward).max() > (subject @ backward).min())


def _camera(subject: NamedModel, rng: np.random.Generator) -> Camera:
    vertices, _ = subject.model.merged()
    fov = float(rng.uniform(28.0, 55.0))
    distance = frame_distance(fov, float(np.linalg.norm(vertices, axis=1).max())) * rng.uniform(1.0, 1.35)
    return Camera(float(rng.uniform(-50, 50)), float(rng.uniform(6, 32)), float(distance), fov)


def _beside(
    subject: NamedModel,
    others: Sequence[NamedModel],
    factor: float,
    wall: float,
    side: float,
    camera: Camera,
    rng: np.random.Generator,
) -> list[NamedModel]:
    """Up to MAX_OTHERS things on the same floor that hide nothing of the subject and do not reach into each other."""
    low, high = subject.bounds
    points, _ = subject.model.merged()
    placed: list[NamedModel] = []
    reach = {1.0: float(high[0]), -1.0: float(low[0])}
    for index in rng.permutation(len(others))[: 3 * MAX_OTHERS]:
        other = others[int(index)].placed(np.eye(3) * factor)
        corners = other.bounds
        width, depth = corners[1][0] - corners[0][0], corners[1][2] - corners[0][2]
        if max(width, corners[1][1] - corners[0][1]) > 2.5:
            continue
        direction = side if rng.random() < 0.5 else -side
        gap = float(rng.uniform(0.05, 0.4))
        x = reach[direction] + direction * (gap + width / 2)
        z = wall + depth / 2 + float(rng.uniform(0.01, 0.3))
        centre = corners.mean(axis=0)
        moved = other.placed(np.eye(3), np.array([x - centre[0], low[1] - corners[0][1], z - centre[2]]))
        if hides(moved.model.merged()[0], points, camera):
            continue
        reach[direction] += direction * (gap + width)
        placed.append(moved)
        if len(placed) == MAX_OTHERS:
            break
    return placed


def _things(model: NamedModel, number: int, rng: np.random.Generator) -> list[Thing]:
    looks: dict[str, dict[str, Any]] = {}
    things = []
    for part, name in zip(model.model.parts, model.materials, strict=True):
        look = looks.setdefault(name, look_of(part, name, rng)) if name else look_of(part, name, rng)
        things.append(Thing(part, look, number))
    return things


def _shell(floor: float, wall: float, place: str, rng: np.random.Generator) -> list[Thing]:
    """Floor or table top, back wall, skirting board and perhaps a picture on the wall."""
    ground = _quad((-8, floor, 8), (8, floor, 8), (8, floor, wall - 0.01), (-8, floor, wall - 0.01))
    pattern = {"kind": "wood" if rng.random() < 0.6 else "clouds", "scale": float(rng.uniform(0.2, 0.5))}
    floor_look = {"color": _vary(FLOORS, rng), "finish": "glossy" if rng.random() < 0.6 else "matt", "pattern": pattern}
    wall_look: dict[str, Any] = {"color": _vary(WALLS, rng), "finish": "matt"}
    if rng.random() < 0.3:
        wall_look["pattern"] = {"kind": "clouds", "scale": float(rng.uniform(0.3, 1.0))}
    back = _quad((-8, floor, wall), (8, floor, wall), (8, floor + 6, wall), (-8, floor + 6, wall))
    things = [Thing(ground, floor_look, OTHER_ID), Thing(back, wall_look, OTHER_ID)]
    if place == "floor":
        board = _box(np.array([0.0, floor + 0.04, wall + 0.01]), np.array([16.0, 0.08, 0.02]))
        things.append(Thing(board, {"color": _linear((0.85, 0.84, 0.8)), "finish": "glossy"}, OTHER_ID))
    if rng.random() < 0.6:
        centre = np.array([rng.uniform(-0.9, 0.9), floor + rng.uniform(0.9, 1.5), wall + 0.015])
        extent = np.array([rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.6), 0.03])
        frame = {"color": _linear(tuple(rng.uniform(0.1, 0.8, 3))), "finish": "glossy"}
        things.append(Thing(_box(centre, extent), frame, OTHER_ID))
        canvas = {"color": _linear(tuple(rng.uniform(0.2, 0.9, 3))), "finish": "matt"}
        canvas["pattern"] = {"kind": "clouds", "scale": float(rng.uniform(0.1, 0.3))}
        things.append(Thing(_box(centre + np.array([0, 0, 0.016]), extent * [0.85, 0.85, 0.1]), canvas, OTHER_ID))
    return things


def _side_wall(x: float, floor: float, wall: float, rng: np.random.Generator) -> Thing:
    quad = _quad((x, floor, wall), (x, floor, 3.0), (x, floor + 6, 3.0), (x, floor + 6, wall))
    return Thing(quad, {"color": _vary(WALLS, rng), "finish": "matt"}, OTHER_ID)


def _quad(*corners: tuple[float, float, float]) -> Part:
    return Part(np.array(corners, np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32))


def _box(centre: np.ndarray, extent: np.ndarray) -> Part:
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    triangles = [triangle for a, b, c, d in faces for triangle in ((a, b, c), (a, c, d))]
    return Part((centre + signs * extent / 2).astype(np.float32), np.array(triangles, np.int32))


def _vary(colors: Sequence[tuple[float, float, float]], rng: np.random.Generator) -> list[float]:
    color = np.array(colors[int(rng.integers(len(colors)))]) * rng.uniform(0.85, 1.15, 3)
    return np.clip(color, 0.02, 0.85).tolist()


def _linear(color: Sequence[float]) -> list[float]:
    """sRGB to linear light (IEC 61966-2-1); nothing real reflects more than 0.85."""
    srgb = np.asarray(color, np.float64)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.minimum(linear, 0.85).tolist()
