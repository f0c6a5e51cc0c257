"""What lights a room: the sky or the rest of the room as an environment map, and a lamp or a window in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from shapeshot.data.rendering.lighting import map_directions, studio_light
from shapeshot.data.rendering.rooms.setting import Setting
from shapeshot.data.rendering.rooms.shell import Shell
from shapeshot.geometry.camera import Camera

OVER_WALLS = 0.6  # the sine of the elevation from which light comes in over the walls
WARM, COOL = np.array([1.0, 0.78, 0.52]), np.array([0.86, 0.94, 1.0])


def surrounding_light(
    setting: Setting, shell: Shell, camera: Camera, rng: np.random.Generator
) -> Float[np.ndarray, "height width 3"]:
    """Radiance from where no wall stands, as `lighting.studio_light` lays it down; brighter above out of doors.

    Black where walls and ground are in the way: no light would come from there, but many samples be lost on it.
    """
    into = sum((wall.normal for wall in shell.walls), camera.axes[2] * [0.5, 0.0, 0.5])
    azimuth = float(np.degrees(np.arctan2(into[0], into[2])))
    light = studio_light(rng, azimuth + float(rng.uniform(-30, 30)))
    directions = map_directions()
    if setting.place == "outdoors":
        light = light * np.where(directions[..., 1:2] > 0, COOL * float(rng.uniform(1.0, 2.0)), 1.0)
    seen = directions[..., 1] > 0
    for wall in shell.walls if setting.place != "outdoors" else ():
        seen &= (directions @ wall.normal > 0) | (directions[..., 1] > OVER_WALLS)
    return np.where(seen[..., None], light, 1e-4).astype(np.float32)


def lamps(mitsuba: Any, setting: Setting, shell: Shell, camera: Camera, rng: np.random.Generator) -> dict[str, Any]:
    """Emitters out of the picture, by name: in most rooms a lamp overhead or a window at a side, in some both."""
    found: dict[str, Any] = {}
    if setting.place == "outdoors":
        return found
    if rng.random() < 0.45:
        found["lamp"] = _panel(mitsuba, *_overhead(setting, shell, rng), rng)
    if rng.random() < 0.5:
        found["window"] = _panel(mitsuba, *_window(setting, camera, rng), rng)
    return found


def _overhead(
    setting: Setting, shell: Shell, rng: np.random.Generator
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, " 3"], float]:
    height = shell.ground + setting.units(float(rng.uniform(2.2, 3.0)))
    height = max(height, 1.2 if setting.place != "ceiling" else 0.45)
    side = setting.units(1.0) * rng.uniform(-1.2, 1.2, 2)
    position = np.array([side[0], height, side[1]])
    return position, np.array([0.0, -0.5, 0.0]), setting.units(float(rng.uniform(0.08, 0.5)))


def _window(
    setting: Setting, camera: Camera, rng: np.random.Generator
) -> tuple[Float[np.ndarray, " 3"], Float[np.ndarray, " 3"], float]:
    azimuth = np.radians(camera.azimuth_deg + float(rng.choice([-1, 1]) * rng.uniform(60, 120)))
    away = max(setting.units(float(rng.uniform(1.2, 3.0))), 2.0)
    position = np.array([away * np.sin(azimuth), float(rng.uniform(0.2, 0.8)) * away, away * np.cos(azimuth)])
    return position, np.zeros(3), away * float(rng.uniform(0.2, 0.45))


def _panel(
    mitsuba: Any,
    position: Float[np.ndarray, " 3"],
    target: Float[np.ndarray, " 3"],
    half: float,
    rng: np.random.Generator,
) -> Any:
    """A square emitter that looks at a point and gives a white surface there about 0.2 to 1.2."""
    tint = WARM + (COOL - WARM) * rng.random()
    away = float(np.linalg.norm(position - target))
    solid_angle = 4 * half * half / (away * away)
    radiance = tint / tint.mean() * (np.pi / solid_angle) * float(np.exp(rng.uniform(np.log(0.15), np.log(1.2))))
    transform = mitsuba.ScalarTransform4f().look_at(
        origin=position.tolist(), target=target.tolist(), up=[0.3, 0.1, 1.0]
    )
    scale = mitsuba.ScalarTransform4f().scale([half, half, 1.0])
    return {
        "type": "rectangle",
        "to_world": transform @ scale,
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance.tolist()}},
    }
