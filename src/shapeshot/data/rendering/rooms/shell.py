"""The empty room about an object: ground, walls with skirting, a table under small things, a rug; canonical units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.rendering.rooms import surfaces
from shapeshot.data.rendering.rooms.setting import Setting
from shapeshot.data.rendering.rooms.surfaces import Color, Surface
from shapeshot.geometry.camera import Camera

REACH = 40.0  # half the side of ground and walls, canonical units
CLEARANCE = 1e-3  # between the object and what it touches
SKIN = 0.012  # thickness of a rug, metres


@dataclass(frozen=True, eq=False)
class Wall:
    """The half space dot(normal, p) >= -offset is the room's side of it. normal: horizontal, of length 1."""

    normal: Float[np.ndarray, " axes"]
    offset: float

    def gap(self, point: Float[np.ndarray, " axes"]) -> float:
        """How far a point stands before the wall; negative behind it."""
        return float(self.normal @ point) + self.offset


@dataclass(frozen=True, eq=False)
class Shell:
    """parts: everything built. walls: what stands upright. ground: height of the floor. top: of the support."""

    parts: tuple[Part, ...]
    walls: tuple[Wall, ...]
    ground: float
    top: float

    def model(self) -> ObjectModel:
        return ObjectModel(self.parts)


def build_shell(
    setting: Setting, vertices: Float[np.ndarray, "vertices 3"], camera: Camera, rng: np.random.Generator, like: Color
) -> Shell:
    """The room that the camera sees behind the object. vertices: of its canonical mesh.

    like: the object's own colour, sRGB; in a quarter of the rooms the ground or a wall takes it, so that the object is
    light on light or dark on dark.
    """
    hidden = rng.random() < 0.25
    on_ground, on_wall = (like if hidden and rng.random() < 0.6 else None for _ in range(2))
    top = setting.support - CLEARANCE
    walls = _place_walls(setting, vertices, camera, rng)
    parts: list[Part] = []
    ground = top - setting.drop
    if setting.place == "table":
        parts += _table(setting, vertices, walls, top, ground, rng, on_ground)
        parts.append(_plane(surfaces.floor(rng), setting, ground))
    elif setting.place == "outdoors":
        parts.append(_plane(surfaces.ground(rng, on_ground), setting, ground))
    else:
        if setting.place == "floor" and rng.random() < 0.3:
            parts.append(_rug(setting, vertices, top, rng))
            ground -= setting.units(SKIN)
        parts.append(_plane(surfaces.floor(rng, on_ground), setting, ground))
    if setting.place == "ceiling":
        highest = float(vertices[:, 1].max()) + CLEARANCE
        parts.append(_plane(surfaces.plaster(rng, None), setting, highest))
    covering, room = surfaces.wall(rng, on_wall), float(rng.uniform(2.3, 3.2))
    for number, wall in enumerate(walls):
        # Most rooms have one covering all round; an accent wall is another.
        own = surfaces.wall(rng, on_wall) if number and rng.random() < 0.2 else covering
        parts.append(_upright(own, setting, wall, ground, _height(setting, camera, wall, ground, room)))
    if setting.place != "outdoors" and rng.random() < 0.65:
        parts += _skirting(setting, walls, ground, rng)
    return Shell(tuple(parts), tuple(walls), ground, top)


def box(low: Sequence[float], high: Sequence[float], surface: Surface | Material, metres: float = 1.0) -> Part:
    """A box between two corners, every face with its own texture coordinates. metres: of a unit."""
    corners, uvs, faces = [], [], []
    low_, high_ = np.asarray(low, np.float64), np.asarray(high, np.float64)
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        for side in (low_, high_):
            for first, second in ((0, 0), (1, 0), (1, 1), (0, 1)):
                corner = side.copy()
                corner[others[0]] = (low_, high_)[first][others[0]]
                corner[others[1]] = (low_, high_)[second][others[1]]
                corners.append(corner)
                uvs.append(corner[others])
            start = len(corners) - 4
            faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    return _part(np.array(corners), np.array(faces), np.array(uvs), surface, metres)


def _place_walls(
    setting: Setting, vertices: Float[np.ndarray, "vertices 3"], camera: Camera, rng: np.random.Generator
) -> list[Wall]:
    """Place up to three walls behind and beside the object, never between it and the camera."""
    if setting.place == "outdoors" and rng.random() < 0.45:
        return []
    if setting.place == "wall":
        direction = 0.0
    elif abs(camera.azimuth_deg) < 65 and rng.random() < 0.6:
        direction = float(rng.choice([0.0, rng.uniform(-15, 15)]))
    else:
        direction = camera.azimuth_deg + float(rng.uniform(-40, 40))
    low, high = (0.02, 0.4) if rng.random() < 0.4 else (0.3, 2.5)
    if setting.place == "table":
        low, high = 0.1, 1.6
    elif setting.place == "outdoors":
        low, high = 1.0, 10.0
    gap = CLEARANCE if setting.place == "wall" else setting.units(float(rng.uniform(low, high)))
    walls = [_behind(direction, vertices, gap)]
    for turn in rng.permutation([-90.0, 90.0]):
        side = _behind(direction + float(turn), vertices, setting.units(float(rng.uniform(0.1, 2.8))))
        if rng.random() < 0.55 and setting.place != "outdoors" and side.gap(camera.origin) > setting.units(0.2):
            walls.append(side)
    return walls


