"""What else stands in the room: things of our own generator, behind and beside the object, now and then before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from shapeshot.data.objects import ObjectModel
from shapeshot.data.rendering.rooms.setting import Setting
from shapeshot.data.rendering.rooms.shell import Shell
from shapeshot.geometry.camera import Camera

ON_FLOORS = (
    *("chair", "armchair", "stool", "table", "coffee_table", "cabinet", "sideboard", "shelves", "nightstand"),
    *("dresser", "floor_lamp", "planter", "crate", "suitcase", "bin", "fan", "speaker", "coat_rack", "sofa", "desk"),
)
ON_TABLES = (
    *("mug", "glass", "bottle", "vase", "bowl", "pan", "candle", "table_lamp", "desk_lamp", "laptop", "planter"),
    *("speaker", "clock", "picture"),
)
OUT_OF_DOORS = ("bench", "fence", "bicycle", "planter", "car", "bin", "street_lamp", "picnic_table", "column", "crate")
ON_WALLS = ("picture", "clock")
TRIES = 8


@dataclass(frozen=True, eq=False)
class Placed:
    """A thing where it stands, canonical units: its model, the middle of its bounding box, the box's half diagonals."""

    model: ObjectModel
    middle: Float[np.ndarray, " axes"]
    radius: float
    flat_radius: float


def furnish(
    setting: Setting, shell: Shell, vertices: Float[np.ndarray, "vertices 3"], camera: Camera, rng: np.random.Generator
) -> list[ObjectModel]:
    """Up to seven things, in canonical units, none in the object, in another, in a wall or at the camera.

    vertices: of the object's canonical mesh. One room in six has a thing that hides a part of the object.
    """
    kinds = {"table": ON_TABLES, "outdoors": OUT_OF_DOORS}.get(setting.place, ON_FLOORS)
    height = shell.top if setting.place == "table" else shell.ground
    reach = {"table": 0.45, "outdoors": 6.0}.get(setting.place, 1.6)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    middle = (low + high).astype(np.float64) / 2
    placed = [Placed(ObjectModel(()), middle, float(np.linalg.norm(high - low)) / 2, _flat((high - low) / 2))]
    if setting.place in ("wall", "ceiling"):
        placed[0] = Placed(ObjectModel(()), middle, 0.3, 0.3)
    hides = rng.random() < 1 / 6 and setting.place in ("floor", "table")
    for number in range(int(rng.integers(2, 8))):
        made = _make(kinds[int(rng.integers(len(kinds)))], setting, rng)
        before = hides and number == 0
        spot = _spot(made, placed, setting, shell, camera, reach, before, rng)
        if spot is not None:
            placed.append(_put(made, np.array([spot[0], height, spot[1]])))
    things = [thing.model for thing in placed[1:]]
    if shell.walls and setting.place in ("floor", "wall", "ceiling", "table") and rng.random() < 0.5:
        things += _hang(setting, shell, rng)
    return things


def _make(kind: str, setting: Setting, rng: np.random.Generator) -> ObjectModel:
    """A thing of the generator in canonical units, turned at random, its foot at the origin's height."""
    from shapeshot.data.sources.procedural import GENERATORS, varied

    model = varied(GENERATORS[kind].build(rng), rng)
    vertices, _ = model.merged()
    metres = float(np.ptp(vertices, axis=0).max())
    largest = 0.45 if setting.place == "table" else 2.6
    scale = setting.units(1.0) * min(1.0, largest / metres)
    turn = np.radians(rng.uniform(-180, 180))
    cosine, sine = np.cos(turn), np.sin(turn)
    turned = model.transformed(scale * np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]))
    corners, _ = turned.merged()
    low, high = corners.min(axis=0), corners.max(axis=0)
    return turned.transformed(np.eye(3), -np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2]))


def _put(model: ObjectModel, at: Float[np.ndarray, " axes"]) -> Placed:
    vertices, _ = model.merged()
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    radius = float(np.linalg.norm(high - low)) / 2
    return Placed(model.transformed(np.eye(3), at), (low + high) / 2 + at, radius, _flat((high - low) / 2))


def _spot(
    model: ObjectModel,
    placed: Sequence[Placed],
    setting: Setting,
    shell: Shell,
    camera: Camera,
    reach: float,
    before: bool,
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """Look for a place (x, z) where the thing fits, up to `reach` metres from the object; None where there is none."""
    thing = _put(model, np.zeros(3))
    target = placed[0]
    for _ in range(TRIES):
        turn = camera.azimuth_deg + (rng.uniform(-75, 75) if before else 180 + rng.uniform(-125, 125))
        spare = setting.units(float(rng.uniform(0.02, 0.3 * reach if before else reach)))
        away = target.flat_radius + thing.flat_radius + spare
        x = float(target.middle[0] + away * np.sin(np.radians(turn)))
        z = float(target.middle[2] + away * np.cos(np.radians(turn)))
        point = np.array([x, thing.middle[1], z])
        if any(wall.gap(point) < thing.flat_radius for wall in shell.walls):
            continue
        if any(np.hypot(x - o.middle[0], z - o.middle[2]) < 0.9 * (o.flat_radius + thing.flat_radius) for o in placed):
            continue
        axes = camera.axes
        if axes[2] @ point + thing.radius > 0.6 * camera.distance:
            continue
        sideways = abs(float(axes[0] @ (point - target.middle)))
        ahead = float(axes[2] @ (point - target.middle))
        if not before and ahead > 0 and sideways < target.flat_radius + 0.7 * thing.flat_radius:
            continue
        return x, z
    return None


def _hang(setting: Setting, shell: Shell, rng: np.random.Generator) -> list[ObjectModel]:
    """A picture or a clock on the first wall."""
    kind = ON_WALLS[int(rng.integers(len(ON_WALLS)))]
    from shapeshot.data.sources.procedural import GENERATORS, varied

    model = varied(GENERATORS[kind].build(rng), rng)
    vertices, _ = model.merged()
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    wall = shell.walls[0]
    across = np.array([wall.normal[2], 0.0, -wall.normal[0]])
    axes = np.stack([across, [0.0, 1.0, 0.0], wall.normal], axis=1) * setting.units(1.0)
    along = setting.units(float(rng.choice([-1, 1]) * rng.uniform(0.4, 1.6)))
    up = shell.ground + setting.units(float(rng.uniform(1.1, 1.7)))
    back = (1e-3 - wall.offset) * wall.normal - axes @ np.array(
        [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]]
    )
    return [model.transformed(axes, back + along * across + np.array([0.0, up, 0.0]))]


def _flat(half: Float[np.ndarray, " 3"]) -> float:
    """Radius of the footprint of a box of that half size."""
    return float(np.hypot(half[0], half[2]))