def _behind(azimuth_deg: float, vertices: Float[np.ndarray, "vertices 3"], gap: float) -> Wall:
    """The wall that faces towards an azimuth, `gap` behind the object's extent."""
    azimuth = np.radians(azimuth_deg)
    normal = np.array([np.sin(azimuth), 0.0, np.cos(azimuth)])
    return Wall(normal, gap - float((vertices @ normal).min()))


def _plane(surface: Surface, setting: Setting, height: float) -> Part:
    """Level ground."""
    corners = REACH * np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], np.float64)
    corners[:, 1] = height
    return _part(corners, np.array([[0, 2, 1], [0, 3, 2]]), corners[:, [0, 2]], surface, setting.metres)


def _height(setting: Setting, camera: Camera, wall: Wall, ground: float, room: float) -> float:
    """Choose a wall's height: the room's (metres), so that light comes in over it, but more than the picture shows."""
    steepest = np.radians(camera.fov_deg / 2 - camera.elevation_deg)
    away = 1.5 * (camera.distance + abs(wall.offset))
    seen = float(camera.origin[1]) + away * float(np.tan(np.clip(steepest, 0, 1.2)))
    return min(max(setting.units(room), seen - ground, 1.3), REACH)


def _upright(surface: Surface, setting: Setting, wall: Wall, ground: float, height: float) -> Part:
    """A wall from the ground upwards."""
    across = np.array([wall.normal[2], 0.0, -wall.normal[0]])
    foot = -wall.offset * wall.normal + np.array([0.0, ground, 0.0])
    uvs = np.array([[-REACH, 0.0], [REACH, 0.0], [REACH, height], [-REACH, height]])
    corners = foot + uvs[:, :1] * across + uvs[:, 1:] * np.array([0.0, 1.0, 0.0])
    return _part(corners, np.array([[0, 1, 2], [0, 2, 3]]), uvs, surface, setting.metres)


def _skirting(setting: Setting, walls: Sequence[Wall], ground: float, rng: np.random.Generator) -> list[Part]:
    """A board along the foot of every wall."""
    material = Material(surfaces.plain_color(rng) if rng.random() < 0.7 else surfaces.WOODS[int(rng.integers(7))])
    height, depth = setting.units(float(rng.uniform(0.05, 0.14))), min(setting.units(0.012), CLEARANCE * 10)
    board = box((-REACH, 0.0, 0.0), (REACH, height, depth), material)
    parts: list[Part] = []
    for wall in walls:
        if depth < wall.offset:
            across = np.array([wall.normal[2], 0.0, -wall.normal[0]])
            axes = np.stack([across, [0.0, 1.0, 0.0], wall.normal], axis=1)
            foot = -wall.offset * wall.normal + np.array([0.0, ground, 0.0])
            parts += ObjectModel((board,)).transformed(axes, foot).parts
    return parts


def _rug(setting: Setting, vertices: Float[np.ndarray, "vertices 3"], top: float, rng: np.random.Generator) -> Part:
    """A rug or mat that the object stands on."""
    half = (np.ptp(vertices, axis=0) / 2)[[0, 2]] + setting.units(float(rng.uniform(0.05, 0.9)))
    shift = rng.uniform(-0.3, 0.3, 2) * half
    surface = (surfaces.carpet, surfaces.wallpaper)[int(rng.integers(2))](rng, None)
    low = (shift[0] - half[0], top - setting.units(SKIN), shift[1] - half[1])
    return box(low, (shift[0] + half[0], top, shift[1] + half[1]), surface, setting.metres)


def _table(
    setting: Setting,
    vertices: Float[np.ndarray, "vertices 3"],
    walls: Sequence[Wall],
    top: float,
    ground: float,
    rng: np.random.Generator,
    like: Color | None,
) -> list[Part]:
    """A table or a counter that reaches beyond the object on all sides."""
    surface = surfaces.table_top(rng, like)
    half = (np.ptp(vertices, axis=0) / 2)[[0, 2]] + setting.units(1.0) * rng.uniform(0.12, 0.7, 2)
    thick = setting.units(float(rng.uniform(0.018, 0.05)))
    parts = [box((-half[0], top - thick, -half[1]), (half[0], top, half[1]), surface, setting.metres)]
    leg = setting.units(float(rng.uniform(0.015, 0.04)))
    if rng.random() < 0.35:  # a counter: closed down to the floor
        inset = 0.97 * half
        parts.append(box((-inset[0], ground, -inset[1]), (inset[0], top - thick, inset[1]), surfaces.wall(rng), 1.0))
        return parts
    wood = Material(surfaces.WOODS[int(rng.integers(7))])
    for x in (-1, 1):
        for z in (-1, 1):
            at = np.array([x, z]) * (half - 2 * leg)
            parts.append(box((at[0] - leg, ground, at[1] - leg), (at[0] + leg, top - thick, at[1] + leg), wood))
    return parts


def _part(
    corners: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    uvs: Float[np.ndarray, "vertices 2"],
    surface: Surface | Material,
    metres: float,
) -> Part:
    """A part whose texture coordinates are lengths in canonical units, made to repeat as the surface does."""
    material, repeat = (surface, 1.0) if isinstance(surface, Material) else (surface.material, surface.metres)
    scaled = (uvs * metres / repeat).astype(np.float32)
    return Part(corners.astype(np.float32), faces.astype(np.int32), material, scaled)
